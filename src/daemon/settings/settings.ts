// Reads the settings: config.toml, the team file below it, one environment variable, and defaults for the rest.
import { dirname, join } from 'node:path';
import type { Problem } from '../../core/problems.ts';
import type { ExtraKeys, ExtraValue } from '../../aws-config/profiles/extra-keys.ts';
import type { FlowSetting } from '../../core/aws/sign-in-flow.ts';
import { UsageError } from '../../core/errors.ts';
import { DEFAULT_NAME_TEMPLATE } from '../../core/name-template.ts';
import { MAX_SETTINGS_BYTES } from '../../local-api/paths.ts';
import { readPrivateFile } from '../../platform/files/private-file.ts';
import type { ChainSettings } from './chain-rules.ts';
import type { BrowserSetting, ExtraSettings, RuleLines } from './settings-file.ts';
import type { SettingsFile } from './settings-schema.ts';

/** A `[[role]]` rule; account id and permission set are globs. */
export interface RoleSettings {
  /** Line in the user's own config.toml; absent for a rule from the team file. */
  readonly line?: number;
  readonly accountId: string;
  readonly permissionSet: string;
  readonly region: string | undefined;
  /** Template of an additional profile name. */
  readonly alias: string | undefined;
  /** Undefined: the next matching rule decides. */
  readonly pin: boolean | undefined;
  /** Extra keys for the role's profiles. */
  readonly extra: ExtraKeys | undefined;
}

/** A `[[protect]]` rule: matching roles are marked in every list, and need an approval unless it is `none`. */
export interface ProtectSettings {
  /** Line in the user's own config.toml; absent for a rule from the team file. */
  readonly line?: number;
  /** The user's own rules can't weaken it. */
  readonly isOfTeam: boolean;
  /** A glob, as the next two. */
  readonly session: string;
  readonly accountId: string;
  readonly permissionSet: string;
  readonly approve: 'none' | 'click' | 'passkey';
  /** How long an approval counts; 0: for the callers that wait for it. */
  readonly rememberMinutes: number;
  /** The rule has keys of a newer version, which may narrow it: the next rule that matches counts too. */
  readonly isPartial?: true;
  /** Who may use an approval: everybody who asks for the role, or the program that asked. */
  readonly for: 'role' | 'program';
}

export type RenewSetting = NonNullable<SettingsFile['renew']>;

type SessionSettings = NonNullable<SettingsFile['session']>[string];

export interface Settings {
  /** As written. A capability reads a setting that only it uses from here, and has the default. */
  readonly file: SettingsFile;
  readonly secretStore: 'keychain' | 'file' | 'memory';
  /** What happens to callers when a session has ended. */
  readonly onExpired: 'notify' | 'wait' | 'login';
  readonly waitSeconds: number;
  readonly flow: FlowSetting;
  /** Whether the renewal of a live session is offered. */
  readonly renew: RenewSetting;
  readonly tokenCache: 'auto' | 'never';
  /** With `required` nothing is served while the audit log can't be written. */
  readonly audit: 'best-effort' | 'required';
  /** What is not served while locked. */
  readonly lock: 'all' | 'protected';
  readonly lockWithScreen: boolean;
  /** 0: never. */
  readonly lockAfterMinutes: number;
  /** What an unlock needs. */
  readonly unlock: 'command' | 'click' | 'passkey';
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
  /** Length of an Identity Center session in hours, by sso-session, as configured by the administrator. */
  readonly sessionHours: Readonly<Record<string, number>>;
  /** Display name of an sso-session, by its name. */
  readonly sessionLabels: Readonly<Record<string, string>>;
  /** Command that opens the pages of an sso-session, by its name; absent: the default browser. */
  readonly browsers: ReadonlyMap<string, BrowserSetting>;
  /** Line of each `[session.NAME]` in the user's own config.toml. */
  readonly sessionLines: ReadonlyMap<string, number>;
  readonly endpoints: { readonly ssoOidc?: string; readonly sso?: string; readonly sts?: string };
  readonly network: { readonly proxy: string | undefined; readonly caBundle: string | undefined };
  readonly roles: readonly RoleSettings[];
  readonly protect: readonly ProtectSettings[];
  readonly chains: readonly ChainSettings[];
  /** What is wrong in the files, but keeps nothing from working. */
  readonly problems: readonly Problem[];
  /** Where the team file came from; absent without one. */
  readonly teamSource?: string;
}

const DEFAULT_REMEMBER_MINUTES = 15;

export interface SettingsSources {
  readonly path: string;
  /** Undefined when there is no file: every setting is optional. */
  readonly text: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The team file; the user's own settings override it. */
  readonly team?: { readonly path: string; readonly text: string | undefined };
}

/** The path of the stored team file. */
export function teamFileBeside(settingsFile: string): string {
  return join(dirname(settingsFile), 'team.toml');
}

/** Reads the settings file at `path`. @throws as parseSettings, and UnavailableError file-not-writable: it can't be read */
export async function loadSettings(path: string, environment: SettingsSources['environment']): Promise<Settings> {
  const teamPath = teamFileBeside(path);
  const team = { path: teamPath, text: await readPrivateFile(teamPath, MAX_SETTINGS_BYTES) };
  return parseSettings({ path, text: await readPrivateFile(path, MAX_SETTINGS_BYTES), environment, team });
}

/**
 * The effective settings; ROLECALL_SECRET_STORE overrides `secret_store` in the file.
 * @throws UsageError settings-invalid: naming file, line and what would be valid
 */
export async function parseSettings({ path, text, environment, team }: SettingsSources): Promise<Settings> {
  const secretStore = readStoreVariable(environment['ROLECALL_SECRET_STORE']);
  // Without a file the TOML parser is not loaded.
  if (text === undefined && team?.text === undefined) {
    return toSettings({}, secretStore, new Map(), { role: [], protect: [], chain: [] });
  }
  const {
    readSettingsFile,
    readBrowsers,
    readRuleLines,
    readSessionLines,
    requireUsableEndpoints,
    requireUsableExtra,
  } = await import('./settings-file.ts');
  const { requireUsableChains, toChainSettings } = await import('./chain-settings.ts');
  const read = text === undefined ? undefined : readSettingsFile(path, text);
  const own = read?.file ?? {};
  requireUsableExtra(path, text ?? '', own);
  requireUsableChains(path, text ?? '', own.chain);
  requireUsableEndpoints(path, text ?? '', own);
  const browsers = readBrowsers(path, text ?? '', own);
  const ruleLines = readRuleLines(text ?? '', own);
  const settingsOf = (file: SettingsFile, partial: ReadonlySet<object> = new Set()): Settings => ({
    ...toSettings(file, secretStore, browsers, ruleLines, partial),
    chains: toChainSettings(file.chain, ruleLines.chain, partial),
    sessionLines: readSessionLines(text ?? '', own),
  });
  const { findTemplateProblems } = await import('./template-problems.ts');
  const { findShadowedRules } = await import('./shadowed-rules.ts');
  const alone = settingsOf(own, read?.partial);
  const problems = [
    ...(read?.problems ?? []),
    ...findTemplateProblems(path, text ?? '', own),
    ...findShadowedRules(path, alone),
  ];
  if (team?.text === undefined) return { ...alone, problems };
  const { mergeTeam, readTeamFile, readTeamSource } = await import('./team-file.ts');
  const agreed = readTeamFile(team.path, team.text);
  const partial = new Set([...(read?.partial ?? []), ...agreed.partial]);
  const ofTeam = agreed.problems.map((problem) => ({
    ...problem,
    hint: 'rolecall setup --refresh',
    team: true as const,
  }));
  return {
    ...settingsOf(mergeTeam(agreed.file, own), partial),
    problems: [...problems, ...ofTeam],
    teamSource: readTeamSource(team.text) ?? team.path,
  };
}

function toSettings(
  file: SettingsFile,
  secretStore: Settings['secretStore'] | undefined,
  browsers: Settings['browsers'],
  /** Lines of the user's own rules, which come before the team's. */
  ruleLines: RuleLines,
  /** Rules with keys of a newer version. */
  partial: ReadonlySet<object> = new Set(),
): Settings {
  const { profiles = {}, endpoints = {}, network = {} } = file;
  return {
    file,
    secretStore: secretStore ?? file.secret_store ?? 'keychain',
    onExpired: file.on_expired ?? 'notify',
    waitSeconds: file.wait_seconds ?? 50,
    flow: file.flow ?? 'auto',
    renew: file.renew ?? 'never',
    tokenCache: file.token_cache ?? 'auto',
    audit: file.audit ?? 'best-effort',
    lock: file.lock ?? 'all',
    lockWithScreen: file.lock_with_screen ?? false,
    lockAfterMinutes: file.lock_after_minutes ?? 0,
    unlock: file.unlock ?? 'command',
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
    sessionLines: new Map(),
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
      isOfTeam: index >= ruleLines.protect.length,
      session: protect.session ?? '*',
      accountId: protect.account_id ?? '*',
      permissionSet: protect.permission_set ?? '*',
      approve: approveOf(protect, partial),
      ...(partial.has(protect) ? { isPartial: true as const } : {}),
      rememberMinutes: protect.remember_minutes ?? DEFAULT_REMEMBER_MINUTES,
      for: protect.for ?? 'role',
    })),
    chains: [],
    problems: [],
  };
}

/** A key of a newer version may say that the rule is for less than it seems, so `none` must not count for all of that. */
function approveOf(
  protect: NonNullable<SettingsFile['protect']>[number],
  partial: ReadonlySet<object>,
): ProtectSettings['approve'] {
  const { approve = 'click' } = protect;
  return approve === 'none' && partial.has(protect) ? 'click' : approve;
}

function toExtraKeys(extra: ExtraSettings): ExtraKeys {
  return new Map<string, ExtraValue>(
    Object.entries(extra).map(([key, value]) => {
      if (typeof value !== 'object') return [key, String(value)];
      return [key, Object.fromEntries(Object.entries(value).map(([inner, text]) => [inner, String(text)]))];
    }),
  );
}

/** What is set for one sso-session, as written. */
export function settingsOfSession({ file }: Pick<Settings, 'file'>, sessionName: string): SessionSettings {
  const sessions = file.session ?? {};
  return (Object.hasOwn(sessions, sessionName) ? sessions[sessionName] : undefined) ?? {};
}

/** How to sign in to a session. */
export function flowOf(settings: Pick<Settings, 'file' | 'flow'>, sessionName: string): FlowSetting {
  return settingsOfSession(settings, sessionName).flow ?? settings.flow;
}

/** Whether the renewal of a session is offered. */
export function renewOf(settings: Pick<Settings, 'file' | 'renew'>, sessionName: string): RenewSetting {
  return settingsOfSession(settings, sessionName).renew ?? settings.renew;
}

/** The display name of a session; undefined when the settings have none. */
export function labelOf(settings: Pick<Settings, 'sessionLabels'>, sessionName: string): string | undefined {
  return Object.hasOwn(settings.sessionLabels, sessionName) ? settings.sessionLabels[sessionName] : undefined;
}

function readStoreVariable(value: string | undefined): Settings['secretStore'] | undefined {
  if (value === undefined || value === '') return undefined;
  if (value === 'keychain' || value === 'file' || value === 'memory') return value;
  throw new UsageError('settings-invalid', 'ROLECALL_SECRET_STORE must be "keychain", "file" or "memory".', {
    hint: 'unset ROLECALL_SECRET_STORE',
  });
}
