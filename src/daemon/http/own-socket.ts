// The daemon's socket and its alias: created, restored when they are deleted, and removed only if they are still the daemon's own.
import { linkSync, renameSync } from 'node:fs';
import type { Server } from 'node:http';
import { createServer, type Server as NetServer } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ignoreConnectionErrors } from '../../platform/sockets/connection-errors.ts';
import { findObstacle } from '../../platform/sockets/socket-obstacle.ts';
import { aliasSocket, listen, listenOnSocket, removeAlias } from './listeners.ts';
import { lstatSync, unlinkIfPresentSync } from '../../platform/files/stat-sync.ts';

export interface OwnSocket {
  /** @throws UnavailableError file-not-writable: the socket or its alias can't be created */
  open(): Promise<void>;
  /** Restores what is missing and resolves its paths. @throws UnavailableError file-not-writable: callers can't reach the daemon */
  restore(): Promise<readonly string[]>;
  /** Stops listening, and resolves once all waiting connections are accepted. Leaves the files of another daemon alone. */
  close(): Promise<void>;
}

/**
 * `server` listens at `path`, and `aliasPath` is a symlink to it. While the folder of `path` can't be created, for example
 * because logind removed the runtime directory at logout, the socket is at `aliasPath` itself, which every caller tries.
 */
export function createOwnSocket(deps: {
  readonly server: Server;
  readonly path: string;
  readonly aliasPath: string;
  readonly userId: number;
  /** A socket that a service manager has bound. Its file stays when the daemon stops. */
  readonly activatedFd?: number | undefined;
}): OwnSocket {
  const { server, path, aliasPath, userId, activatedFd } = deps;
  /** The socket file that callers reach this daemon by. */
  let bound: { readonly at: string; readonly file: string | undefined } | undefined;
  /** Passes connections to `server`, whose own socket file was deleted. */
  let second: { readonly listener: NetServer; readonly at: string } | undefined;
  let isClosed = false;

  const isOurs = (at: string) => bound?.at === at && bound.file !== undefined && bound.file === identify(at);

  async function bindAgain(at: string): Promise<void> {
    const listener = createServer({ allowHalfOpen: true }, (socket) => server.emit('connection', socket));
    ignoreConnectionErrors(listener);
    await listenOnSocket(listener, at, userId);
    bound = { at, file: identify(at) };
    if (second !== undefined) closeListener(second.listener, second.at);
    second = { listener, at };
  }

  /** Whether callers can connect at `path`. A new socket of systemd counts. */
  const isReachable = () => isOurs(path) || (activatedFd !== undefined && identify(path) !== undefined);

  return {
    async open() {
      // The alias comes first and leads nowhere for a moment. In reverse, a daemon that fails at the alias would already answer.
      await aliasSocket(aliasPath, path, userId);
      if (activatedFd === undefined) await listenOnSocket(server, path, userId);
      else await listen(server, { fd: activatedFd });
      bound = { at: path, file: identify(path) };
    },
    async restore() {
      if (isClosed || bound === undefined) return [];
      const made: string[] = [];
      if (!isReachable()) {
        try {
          await bindAgain(path);
          made.push(path);
        } catch (error) {
          if (aliasPath === path) throw error;
          const isBound = isOurs(aliasPath);
          if (!isBound) await bindAgain(aliasPath);
          // Callers can connect, but the next daemon could not start.
          if (findObstacle(path) !== undefined) throw error;
          return isBound ? [] : [aliasPath];
        }
      }
      const before = identify(aliasPath);
      await aliasSocket(aliasPath, path, userId);
      if (identify(aliasPath) !== before) made.push(aliasPath);
      return made;
    },
    async close() {
      if (isClosed) return;
      isClosed = true;
      // The service manager keeps its socket, so its alias stays as well: the next caller starts the next daemon.
      if (activatedFd === undefined) removeAlias(aliasPath, path);
      if (bound !== undefined && (activatedFd === undefined || second !== undefined)) {
        if (isOurs(bound.at)) unlinkIfPresentSync(bound.at);
        await acceptWaiting(server);
      }
      if (second !== undefined) closeListener(second.listener, second.at);
      // Otherwise the surface closes it once all answers are sent.
      if (activatedFd === undefined && identify(path) !== undefined) closeListener(server, path);
    },
  };
}

/**
 * Accepts the connections in the kernel's queue, which closing the socket would reset. As of Node 20 each turn of the
 * event loop accepts one, so a turn without one means that the queue is empty.
 */
async function acceptWaiting(server: Server): Promise<void> {
  let hasAccepted = true;
  const onConnection = () => {
    hasAccepted = true;
  };
  server.on('connection', onConnection);
  while (hasAccepted) {
    hasAccepted = false;
    // Two turns: the first may have started before the next connection arrived.
    await nextTurn();
    await nextTurn();
  }
  server.off('connection', onConnection);
}

/** Closes the listener but keeps the file at `path`: libuv deletes the path it has bound, even if another socket is there now. */
function closeListener(listener: NetServer, path: string): void {
  if (!listener.listening) return;
  const aside = `${path}.kept`;
  let isKept = false;
  try {
    linkSync(path, aside);
    isKept = true;
  } catch {
    // There is no file, for example because it was just deleted.
  }
  listener.close();
  if (!isKept) return;
  try {
    renameSync(aside, path);
    // rename() does nothing if both names are the same file.
    unlinkIfPresentSync(aside);
  } catch {
    // Its owner has removed it meanwhile, perhaps with its folder. The daemon still has to stop in order.
  }
}

/** Identifies the file at `path` without following a symlink; undefined if there is none. */
export function identify(path: string): string | undefined {
  try {
    const { dev, ino } = lstatSync(path);
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}
