// Who may use the control API: whoever has its token, and programs of the user who runs the emulator.
import { timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { createPeerCheck, type LoopbackConnection } from '../platform/loopback-peer.ts';
import type { HttpRequest } from './http.ts';
import { type RandomBytes, randomOpaque } from './random.ts';

export interface ControlAccess {
  readonly token: string;
  allows(request: HttpRequest): Promise<boolean>;
}

/** `userId` is the user who runs the emulator; absent where users have no number. */
export function createControlAccess(deps: { readonly random: RandomBytes; readonly userId?: number }): ControlAccess {
  const token = randomOpaque(deps.random, 24);
  const expected = Buffer.from(`Bearer ${token}`);
  // Where the system does not say whose a connection is (macOS), an empty table makes every caller somebody else.
  const readProc = (name: string) => readFile(`/proc/${name}`, 'latin1').catch(() => '');
  const isOwnPeer = createPeerCheck({ userId: deps.userId ?? -1, readProc });
  return {
    token,
    async allows({ headers, connection }) {
      const given = Buffer.from(headers.authorization ?? '');
      if (given.length === expected.length && timingSafeEqual(given, expected)) return true;
      return isOwnPeer(connection);
    },
  };
}

/** The two ends of a socket; undefined when it is closed. */
export function connectionOf(socket: Socket): LoopbackConnection | undefined {
  const { remoteAddress, remotePort, localAddress, localPort } = socket;
  if (remoteAddress === undefined || remotePort === undefined) return undefined;
  if (localAddress === undefined || localPort === undefined) return undefined;
  return { clientAddress: remoteAddress, clientPort: remotePort, serverAddress: localAddress, serverPort: localPort };
}
