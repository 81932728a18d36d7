// Formats variables for shells, dotenv files and JSON, quoted so that they are read back unchanged.
import { ProtocolError } from '../../core/errors.ts';
import { formatJson } from '../../core/text/format-json.ts';

export const VARIABLE_FORMATS = ['bash', 'zsh', 'fish', 'powershell', 'dotenv', 'json'] as const;
export type VariableFormat = (typeof VARIABLE_FORMATS)[number];

export interface VariableChanges {
  readonly set: Readonly<Record<string, string>>;
  /** Ignored by formats that cannot unset variables. */
  readonly unset: readonly string[];
}

/**
 * The lines, each ending in a newline. Quoting keeps the shell from evaluating anything in a value.
 * @throws ProtocolError unusable-response: dotenv readers disagree on how to read a value
 */
export function formatVariables(format: VariableFormat, { set, unset }: VariableChanges): string {
  const pairs = Object.entries(set);
  if (format === 'json') return formatJson(set);
  const lines = {
    bash: () => [...pairs.map(([name, value]) => `export ${name}=${quotePosix(value)}`), `unset ${unset.join(' ')}`],
    zsh: () => [...pairs.map(([name, value]) => `export ${name}=${quotePosix(value)}`), `unset ${unset.join(' ')}`],
    fish: () => [
      ...pairs.map(([name, value]) => `set -gx ${name} ${quoteFish(value)};`),
      ...unset.map((name) => `set -e ${name};`),
    ],
    powershell: () => [
      ...pairs.map(([name, value]) => `$env:${name} = ${quotePowershell(value)}`),
      ...unset.map((name) => `Remove-Item Env:${name} -ErrorAction SilentlyContinue`),
    ],
    dotenv: () => pairs.map(([name, value]) => `${name}=${requirePlain(name, value)}`),
  } as const satisfies Record<Exclude<VariableFormat, 'json'>, () => string[]>;
  return lines[format]()
    .map((line) => `${line}\n`)
    .join('');
}

/** The format for the shell that `$SHELL` names; undefined for an unsupported one (csh, nu, elvish, xonsh). */
export function guessFormat(shell: string | undefined): VariableFormat | undefined {
  const name = (shell ?? '').split('/').at(-1) ?? '';
  if (name === 'zsh' || name === 'fish') return name;
  if (name === 'pwsh' || name === 'powershell') return 'powershell';
  return name.endsWith('csh') || name === 'nu' || name === 'elvish' || name === 'xonsh' ? undefined : 'bash';
}

/** Always quotes: zsh expands words like `=ls`, and a tilde after a colon. */
export function quotePosix(value: string): string {
  return `'${value.replaceAll("'", `'\\''`)}'`;
}

export function quoteFish(value: string): string {
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

/** PowerShell also accepts typographic quotes as quotes. */
function quotePowershell(value: string): string {
  return `'${value.replace(/['\u2018\u2019\u201a\u201b]/gu, '$&$&')}'`;
}

/** Allows only values that need no quotes: `docker --env-file` reads quotes as part of the value. */
function requirePlain(name: string, value: string): string {
  if (/^[A-Za-z0-9_./:@%+=,-]*$/u.test(value)) return value;
  throw new ProtocolError('unusable-response', `${name} contains characters that cannot be written to a dotenv file.`, {
    hint: 'rolecall env --help',
  });
}
