// Where the daemon can be reached: the unix socket, its alias for callers without XDG_RUNTIME_DIR, and the loopback port.
import { readlinkSync, symlinkSync } from 'node:fs';
import type { Server } from 'node:http';
import { connect, createServer, type AddressInfo, type Server as NetServer } from 'node:net';
import { dirname } from 'node:path';
import { UnavailableError } from '../../core/errors.ts';
import type { Problems } from '../../core/problems.ts';
import { ensurePrivateDirectory } from '../../platform/files/private-directory.ts';
import { findFolderFault } from '../../platform/sockets/private-socket.ts';
import { findObstacle } from '../../platform/sockets/socket-obstacle.ts';
import { lstatIfPresentSync, unlinkIfPresentSync } from '../../platform/files/stat-sync.ts';

/** sun_path on macOS; Linux has four more. */
const LONGEST_SOCKET_PATH = 103;

/**
 * Listens on `path`, in place of a dead socket at the most: the caller holds the daemon's lock.
 * @throws UnavailableError file-not-writable: the path is too long, is taken by something that is no socket, or by a living one
 */
export async function listenOnSocket(server: NetServer, path: string, userId: number): Promise<void> {
  if (Buffer.byteLength(path) > LONGEST_SOCKET_PATH) {
    throw notUsable(
      path,
      'it is longer than a socket path may be',
      'export ROLECALL_SOCKET=$HOME/.rolecall/daemon.sock',
    );
  }
  ensureSocketFolder(path, userId);
  await removeDeadSocket(path);
  // 0600 from the first moment: under the usual mask the socket would be open to the group for an instant.
  const mask = process.umask(0o177);
  try {
    await listen(server, { path });
  } finally {
    process.umask(mask);
  }
}

/** Clients refuse a socket in a folder of another user, so none is made there. */
function ensureSocketFolder(path: string, userId: number): void {
  const folder = dirname(path);
  ensurePrivateDirectory(folder, userId);
  const fault = findFolderFault(folder, userId);
  if (fault !== undefined) throw notUsable(path, `it ${fault.reason}`, fault.hint);
}

async function removeDeadSocket(path: string): Promise<void> {
  const found = lstatIfPresentSync(path);
  if (found === undefined) return;
  // The alias of an earlier daemon that listened elsewhere.
  if (found.isSymbolicLink()) return unlinkIfPresentSync(path);
  const obstacle = findObstacle(path);
  if (obstacle !== undefined) throw notUsable(path, obstacle.reason, obstacle.hint);
  if (await isListening(path)) throw notUsable(path, 'another program listens there', 'rolecall daemon stop');
  unlinkIfPresentSync(path);
}

/** Whether a program accepts connections at the socket `path`. */
export function isListening(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path);
    probe.on('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.on('error', () => resolve(false));
  });
}

export interface LoopbackListener {
  readonly port: number;
  /** Whether it is the wanted port, which is ours on `::1` as well. */
  readonly isWanted: boolean;
  /** Takes no new connection on `::1`; the server itself is closed by its owner. */
  stop(): void;
}

/** Listens on any free port of 127.0.0.1, or on a wanted one; that it can't be had is a problem, and any free one does. */
export async function listenOnLoopback(
  server: Server,
  wantedPort: number,
  problems: Problems,
): Promise<LoopbackListener> {
  if (wantedPort !== 0) {
    try {
      return await listenOnBothLoopbacks(server, wantedPort);
    } catch (error) {
      problems.raise('web port', {
        code: 'web-port-not-usable',
        message: `The port ${wantedPort} of the setting web_port can't be used (${(error as NodeJS.ErrnoException).code}), so it is another one until the next start.`,
        hint: 'rolecall daemon restart',
      });
    }
  }
  await listen(server, { host: '127.0.0.1', port: 0 });
  return { port: (server.address() as AddressInfo).port, isWanted: false, stop: () => undefined };
}

/** What the kernel says on a machine without IPv6. */
const NO_IPV6: ReadonlySet<string | undefined> = new Set(['EAFNOSUPPORT', 'EADDRNOTAVAIL']);

/** A browser that looks up a name below `localhost` may try `::1` first: if it were another user's, so would the page be. */
async function listenOnBothLoopbacks(server: Server, port: number): Promise<LoopbackListener> {
  const second = createServer((socket) => server.emit('connection', socket));
  const stop = () => void second.close();
  try {
    await listen(second, { host: '::1', port });
  } catch (error) {
    if (!NO_IPV6.has((error as NodeJS.ErrnoException).code)) throw error;
  }
  try {
    await listen(server, { host: '127.0.0.1', port });
  } catch (error) {
    stop();
    throw error;
  }
  return { port, isWanted: true, stop };
}

/**
 * A socket by its `fd` is bound already and stays when we go: it is neither probed nor unlinked.
 * On the bare server: Fastify's own listen() reads an address that an inherited unix socket does not have.
 */
export function listen(
  server: NetServer,
  options: { path: string } | { host: string; port: number } | { fd: number },
): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(options, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/**
 * Makes `aliasPath`, which every caller with this HOME knows, lead to the socket.
 * cron and ssh have no XDG_RUNTIME_DIR, and one daemon must be found by both kinds of callers.
 * @throws UnavailableError file-not-writable: as for the socket itself
 */
export async function aliasSocket(aliasPath: string, socketPath: string, userId: number): Promise<void> {
  if (aliasPath === socketPath) return;
  ensureSocketFolder(aliasPath, userId);
  if (leadsTo(aliasPath, socketPath)) return;
  await removeDeadSocket(aliasPath);
  symlinkSync(socketPath, aliasPath);
}

/** Removes the alias if it is still ours. */
export function removeAlias(aliasPath: string, socketPath: string): void {
  if (aliasPath !== socketPath && leadsTo(aliasPath, socketPath)) unlinkIfPresentSync(aliasPath);
}

function leadsTo(aliasPath: string, socketPath: string): boolean {
  try {
    return readlinkSync(aliasPath) === socketPath;
  } catch {
    // Gone already, or replaced by another daemon's socket.
    return false;
  }
}

function notUsable(path: string, reason: string, hint: string): UnavailableError {
  return new UnavailableError('file-not-writable', `The socket ${path} can't be used: ${reason}.`, { hint });
}
