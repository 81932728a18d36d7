// Directories that only their owner may enter: created so, and verified before anything is put in.
import { lstatSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { UnavailableError, type RolecallError } from '../core/errors.ts';
import { quoteForShell } from '../core/quote-for-shell.ts';
import { errorCode, toFileError } from './file-error.ts';

/**
 * Makes sure that `path` is a directory of `userId`, 0700 and no symlink; parents are created 0700 when missing.
 * @throws UnavailableError file-not-writable: naming what is wrong and the command that mends it
 */
export function ensurePrivateDirectory(path: string, userId: number): void {
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
  const found = lstatSync(path);
  const look = `ls -ld ${quoteForShell(path)}`;
  if (found.isSymbolicLink()) throw notUsable(path, 'it is a symbolic link', look);
  if (!found.isDirectory()) throw notUsable(path, 'it is not a directory', look);
  if (found.uid !== userId) throw notUsable(path, 'it belongs to another user', look);
  if ((found.mode & 0o077) !== 0) throw notUsable(path, 'others may enter it', `chmod 700 ${quoteForShell(path)}`);
}

function notUsable(path: string, reason: string, hint: string, cause?: unknown): UnavailableError {
  return new UnavailableError('file-not-writable', `The directory ${path} can't be used: ${reason}.`, { cause, hint });
}

function cannotBeMade(path: string, error: unknown): RolecallError {
  if (!['EEXIST', 'ENOTDIR'].includes(errorCode(error) ?? '')) return toFileError(error, path, 'used');
  return notUsable(path, 'a part of the path is a file', `ls -ld ${quoteForShell(dirname(path))}`, error);
}
