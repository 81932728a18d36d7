// Asks the daemon for the role of a profile.
import { RolecallError } from '../../core/errors.ts';
import type { ProfileDocument } from '../../local-api/schemas.ts';
import type { DaemonAccess } from '../context.ts';

/** Undefined when no sso-session has a profile of that name. */
export async function findProfile(name: string, context: DaemonAccess): Promise<ProfileDocument | undefined> {
  try {
    return await context.client.call('profile', { query: { name } }, { signal: context.signal });
  } catch (error) {
    if (error instanceof RolecallError && error.code === 'profile-not-found') return undefined;
    throw error;
  }
}
