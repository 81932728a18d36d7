// Whom each surface serves and how many of them, so that no crowd at one surface takes the descriptors of the others.
import type { SurfaceName } from '../../local-api/routes.ts';
import { createPeerCheck, type PeerCheck } from '../../platform/sockets/loopback-peer.ts';

export interface ConnectionRules {
  readonly maxServed: number;
  /** Accepted, and not served before their user is known, which takes milliseconds. */
  readonly maxUnchecked: number;
  /** From accepting a connection, or from the first byte of a later request on it, to the end of the headers. */
  readonly headersDeadlineMs: number;
  /** Absent on the unix socket, which the file system protects. */
  readonly peerCheck?: PeerCheck;
}

/** For files, the keychain and AWS: what the daemon itself has open. */
const MIN_RESERVED = 64;
const MAX_RESERVED = 256;
const MIN_CONNECTIONS = 4;
const ROOT = 0;
const HEADERS_DEADLINE_MS = 5000;

/** Of what is not reserved, up to what is of use: callers who wait for a sign-in hold a connection each. */
const SHARES: Readonly<Record<SurfaceName, { readonly served: number; readonly max: number }>> = {
  socket: { served: 3 / 8, max: 4096 },
  container: { served: 1 / 4, max: 2048 },
  web: { served: 1 / 8, max: 512 },
};
/** Of each loopback port: a crowd of our own that comes at once is here as well. */
const UNCHECKED = { share: 1 / 8, max: 1024 } as const;

/** Shares of `descriptorLimit`, which together leave the reserve free; the loopback ports serve `userId` and root. */
export function createConnectionRules(deps: {
  readonly userId: number;
  readonly descriptorLimit: number;
}): Readonly<Record<SurfaceName, ConnectionRules>> {
  const reserved = Math.min(MAX_RESERVED, Math.max(MIN_RESERVED, deps.descriptorLimit / 4));
  const free = Math.max(0, deps.descriptorLimit - reserved);
  const take = (share: number, max: number) => Math.max(MIN_CONNECTIONS, Math.min(max, Math.floor(free * share)));
  const limits = (surface: SurfaceName) => ({
    maxServed: take(SHARES[surface].served, SHARES[surface].max),
    maxUnchecked: take(UNCHECKED.share, UNCHECKED.max),
    headersDeadlineMs: HEADERS_DEADLINE_MS,
  });
  const userIds = [deps.userId, ROOT];
  return {
    socket: limits('socket'),
    // What `exec` runs is a program of this Linux; the page may be in a browser of Windows.
    container: { ...limits('container'), peerCheck: createPeerCheck({ userIds, servesWindows: false }) },
    web: { ...limits('web'), peerCheck: createPeerCheck({ userIds, servesWindows: true }) },
  };
}
