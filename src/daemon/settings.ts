// The settings in config.toml: checked against the schema, every fault named by file, line and the nearest valid key.
import { Ajv, type ErrorObject } from 'ajv';
import { parse as parseToml, TomlError } from 'smol-toml';
import { UsageError } from '../core/errors.ts';
import type { Problem } from '../core/problems.ts';
import { nearest } from './nearest.ts';
import { settingsSchema } from './settings-schema.ts';

export interface RoleSettings {
  readonly accountId: string;
  readonly permissionSet: string;
  readonly region: string | undefined;
}

export interface Settings {
  readonly secretStore: 'keychain' | 'file' | 'memory';
  readonly tokenCache: 'auto' | 'never';
  readonly webPort: number;
  readonly profiles: {
    readonly name: string;
    readonly region: string | undefined;
    readonly style: 'credential_process' | 'sso';
    readonly sync: 'on-login' | 'manual';
    readonly defaultFollowsCurrent: boolean;
    readonly exclude: readonly string[];
  };
  /** Hours of an Identity Center session, by sso-session, when the administrator told them. */
  readonly sessionHours: Readonly<Record<string, number>>;
  readonly endpoints: { readonly ssoOidc?: string; readonly sso?: string; readonly sts?: string };
  readonly network: { readonly proxy: string | undefined; readonly caBundle: string | undefined };
  readonly roles: readonly RoleSettings[];
  /** Settings that are well written but that this version does not act on yet. */
  readonly problems: readonly Problem[];
}

/** The settings as the file spells them. */
interface SettingsFile {
  secret_store?: Settings['secretStore'];
  flow?: string;
  on_expired?: string;
  token_cache?: Settings['tokenCache'];
  web_port?: number;
  profiles?: {
    name?: string;
    region?: string;
    style?: Settings['profiles']['style'];
    write?: string;
    sync?: Settings['profiles']['sync'];
    default_follows_current?: boolean;
    exclude?: string[];
  };
  session?: Record<string, { flow?: string; browser?: string; session_hours?: number }>;
  endpoints?: { sso_oidc?: string; sso?: string; sts?: string };
  network?: { proxy?: string; ca_bundle?: string };
  role?: { account_id?: string; permission_set?: string; region?: string; alias?: string; pin?: boolean }[];
  protect?: unknown[];
}

export interface SettingsSources {
  readonly path: string;
  /** Undefined when there is no file: everything is optional. */
  readonly text: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * The settings in force; ROLECALL_SECRET_STORE goes over the file.
 * @throws UsageError settings-invalid: naming file, line and what would be valid
 */
export function parseSettings({ path, text, environment }: SettingsSources): Settings {
  const file: SettingsFile = text === undefined ? {} : check(path, text);
  const { profiles = {}, endpoints = {}, network = {} } = file;
  return {
    secretStore: readStoreVariable(environment['ROLECALL_SECRET_STORE']) ?? file.secret_store ?? 'keychain',
    tokenCache: file.token_cache ?? 'auto',
    webPort: file.web_port ?? 0,
    profiles: {
      name: profiles.name ?? '{account_name}.{permission_set}',
      region: profiles.region,
      style: profiles.style ?? 'credential_process',
      sync: profiles.sync ?? 'on-login',
      defaultFollowsCurrent: profiles.default_follows_current ?? false,
      exclude: profiles.exclude ?? [],
    },
    sessionHours: Object.fromEntries(
      Object.entries(file.session ?? {}).flatMap(([name, { session_hours }]) =>
        session_hours === undefined ? [] : [[name, session_hours]],
      ),
    ),
    endpoints: {
      ...(endpoints.sso_oidc === undefined ? {} : { ssoOidc: endpoints.sso_oidc }),
      ...(endpoints.sso === undefined ? {} : { sso: endpoints.sso }),
      ...(endpoints.sts === undefined ? {} : { sts: endpoints.sts }),
    },
    network: { proxy: network.proxy, caBundle: network.ca_bundle },
    roles: (file.role ?? []).map((role) => ({
      accountId: role.account_id ?? '*',
      permissionSet: role.permission_set ?? '*',
      region: role.region,
    })),
    problems: describeWithoutEffect(file, path),
  };
}

/** The region for a role's profile: the first `[[role]]` that matches and names one, else the one for all profiles. */
export function regionFor(
  settings: Settings,
  role: { readonly accountId: string; readonly permissionSet: string },
): string | undefined {
  const match = settings.roles.find(
    ({ accountId, permissionSet, region }) =>
      region !== undefined &&
      (accountId === '*' || accountId === role.accountId) &&
      (permissionSet === '*' || permissionSet === role.permissionSet),
  );
  return match?.region ?? settings.profiles.region;
}

function readStoreVariable(value: string | undefined): Settings['secretStore'] | undefined {
  if (value === undefined || value === '') return undefined;
  if (value === 'keychain' || value === 'file' || value === 'memory') return value;
  throw new UsageError('settings-invalid', 'ROLECALL_SECRET_STORE must be "keychain", "file" or "memory".', {
    hint: 'unset ROLECALL_SECRET_STORE',
  });
}

function check(path: string, text: string): SettingsFile {
  let parsed: unknown;
  try {
    parsed = parseToml(text);
  } catch (cause) {
    const line = cause instanceof TomlError ? `, line ${cause.line}` : '';
    const reason = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : '';
    throw new UsageError('settings-invalid', `${path}${line}: ${reason}.`, { cause });
  }
  const validate = new Ajv({ allErrors: false }).compile(settingsSchema);
  if (!validate(parsed)) throw describeError(path, text, (validate.errors ?? [])[0]);
  return parsed as SettingsFile;
}

function describeError(path: string, text: string, error: ErrorObject | undefined): UsageError {
  const segments = (error?.instancePath ?? '').split('/').slice(1).map(unescapePointer);
  if (error?.keyword === 'additionalProperties') {
    const key = String(error.params['additionalProperty']);
    const valid = validKeysAt(segments);
    const suggestion = nearest(key, valid);
    const line = findTomlLine(text, [...segments, key]);
    const meant = suggestion === undefined ? ` Valid here: ${valid.join(', ')}.` : ` Did you mean "${suggestion}"?`;
    return new UsageError('settings-invalid', `${path}, line ${line}: unknown key "${key}".${meant}`);
  }
  const line = findTomlLine(text, segments);
  const key = segments.at(-1) ?? 'the file';
  const allowed = error?.params['allowedValues'] as readonly string[] | undefined;
  const expected =
    allowed === undefined
      ? (error?.message ?? 'is not valid')
      : `must be one of ${allowed.map((value) => `"${value}"`).join(', ')}`;
  return new UsageError('settings-invalid', `${path}, line ${line}: "${key}" ${expected}.`);
}

function unescapePointer(segment: string): string {
  return segment.replaceAll('~1', '/').replaceAll('~0', '~');
}

interface SchemaNode {
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly additionalProperties?: boolean | SchemaNode;
  readonly items?: SchemaNode;
}

function validKeysAt(segments: readonly string[]): string[] {
  let node: SchemaNode | undefined = settingsSchema as SchemaNode;
  for (const segment of segments) {
    const open: SchemaNode | undefined =
      typeof node?.additionalProperties === 'object' ? node.additionalProperties : undefined;
    node = node?.items ?? node?.properties?.[segment] ?? open;
  }
  return Object.keys(node?.properties ?? {});
}

/** The line on which a key stands: smol-toml tells lines of syntax errors only. Falls back to the table's, then to 1. */
function findTomlLine(text: string, segments: readonly string[]): number {
  const names = segments.filter((segment) => !/^\d+$/.test(segment));
  const arrayIndex = Number(segments.find((segment) => /^\d+$/.test(segment)) ?? -1);
  let table: readonly string[] = [];
  let seenOfArray = -1;
  let best = 1;
  for (const [index, line] of text.split('\n').entries()) {
    const header = /^\s*\[\[?\s*([^\]]+?)\s*\]\]?/.exec(line);
    if (header !== null) {
      table = splitKey(header[1] ?? '');
      if (table[0] === names[0] && arrayIndex >= 0) seenOfArray += 1;
      if (table.join('\0') === names.slice(0, table.length).join('\0') && seenOfArray <= arrayIndex) best = index + 1;
      continue;
    }
    const assignment = /^\s*("[^"]*"|'[^']*'|[A-Za-z0-9_.-]+)\s*=/.exec(line);
    if (assignment === null || (arrayIndex >= 0 && seenOfArray !== arrayIndex)) continue;
    const key = [...table, ...splitKey(assignment[1] ?? '')];
    if (key.join('\0') === names.join('\0')) return index + 1;
  }
  return best;
}

function splitKey(key: string): string[] {
  return [...key.matchAll(/"([^"]*)"|'([^']*)'|([^.\s"']+)/g)].map((match) => match[1] ?? match[2] ?? match[3] ?? '');
}

/** Better said than silently ignored: a person may rely on them, above all on `protect`. */
function describeWithoutEffect(file: SettingsFile, path: string): Problem[] {
  const sessions = Object.values(file.session ?? {});
  const roles = file.role ?? [];
  const keys = [
    ...(file.flow === 'pkce' || sessions.some(({ flow }) => flow === 'pkce') ? ['flow = "pkce"'] : []),
    ...(file.on_expired !== undefined && file.on_expired !== 'notify' ? [`on_expired = "${file.on_expired}"`] : []),
    ...(file.profiles?.write !== undefined && file.profiles.write !== 'all'
      ? [`write = "${file.profiles.write}"`]
      : []),
    ...(sessions.some(({ browser }) => browser !== undefined) ? ['browser'] : []),
    ...(roles.some(({ alias }) => alias !== undefined) ? ['alias'] : []),
    ...(roles.some(({ pin }) => pin !== undefined) ? ['pin'] : []),
    ...(file.protect === undefined ? [] : ['[[protect]]']),
  ];
  if (keys.length === 0) return [];
  return [
    {
      code: 'settings-without-effect',
      message: `${path} sets what this version of rolecall does not act on yet: ${keys.join(', ')}.`,
      hint: 'rolecall status',
    },
  ];
}
