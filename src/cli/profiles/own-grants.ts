// Grants that end with the command that has asked for them.
import type { DaemonAccess } from '../context.ts';

/** The maximum that the daemon allows. */
export const MAX_GRANT_SECONDS = 7 * 24 * 3600;
const REVOKE_DEADLINE_MS = 2000;

/** Never rejects, and does not wait long. */
export async function revokeGrant(id: string, { client }: Pick<DaemonAccess, 'client'>): Promise<void> {
  await client
    .call('revokeGrant', { id }, { autostart: false, timeoutMs: REVOKE_DEADLINE_MS })
    // Not needed if the daemon is unreachable: it ends the grant together with this process.
    .catch(() => undefined);
}
