// The socket of a running daemon and its alias: made again when somebody deletes them, and removed only while they are ours.
import { linkSync, renameSync } from 'node:fs';
import type { Server } from 'node:http';
import { createServer, type Server as NetServer } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ignoreConnectionErrors } from '../../platform/sockets/connection-errors.ts';
import { findObstacle } from '../../platform/sockets/socket-obstacle.ts';
import { aliasSocket, listen, listenOnSocket, removeAlias } from './listeners.ts';
import { lstatSync, unlinkIfPresentSync } from '../../platform/files/stat-sync.ts';

export interface OwnSocket {
  /** @throws UnavailableError file-not-writable: the socket or its alias can't be made */
  open(): Promise<void>;
  /** Makes again what is gone; resolves the paths of what was made. @throws UnavailableError file-not-writable: nobody can reach us */
  restore(): Promise<readonly string[]>;
  /** Nobody connects from now on; resolves once everybody who has is accepted. The file of another daemon is left alone. */
  close(): Promise<void>;
}

/**
 * `server` listens at `path`, and `aliasPath` leads there. While the folder of `path` can't be made, as in a runtime
 * directory that logind took away at logout, the socket is at `aliasPath` itself, which every caller knows.
 */
export function createOwnSocket(deps: {
  readonly server: Server;
  readonly path: string;
  readonly aliasPath: string;
  readonly userId: number;
  /** Bound by a service manager: its file stays when we go. */
  readonly activatedFd?: number | undefined;
}): OwnSocket {
  const { server, path, aliasPath, userId, activatedFd } = deps;
  /** The file that leads to us. */
  let bound: { readonly at: string; readonly file: string | undefined } | undefined;
  /** Listens in place of `server`, whose own file is gone. */
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

  /** Whether callers find us at `path`; systemd's own new socket counts. */
  const isReachable = () => isOurs(path) || (activatedFd !== undefined && identify(path) !== undefined);

  return {
    async open() {
      // The alias leads nowhere for a moment; the other way round a daemon that can't stay would answer.
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
          // Callers find us, but no daemon after us could start.
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
      // The service manager's socket stays, and so does what leads to it: the next caller starts our successor.
      if (activatedFd === undefined) removeAlias(aliasPath, path);
      if (bound !== undefined && (activatedFd === undefined || second !== undefined)) {
        if (isOurs(bound.at)) unlinkIfPresentSync(bound.at);
        await acceptWaiting(server);
      }
      if (second !== undefined) closeListener(second.listener, second.at);
      // Else its surface closes it, once nobody waits for an answer.
      if (activatedFd === undefined && identify(path) !== undefined) closeListener(server, path);
    },
  };
}

/**
 * Connections that wait in the kernel's queue would be reset with the socket. As of Node 20 one is accepted in a turn of
 * the event loop, so a turn without one says that none is left.
 */
async function acceptWaiting(server: Server): Promise<void> {
  let hasAccepted = true;
  const onConnection = () => {
    hasAccepted = true;
  };
  server.on('connection', onConnection);
  while (hasAccepted) {
    hasAccepted = false;
    // Two, for the first may have begun before the next connection could be seen.
    await nextTurn();
    await nextTurn();
  }
  server.off('connection', onConnection);
}

/** libuv deletes the file at the path that it has bound, even when another socket is there by now: that one is kept. */
function closeListener(listener: NetServer, path: string): void {
  if (!listener.listening) return;
  const aside = `${path}.kept`;
  let isKept = false;
  try {
    linkSync(path, aside);
    isKept = true;
  } catch {
    // There is none, as when we deleted ours a moment ago.
  }
  listener.close();
  if (!isKept) return;
  try {
    renameSync(aside, path);
    // Renaming one of two names of the same file does nothing.
    unlinkIfPresentSync(aside);
  } catch {
    // Its owner has taken it away meanwhile, folder and all: that must not keep this daemon from ending in order.
  }
}

/** Which file is at `path`, a symlink not followed; undefined when there is none. */
export function identify(path: string): string | undefined {
  try {
    const { dev, ino } = lstatSync(path);
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}
