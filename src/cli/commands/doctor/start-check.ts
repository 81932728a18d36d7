// Finds what keeps a daemon from starting or writing: its state and socket folders, its lock file, and files in place of the socket.
import { accessSync, closeSync, constants, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { UnavailableError, type ErrorBody } from '../../../core/errors.ts';
import type { RuntimePaths } from '../../../local-api/paths.ts';
import { errorCode, isFull, isOutOfInodes, toFailure, toFileError } from '../../../platform/files/file-error.ts';
import { checkFoldersAbove, findDirectoryFault } from '../../../platform/files/private-directory.ts';
import { findObstacle } from '../../../platform/sockets/socket-obstacle.ts';
import { lstatIfPresentSync, lstatSync } from '../../../platform/files/stat-sync.ts';

type Paths = Pick<RuntimePaths, 'lockFile' | 'socketCandidates' | 'stateDirectory'>;

/**
 * The error that a daemon would fail with; undefined when there is none. The files check reports folders that other
 * users own or can enter.
 */
export function findStartFault(paths: Paths, userId: number): ErrorBody | undefined {
  try {
    checkFolder(paths.stateDirectory, userId);
    checkLock(paths.lockFile);
    for (const socket of paths.socketCandidates) {
      checkFolder(dirname(socket), userId);
      checkSocket(socket);
    }
    return undefined;
  } catch (error) {
    return toFailure(error).toBody();
  }
}

/** Why a running daemon cannot write its state or be restarted; it reports a replaced folder itself. */
export function findRunningFault({ socketCandidates, stateDirectory }: Paths, userId: number): ErrorBody | undefined {
  try {
    checkFoldersAbove(stateDirectory, userId);
    if (lstatSync(stateDirectory).isDirectory()) checkRoom(stateDirectory, stateDirectory);
    for (const socket of socketCandidates) checkSocket(socket);
    return undefined;
  } catch (error) {
    return errorCode(error) === 'ENOENT' ? undefined : toFailure(error).toBody();
  }
}

/** Creates nothing: a missing folder is checked by the nearest existing folder above it. */
function checkFolder(path: string, userId: number): void {
  checkFoldersAbove(path, userId);
  const found = lstatIfPresentSync(path);
  if (found === undefined) return checkParent(path);
  if (found.isDirectory() && (found.uid !== userId || (found.mode & 0o077) !== 0)) return;
  const fault = findDirectoryFault(path, userId);
  if (fault !== undefined) throw fault;
  checkRoom(path, path);
}

function checkParent(path: string): void {
  let folder = dirname(path);
  while (folder !== dirname(folder) && lstatIfPresentSync(folder) === undefined) {
    folder = dirname(folder);
  }
  checkRoom(folder, path);
}

/** @throws RolecallError that names `path`: no file can be created in `folder` */
function checkRoom(folder: string, path: string): void {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw toFileError(error, path, 'used');
  }
  if (isOutOfInodes(folder) || isFull(folder)) throw toFileError({ code: 'ENOSPC' }, path, 'used');
}

function checkLock(path: string): void {
  try {
    closeSync(openSync(path, constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK));
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
}

function checkSocket(path: string): void {
  const obstacle = findObstacle(path);
  if (obstacle === undefined) return;
  const message = `The socket ${path} can't be used: ${obstacle.reason}.`;
  throw new UnavailableError('file-not-writable', message, { hint: obstacle.hint });
}
