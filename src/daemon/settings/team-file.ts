// The team file: shared settings, stored beside config.toml together with their source. The user's own settings override it.
import { parseNameTemplate } from '../../aws-config/profiles/profile-names.ts';
import { UsageError } from '../../core/errors.ts';
import { parseRegion, parseStartUrl } from '../../core/aws/start-url.ts';
import { requireUsableChains } from './chain-settings.ts';
import { readTomlFile, settingsFault, type ReadFile } from './settings-file.ts';
import type { SettingsFile } from './settings-schema.ts';
import type { TeamSigner } from './team-signature.ts';
import { teamSchema } from './team-schema.ts';

type AgreedSession = Pick<
  NonNullable<SettingsFile['session']>[string],
  'label' | 'session_hours' | 'use_fips_endpoint' | 'use_dualstack_endpoint'
>;

/** The team file as written. */
export interface TeamFile {
  team?: string;
  serial?: number;
  profiles?: Pick<NonNullable<SettingsFile['profiles']>, 'name' | 'region' | 'write' | 'include' | 'exclude'>;
  session?: Record<string, { start_url: string; region: string } & AgreedSession>;
  role?: NonNullable<SettingsFile['role']>;
  protect?: NonNullable<SettingsFile['protect']>;
  chain?: NonNullable<SettingsFile['chain']>;
}

/** Enough for the 20,000 `[[role]]` rules that the schema allows. */
export const MAX_TEAM_BYTES = 2 * 1024 * 1024;
const SESSION_NAME = /^(?!__proto__$)[A-Za-z0-9_.@/-]{1,64}$/;
/** Our lines below the source, when the file was signed. */
const KEY_LINE = /^# rolecall team key: (?<value>\S.*)$/u;
const DATE_LINE = /^# rolecall team signed: (?<value>\S+)$/u;
const SOURCE_LINE = /^# rolecall team file, from (?<source>\S.*)$/u;

/**
 * Parses and checks a team file; errors name it by `path`.
 * @throws UsageError settings-invalid: naming file, line and what would be valid
 */
export function parseTeamFile(path: string, text: string): TeamFile {
  return readTeamFile(path, text).file;
}

/** As parseTeamFile, with what is wrong but no error. @throws as parseTeamFile, and UsageError settings-too-new */
export function readTeamFile(path: string, text: string): ReadFile<TeamFile> {
  const read = readTomlFile(path, text, teamSchema, { refusesNewer: true }) as ReadFile<TeamFile>;
  const { file } = read;
  const check = (segments: readonly string[], work: () => unknown) => {
    try {
      work();
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      throw settingsFault(path, text, segments, error.message.replace(/\.$/, ''));
    }
  };
  for (const [name, { start_url: startUrl, region }] of Object.entries(file.session ?? {})) {
    if (!SESSION_NAME.test(name)) {
      throw settingsFault(
        path,
        text,
        ['session', name],
        'a session name may contain only letters, digits and . _ - @ /',
      );
    }
    check(['session', name, 'start_url'], () => parseStartUrl(startUrl));
    check(['session', name, 'region'], () => parseRegion(region));
  }
  const { name } = file.profiles ?? {};
  if (name !== undefined) check(['profiles', 'name'], () => parseNameTemplate(name));
  for (const [index, { alias }] of (file.role ?? []).entries()) {
    if (alias !== undefined) check(['role', String(index), 'alias'], () => parseNameTemplate(alias, 'role.alias'));
  }
  requireUsableChains(path, text, file.chain);
  return read;
}

/** The text to store: the source in the first line, the signer if there is one, then the file. */
export function formatTeamFile(source: string, text: string, signer?: TeamSigner): string {
  const body = formatBody(text);
  const head = [
    `# rolecall team file, from ${source}`,
    ...(signer === undefined ? [] : [`# rolecall team key: ${signer.key}`]),
    ...(signer?.signedAt === undefined ? [] : [`# rolecall team signed: ${signer.signedAt}`]),
    // The file itself must not be able to name its signer.
    ...(/^# rolecall team (?:key|signed): /u.test(body) ? ['#'] : []),
  ];
  return `${head.join('\n')}\n${body}`;
}

/** A team file as it is stored below our lines. */
export function formatBody(text: string): string {
  const body = text.replace(/^\uFEFF/, '').replace(/\r\n?/g, '\n');
  return body.endsWith('\n') ? body : `${body}\n`;
}

/** The signer of a stored team file; undefined if it was not signed. */
export function readTeamSigner(text: string): TeamSigner | undefined {
  const [, second = '', third = ''] = text.split('\n', 3);
  const key = KEY_LINE.exec(second)?.groups?.['value'];
  if (key === undefined) return undefined;
  const signedAt = DATE_LINE.exec(third)?.groups?.['value'];
  return { key, ...(signedAt === undefined ? {} : { signedAt }) };
}

/** The stored file without our lines. */
export function readTeamBody(text: string): string {
  const signer = readTeamSigner(text);
  const ours = [readTeamSource(text), signer?.key, signer?.signedAt].filter((line) => line !== undefined).length;
  return text.split('\n').slice(ours).join('\n');
}

/** The source of a stored team file; undefined when its first line does not name one. */
export function readTeamSource(text: string): string | undefined {
  return SOURCE_LINE.exec(text.split('\n', 1)[0] ?? '')?.groups?.['source'];
}

/** Merges both files: the user's keys override the team's, and the user's rules come first. */
export function mergeTeam(team: TeamFile, own: SettingsFile): SettingsFile {
  const names = new Set([...Object.keys(team.session ?? {}), ...Object.keys(own.session ?? {})]);
  const session = [...names].map((name) => {
    const { start_url: _url, region: _region, ...agreed } = find(team.session, name) ?? {};
    return [name, { ...agreed, ...find(own.session, name) }] as const;
  });
  const role = [...(own.role ?? []), ...(team.role ?? [])];
  const protect = [...(own.protect ?? []), ...(team.protect ?? [])];
  const chain = [...(own.chain ?? []), ...(team.chain ?? [])];
  return {
    ...own,
    profiles: { ...team.profiles, ...own.profiles },
    session: Object.fromEntries(session),
    ...(role.length === 0 ? {} : { role }),
    ...(protect.length === 0 ? {} : { protect }),
    ...(chain.length === 0 ? {} : { chain }),
  };
}

function find<T>(table: Readonly<Record<string, T>> | undefined, name: string): T | undefined {
  return table !== undefined && Object.hasOwn(table, name) ? table[name] : undefined;
}
