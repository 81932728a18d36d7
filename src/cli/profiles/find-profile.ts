// The role that a profile name stands for, by the daemon's word.
import { RolecallError } from '../../core/errors.ts';
import type { ProfileDocument } from '../../local-api/schemas.ts';
import type { CliContext } from '../context.ts';

/** Undefined when no role of an sso-session goes by that name. */
export async function findProfile(name: string, context: CliContext): Promise<ProfileDocument | undefined> {
  try {
    return await context.client.call('profile', { query: { name } }, { signal: context.signal });
  } catch (error) {
    if (error instanceof RolecallError && error.code === 'profile-not-found') return undefined;
    throw error;
  }
}
