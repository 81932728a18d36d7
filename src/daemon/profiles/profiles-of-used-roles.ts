// The profile of a role that had a name only: written when the role is used, however that came about.
import { coalesced } from '../../core/async/coalesced.ts';
import type { Role } from '../../core/model.ts';
import type { Changes } from '../process/changes.ts';
import type { IssuedNamesStore } from '../roles/issued-names.ts';
import type { Log } from '../process/log.ts';
import type { ProfileSync } from './profile-sync.ts';
import type { Settings } from '../settings/settings.ts';

/** A function that sees to the profile of a role that is used for the first time; it never rejects. */
export function createProfilesOfUsedRoles(deps: {
  readonly settings: Pick<Settings, 'profiles'>;
  readonly issuedNames: Pick<IssuedNamesStore, 'unwritten'>;
  readonly profileSync: Pick<ProfileSync, 'sync'>;
  readonly changes: Pick<Changes, 'announce'>;
  readonly log: Log;
}): (role: Role) => Promise<void> {
  // A sync writes the profiles of all roles in use: a script that goes through hundreds of them is served by a few.
  const write = coalesced(async () => {
    await deps.profileSync.sync('daemon');
    deps.changes.announce();
  });
  return async (role) => {
    try {
      if (deps.settings.profiles.sync === 'manual') return;
      if ((await deps.issuedNames.unwritten()).of(role) !== undefined) await write();
    } catch (error) {
      deps.log('warn', `the profile of a role in use: ${(error as Error).message}`);
    }
  };
}
