// Listens on the unix socket, and creates its alias for callers without XDG_RUNTIME_DIR.
import { readlinkSync, symlinkSync } from 'node:fs';
import { connect, type Server as NetServer } from 'node:net';
import { dirname } from 'node:path';
import { UnavailableError } from '../../core/errors.ts';
import { ensurePrivateDirectory } from '../../platform/files/private-directory.ts';
import { findFolderFault } from '../../platform/sockets/private-socket.ts';
import { findObstacle } from '../../platform/sockets/socket-obstacle.ts';
import { lstatIfPresentSync, unlinkIfPresentSync } from '../../platform/files/stat-sync.ts';

/** The size of sun_path on macOS; Linux allows four bytes more. */
const MAX_SOCKET_PATH_BYTES = 103;

/**
 * Listens on `path` and replaces a dead socket there. The caller holds the daemon's lock.
 * @throws UnavailableError file-not-writable: the path is too long, or is in use by another program or another kind of file
 */
export async function listenOnSocket(server: NetServer, path: string, userId: number): Promise<void> {
  if (Buffer.byteLength(path) > MAX_SOCKET_PATH_BYTES) {
    throw notUsable(path, 'its path is too long for a socket', 'export ROLECALL_SOCKET=$HOME/.rolecall/daemon.sock');
  }
  ensureSocketFolder(path, userId);
  await removeDeadSocket(path);
  // Created with 0600: with the usual umask the group could connect for a moment.
  const mask = process.umask(0o177);
  let listening: Promise<void>;
  try {
    // Binds before it returns, as of Node 20. During an await, other files would be created with this mask.
    listening = listen(server, { path });
  } finally {
    process.umask(mask);
  }
  await listening;
}

/** Clients refuse a socket in a folder of another user, so none is created there. */
function ensureSocketFolder(path: string, userId: number): void {
  const folder = dirname(path);
  ensurePrivateDirectory(folder, userId);
  const fault = findFolderFault(folder, userId);
  if (fault !== undefined) throw notUsable(path, `it ${fault.reason}`, fault.hint);
}

async function removeDeadSocket(path: string): Promise<void> {
  const found = lstatIfPresentSync(path);
  if (found === undefined) return;
  // An alias that an earlier daemon left, which listened elsewhere.
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

/**
 * Listens on a node:http or node:net server. A socket passed as `fd` is already bound, and stays when the daemon stops.
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
 * Creates a symlink to the socket at `aliasPath`, which callers can derive from HOME alone.
 * cron and ssh set no XDG_RUNTIME_DIR, and all callers have to find the same daemon.
 * @throws UnavailableError file-not-writable: as for the socket itself
 */
export async function aliasSocket(aliasPath: string, socketPath: string, userId: number): Promise<void> {
  if (aliasPath === socketPath) return;
  ensureSocketFolder(aliasPath, userId);
  if (leadsTo(aliasPath, socketPath)) return;
  await removeDeadSocket(aliasPath);
  symlinkSync(socketPath, aliasPath);
}

/** Removes the alias if it still leads to `socketPath`. */
export function removeAlias(aliasPath: string, socketPath: string): void {
  if (aliasPath !== socketPath && leadsTo(aliasPath, socketPath)) unlinkIfPresentSync(aliasPath);
}

function leadsTo(aliasPath: string, socketPath: string): boolean {
  try {
    return readlinkSync(aliasPath) === socketPath;
  } catch {
    // Absent, or replaced by another daemon's socket.
    return false;
  }
}

function notUsable(path: string, reason: string, hint: string): UnavailableError {
  return new UnavailableError('file-not-writable', `The socket ${path} can't be used: ${reason}.`, { hint });
}
