// Describes the planned profiles: name, region and alias of each role, and the profiles that follow the current role.
import { UsageError } from '../../core/errors.ts';
import type { Steps } from '../../core/async/steps.ts';
import type { SsoSession } from '../../core/model.ts';
import { createGlobMatcher } from '../../core/text/glob.ts';
import type { CredentialsNames } from '../document/credentials-names.ts';
import type {
  NameInCredentialsFile,
  PlannedProfile,
  ProfilePlan,
  ProfilePlanRequest,
  SkippedProfile,
} from './plan-types.ts';
import { isRegionName, type RoleToName } from './planned-roles.ts';
import { nameAliases, type Alias, type AliasClaim } from './profile-aliases.ts';

/** A few milliseconds of work. */
const ROLES_PER_STEP = 2000;

/** Used only for a kept profile whose region line was deleted and whose session is gone. */
export const FALLBACK_REGION = 'us-east-1';

/** Names that others use: hand-written profiles by line, and the credentials file. */
export interface NamesElsewhere {
  readonly handWritten: ReadonlyMap<string, number>;
  readonly inCredentialsFile: CredentialsNames;
}

/** Names that no profile got, collected while planning. */
export interface LeftOut {
  readonly skipped: SkippedProfile[];
  readonly inCredentialsFile: NameInCredentialsFile[];
}

/** The profile of each role that is not excluded, and the aliases that the settings ask for. */
export function* describeProfilesInSteps({
  request: { settings },
  sessions,
  roles,
  names,
  displaced,
  elsewhere,
  leftOut,
}: {
  readonly request: ProfilePlanRequest;
  readonly sessions: readonly SsoSession[];
  readonly roles: ReadonlyMap<string, RoleToName>;
  readonly names: ReadonlyMap<string, string>;
  /** The name that a role would have if the credentials file did not have it. */
  readonly displaced: ReadonlyMap<string, string>;
  readonly elsewhere: NamesElsewhere;
  readonly leftOut: LeftOut;
}): Steps<{
  readonly profiles: readonly PlannedProfile[];
  readonly claims: readonly AliasClaim[];
  readonly excludedCount: number;
  readonly isExcluded: (name: string) => boolean;
}> {
  const isExcluded = createGlobMatcher(settings.exclude);
  const regions = new Map(sessions.map((session) => [session.sessionName, session.region]));
  const profiles: PlannedProfile[] = [];
  const claims: AliasClaim[] = [];
  const checked = new Set<string>();
  let excludedCount = 0;
  let done = 0;
  for (const role of roles.values()) {
    const { key, sessionName, accountId, permissionSet, accountName } = role;
    done += 1;
    if (done % ROLES_PER_STEP === 0) yield;
    const profileName = names.get(key) ?? '';
    const line = elsewhere.handWritten.get(profileName);
    const wanted = displaced.get(key);
    if (isExcluded(profileName) || (wanted !== undefined && isExcluded(wanted))) {
      excludedCount += 1;
      continue;
    }
    if (line !== undefined) {
      leftOut.skipped.push({ profileName, sessionName, accountId, permissionSet, reason: 'hand-written', line });
    } else if (wanted !== undefined) {
      const credentialsLine = elsewhere.inCredentialsFile.get(wanted) ?? 0;
      leftOut.inCredentialsFile.push({ name: wanted, line: credentialsLine, profileName });
    }
    const region =
      settings.regionFor?.(role) ??
      settings.region ??
      regions.get(sessionName) ??
      role.writtenRegion ??
      FALLBACK_REGION;
    if (!checked.has(region)) checked.add(checkRegion(region));
    const { style } = settings;
    profiles.push(
      accountName === undefined
        ? { profileName, sessionName, accountId, permissionSet, region, style }
        : { profileName, sessionName, accountId, permissionSet, accountName, region, style },
    );
    const template = settings.aliasFor?.(role);
    if (template === undefined) continue;
    const { writtenAlias } = role;
    claims.push({ role, profileName, template, ...(writtenAlias === undefined ? {} : { writtenAlias }) });
  }
  return { profiles, claims, excludedCount, isExcluded };
}

/** The alias of each role, by role key; those that no role can have go to `leftOut`. */
export function planAliases(
  claims: readonly AliasClaim[],
  names: ReadonlyMap<string, string>,
  elsewhere: NamesElsewhere,
  isExcluded: (name: string) => boolean,
  leftOut: LeftOut,
): ReadonlyMap<string, Alias> {
  const taken = new Set([...names.values(), 'current', 'default', '__proto__']);
  const { aliases, skipped } = nameAliases(claims, { taken, ...elsewhere, isExcluded });
  for (const { reason, line = 0, profileName } of skipped) {
    if (reason === 'in-credentials-file') leftOut.inCredentialsFile.push({ name: profileName, line });
    else leftOut.skipped.push({ profileName, reason, ...(line === 0 ? {} : { line }) });
  }
  return aliases;
}

/** `current`, and `default` if configured, unless something else has the name. */
export function planFollowers(
  request: ProfilePlanRequest,
  sessions: readonly SsoSession[],
  elsewhere: NamesElsewhere,
  leftOut: LeftOut,
): ProfilePlan['followers'] {
  const followers: { profileName: string; region?: string }[] = [];
  const region = regionOfCurrent(request, sessions);
  for (const profileName of request.settings.defaultFollowsCurrent ? ['current', 'default'] : ['current']) {
    const line = elsewhere.handWritten.get(profileName);
    const credentialsLine = elsewhere.inCredentialsFile.get(profileName);
    if (line !== undefined) {
      leftOut.skipped.push({ profileName, reason: 'hand-written', line });
    } else if (credentialsLine !== undefined) {
      leftOut.inCredentialsFile.push({ name: profileName, line: credentialsLine });
    } else {
      followers.push({ profileName, ...(region === undefined ? {} : { region }) });
    }
  }
  return followers;
}

function regionOfCurrent(request: ProfilePlanRequest, sessions: readonly SsoSession[]): string | undefined {
  const { settings, currentRole } = request;
  const ofRole = currentRole === undefined ? undefined : settings.regionFor?.(currentRole);
  const session = sessions.find(({ sessionName }) => sessionName === currentRole?.sessionName) ?? sessions[0];
  const region = ofRole ?? settings.region ?? session?.region;
  return region === undefined ? undefined : checkRegion(region);
}

/** @throws UsageError settings-invalid: not a region name */
export function checkRegion(region: string): string {
  if (isRegionName(region)) return region;
  throw new UsageError('settings-invalid', `"${region.replace(/\p{Cc}/gu, '?')}" in the settings is not a region.`);
}
