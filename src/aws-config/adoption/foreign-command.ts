// Recognizes the credential_process commands of other tools and reads the role from them.
import { splitWords } from '../document/header-words.ts';

export const ADOPTION_SOURCES = ['aws', 'aws-sso', 'granted', 'aws-vault', 'leapp'] as const;
export type AdoptionSource = (typeof ADOPTION_SOURCES)[number];

export type ForeignCommand =
  /** The role is in that profile, which may be the same profile. */
  | { readonly source: 'granted' | 'aws-vault'; readonly profileName: string }
  | {
      readonly source: 'aws-sso';
      readonly ssoName: string | undefined;
      readonly accountId: string;
      readonly permissionSet: string;
    }
  /** A known tool, but the command does not show the role. `unreadable` is a clause. */
  | { readonly source: 'aws-sso' | 'aws-vault' | 'granted' | 'leapp'; readonly unreadable: string };

/** Flags of each tool whose value is the next word. */
const VALUE_FLAGS: Readonly<Record<string, readonly string[]>> = {
  granted: ['--profile', '--window', '--url'],
  'aws-vault': [
    '--duration',
    '-d',
    '--region',
    '--mfa-token',
    '-t',
    '--prompt',
    '--backend',
    '--keychain',
    '--format',
    '--pass-dir',
    '--file-dir',
  ],
  'aws-sso': [
    '--arn',
    '-a',
    '--account',
    '-A',
    '--role',
    '-R',
    '--profile',
    '-p',
    '--sso',
    '-S',
    '--url-action',
    '-u',
    '--config',
    '--level',
    '-L',
    '--browser',
    '-b',
    '--threads',
  ],
};
const ROLE_ARN = /^arn:aws[a-z-]*:iam::(\d{12}):role\/(?:.*\/)?([^/]+)$/u;

/** Parses `command`; undefined when it is not from a known tool. */
export function readForeignCommand(command: string): ForeignCommand | undefined {
  const words = splitWords(command);
  const [program, ...rest] = words ?? [];
  if (program === undefined) return undefined;
  const name = (program.split(/[/\\]/u).at(-1) ?? '').replace(/\.exe$/iu, '').replace(/^dgranted$/u, 'granted');
  switch (name) {
    case 'granted':
      return readGranted(readArguments(rest, name));
    case 'aws-vault':
      return readVault(readArguments(rest, name));
    case 'aws-sso':
      return readAwsSso(readArguments(rest, name));
    case 'leapp':
      return { source: 'leapp', unreadable: 'Leapp stores the role in its own encrypted file' };
    default:
      return undefined;
  }
}

interface Arguments {
  readonly words: readonly string[];
  flag(...names: readonly string[]): string | undefined;
  has(...names: readonly string[]): boolean;
}

function readArguments(rest: readonly string[], tool: string): Arguments {
  const flags = new Map<string, string>();
  const words: string[] = [];
  for (let index = 0; index < rest.length; index += 1) {
    const word = rest[index] ?? '';
    const equals = word.indexOf('=');
    if (word === '--') break;
    if (!word.startsWith('-')) words.push(word);
    else if (equals > 0) flags.set(word.slice(0, equals), word.slice(equals + 1));
    else if (VALUE_FLAGS[tool]?.includes(word) === true) flags.set(word, rest[++index] ?? '');
    else flags.set(word, '');
  }
  return {
    words,
    flag: (...names) => names.map((name) => flags.get(name)).find((value) => value !== undefined && value !== ''),
    has: (...names) => names.some((name) => flags.has(name)),
  };
}

function readGranted({ words, flag }: Arguments): ForeignCommand | undefined {
  if (words[0] !== 'credential-process') return undefined;
  const profileName = flag('--profile');
  return profileName === undefined
    ? { source: 'granted', unreadable: 'its command names no profile' }
    : { source: 'granted', profileName };
}

function readVault({ words, flag, has }: Arguments): ForeignCommand | undefined {
  const [verb, profileName] = words;
  const isJson =
    verb === 'exec' ? has('--json', '-j') : verb === 'export' && (flag('--format') === 'json' || has('--json'));
  if (!isJson) return undefined;
  return profileName === undefined
    ? { source: 'aws-vault', unreadable: 'its command names no profile' }
    : { source: 'aws-vault', profileName };
}

function readAwsSso({ words, flag }: Arguments): ForeignCommand | undefined {
  if (words[0] !== 'process') return undefined;
  const ssoName = flag('--sso', '-S');
  const [, arnAccount, arnRole] = ROLE_ARN.exec(flag('--arn', '-a') ?? '') ?? [];
  const accountId = arnAccount ?? flag('--account', '-A')?.padStart(12, '0');
  const permissionSet = arnRole ?? flag('--role', '-R');
  return accountId === undefined || permissionSet === undefined
    ? { source: 'aws-sso', unreadable: 'its command names no account and role' }
    : { source: 'aws-sso', ssoName, accountId, permissionSet };
}
