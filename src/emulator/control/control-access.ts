// Decides who may use the control API: callers with its token, and programs of the user who runs the emulator.
import { timingSafeEqual } from 'node:crypto';
import { isLoopbackHost } from '../../core/loopback.ts';
import { createPeerCheck } from '../../platform/sockets/loopback-peer.ts';
import type { HttpRequest } from '../http/http.ts';
import { type RandomBytes, randomOpaque } from '../http/random.ts';

export interface ControlAccess {
  readonly token: string;
  /** `host` is the address that the emulator listens on. */
  allows(request: HttpRequest, host: string): Promise<boolean>;
}

/** `userId` is the user who runs the emulator; undefined on systems without user ids. */
export function createControlAccess(deps: {
  readonly random: RandomBytes;
  readonly userId?: number;
  /** A new one by default. */
  readonly token?: string;
}): ControlAccess {
  const token = deps.token ?? randomOpaque(deps.random, 24);
  const expected = Buffer.from(`Bearer ${token}`);
  const isOwnPeer = createPeerCheck({ userIds: [deps.userId ?? -1], servesWindows: true });
  // On other systems (macOS) users cannot be told apart, so the token is required.
  const canTellUsers = process.platform === 'linux';
  return {
    token,
    async allows({ headers, connection }, host) {
      const given = Buffer.from(headers.authorization ?? '');
      if (given.length === expected.length && timingSafeEqual(given, expected)) return true;
      // Beyond loopback, other machines and containers can connect, whose users this kernel does not know.
      if (!canTellUsers || !isLoopbackHost(host)) return false;
      return connection !== undefined && isOwnPeer(connection, () => false);
    },
  };
}
