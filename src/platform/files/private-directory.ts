// Directories that only their owner may enter: created so, and verified before anything is put in.
import { existsSync, mkdirSync, realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import { UnavailableError, type RolecallError } from '../../core/errors.ts';
import { quoteForShell } from '../../core/text/quote-for-shell.ts';
import { errorCode, moveAsideCommand, toFileError } from './file-error.ts';
import { findFaultAbove } from './folders-above.ts';
import { lstatSync, statSync } from './stat-sync.ts';

/**
 * Makes sure that `path` is a directory of `userId`, 0700 and no symlink, in folders that nobody else could replace;
 * parents are created 0700 when missing.
 * @throws UnavailableError file-not-writable: naming what is wrong and the command that mends it
 */
export function ensurePrivateDirectory(path: string, userId: number): void {
  // Nothing is created in a folder that is refused.
  if (!existsSync(path)) checkFoldersAbove(path, userId);
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  } catch (error) {
    throw cannotBeMade(path, error);
  }
  try {
    // Created with its final mode: a chmod afterwards would leave a moment in which others can enter.
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw cannotBeMade(path, error);
  }
  const fault = findDirectoryFault(path, userId);
  if (fault !== undefined) throw fault;
  checkFoldersAbove(path, userId);
}

/** @throws UnavailableError file-not-writable: another user could replace `path`, by way of the folder that is named */
export function checkFoldersAbove(path: string, userId: number): void {
  let fault: UnavailableError | undefined;
  try {
    fault = findFaultAbove(path, userId);
  } catch (error) {
    throw toFileError(error, path, 'used');
  }
  if (fault !== undefined) throw fault;
}

/** Why the directory, which is there, is not private to `userId`; undefined when it is. */
export function findDirectoryFault(path: string, userId: number): UnavailableError | undefined {
  const found = lstatSync(path);
  if (found.isSymbolicLink()) return notUsable(path, 'it is a symbolic link', replaceLinkCommand(path));
  if (!found.isDirectory()) return notUsable(path, 'it is not a directory', moveAsideCommand(path));
  if (found.uid !== userId) return notUsable(path, 'it belongs to another user', ownCommand(path, userId));
  if ((found.mode & 0o077) === 0) return undefined;
  return notUsable(path, 'others may enter it', `chmod 700 ${quoteForShell(path)}`);
}

/** In a folder of ours it was made with sudo; elsewhere it may well be another user's. */
function ownCommand(path: string, userId: number): string {
  const word = quoteForShell(path);
  return statSync(dirname(path)).uid === userId ? `sudo chown -R "$(id -u)" ${word}` : `ls -ld ${word}`;
}

/** Puts the directory itself in the place of the link to it. */
function replaceLinkCommand(path: string): string {
  try {
    const target = realpathSync(path);
    const [found, own] = [statSync(target), lstatSync(path)];
    const [link, folder] = [path, target].map(quoteForShell);
    // On another disk, which may be encrypted, it would be copied; and no folder can be moved into itself.
    const canMove = found.dev === own.dev && !path.startsWith(`${target}/`);
    if (found.isDirectory() && found.uid === own.uid && canMove) return `rm ${link} && mv ${folder} ${link}`;
  } catch {
    // It leads nowhere.
  }
  return moveAsideCommand(path);
}

function notUsable(path: string, reason: string, hint: string): UnavailableError {
  return new UnavailableError('file-not-writable', `The directory ${path} can't be used: ${reason}.`, { hint });
}

function cannotBeMade(path: string, error: unknown): RolecallError {
  // What mkdir says when the folder above is a file.
  return toFileError(errorCode(error) === 'EEXIST' ? { code: 'ENOTDIR' } : error, path, 'used');
}
