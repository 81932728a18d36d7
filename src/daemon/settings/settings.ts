// The settings in force: those of config.toml, one environment variable, and a default for everything.
import { dirname, join } from 'node:path';
import type { ExtraKeys, ExtraValue } from '../../aws-config/profiles/extra-keys.ts';
import type { ExtraFor } from '../../aws-config/profiles/foreign-keys.ts';
import { UsageError } from '../../core/errors.ts';
import { matchesGlob } from '../../core/text/glob.ts';
import { DEFAULT_NAME_TEMPLATE } from '../../core/name-template.ts';
import type { Problem } from '../../core/problems.ts';
import { MAX_SETTINGS_BYTES } from '../../local-api/paths.ts';
import { readPrivateFile } from '../../platform/files/private-file.ts';
import type { BrowserSetting, ExtraSettings, RuleLines, SettingsFile } from './settings-file.ts';

/** Account id and permission set are globs. */
export interface RoleSettings {
  /** In the person's own settings file; undefined for a rule of the team. */
  readonly line?: number;
  readonly accountId: string;
  readonly permissionSet: string;
  readonly region: string | undefined;
  /** Of one more profile name, a template. */
  readonly alias: string | undefined;
  /** Undefined: a later match may say. */
  readonly pin: boolean | undefined;
  /** Further keys of the profiles. */
  readonly extra: ExtraKeys | undefined;
}

/** Roles that are marked wherever a person sees them; each part a glob. */
export interface ProtectSettings {
  /** Of the person's own rules alone. */
  readonly line?: number;
  readonly session: string;
  readonly accountId: string;
  readonly permissionSet: string;
}

export interface Settings {
  readonly secretStore: 'keychain' | 'file' | 'memory';
  /** What becomes of callers when a session is over. */
  readonly onExpired: 'notify' | 'wait' | 'login';
  readonly waitSeconds: number;
  readonly tokenCache: 'auto' | 'never';
  readonly webPort: number;
  readonly profiles: {
    readonly name: string;
    readonly region: string | undefined;
    readonly style: 'credential_process' | 'sso';
    readonly write: 'all' | 'used' | 'auto';
    readonly include: readonly string[];
    readonly sync: 'on-login' | 'manual';
    readonly defaultFollowsCurrent: boolean;
    readonly exclude: readonly string[];
  };
  /** Hours of an Identity Center session, by sso-session, when the administrator told them. */
  readonly sessionHours: Readonly<Record<string, number>>;
  /** What a person calls an sso-session, by its name. */
  readonly sessionLabels: Readonly<Record<string, string>>;
  /** How the pages of an sso-session are opened, by its name; the person's own browser when it is absent. */
  readonly browsers: ReadonlyMap<string, BrowserSetting>;
  readonly endpoints: { readonly ssoOidc?: string; readonly sso?: string; readonly sts?: string };
  readonly network: { readonly proxy: string | undefined; readonly caBundle: string | undefined };
  readonly roles: readonly RoleSettings[];
  readonly protect: readonly ProtectSettings[];
  /** Where the team file in force came from; absent without one. */
  readonly teamSource?: string;
  /** Settings that are well written but that this version does not act on yet. */
  readonly problems: readonly Problem[];
}

export interface SettingsSources {
  readonly path: string;
  /** Undefined when there is no file: everything is optional. */
  readonly text: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** What a team agreed on, beneath the person's own. */
  readonly team?: { readonly path: string; readonly text: string | undefined };
}

/** Where what a team agreed on is kept. */
export function teamFileBeside(settingsFile: string): string {
  return join(dirname(settingsFile), 'team.toml');
}

/** The settings of the file at `path`; @throws as parseSettings, and UnavailableError file-not-writable: it can't be read */
export async function loadSettings(path: string, environment: SettingsSources['environment']): Promise<Settings> {
  const teamPath = teamFileBeside(path);
  const team = { path: teamPath, text: await readPrivateFile(teamPath, MAX_SETTINGS_BYTES) };
  return parseSettings({ path, text: await readPrivateFile(path, MAX_SETTINGS_BYTES), environment, team });
}

/**
 * The settings in force; ROLECALL_SECRET_STORE goes over the file.
 * @throws UsageError settings-invalid: naming file, line and what would be valid
 */
export async function parseSettings({ path, text, environment, team }: SettingsSources): Promise<Settings> {
  const secretStore = readStoreVariable(environment['ROLECALL_SECRET_STORE']);
  // Without a file nothing that reads TOML is loaded.
  if (text === undefined && team?.text === undefined) {
    return toSettings({}, secretStore, new Map(), { role: [], protect: [] }, []);
  }
  const { parseSettingsFile, readBrowsers, readRuleLines, requireUsableExtra } = await import('./settings-file.ts');
  const own = text === undefined ? {} : parseSettingsFile(path, text);
  requireUsableExtra(path, text ?? '', own);
  const browsers = readBrowsers(path, text ?? '', own);
  const ruleLines = readRuleLines(text ?? '', own);
  const problems = describeWithoutEffect(own, path);
  if (team?.text === undefined) return toSettings(own, secretStore, browsers, ruleLines, problems);
  const { mergeTeam, parseTeamFile, readTeamSource } = await import('./team-file.ts');
  const agreed = parseTeamFile(team.path, team.text);
  problems.push(...describeWithoutEffect(agreed, team.path).map((problem) => ({ ...problem, team: true as const })));
  const settings = toSettings(mergeTeam(agreed, own), secretStore, browsers, ruleLines, problems);
  return { ...settings, teamSource: readTeamSource(team.text) ?? team.path };
}

function toSettings(
  file: SettingsFile,
  secretStore: Settings['secretStore'] | undefined,
  browsers: Settings['browsers'],
  /** Of the person's own rules, which come before the team's. */
  ruleLines: RuleLines,
  problems: readonly Problem[],
): Settings {
  const { profiles = {}, endpoints = {}, network = {} } = file;
  return {
    secretStore: secretStore ?? file.secret_store ?? 'keychain',
    onExpired: file.on_expired ?? 'notify',
    waitSeconds: file.wait_seconds ?? 50,
    tokenCache: file.token_cache ?? 'auto',
    webPort: file.web_port ?? 0,
    profiles: {
      name: profiles.name ?? DEFAULT_NAME_TEMPLATE,
      region: profiles.region,
      style: profiles.style ?? 'credential_process',
      write: profiles.write ?? 'all',
      include: profiles.include ?? [],
      sync: profiles.sync ?? 'on-login',
      defaultFollowsCurrent: profiles.default_follows_current ?? false,
      exclude: profiles.exclude ?? [],
    },
    sessionHours: Object.fromEntries(
      Object.entries(file.session ?? {}).flatMap(([name, { session_hours }]) =>
        session_hours === undefined ? [] : [[name, session_hours]],
      ),
    ),
    sessionLabels: Object.fromEntries(
      Object.entries(file.session ?? {}).flatMap(([name, { label }]) => (label === undefined ? [] : [[name, label]])),
    ),
    browsers,
    endpoints: {
      ...(endpoints.sso_oidc === undefined ? {} : { ssoOidc: endpoints.sso_oidc }),
      ...(endpoints.sso === undefined ? {} : { sso: endpoints.sso }),
      ...(endpoints.sts === undefined ? {} : { sts: endpoints.sts }),
    },
    network: { proxy: network.proxy, caBundle: network.ca_bundle },
    roles: (file.role ?? []).map((role, index) => ({
      ...(ruleLines.role[index] === undefined ? {} : { line: ruleLines.role[index] }),
      accountId: role.account_id ?? '*',
      permissionSet: role.permission_set ?? '*',
      region: role.region,
      alias: role.alias,
      pin: role.pin,
      extra: role.extra === undefined ? undefined : toExtraKeys(role.extra),
    })),
    protect: (file.protect ?? []).map((protect, index) => ({
      ...(ruleLines.protect[index] === undefined ? {} : { line: ruleLines.protect[index] }),
      session: protect.session ?? '*',
      accountId: protect.account_id ?? '*',
      permissionSet: protect.permission_set ?? '*',
    })),
    problems,
  };
}

/** The region for a role's profile: the first `[[role]]` that matches and names one, else the one for all profiles. */
export function regionFor(
  settings: Settings,
  role: { readonly accountId: string; readonly permissionSet: string },
): string | undefined {
  const match = settings.roles.find((rule) => rule.region !== undefined && matchesRole(rule, role));
  return match?.region ?? settings.profiles.region;
}

/** The template of one more name for a role's profile: of the first `[[role]]` that matches and has one. */
export function aliasFor(
  settings: Settings,
  role: { readonly accountId: string; readonly permissionSet: string },
): string | undefined {
  return settings.roles.find((rule) => rule.alias !== undefined && matchesRole(rule, role))?.alias;
}

/** Further keys of a role's profiles, each of the first `[[role]]` that matches and sets it; of rules for all without a role. */
export function createExtraFor(settings: Pick<Settings, 'roles'>): ExtraFor {
  const rules = settings.roles.filter(({ extra }) => extra !== undefined);
  return (role) => {
    const found = new Map<string, ExtraValue>();
    for (const rule of rules) {
      const isForAll = rule.accountId === '*' && rule.permissionSet === '*';
      if (!(role === undefined ? isForAll : matchesRole(rule, role))) continue;
      for (const [key, value] of rule.extra ?? []) if (!found.has(key)) found.set(key, value);
    }
    return found;
  };
}

function toExtraKeys(extra: ExtraSettings): ExtraKeys {
  return new Map<string, ExtraValue>(
    Object.entries(extra).map(([key, value]) => {
      if (typeof value !== 'object') return [key, String(value)];
      return [key, Object.fromEntries(Object.entries(value).map(([inner, text]) => [inner, String(text)]))];
    }),
  );
}

/** What a person calls a session; undefined when the settings have no name for it. */
export function labelOf(settings: Pick<Settings, 'sessionLabels'>, sessionName: string): string | undefined {
  return Object.hasOwn(settings.sessionLabels, sessionName) ? settings.sessionLabels[sessionName] : undefined;
}

/** Whether the first `[[role]]` that matches and says so pins it. */
export function isPinned(
  settings: Settings,
  role: { readonly accountId: string; readonly permissionSet: string },
): boolean {
  return settings.roles.find((rule) => rule.pin !== undefined && matchesRole(rule, role))?.pin ?? false;
}

/** As `[[protect]]` matches. */
export function matchesRole(
  rule: Pick<RoleSettings, 'accountId' | 'permissionSet'>,
  role: { readonly accountId: string; readonly permissionSet: string },
): boolean {
  return matchesGlob(rule.accountId, role.accountId) && matchesGlob(rule.permissionSet, role.permissionSet);
}

function readStoreVariable(value: string | undefined): Settings['secretStore'] | undefined {
  if (value === undefined || value === '') return undefined;
  if (value === 'keychain' || value === 'file' || value === 'memory') return value;
  throw new UsageError('settings-invalid', 'ROLECALL_SECRET_STORE must be "keychain", "file" or "memory".', {
    hint: 'unset ROLECALL_SECRET_STORE',
  });
}

/** Better said than silently ignored: a person may rely on them, above all on `protect`. */
function describeWithoutEffect(file: Pick<SettingsFile, 'flow' | 'session' | 'protect'>, path: string): Problem[] {
  const sessions = Object.values(file.session ?? {});
  const keys = [
    ...(file.flow === 'pkce' || sessions.some(({ flow }) => flow === 'pkce') ? ['flow = "pkce"'] : []),
    ...(file.protect === undefined ? [] : ['[[protect]] (use asks first, requests for credentials do not)']),
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
