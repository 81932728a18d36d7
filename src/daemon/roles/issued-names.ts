// Remembers the profile name of each role in the state folder, also for roles without a profile in the config file.
import type { IssuedChain, IssuedNames, PlannedProfile, ProfilePlan } from '../../aws-config/profiles/plan-types.ts';
import { roleKey } from '../../aws-config/profiles/profile-names.ts';
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
  let latest: UnwrittenProfiles | undefined;
  let latestChains: readonly IssuedChain[] | undefined;

  return {
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
    async unwritten() {
      if (latest !== undefined) return latest;
      const { unwritten } = parse(await file.read());
      latest ??= index(unwritten);
      return latest;
    },
    async keep({ issuedNames, unwritten }) {
      const kept = unwritten.map(({ profileName, sessionName, accountId, permissionSet, aliases }) => ({
        profileName,
        sessionName,
        accountId,
        permissionSet,
        ...(aliases === undefined ? {} : { aliases }),
      }));
      const outcome = await file.write({ ...issuedNames, ...(kept.length === 0 ? {} : { unwritten: kept }) });
      const { chains = [] } = issuedNames;
      if (JSON.stringify(latestChains) !== JSON.stringify(chains)) latestChains = chains;
      if (latest === undefined || !isSame(latest.list(), kept)) latest = index(kept);
      return outcome === 'written';
    },
    stamp: () => file.stamp(),
  };
}

function isSame(before: readonly UnwrittenProfile[], after: readonly UnwrittenProfile[]): boolean {
  return before.length === after.length && JSON.stringify(before) === JSON.stringify(after);
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
