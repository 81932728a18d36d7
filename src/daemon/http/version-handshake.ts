// The daemon's side of the handshake by version: older than its caller, it answers nothing and leaves.
import { compareVersions } from '../../core/compare-versions.ts';
import { DaemonUnreachableError } from '../../core/errors.ts';
import { ROUTE_ADDRESSES } from '../../local-api/route-addresses.ts';
import { VERSION_HEADER } from '../../local-api/version-header.ts';
import type { Guard } from './guard.ts';

/**
 * A guard that turns away a newer client, which then starts a daemon of its own age; `leave` is called at each of them.
 * Before anything is done, so that the client can ask again: a sign-in that was begun here would be lost on the way.
 */
export function createVersionCheck(ownVersion: string, leave: () => void): Guard {
  return ({ headers, rawUrl }) => {
    const [version, ...more] = headers[VERSION_HEADER];
    // A daemon that is older can always be stopped.
    if (version === undefined || more.length > 0 || rawUrl === ROUTE_ADDRESSES.stop.path) return undefined;
    if (compareVersions(version, ownVersion) <= 0) return undefined;
    leave();
    return new DaemonUnreachableError(
      'daemon-version-mismatch',
      `The daemon is rolecall ${ownVersion}, which is older than the command; it makes room for a newer one.`,
    );
  };
}
