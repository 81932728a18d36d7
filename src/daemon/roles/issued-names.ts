// Remembers the profile name of each role in the state folder, also for roles without a profile in the config file.
import type { IssuedChain, IssuedNames, PlannedProfile, ProfilePlan } from '../../aws-config/profiles/plan-types.ts';
import { roleKey } from '../../aws-config/profiles/profile-names.ts';
import { once } from '../../core/async/once.ts';
import type { Role } from '../../core/model.ts';
import { isRole } from './role-usage.ts';
import type { StateFile, StateFileSchema } from '../state-files/state-file.ts';

/** Profiles that are written to the config file on first use. A new object after each change. */
export interface UnwrittenProfiles {
  /** Finds a profile by its name or alias. */
  find(profileName: string): UnwrittenProfile | undefined;
  of(role: Role): UnwrittenProfile | undefined;
  list(): readonly UnwrittenProfile[];
}

export type UnwrittenProfile = Role & Pick<PlannedProfile, 'profileName' | 'aliases'>;

export interface IssuedNamesStore {
  /** The names of the last plan that was written, to be reused by the next one. */
  previous(): Promise<IssuedNames | undefined>;
  unwritten(): Promise<UnwrittenProfiles>;
  /** The chains that the settings define, with their names. A new array after each change. */
  chains(): Promise<readonly IssuedChain[]>;
  /** True if that changed the file. */
  keep(plan: Pick<ProfilePlan, 'issuedNames' | 'unwritten'>): Promise<boolean>;
  /** These profiles are in the config file now. Their names stay the same, so their file is not written. */
  markWritten(roles: readonly Role[]): Promise<void>;
  /** Another string after a change of the file. */
  stamp(): Promise<string>;
}

/** Schema of `profile-names.json`. */
export const ISSUED_NAMES_SCHEMA = {
  version: 1,
  isLarge: true,
  isSound: ({ template, profiles, unwritten, chains }) =>
    typeof template === 'string' &&
    isProfiles(profiles) &&
    (unwritten === undefined || isProfiles(unwritten)) &&
    (chains === undefined || isChains(chains)),
  loss: 'Profiles in the config file keep their names; "rolecall profiles sync" generates the other names again.',
} as const satisfies StateFileSchema;

/** `file` must use `ISSUED_NAMES_SCHEMA`. */
export function createIssuedNames(file: StateFile): IssuedNamesStore {
  /** As in the file. */
  let complete: UnwrittenProfiles | undefined;
  /** Those that were written since. */
  const written = new Set<string>();
  let latest: UnwrittenProfiles | undefined;
  let latestChains: readonly IssuedChain[] | undefined;

  async function unwritten(): Promise<UnwrittenProfiles> {
    if (latest !== undefined) return latest;
    const { unwritten: read } = parse(await file.read());
    return latest ?? replace(read);
  }

  function replace(profiles: readonly UnwrittenProfile[]): UnwrittenProfiles {
    written.clear();
    complete = index(profiles);
    latest = complete;
    return latest;
  }

  return {
    unwritten,
    async previous() {
      const { template, profiles, unwritten, chains } = parse(await file.read());
      return template === undefined ? undefined : { template, profiles: [...profiles, ...unwritten], chains };
    },
    async chains() {
      if (latestChains !== undefined) return latestChains;
      const { chains } = parse(await file.read());
      latestChains ??= chains;
      return latestChains;
    },
    async keep({ issuedNames, unwritten: profiles }) {
      const kept = profiles.map(({ profileName, sessionName, accountId, permissionSet, aliases }) => ({
        profileName,
        sessionName,
        accountId,
        permissionSet,
        ...(aliases === undefined ? {} : { aliases }),
      }));
      const outcome = await file.write({ ...issuedNames, ...(kept.length === 0 ? {} : { unwritten: kept }) });
      const { chains = [] } = issuedNames;
      if (JSON.stringify(latestChains) !== JSON.stringify(chains)) latestChains = chains;
      if (latest === undefined || !isSame(latest.list(), profiles)) replace(profiles);
      return outcome === 'written';
    },
    async markWritten(roles) {
      const known = await unwritten();
      for (const role of roles) written.add(roleKey(role));
      latest = withoutRoles(complete ?? known, new Set(written));
    },
    stamp: () => file.stamp(),
  };
}

function isSame(before: readonly UnwrittenProfile[], after: readonly UnwrittenProfile[]): boolean {
  if (before.length !== after.length) return false;
  return before.every((profile, place) => {
    const other = after[place];
    return (
      other !== undefined &&
      profile.profileName === other.profileName &&
      roleKey(profile) === roleKey(other) &&
      (profile.aliases ?? []).join() === (other.aliases ?? []).join()
    );
  });
}

/** The same profiles but for those of these roles, by {@link roleKey}. */
function withoutRoles(profiles: UnwrittenProfiles, written: ReadonlySet<string>): UnwrittenProfiles {
  const unlessWritten = (found: UnwrittenProfile | undefined) =>
    found === undefined || written.has(roleKey(found)) ? undefined : found;
  return {
    find: (profileName) => unlessWritten(profiles.find(profileName)),
    of: (role) => unlessWritten(profiles.of(role)),
    list: once(() => profiles.list().filter((profile) => unlessWritten(profile) !== undefined)),
  };
}

function index(profiles: readonly UnwrittenProfile[]): UnwrittenProfiles {
  const byName = new Map<string, UnwrittenProfile>();
  const byRole = new Map<string, UnwrittenProfile>();
  for (const profile of profiles) {
    for (const alias of profile.aliases ?? []) byName.set(alias, profile);
    byRole.set(roleKey(profile), profile);
  }
  // A role's own name takes precedence over another role's alias.
  for (const profile of profiles) byName.set(profile.profileName, profile);
  return {
    find: (profileName) => byName.get(profileName),
    of: (role) => byRole.get(roleKey(role)),
    list: () => profiles,
  };
}

function isProfiles(candidate: unknown): boolean {
  if (!Array.isArray(candidate)) return false;
  return candidate.every((profile: unknown) => {
    const { profileName, aliases } = (profile ?? {}) as Partial<UnwrittenProfile>;
    const areAliases = Array.isArray(aliases) && aliases.every((alias) => typeof alias === 'string');
    return isRole(profile) && typeof profileName === 'string' && (aliases === undefined || areAliases);
  });
}

function isChains(candidate: unknown): boolean {
  if (!isProfiles(candidate)) return false;
  return (candidate as readonly Partial<IssuedChain>[]).every(
    ({ roleArn, nameTemplate }) => typeof roleArn === 'string' && typeof nameTemplate === 'string',
  );
}

/** Unreadable content counts as empty: the block in the config file still has the names of its profiles. */
function parse(content: Readonly<Record<string, unknown>> | undefined) {
  const { template, profiles, unwritten, chains } = content ?? {};
  if (typeof template !== 'string' || !Array.isArray(profiles)) {
    return { template: undefined, profiles: [], unwritten: [], chains: [] };
  }
  return {
    template,
    profiles: profiles as IssuedNames['profiles'],
    unwritten: Array.isArray(unwritten) ? (unwritten as UnwrittenProfile[]) : [],
    chains: Array.isArray(chains) ? (chains as IssuedChain[]) : [],
  };
}
