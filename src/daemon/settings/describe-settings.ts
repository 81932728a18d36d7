// Describes the settings in force for `rolecall config show`: each with its origin, and without passwords.
import { parseConfigDocument } from '../../aws-config/document/document.ts';
import { parseNameTemplate } from '../../aws-config/profiles/profile-names.ts';
import { UsageError } from '../../core/errors.ts';
import { parseProxy } from '../../identity-center/proxy.ts';
import type { DescribedSetting, SettingsDescription } from '../../local-api/settings-description.ts';
import { MAX_SETTINGS_BYTES } from '../../local-api/paths.ts';
import { awsFilePath } from '../../platform/files/aws-file-path.ts';
import { readBoundedFile } from '../../platform/files/bounded-read.ts';
import { readPrivateFile } from '../../platform/files/private-file.ts';
import { findMissingSessions } from './missing-sessions.ts';
import { parseSettingsFile, settingsFault } from './settings-file.ts';
import { settingsSchema } from './settings-schema.ts';
import { parseSettings, teamFileBeside, type Settings, type SettingsSources } from './settings.ts';
import { parseTeamFile } from './team-file.ts';
import { findTomlLine, findTomlLines } from './toml-lines.ts';

type Environment = SettingsSources['environment'];
/** As for the daemon's own reads. */
const MAX_CONFIG_BYTES = 64 * 1024 * 1024;

type Table = Readonly<Record<string, unknown>>;

/** Variables that count if the files do not set the key, the first one that is set; only this one overrides the files. */
const OVERRIDING = 'ROLECALL_SECRET_STORE';
const VARIABLES: Readonly<Record<string, readonly string[]>> = {
  secret_store: [OVERRIDING],
  'endpoints.sso_oidc': ['AWS_ENDPOINT_URL_SSO_OIDC'],
  'endpoints.sso': ['AWS_ENDPOINT_URL_SSO'],
  'endpoints.sts': ['AWS_ENDPOINT_URL_STS'],
  'network.proxy': ['https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY'],
  'network.ca_bundle': ['AWS_CA_BUNDLE'],
};

/** A settings file as written. */
interface Layer {
  readonly origin: 'file' | 'team';
  readonly text: string;
  readonly file: Table;
}

/**
 * Reads and checks the settings file at `path` and the team file beside it.
 * @throws UsageError settings-invalid: naming file, line and what would be valid; UnavailableError file-not-writable
 */
export async function describeSettings(
  path: string,
  environment: Environment,
  homeDirectory: string,
): Promise<SettingsDescription> {
  const teamPath = teamFileBeside(path);
  const text = await readPrivateFile(path, MAX_SETTINGS_BYTES);
  const teamText = await readPrivateFile(teamPath, MAX_SETTINGS_BYTES);
  const settings = await parseSettings({ path, text, environment, team: { path: teamPath, text: teamText } });
  const own = text === undefined ? {} : parseSettingsFile(path, text);
  requireUsable(path, text ?? '', own);
  const layers: Layer[] = [{ origin: 'file', text: text ?? '', file: own }];
  if (teamText !== undefined) {
    layers.push({ origin: 'team', text: teamText, file: { ...parseTeamFile(teamPath, teamText) } });
  }
  return {
    path,
    exists: text !== undefined,
    teamPath: teamText === undefined ? null : teamPath,
    problems: [...settings.problems, ...(await findMissing(path, settings, environment, homeDirectory))],
    settings: [
      ...listKeys(settingsSchema.properties).flatMap((key) => describeKey(key, layers, settings, environment) ?? []),
      ...describeSessions(layers),
      ...['role', 'protect', 'chain'].flatMap((kind) => describeRules(kind, layers)),
    ],
  };
}

/** None if the shared config file cannot be read, which other commands report. */
async function findMissing(path: string, settings: Settings, environment: Environment, homeDirectory: string) {
  const configPath = awsFilePath('config', environment, homeDirectory);
  const text = await readBoundedFile(configPath, MAX_CONFIG_BYTES).catch(() => undefined);
  return text === undefined ? [] : findMissingSessions(path, settings, parseConfigDocument(text, configPath));
}

/** What a daemon finds only when it uses these settings. */
function requireUsable(path: string, text: string, { network, profiles }: ReturnType<typeof parseSettingsFile>): void {
  if (network?.proxy !== undefined && parseProxy(network.proxy) === undefined) {
    throw settingsFault(path, text, ['network', 'proxy'], 'must be a URL like http://proxy.example:3128');
  }
  if (profiles?.name === undefined) return;
  try {
    parseNameTemplate(profiles.name);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw settingsFault(path, text, ['profiles', 'name'], error.message.replace(/\.$/, ''));
  }
}

/** The keys with one value: `secret_store`, `profiles.name`. Sessions and rules are described apart. */
function listKeys(properties: Table): string[][] {
  return Object.entries(properties).flatMap(([name, schema]) => {
    const {
      properties: inner,
      type,
      additionalProperties,
    } = schema as {
      readonly properties?: Table;
      readonly type?: string;
      readonly additionalProperties?: unknown;
    };
    if (inner !== undefined) return Object.keys(inner).map((key) => [name, key]);
    return type === 'array' || typeof additionalProperties === 'object' ? [] : [[name]];
  });
}

function describeKey(
  segments: readonly string[],
  layers: readonly Layer[],
  settings: Settings,
  environment: Environment,
): DescribedSetting | undefined {
  const key = segments.join('.');
  const variable = VARIABLES[key]?.find((name) => (environment[name] ?? '') !== '');
  const fromVariable =
    variable === undefined
      ? undefined
      : ({ key, value: withoutPassword(key, environment[variable]), origin: 'environment', variable } as const);
  if (variable === OVERRIDING) return fromVariable;
  for (const { origin, text, file } of layers) {
    const value = valueAt(file, segments);
    if (value !== undefined) {
      return { key, value: withoutPassword(key, value), origin, line: findTomlLine(text, segments) };
    }
  }
  if (fromVariable !== undefined) return fromVariable;
  const value = valueAt(settings as unknown as Table, segments.map(toCamelCase));
  return value === undefined ? undefined : { key, value, origin: 'default' };
}

function describeSessions(layers: readonly Layer[]): DescribedSetting[] {
  const seen = new Set<string>();
  return layers.flatMap(({ origin, text, file }) =>
    Object.entries((file['session'] ?? {}) as Readonly<Record<string, Table>>).flatMap(([name, table]) =>
      flattenTable(table).flatMap(([inner, value]) => {
        const key = ['session', name, ...inner].join('.');
        if (seen.has(key)) return [];
        seen.add(key);
        const shown = inner.length > 1 ? withoutPassword(inner.join('.'), value) : value;
        return [{ key, value: shown, origin, line: findTomlLine(text, ['session', name, ...inner]) }];
      }),
    ),
  );
}

/** The values of a session, and those of the tables in it. */
function flattenTable(table: Table): (readonly [path: readonly string[], value: unknown])[] {
  return Object.entries(table).flatMap(([key, value]) =>
    typeof value === 'object' && value !== null
      ? flattenTable(value as Table).map(([path, inner]) => [[key, ...path], inner] as const)
      : [[[key], value] as const],
  );
}

/** The user's rules come before the team's, as when they are applied. */
function describeRules(kind: string, layers: readonly Layer[]): DescribedSetting[] {
  return layers
    .flatMap(({ origin, text, file }) => {
      const rules = (file[kind] ?? []) as readonly Table[];
      const lines = findTomlLines(
        text,
        rules.map((_, index) => [kind, String(index)]),
      );
      return rules.map((value, index) => ({ value, origin, line: lines[index] ?? 1 }));
    })
    .map((rule, index) => ({ key: `${kind}[${index}]`, ...rule }));
}

function valueAt(table: Table, segments: readonly string[]): unknown {
  return segments.reduce<unknown>(
    (holder, name) =>
      typeof holder === 'object' && holder !== null && Object.hasOwn(holder, name)
        ? (holder as Table)[name]
        : undefined,
    table,
  );
}

const toCamelCase = (key: string) => key.replaceAll(/_([a-z])/g, (_match, letter: string) => letter.toUpperCase());

/** The URL of a proxy or an endpoint without user and password; other values as they are. */
function withoutPassword(key: string, value: unknown): unknown {
  if (typeof value !== 'string' || !/^(?:network\.proxy$|endpoints\.)/.test(key)) return value;
  return value.replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@/is, '$1***@');
}
