// How many connections each surface serves, and from which users, so that one surface can't use up the descriptors of the others.
import type { SurfaceName } from '../../local-api/routes.ts';
import { createPeerCheck, type PeerCheck } from '../../platform/sockets/loopback-peer.ts';

export interface ConnectionRules {
  readonly maxServed: number;
  /** Accepted, but not served until their user is known, which takes milliseconds. */
  readonly maxUnchecked: number;
  /** Time from the accepted connection, or the first byte of a later request, to the end of the headers. */
  readonly headersDeadlineMs: number;
  /** Absent on unix sockets, which their file mode protects. */
  readonly peerCheck?: PeerCheck;
}

/** Descriptors for the daemon itself: files, the keychain and AWS. */
const MIN_RESERVED = 64;
const MAX_RESERVED = 256;
const MIN_CONNECTIONS = 4;
const ROOT = 0;
const HEADERS_DEADLINE_MS = 5000;

/** Shares of the unreserved descriptors. Callers that wait for a sign-in keep a connection open each. */
const SHARES: Readonly<Record<SurfaceName, { readonly served: number; readonly max: number }>> = {
  socket: { served: 3 / 8, max: 4096 },
  container: { served: 1 / 4, max: 2048 },
  web: { served: 1 / 8, max: 512 },
};
/** For the port of one sign-in, which is used by one browser, for one request. */
const MAX_SERVED_OF_CALLBACK = 16;
/** For the socket of one grant, which one other place uses. */
const MAX_SERVED_OF_GRANT = 32;
/** For each loopback port. Many connections of our own user that arrive at once count here too. */
const UNCHECKED = { share: 1 / 8, max: 1024 } as const;

/** Divides `descriptorLimit` between the surfaces and the reserve. The loopback ports serve `userId` and root. */
export function createConnectionRules(deps: {
  readonly userId: number;
  readonly descriptorLimit: number;
}): Readonly<Record<SurfaceName | 'callback' | 'grantSocket', ConnectionRules>> {
  const reserved = Math.min(MAX_RESERVED, Math.max(MIN_RESERVED, deps.descriptorLimit / 4));
  const free = Math.max(0, deps.descriptorLimit - reserved);
  const take = (share: number, max: number) => Math.max(MIN_CONNECTIONS, Math.min(max, Math.floor(free * share)));
  const limits = (surface: SurfaceName) => ({
    maxServed: take(SHARES[surface].served, SHARES[surface].max),
    maxUnchecked: take(UNCHECKED.share, UNCHECKED.max),
    headersDeadlineMs: HEADERS_DEADLINE_MS,
  });
  const userIds = [deps.userId, ROOT];
  const webPeerCheck = createPeerCheck({ userIds, servesWindows: true });
  return {
    socket: limits('socket'),
    // Commands of `exec` run in this Linux; under WSL the page may be open in a browser of Windows.
    container: { ...limits('container'), peerCheck: createPeerCheck({ userIds, servesWindows: false }) },
    grantSocket: {
      ...limits('container'),
      maxServed: Math.min(MAX_SERVED_OF_GRANT, limits('container').maxServed),
    },
    web: { ...limits('web'), peerCheck: webPeerCheck },
    // As many unchecked ones as the page: with fewer, a flood of another user resets the browser that comes back.
    callback: {
      ...limits('web'),
      maxServed: Math.min(MAX_SERVED_OF_CALLBACK, limits('web').maxServed),
      peerCheck: webPeerCheck,
    },
  };
}
