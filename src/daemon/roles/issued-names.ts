// What profiles are called, kept in the state: names outlive the block that they stand in, and some have no profile yet.
import type { IssuedNames, PlannedProfile, ProfilePlan } from '../../aws-config/profiles/profile-plan.ts';
import { roleKey } from '../../aws-config/profiles/profile-names.ts';
import type { Role } from '../../core/model.ts';
import { isRole } from './role-usage.ts';
import type { StateFile, StateFileSchema } from '../state-files/state-file.ts';

/** Profiles that are written once somebody uses them; another object after each change. */
export interface UnwrittenProfiles {
  readonly size: number;
  /** By its name, or by a further one. */
  find(profileName: string): UnwrittenProfile | undefined;
  of(role: Role): UnwrittenProfile | undefined;
  list(): readonly UnwrittenProfile[];
}

export type UnwrittenProfile = Role & Pick<PlannedProfile, 'profileName' | 'aliases'>;

export interface IssuedNamesStore {
  /** The names of the last plan that was written, for the next one. */
  previous(): Promise<IssuedNames | undefined>;
  unwritten(): Promise<UnwrittenProfiles>;
  keep(plan: Pick<ProfilePlan, 'issuedNames' | 'unwritten'>): Promise<void>;
}

/** Of `profile-names.json`. */
export const ISSUED_NAMES_SCHEMA = {
  version: 1,
  isSound: ({ template, profiles, unwritten }) =>
    typeof template === 'string' && isProfiles(profiles) && (unwritten === undefined || isProfiles(unwritten)),
  loss: 'Profiles in the config file keep their names; "rolecall profiles sync" names the other roles again.',
} as const satisfies StateFileSchema;

/** The store in `file`, which is of `ISSUED_NAMES_SCHEMA`. */
export function createIssuedNames(file: StateFile): IssuedNamesStore {
  let latest: UnwrittenProfiles | undefined;

  return {
    async previous() {
      const { template, profiles, unwritten } = parse(await file.read());
      return template === undefined ? undefined : { template, profiles: [...profiles, ...unwritten] };
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
      await file.write({ ...issuedNames, ...(kept.length === 0 ? {} : { unwritten: kept }) });
      if (latest === undefined || !isSame(latest.list(), kept)) latest = index(kept);
    },
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
  // A name of its own goes over another's alias.
  for (const profile of profiles) byName.set(profile.profileName, profile);
  return {
    size: profiles.length,
    find: (profileName) => byName.get(profileName),
    of: (role) => byRole.get(roleKey(role)),
    list: () => profiles,
  };
}

function isProfiles(candidate: unknown): boolean {
  if (!Array.isArray(candidate)) return false;
  return candidate.every((profile: unknown) => {
    const { profileName, aliases } = (profile ?? {}) as Partial<UnwrittenProfile>;
    return isRole(profile) && typeof profileName === 'string' && (aliases === undefined || Array.isArray(aliases));
  });
}

/** Names that can't be read are only the names of roles that are gone; the block itself has the others. */
function parse(content: Readonly<Record<string, unknown>> | undefined) {
  const { template, profiles, unwritten } = content ?? {};
  if (typeof template !== 'string' || !Array.isArray(profiles)) {
    return { template: undefined, profiles: [], unwritten: [] };
  }
  return {
    template,
    profiles: profiles as IssuedNames['profiles'],
    unwritten: Array.isArray(unwritten) ? (unwritten as UnwrittenProfile[]) : [],
  };
}
