// What a sync would write into the shared config file: which profiles, under which names, and the text with its diff.
import { UsageError, type ConflictError } from '../../core/errors.ts';
import { createGlobMatcher } from '../../core/text/glob.ts';
import type { Steps } from '../../core/async/steps.ts';
import type { Catalog, Role, SsoSession } from '../../core/model.ts';
import { quoteCommandWord } from '../document/command-word.ts';
import type { CredentialsNames } from '../document/credentials-names.ts';
import { unifiedDiff } from '../document/diff.ts';
import { formatEntry, formatExtraKey, noExtraKeys, type ExtraKeys } from './extra-keys.ts';
import { describeForeignKeys, findForeignKeys, type ExtraFor } from './foreign-keys.ts';
import type { ConfigDocument, ConfigProblem } from '../document/document.ts';
import { malformedError, parseConfigDocument } from '../document/document.ts';
import type { ManagedBlock } from '../document/managed-block.ts';
import { findManagedBlock, isInsideBlock, replaceManagedBlock } from '../document/managed-block.ts';
import type { OwnProfile } from './own-profiles.ts';
import {
  formatAliasLine,
  formatExtraLine,
  formatTemplateLine,
  readOwnProfiles,
  readTemplateLine,
} from './own-profiles.ts';
import type { NameableRole, NameTemplate } from './profile-names.ts';
import { nameAliases, type Alias, type AliasClaim } from './profile-aliases.ts';
import { nameInSteps, parseNameTemplate, reduceName, roleKey } from './profile-names.ts';
import { selectProfiles, type Candidate, type ProfileSelection } from './profile-selection.ts';
import { matchesSessionSelector, sessionSelector } from './session-selector.ts';
import { readSsoSessions } from '../sessions/sso-sessions.ts';

export type ProfileStyle = 'credential_process' | 'sso';

/** `[profiles]` of the settings, and the region map of `[[role]]` as a function. */
export interface ProfileSettings {
  readonly nameTemplate: string;
  readonly style: ProfileStyle;
  readonly defaultFollowsCurrent: boolean;
  /** Globs over profile names. */
  readonly exclude: readonly string[];
  /** For every profile without a region of its own; the session's `sso_region` when absent. */
  readonly region?: string;
  /** The first match of the region map, or undefined. */
  readonly regionFor?: (role: Role) => string | undefined;
  /** The template of one more name for a role, or undefined. */
  readonly aliasFor?: (role: Role) => string | undefined;
  /** Further keys of each profile; none when absent. */
  readonly extraFor?: ExtraFor;
  /** Which profiles are written; all of them when absent. */
  readonly selection?: ProfileSelection;
}

export interface PlannedProfile extends Role {
  readonly profileName: string;
  readonly accountName?: string;
  readonly region: string;
  readonly style: ProfileStyle;
  /** Further names of the role, each a profile of its own in the file. */
  readonly aliases?: readonly string[];
  /** The role's own name, when this is a further one. */
  readonly aliasOf?: string;
}

/** A profile that leaves the file; without a role when it was none that rolecall wrote. */
export interface RemovedProfile extends Partial<Role> {
  readonly profileName: string;
}

export interface SkippedProfile extends Partial<Role> {
  readonly profileName: string;
  /**
   * `hand-written`: the user has a profile of this name; `unusable-name`: no AWS account id or permission set name.
   * Of an alias, `taken`: another role's profile has the name; `ambiguous`: several roles would get it.
   */
  readonly reason: 'hand-written' | 'unusable-name' | 'taken' | 'ambiguous';
  /** Of the hand-written profile. */
  readonly line?: number;
}

/** A name that the credentials file has, so that no profile of ours gets it. */
export interface NameInCredentialsFile {
  readonly name: string;
  /** Of the credentials file. */
  readonly line: number;
  /** What the role's profile is called instead; absent of an alias, and of what follows the current role. */
  readonly profileName?: string;
}

/** Names once issued, with the template that they were made from: another template makes new names. */
export interface IssuedNames {
  readonly template: string;
  readonly profiles: readonly (Role & { readonly profileName: string })[];
}

export interface ProfilePlanRequest {
  readonly document: ConfigDocument;
  /** By session name. A session without one, or with an incomplete one, loses no profile; nor does a `lost` role. */
  readonly catalogs: ReadonlyMap<string, Catalog>;
  readonly settings: ProfileSettings;
  /** Absolute path of `rolecall-credential-process`. */
  readonly credentialProcessPath: string;
  /** Names of an earlier plan, for roles that the block does not have now; the block's own names come first. */
  readonly previousNames?: IssuedNames;
  /** Gives `[profile current]` its region; the first session's when absent. */
  readonly currentRole?: Role;
  /** Names that no profile of ours may have; none when absent. */
  readonly inCredentialsFile?: CredentialsNames;
}

export interface ProfilePlan {
  /** One for each account and permission set, sorted by name; without those of `unwritten`. */
  readonly profiles: readonly PlannedProfile[];
  /** They have a name, and come into the file once somebody uses them; sorted by name. */
  readonly unwritten: readonly PlannedProfile[];
  /** `used`: what nobody uses is not written. */
  readonly writes: 'all' | 'used';
  /** `current`, and `default` when asked for: they follow the current role and are in no other list. */
  readonly followers: readonly { readonly profileName: string; readonly region?: string }[];
  /** What a person added to our block: the text would lose it, so that it must not be written. */
  readonly conflict?: ConflictError;
  readonly added: readonly PlannedProfile[];
  readonly removed: readonly RemovedProfile[];
  /** Under the same name as before, with other lines. */
  readonly changed: readonly PlannedProfile[];
  readonly skipped: readonly SkippedProfile[];
  /** Sorted by name; absent when no profile would have had a name of the credentials file. */
  readonly inCredentialsFile?: readonly NameInCredentialsFile[];
  /** Names of profiles that stay though a listing lost their roles, further names included. */
  readonly keptLost: readonly string[];
  /** How many profiles `exclude` keeps out. */
  readonly excludedCount: number;
  readonly issuedNames: IssuedNames;
  /** The whole file as it would be. */
  readonly text: string;
  /** Unified; empty when the file is as planned already. */
  readonly diff: string;
}

const PERMISSION_SET_NAME = /^[\w+=,.@-]{1,64}$/u;
const ACCOUNT_ID = /^\d{12}$/u;
const REGION = /^[A-Za-z0-9-]{1,63}$/u;

/**
 * The plan for the document and what is known of each session, with room for others where the list is long; the same
 * again once it was written.
 * @throws UsageError config-malformed: AWS's clients refuse what stands outside our block, or would the outcome
 * @throws UsageError settings-invalid: name template, region or credentialProcessPath cannot be written
 * @throws ConflictError config-section-not-ours: broken markers, or somebody else's section between them
 */
export function* planInSteps(request: ProfilePlanRequest): Steps<ProfilePlan> {
  const { document, settings } = request;
  const template = parseNameTemplate(settings.nameTemplate);
  if (settings.region !== undefined) checkRegion(settings.region);
  if (document.encodingProblem !== undefined) throw malformedError(document.path, [document.encodingProblem]);
  const block = findManagedBlock(document);
  yield;
  const own = readOwnProfiles(document, block);
  yield;
  const { sessions } = readSsoSessions(document);
  const handWritten = readHandWrittenLines(document, block);

  yield;
  const listed = listRoles(sessions, request.catalogs);
  yield;
  const kept = keptRoles(own, document, sessions, request.catalogs, listed.roles);
  const roles = new Map([...listed.roles, ...kept]);
  yield;
  const issued = issuedNames(request, template, readTemplateLine(document, block), own, kept);
  yield;
  const inCredentialsFile: CredentialsNames = request.inCredentialsFile ?? new Map();
  const { names, displaced } = yield* nameInSteps({
    template,
    roles: [...roles.values()],
    issued,
    inCredentialsFile,
    handWritten,
  });
  const elsewhere: NameInCredentialsFile[] = [];

  const isExcluded = createGlobMatcher(settings.exclude);
  const regions = new Map(sessions.map((session) => [session.sessionName, session.region]));
  const named: PlannedProfile[] = [];
  const claims: AliasClaim[] = [];
  const skipped: SkippedProfile[] = [...listed.unusable];
  let excludedCount = 0;
  let looked = 0;
  for (const [key, { sessionName, accountId, permissionSet, accountName, writtenRegion, writtenAlias }] of roles) {
    looked += 1;
    if (looked % ROLES_A_STEP === 0) yield;
    const profileName = names.get(key) ?? '';
    const role = { sessionName, accountId, permissionSet };
    const line = handWritten.get(profileName);
    const wanted = displaced.get(key);
    if (isExcluded(profileName) || (wanted !== undefined && isExcluded(wanted))) {
      excludedCount += 1;
      continue;
    }
    if (line !== undefined) skipped.push({ profileName, ...role, reason: 'hand-written', line });
    else if (wanted !== undefined) {
      elsewhere.push({ name: wanted, line: inCredentialsFile.get(wanted) ?? 0, profileName });
    }
    const region =
      settings.regionFor?.(role) ?? settings.region ?? regions.get(sessionName) ?? writtenRegion ?? FALLBACK_REGION;
    const nameable = { ...role, ...(accountName === undefined ? {} : { accountName }) };
    named.push({ profileName, ...nameable, region: checkRegion(region), style: settings.style });
    const template = settings.aliasFor?.(role);
    if (template === undefined) continue;
    claims.push({ role: nameable, profileName, template, ...(writtenAlias === undefined ? {} : { writtenAlias }) });
  }
  yield;
  const taken = new Set([...names.values(), 'current', 'default', '__proto__']);
  const { aliases, skipped: skippedAliases } = nameAliases(claims, {
    taken,
    handWritten,
    inCredentialsFile,
    isExcluded,
  });
  for (const { reason, line = 0, profileName } of skippedAliases) {
    if (reason === 'in-credentials-file') elsewhere.push({ name: profileName, line });
    else skipped.push({ profileName, reason, ...(line === 0 ? {} : { line }) });
  }

  yield;
  const candidates = listCandidates(named, aliases, handWritten, { own, document });
  yield;
  const { written, unwritten, writes } = selectProfiles(candidates, settings.selection);
  yield;
  const profiles = written.flatMap(({ profile }) => (handWritten.has(profile.profileName) ? [] : [profile]));
  profiles.sort(byProfileName);
  const aliasProfiles = written.flatMap(({ profile: { aliases: _, ...profile }, alias }) =>
    alias === undefined ? [] : [{ ...profile, profileName: alias.name, aliasOf: profile.profileName }],
  );
  const entries = [...profiles, ...aliasProfiles].toSorted(byProfileName);

  const lost = lostRoles(request.catalogs);
  const followers: { profileName: string; region?: string }[] = [];
  const currentRegion = regionOfCurrent(request, sessions);
  for (const profileName of settings.defaultFollowsCurrent ? ['current', 'default'] : ['current']) {
    const line = handWritten.get(profileName);
    const credentialsLine = inCredentialsFile.get(profileName);
    if (line !== undefined) skipped.push({ profileName, reason: 'hand-written', line });
    else if (credentialsLine !== undefined) elsewhere.push({ name: profileName, line: credentialsLine });
    else followers.push({ profileName, ...(currentRegion === undefined ? {} : { region: currentRegion }) });
  }
  skipped.sort(byProfileName);

  const command = quoteCommandWord(checkPath(request.credentialProcessPath));
  yield;
  const rendered = new Map<string, string[]>();
  const extraFor = settings.extraFor ?? noExtraKeys;
  for (const profile of entries) rendered.set(profile.profileName, renderProfile(profile, command, extraFor(profile)));
  for (const { profileName, region } of followers) {
    rendered.set(profileName, renderFollower(profileName, region, command, extraFor(request.currentRole)));
  }
  yield;
  const text = renderText(document, block, template, rendered);
  yield;
  const foreign = findForeignKeys(block, own, extraFor);
  const conflict = describeForeignKeys(document, foreign);
  yield;
  // A key below the block is refused as such, not as the second of a key that the settings add above it.
  const isSoundNow = document.problems.length === 0;
  if (!(isSoundNow && foreign.some(({ isBelow }) => isBelow))) refuseMalformed(document, block, rendered);
  yield;
  const changes = compare(own, entries, rendered, document);
  yield;
  const diff = unifiedDiff(document.text, text, document.path);
  yield;

  return {
    profiles,
    unwritten: unwritten
      .flatMap(({ profile }) => (handWritten.has(profile.profileName) ? [] : [profile]))
      .toSorted(byProfileName),
    writes,
    followers,
    ...(conflict === undefined ? {} : { conflict }),
    ...changes,
    skipped,
    ...(elsewhere.length === 0 ? {} : { inCredentialsFile: elsewhere.toSorted((a, b) => compareText(a.name, b.name)) }),
    keptLost:
      lost.size === 0
        ? []
        : entries.filter((profile) => lost.has(roleKey(profile))).map(({ profileName }) => profileName),
    excludedCount,
    issuedNames: {
      template: template.text,
      profiles: profiles.map(({ profileName, sessionName, accountId, permissionSet }) => ({
        profileName,
        sessionName,
        accountId,
        permissionSet,
      })),
    },
    text,
    diff,
  };
}

/** Some milliseconds' worth. */
const ROLES_A_STEP = 2000;

// Only for a kept profile whose region line somebody deleted and whose session names none.
const FALLBACK_REGION = 'us-east-1';

type RoleToName = NameableRole & {
  /** Of a kept profile: the region that an earlier sync wrote. */
  readonly writtenRegion?: string;
  readonly writtenName?: string;
  readonly writtenAlias?: string;
};

/** What may be written: each role with its names. */
function listCandidates(
  named: readonly PlannedProfile[],
  aliases: ReadonlyMap<string, Alias>,
  handWritten: ReadonlyMap<string, number>,
  block: { readonly own: readonly OwnProfile[]; readonly document: ConfigDocument },
): (Candidate & { readonly profile: PlannedProfile })[] {
  const resolve = createSelectorResolver(block.document);
  // A native profile goes to AWS by itself, so nobody here can tell whether it is in use.
  const native = new Set(
    block.own.flatMap(({ role, isNative }) =>
      role !== undefined && isNative ? [roleKey({ ...role, sessionName: resolve(role.sessionSelector) ?? '' })] : [],
    ),
  );
  return named.flatMap((profile) => {
    const { sessionName, accountId, permissionSet, profileName } = profile;
    const key = roleKey(profile);
    const alias = aliases.get(key);
    if (alias === undefined && handWritten.has(profileName)) return [];
    return [
      {
        role: { sessionName, accountId, permissionSet },
        profileName,
        alias,
        staysUnseen: native.has(key),
        profile: alias === undefined ? profile : { ...profile, aliases: [alias.name] },
      },
    ];
  });
}

function listRoles(
  sessions: readonly SsoSession[],
  catalogs: ReadonlyMap<string, Catalog>,
): { readonly roles: Map<string, RoleToName>; readonly unusable: SkippedProfile[] } {
  const roles = new Map<string, RoleToName>();
  const unusable: SkippedProfile[] = [];
  for (const { sessionName } of sessions) {
    for (const { accountId, accountName, permissionSets } of catalogs.get(sessionName)?.accounts ?? []) {
      for (const permissionSet of permissionSets) {
        const role = { sessionName, accountId, permissionSet };
        if (ACCOUNT_ID.test(accountId) && PERMISSION_SET_NAME.test(permissionSet)) {
          roles.set(roleKey(role), { ...role, ...(accountName === undefined ? {} : { accountName }) });
        } else {
          unusable.push({ profileName: reduceName(`${accountId}.${permissionSet}`), ...role, reason: 'unusable-name' });
        }
      }
    }
  }
  return { roles, unusable };
}

/** By {@link roleKey}: the roles that suspicious listings lost. */
function lostRoles(catalogs: ReadonlyMap<string, Catalog>): ReadonlySet<string> {
  return new Set([...catalogs.values()].flatMap(({ lost = [] }) => lost.map(roleKey)));
}

/** Roles of our block that may not be gone: their session was not listed to the end, or a suspicious listing lost them. */
function keptRoles(
  own: readonly OwnProfile[],
  document: ConfigDocument,
  sessions: readonly SsoSession[],
  catalogs: ReadonlyMap<string, Catalog>,
  listed: ReadonlyMap<string, RoleToName>,
): Map<string, RoleToName> {
  const usable = new Set(sessions.map(({ sessionName }) => sessionName));
  const resolve = createSelectorResolver(document);
  const lost = lostRoles(catalogs);
  const isGone = (role: Role) => {
    const catalog = catalogs.get(role.sessionName);
    const isListed = catalog?.complete === true || catalog?.startsAnew === true;
    return usable.has(role.sessionName) && isListed && !lost.has(roleKey(role));
  };
  const kept = new Map<string, RoleToName>();
  // An alias comes after the profile that it is one of.
  const inTurn = own.toSorted((a, b) => Number(a.aliasOf !== undefined) - Number(b.aliasOf !== undefined));
  for (const { section, profileName, role, aliasOf } of inTurn) {
    const sessionName = role === undefined ? undefined : resolve(role.sessionSelector);
    if (role === undefined || sessionName === undefined) continue;
    if (!ACCOUNT_ID.test(role.accountId) || !PERMISSION_SET_NAME.test(role.permissionSet)) continue;
    const keptRole = { sessionName, accountId: role.accountId, permissionSet: role.permissionSet };
    if (isGone(keptRole)) continue;
    const key = roleKey(keptRole);
    if (listed.has(key)) continue;
    const earlier = kept.get(key);
    if (earlier !== undefined) {
      if (aliasOf !== undefined) kept.set(key, { ...earlier, writtenAlias: profileName });
      continue;
    }
    const writtenRegion = section.entries.find((entry) => entry.key === 'region')?.value;
    kept.set(key, {
      ...keptRole,
      writtenName: aliasOf ?? profileName,
      ...(aliasOf === undefined ? {} : { writtenAlias: profileName }),
      ...(writtenRegion === undefined || !REGION.test(writtenRegion) ? {} : { writtenRegion }),
    });
  }
  return kept;
}

/** Names that stay: those of the block, then those of an earlier plan, each as long as the template is the same. */
function issuedNames(
  request: ProfilePlanRequest,
  template: NameTemplate,
  writtenTemplate: string | undefined,
  own: readonly OwnProfile[],
  kept: ReadonlyMap<string, RoleToName>,
): Map<string, string> {
  const issued = new Map<string, string>();
  const { previousNames, document } = request;
  if (previousNames?.template === template.text) {
    for (const previous of previousNames.profiles) issued.set(roleKey(previous), previous.profileName);
  }
  if (writtenTemplate === undefined || writtenTemplate === template.text) {
    const resolve = createSelectorResolver(document);
    for (const { profileName, role, aliasOf } of own.toReversed()) {
      if (aliasOf !== undefined) continue;
      const sessionName = role === undefined ? undefined : resolve(role.sessionSelector);
      if (role !== undefined && sessionName !== undefined) {
        issued.set(roleKey({ ...role, sessionName }), profileName);
      }
    }
  }
  // What is kept without being listed has no account name to make a new profile name from.
  for (const [key, { writtenName }] of kept) if (writtenName !== undefined) issued.set(key, writtenName);
  return issued;
}

/** Session names of the document by selector: what a profile's `--session` means. */
function createSelectorResolver(document: ConfigDocument): (selector: string) => string | undefined {
  const known = new Map<string, string>();
  for (const { kind, name } of document.sections) {
    if (kind !== 'sso-session') continue;
    known.set(sessionSelector(name), name);
    // In the native form the name itself is written.
    if (!known.has(name)) known.set(name, name);
  }
  return (selector) => {
    const name = known.get(selector);
    return name !== undefined && matchesSessionSelector(selector, name) ? name : undefined;
  };
}

/** Line of each profile outside our block, by the name that botocore gives it. */
function readHandWrittenLines(document: ConfigDocument, block: ManagedBlock | undefined): Map<string, number> {
  const lines = new Map<string, number>();
  for (const { kind, name, line } of document.sections) {
    if ((kind === 'profile' || kind === 'default') && !isInsideBlock(block, line)) lines.set(name, line);
  }
  return lines;
}

function regionOfCurrent(request: ProfilePlanRequest, sessions: readonly SsoSession[]): string | undefined {
  const { settings, currentRole } = request;
  const ofRole = currentRole === undefined ? undefined : settings.regionFor?.(currentRole);
  const session = sessions.find(({ sessionName }) => sessionName === currentRole?.sessionName) ?? sessions[0];
  const region = ofRole ?? settings.region ?? session?.region;
  return region === undefined ? undefined : checkRegion(region);
}

function renderProfile(profile: PlannedProfile, command: string, extra: ExtraKeys): string[] {
  const { profileName, sessionName, accountId, permissionSet, region, style, aliasOf } = profile;
  const head = [
    `[profile ${profileName}]`,
    ...(aliasOf === undefined ? [] : [formatAliasLine(aliasOf)]),
    ...renderExtraLine([...extra.keys()]),
    `region = ${region}`,
  ];
  const source =
    style === 'sso'
      ? [`sso_session = ${sessionName}`, `sso_account_id = ${accountId}`, `sso_role_name = ${permissionSet}`]
      : [
          `credential_process = ${command} --session ${sessionSelector(sessionName)} --account ${accountId} --role ${permissionSet}`,
        ];
  return [...head, ...source, ...renderExtra(extra)];
}

function renderFollower(profileName: string, region: string | undefined, command: string, extra: ExtraKeys): string[] {
  return [
    // With both [default] and [profile default] the clients disagree on which one counts.
    profileName === 'default' ? '[default]' : `[profile ${profileName}]`,
    ...renderExtraLine([...extra.keys()]),
    ...(region === undefined ? [] : [`region = ${region}`]),
    `credential_process = ${command} --current`,
    ...renderExtra(extra),
  ];
}

function renderExtraLine(keys: readonly string[]): string[] {
  return keys.length === 0 ? [] : [formatExtraLine(keys)];
}

function renderExtra(extra: ExtraKeys): string[] {
  return [...extra].flatMap(([key, value]) => formatExtraKey(key, value));
}

function renderText(
  document: ConfigDocument,
  block: ManagedBlock | undefined,
  template: NameTemplate,
  rendered: ReadonlyMap<string, readonly string[]>,
): string {
  if (block === undefined && rendered.size === 0) return document.text;
  const names = [...rendered.keys()].toSorted(compareText);
  return replaceManagedBlock(document, block, [
    '# Written by rolecall, which overwrites changes between these two marks; extra in its settings adds keys to profiles.',
    ...(template.text === '' ? [] : [formatTemplateLine(template.text)]),
    ...names.flatMap((name) => rendered.get(name) ?? []),
  ]);
}

/**
 * Refuses when the outcome would be a file that botocore does not read, naming lines of the file as it is now.
 * Our own sections are sound and their names differ from all others, so the last one, which what follows runs into, is enough.
 */
function refuseMalformed(
  document: ConfigDocument,
  block: ManagedBlock | undefined,
  rendered: ReadonlyMap<string, readonly string[]>,
): void {
  const problems: ConfigProblem[] = [];
  const lastName = [...rendered.keys()].reduce((last, name) => (compareText(last, name) < 0 ? name : last), '');
  const lastSection = rendered.get(lastName) ?? [];
  const outcome = parseConfigDocument(replaceManagedBlock(document, block, lastSection), document.path);
  const newBlock = findManagedBlock(outcome);
  for (const { line, reason } of outcome.problems) {
    const isBelow = block !== undefined && newBlock !== undefined && line > newBlock.endLine;
    problems.push({ line: isBelow ? line - newBlock.endLine + block.endLine : line, reason });
  }
  if (block !== undefined && lastSection.length > 0) {
    const index = document.lines.findIndex(
      ({ text: lineText }, at) => at >= block.endLine && /^\s*[^#;\s]/u.test(lineText),
    );
    if (index !== -1 && /^\s/u.test(document.lines[index]?.text ?? '')) {
      problems.push({
        line: index + 1,
        reason: "an indented line below rolecall's block would become part of a profile in it",
      });
    }
  }
  const [first, ...others] = problems;
  if (first !== undefined) throw malformedError(document.path, [first, ...others]);
}

function compare(
  own: readonly OwnProfile[],
  profiles: readonly PlannedProfile[],
  rendered: ReadonlyMap<string, readonly string[]>,
  document: ConfigDocument,
): Pick<ProfilePlan, 'added' | 'removed' | 'changed'> {
  const resolve = createSelectorResolver(document);
  const before = new Map(own.map((profile) => [profile.profileName, profile]));
  const planned = new Set(profiles.map(({ profileName }) => profileName));
  return {
    added: profiles.filter(({ profileName }) => !before.has(profileName)),
    changed: profiles.filter(({ profileName }) => {
      const { section, aliasOf, extraKeys = [] } = before.get(profileName) ?? {};
      if (section === undefined) return false;
      const lines = [
        `[${section.header}]`,
        ...(aliasOf === undefined ? [] : [formatAliasLine(aliasOf)]),
        ...renderExtraLine(extraKeys),
        ...section.entries.flatMap(formatEntry),
      ];
      return lines.join('\n') !== (rendered.get(profileName) ?? []).join('\n');
    }),
    removed: [...before.values()]
      .filter(({ profileName, followsCurrent }) => !planned.has(profileName) && !followsCurrent)
      .map(({ profileName, role }) =>
        role === undefined
          ? { profileName }
          : {
              profileName,
              sessionName: resolve(role.sessionSelector) ?? role.sessionSelector,
              accountId: role.accountId,
              permissionSet: role.permissionSet,
            },
      )
      .toSorted(byProfileName),
  };
}

function checkRegion(region: string): string {
  if (REGION.test(region)) return region;
  throw new UsageError('settings-invalid', `"${region.replace(/\p{Cc}/gu, '?')}" in the settings is no region.`);
}

function checkPath(path: string): string {
  if (path.startsWith('/') && !/\p{Cc}/u.test(path)) return path;
  throw new UsageError(
    'settings-invalid',
    `The path of rolecall-credential-process cannot stand in a profile: "${path.replace(/\p{Cc}/gu, '?')}".`,
  );
}

function byProfileName(a: { readonly profileName: string }, b: { readonly profileName: string }): number {
  return compareText(a.profileName, b.profileName);
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
