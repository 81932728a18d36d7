// Writes the profile of a role when the role is used for the first time.
import { coalesced } from '../../core/async/coalesced.ts';
import type { Role } from '../../core/model.ts';
import type { Changes } from '../process/changes.ts';
import type { IssuedNamesStore } from '../roles/issued-names.ts';
import type { Log } from '../process/log.ts';
import type { ProfileSync } from './profile-sync.ts';
import type { Settings } from '../settings/settings.ts';

/** A function to call on the first use of a role; it writes the profile and never rejects. */
export function createProfilesOfUsedRoles(deps: {
  readonly settings: Pick<Settings, 'profiles'>;
  readonly issuedNames: Pick<IssuedNamesStore, 'unwritten'>;
  readonly profileSync: Pick<ProfileSync, 'sync'>;
  readonly changes: Pick<Changes, 'announce'>;
  readonly log: Log;
}): (role: Role) => Promise<void> {
  // One sync writes the profiles of all used roles, so a script that uses hundreds of roles needs only a few.
  const write = coalesced(async () => {
    await deps.profileSync.sync('daemon');
    deps.changes.announce();
  });
  return async (role) => {
    try {
      if (deps.settings.profiles.sync === 'manual') return;
      if ((await deps.issuedNames.unwritten()).of(role) !== undefined) await write();
    } catch (error) {
      deps.log('warn', `cannot write the profile of a used role: ${(error as Error).message}`);
    }
  };
}
