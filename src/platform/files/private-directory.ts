// Directories that only their owner may enter: created that way, and verified before use.
import { existsSync, mkdirSync, realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import { UnavailableError, type RolecallError } from '../../core/errors.ts';
import { quoteForShell } from '../../core/text/quote-for-shell.ts';
import { errorCode, moveAsideCommand, toFileError } from './file-error.ts';
import { findFaultAbove } from './folders-above.ts';
import { lstatSync, statSync } from './stat-sync.ts';

/**
 * Ensures that `path` is a directory of `userId` with mode 0700, not a symlink, and that no other user could replace a
 * folder above it. Creates missing parents with mode 0700.
 * @throws UnavailableError file-not-writable: with the fault and a command that fixes it
 */
export function ensurePrivateDirectory(path: string, userId: number): void {
  // Nothing must be created in a folder that is refused.
  if (!existsSync(path)) checkFoldersAbove(path, userId);
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  } catch (error) {
    throw cannotBeMade(path, error);
  }
  try {
    // Created with its final mode: before a later chmod others could enter.
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw cannotBeMade(path, error);
  }
  const fault = findDirectoryFault(path, userId);
  if (fault !== undefined) throw fault;
  checkFoldersAbove(path, userId);
}

/** @throws UnavailableError file-not-writable: another user could replace `path`, through the folder in the message */
export function checkFoldersAbove(path: string, userId: number): void {
  let fault: UnavailableError | undefined;
  try {
    fault = findFaultAbove(path, userId);
  } catch (error) {
    throw toFileError(error, path, 'used');
  }
  if (fault !== undefined) throw fault;
}

/** Why the existing directory is not private to `userId`; undefined if it is. */
export function findDirectoryFault(path: string, userId: number): UnavailableError | undefined {
  const found = lstatSync(path);
  if (found.isSymbolicLink()) return notUsable(path, 'it is a symbolic link', replaceLinkCommand(path));
  if (!found.isDirectory()) return notUsable(path, 'it is not a directory', moveAsideCommand(path));
  if (found.uid !== userId) return notUsable(path, 'it belongs to another user', ownCommand(path, userId));
  if ((found.mode & 0o077) === 0) return undefined;
  return notUsable(path, 'other users can enter it', `chmod 700 ${quoteForShell(path)}`);
}

/** In our own folder it was created with sudo; elsewhere it may really belong to another user. */
function ownCommand(path: string, userId: number): string {
  const word = quoteForShell(path);
  return statSync(dirname(path)).uid === userId ? `sudo chown -R "$(id -u)" ${word}` : `ls -ld ${word}`;
}

/** The command that replaces the link with the directory it points to. */
function replaceLinkCommand(path: string): string {
  try {
    const target = realpathSync(path);
    const [found, own] = [statSync(target), lstatSync(path)];
    const [link, folder] = [path, target].map(quoteForShell);
    // Moving it from another disk, which may be encrypted, would copy it. A folder cannot be moved into itself.
    const canMove = found.dev === own.dev && !path.startsWith(`${target}/`);
    if (found.isDirectory() && found.uid === own.uid && canMove) return `rm ${link} && mv ${folder} ${link}`;
  } catch {
    // The link is dangling.
  }
  return moveAsideCommand(path);
}

function notUsable(path: string, reason: string, hint: string): UnavailableError {
  return new UnavailableError('file-not-writable', `The directory ${path} can't be used: ${reason}.`, { hint });
}

function cannotBeMade(path: string, error: unknown): RolecallError {
  // EEXIST from mkdir: a file is in the place of a parent folder.
  return toFileError(errorCode(error) === 'EEXIST' ? { code: 'ENOTDIR' } : error, path, 'used');
}
