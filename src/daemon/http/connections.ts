// Which connections a surface serves: those of its own user, and no more than its share of descriptors.
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '../../core/clock.ts';
import { ignoreConnectionErrors } from '../../platform/sockets/connection-errors.ts';
import { connectionOf, type PeerCheck } from '../../platform/sockets/loopback-peer.ts';
import type { ConnectionRules } from './connection-rules.ts';
import type { Log } from '../process/log.ts';

export interface Connections {
  /** Resolves once every accepted connection has sent its first request or used up its grace period, and has its answers. */
  answered(): Promise<void>;
  /** Closes all of them, including those that the http server does not know yet. */
  destroyAll(): void;
}

/** Grace period when the server stops, for accepted connections that have not sent a request. Starts again with each request. */
const SILENCE_MS = 2000;
/** Connections that were told that too many are open, and are not closed yet. */
const MAX_REFUSED = 16;
const LOG_INTERVAL_MS = 60_000;

/**
 * Passes a connection to the http server, which then parses its first byte, once its user is known.
 * A full surface closes idle connections to make room for new ones, including connections that never sent a request.
 * It refuses a new one only if all are in use.
 */
export function guardConnections(
  server: Server,
  deps: {
    readonly rules: ConnectionRules;
    /** Tells the peer that too many connections are open, and closes this one. */
    readonly refuse: (socket: Socket) => void;
    /** The surface, for the log. */
    readonly name: string;
    readonly clock: Pick<Clock, 'nowMs'>;
    readonly log: Log;
  },
): Connections {
  const { maxServed, maxUnchecked, peerCheck } = deps.rules;
  const unanswered = trackUnanswered(server);
  const serve = server.listeners('connection') as ((this: Server, socket: Socket) => void)[];
  server.removeAllListeners('connection');
  ignoreConnectionErrors(server);

  const unchecked = new Set<Socket>();
  const served = new Set<Socket>();
  const refused = new Set<Socket>();
  const countDropped = createDropLog(deps);

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
    for (const socket of unanswered.silent) {
      if (!served.delete(socket)) continue;
      socket.destroy();
      return true;
    }
    return false;
  }

  function refuse(socket: Socket): void {
    unanswered.endSilence(socket);
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
    // A reset leaves no connection in TIME_WAIT, with which a flood would fill the kernel's table.
    socket.resetAndDestroy();
  }

  server.on('connection', (socket: Socket) => {
    unanswered.add(socket);
    socket.once('close', () => {
      served.delete(socket);
      refused.delete(socket);
    });
    if (peerCheck === undefined) admit(socket);
    else void checkPeer(socket, peerCheck);
  });

  return {
    answered: unanswered.none,
    destroyAll() {
      for (const sockets of [unchecked, served, refused]) for (const socket of sockets) socket.destroy();
    },
  };
}

interface Unanswered {
  /** Accepted connections without a request so far, oldest first. */
  readonly silent: ReadonlySet<Socket>;
  add(socket: Socket): void;
  endSilence(socket: Socket): void;
  none(): Promise<void>;
}

/** Tracks connections that have not sent a request, and requests without a complete answer. */
function trackUnanswered(server: Server): Unanswered {
  const silent = new Set<Socket>();
  const silence = createCount();
  const pending = createCount();

  function endSilence(socket: Socket): void {
    if (silent.delete(socket)) silence.subtract();
  }

  server.on('request', ({ socket }, response) => {
    pending.add();
    // It comes once: `once` would take longer than all the rest here.
    response.on('close', pending.subtract);
    endSilence(socket);
  });

  return {
    silent,
    add(socket) {
      silent.add(socket);
      silence.add();
      socket.once('close', () => endSilence(socket));
    },
    endSilence,
    async none() {
      await silence.zero(SILENCE_MS);
      await pending.zero();
    },
  };
}

interface Count {
  add(): void;
  subtract(): void;
  /** Resolves once the count is 0, or has not fallen for `deadlineMs`. */
  zero(deadlineMs?: number): Promise<void>;
}

function createCount(): Count {
  let count = 0;
  const waiting: (() => void)[] = [];
  let deadline: NodeJS.Timeout | undefined;
  return {
    add() {
      count += 1;
    },
    subtract() {
      count -= 1;
      deadline?.refresh();
      if (count === 0) for (const resolve of waiting.splice(0)) resolve();
    },
    async zero(deadlineMs) {
      if (count === 0) return;
      await new Promise<void>((resolve) => {
        const settle = () => {
          clearTimeout(deadline);
          deadline = undefined;
          resolve();
        };
        waiting.push(settle);
        if (deadlineMs === undefined) return;
        // Timers run before sockets are read: after a stall, requests that arrived in time are still unread. Their
        // `subtract` starts the deadline again.
        const settleUnlessFalling = () => {
          const atDeadline = count;
          setImmediate(() => setImmediate(() => count >= atDeadline && settle()));
        };
        deadline = setTimeout(settleUnlessFalling, deadlineMs);
      });
    },
  };
}

/** Logs at most one line a minute. */
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
