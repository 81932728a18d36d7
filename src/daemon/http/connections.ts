// Which connections a surface serves: those of its own user, and no more than it has descriptors for.
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '../../core/clock.ts';
import { ignoreConnectionErrors } from '../../platform/sockets/connection-errors.ts';
import { connectionOf, type PeerCheck } from '../../platform/sockets/loopback-peer.ts';
import type { ConnectionRules } from './connection-rules.ts';
import type { Log } from '../process/log.ts';

export interface Connections {
  /** Resolves once every accepted connection has sent its first request, or had time to. */
  noneSilent(): Promise<void>;
  /** Ends all of them, those included that the http server does not know. */
  destroyAll(): void;
}

/** Grace period for accepted connections that have not sent a request yet, when the server stops. */
const SILENCE_MS = 2000;
/** Connections that are told that there are too many, and have not hung up yet. */
const MAX_REFUSED = 16;
const LOG_INTERVAL_MS = 60_000;

/**
 * Stands before the http server: a connection comes to it, and its first byte is parsed, once its user is known.
 * A full surface closes idle connections in favour of new ones, those that never sent a request included; only when
 * all are in use is a new one refused.
 */
export function guardConnections(
  server: Server,
  deps: {
    readonly rules: ConnectionRules;
    /** Tells the peer that there are too many connections, and ends its own. */
    readonly refuse: (socket: Socket) => void;
    /** As the log names the surface. */
    readonly name: string;
    readonly clock: Pick<Clock, 'nowMs'>;
    readonly log: Log;
  },
): Connections {
  const { maxServed, maxUnchecked, peerCheck } = deps.rules;
  const serve = server.listeners('connection') as ((this: Server, socket: Socket) => void)[];
  server.removeAllListeners('connection');
  ignoreConnectionErrors(server);

  const unchecked = new Set<Socket>();
  const served = new Set<Socket>();
  const refused = new Set<Socket>();
  /** In the order of their arrival. */
  const silent = new Set<Socket>();
  const waiting: (() => void)[] = [];
  const countDropped = createDropLog(deps);

  function endSilence(socket: Socket): void {
    silent.delete(socket);
    if (silent.size === 0) for (const resolve of waiting.splice(0)) resolve();
  }

  function admit(socket: Socket): void {
    if (socket.destroyed) return;
    if (served.size >= maxServed && !makeRoom()) {
      refuse(socket);
      return;
    }
    served.add(socket);
    for (const listener of serve) listener.call(server, socket);
  }

  function makeRoom(): boolean {
    server.closeIdleConnections();
    for (const socket of served) if (socket.destroyed) served.delete(socket);
    if (served.size < maxServed) return true;
    for (const socket of silent) {
      if (!served.delete(socket)) continue;
      socket.destroy();
      return true;
    }
    return false;
  }

  function refuse(socket: Socket): void {
    endSilence(socket);
    if (refused.size >= MAX_REFUSED) {
      socket.destroy();
      return;
    }
    refused.add(socket);
    deps.refuse(socket);
  }

  async function checkPeer(socket: Socket, check: PeerCheck): Promise<void> {
    const connection = connectionOf(socket);
    if (connection === undefined || unchecked.size >= maxUnchecked) {
      socket.resetAndDestroy();
      return;
    }
    unchecked.add(socket);
    const isServed = await check(connection, () => socket.destroyed);
    unchecked.delete(socket);
    if (isServed) {
      admit(socket);
      return;
    }
    if (!socket.destroyed) countDropped();
    // A reset leaves no connection in TIME_WAIT behind, of which a flood would fill the kernel's table.
    socket.resetAndDestroy();
  }

  server.on('connection', (socket: Socket) => {
    silent.add(socket);
    socket.once('close', () => {
      served.delete(socket);
      refused.delete(socket);
      endSilence(socket);
    });
    if (peerCheck === undefined) admit(socket);
    else void checkPeer(socket, peerCheck);
  });
  server.on('request', ({ socket }) => {
    // Fastify's hooks take a few microtasks, and only then the answer counts as one that is under way.
    if (silent.has(socket)) setImmediate(() => endSilence(socket));
  });

  return {
    noneSilent: () =>
      silent.size === 0
        ? Promise.resolve()
        : new Promise((resolve) => {
            waiting.push(resolve);
            setTimeout(resolve, SILENCE_MS);
          }),
    destroyAll() {
      for (const sockets of [unchecked, served, refused]) for (const socket of sockets) socket.destroy();
    },
  };
}

/** One line a minute at most, however many there are. */
function createDropLog(deps: {
  readonly name: string;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly log: Log;
}): () => void {
  let dropped = 0;
  let loggedAtMs = Number.NEGATIVE_INFINITY;
  return () => {
    dropped += 1;
    const nowMs = deps.clock.nowMs();
    if (nowMs - loggedAtMs < LOG_INTERVAL_MS) return;
    deps.log(
      'warn',
      `${deps.name}: dropped ${dropped} connection(s) from other users or from processes that had already ended`,
    );
    dropped = 0;
    loggedAtMs = nowMs;
  };
}
