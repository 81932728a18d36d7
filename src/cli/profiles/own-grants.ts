// Grants that end with the command that has asked for them.
import type { DaemonAccess } from '../context.ts';
import { NotFoundError } from '../../core/errors.ts';

/** The maximum that the daemon allows. */
export const MAX_GRANT_SECONDS = 7 * 24 * 3600;
const REVOKE_DEADLINE_MS = 2000;

/** Resolves whether the grant has ended. Never rejects, and does not wait long. */
export async function revokeGrant(id: string, { client }: Pick<DaemonAccess, 'client'>): Promise<boolean> {
  try {
    await client.call('revokeGrant', { id }, { autostart: false, timeoutMs: REVOKE_DEADLINE_MS });
    return true;
  } catch (error) {
    // A daemon that is unreachable ends it together with this process.
    return error instanceof NotFoundError;
  }
}
