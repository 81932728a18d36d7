// Directories that only their owner may enter: created so, and verified before anything is put in.
import { lstatSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { UnavailableError } from '../core/errors.ts';
import { quoteForShell } from '../core/quote-for-shell.ts';

/**
 * Makes sure that `path` is a directory of `userId`, 0700 and no symlink; parents are created 0700 when missing.
 * @throws UnavailableError file-not-writable: naming what is wrong and the command that mends it
 */
export function ensurePrivateDirectory(path: string, userId: number): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  } catch (error) {
    throw notUsable(path, describeErrno(error), `ls -ld ${quoteForShell(dirname(path))}`, error);
  }
  try {
    // Created with its final mode: a chmod afterwards would leave a moment in which others can enter.
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
      throw notUsable(path, describeErrno(error), `ls -ld ${quoteForShell(dirname(path))}`, error);
    }
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

function describeErrno(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  const known: Readonly<Record<string, string>> = {
    ENOSPC: 'the disk is full',
    EROFS: 'the file system is read-only',
    EACCES: 'permission denied',
    EEXIST: 'a part of the path is a file',
    ENOTDIR: 'a part of the path is a file',
  };
  return (code === undefined ? undefined : known[code]) ?? (error as Error).message;
}
