// Turns a failed file operation into an error for people: path, attempt, reason, and a command that helps.
import { statfsSync, type Stats } from 'node:fs';
import { dirname } from 'node:path';
import { toRolecallError, UnavailableError, type RolecallError } from '../../core/errors.ts';
import { quoteForShell } from '../../core/text/quote-for-shell.ts';
import { UnreadableFileError } from './bounded-read.ts';
import { lstatSync, statSync } from './stat-sync.ts';

export type FileAttempt = 'read' | 'written' | 'deleted' | 'used';

/** Converts `thrown` to the error to show, with the path, what was attempted, why it failed and what to type. */
export function toFileError(thrown: unknown, path: string, attempt: FileAttempt): RolecallError {
  if (thrown instanceof UnreadableFileError) {
    const message = `${path} cannot be ${attempt}: it is ${thrown.reason}.`;
    return new UnavailableError('file-not-writable', message, { cause: thrown, hint: moveAsideCommand(path) });
  }
  const code = errorCode(thrown);
  // Only errors of the system (ENOSPC, EACCES) need an explanation; ours already have one.
  if (code === undefined || !/^E[A-Z0-9]+$/u.test(code)) return toRolecallError(thrown);
  return new UnavailableError('file-not-writable', `${path} cannot be ${attempt}: ${reasonFor(code, path)}.`, {
    cause: thrown,
    hint: commandFor(code, path, attempt),
  });
}

function reasonFor(code: string, path: string): string {
  const file = code === 'ENOTDIR' ? findNonFolder(path) : undefined;
  if (file !== undefined) return `${file} is not a folder`;
  if (code === 'ENOSPC' && isOutOfInodes(path)) return 'the file system is out of inodes, so it can hold no more files';
  if (code === 'ELOOP' && isPlainLink(path)) return 'it is a symbolic link';
  return REASONS[code] ?? `the system reports ${code}`;
}

/** Like `toFileError` if the system's error has a path or is about the disk, otherwise like `toRolecallError`. */
export function toFailure(thrown: unknown): RolecallError {
  const { path, address } = (thrown ?? {}) as { readonly path?: unknown; readonly address?: unknown };
  // For a socket that can't be created, the path is in `address`.
  const named = [path, address].find((name) => typeof name === 'string' && name.startsWith('/')) as string | undefined;
  if (named !== undefined) return toFileError(thrown, named, 'used');
  // The error of a write has no path.
  const code = errorCode(thrown) ?? '';
  if (!DISK_FAILURES.includes(code)) return toRolecallError(thrown);
  return new UnavailableError('file-not-writable', `A file cannot be written: ${REASONS[code]}.`, {
    cause: thrown,
    hint: 'df -h',
  });
}

export function errorCode(thrown: unknown): string | undefined {
  return (thrown as NodeJS.ErrnoException | undefined)?.code;
}

const DISK_FAILURES: readonly string[] = ['EDQUOT', 'EIO', 'ENOSPC', 'EROFS'];

/** Whether it is a link that could be followed, but was opened with O_NOFOLLOW. */
function isPlainLink(path: string): boolean {
  try {
    statSync(path);
  } catch (error) {
    if (errorCode(error) === 'ELOOP') return false;
  }
  return tryOr(() => lstatSync(path))?.isSymbolicLink() === true;
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EBUSY: 'another process uses it',
  EDQUOT: 'the disk quota is used up',
  EIO: 'the disk reports an error',
  EISDIR: 'it is a folder',
  ELOOP: 'its symlinks form a loop',
  ENAMETOOLONG: 'its name is too long',
  ENOENT: 'a folder in its path does not exist',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'a part of its path is not a folder',
  ENXIO: 'it is a named pipe, a socket or a device, not a file',
  EPERM: 'the system does not permit it',
  EROFS: 'the file system is read-only',
};

function commandFor(code: string, path: string, attempt: FileAttempt): string {
  if (code === 'ENOSPC' && isOutOfInodes(path)) return `df -i ${quoteForShell(nearestFolder(path))}`;
  if (DISK_FAILURES.includes(code)) return `df -h ${quoteForShell(nearestFolder(path))}`;
  switch (code) {
    case 'EISDIR':
    case 'ELOOP':
    case 'ENXIO':
      return moveAsideCommand(path);
    case 'ENOTDIR':
      return moveAsideCommand(findNonFolder(path) ?? path);
    case 'EACCES':
    case 'EPERM':
      return permitCommand(path, attempt) ?? listCommand(path);
    case 'ENOENT':
      return attempt === 'read' ? listCommand(path) : `mkdir -p -m 700 ${quoteForShell(dirname(path))}`;
    default:
      return listCommand(path);
  }
}

/** Matches the paths of our files and the AWS CLI's, for a folder in the place of one. */
const OUR_FILE = /\/(rolecall(\/(catalog|switch|grants|adoptions))?|\.aws)\/(?!\.aws$)[^/]+$/u;

/**
 * The command that renames what is at `path` to an unused name, so that nothing is lost. For a device, or a folder that
 * may be important (`/`, a home, `~/.aws`) because a variable may name any path, the command only lists it.
 */
export function moveAsideCommand(path: string): string {
  const found = tryOr(() => lstatSync(path));
  const isDevice = found?.isCharacterDevice() === true || found?.isBlockDevice() === true;
  const isForeign = found?.isDirectory() === true && !OUR_FILE.test(path);
  if (isDevice || isForeign) return listCommand(path);
  let target = `${path}.old`;
  for (let number = 2; tryOr(() => lstatSync(target)) !== undefined; number += 1) target = `${path}.old${number}`;
  return `mv ${quoteForShell(path)} ${quoteForShell(target)}`;
}

/** The first parent of the path that is not a folder; undefined if there is none. */
function findNonFolder(path: string): string | undefined {
  let found: string | undefined;
  for (let folder = dirname(path); folder !== dirname(folder); folder = dirname(folder)) {
    if (tryOr(() => statSync(folder))?.isDirectory() === false) found = folder;
  }
  return found;
}

/** The command that restores our permission on our own file or folder; undefined if that is not the problem. */
function permitCommand(path: string, attempt: FileAttempt): string | undefined {
  const folder = dirname(path);
  // Replacing a file needs permission on its folder.
  return attempt === 'read'
    ? (permit(path, 'r') ?? permit(folder, 'rx') ?? permitPassage(folder))
    : (permit(folder, 'rwx') ?? permit(path, 'rw') ?? permitPassage(folder));
}

const BITS = { r: 0o400, w: 0o200, x: 0o100 } as const;

/** A folder always gets all three: without x nothing in it can be used. */
function permit(path: string, wanted: 'r' | 'rw' | 'rx' | 'rwx'): string | undefined {
  const found = tryOr(() => statSync(path));
  const letters = found?.isDirectory() === true ? 'rwx' : wanted;
  return found !== undefined && isLacking(found, letters) ? `chmod u+${letters} ${quoteForShell(path)}` : undefined;
}

/** Does the same for the nearest parent folder that can be inspected. */
function permitPassage(path: string): string | undefined {
  let folder = path;
  while (folder !== dirname(folder) && tryOr(() => lstatSync(folder)) === undefined) folder = dirname(folder);
  return permit(folder, 'rwx');
}

function isLacking(found: Stats, letters: string): boolean {
  const bits = (Object.keys(BITS) as (keyof typeof BITS)[])
    .filter((letter) => letters.includes(letter))
    .reduce((sum, letter) => sum | BITS[letter], 0);
  return found.uid === process.getuid?.() && (found.mode & bits) !== bits;
}

function listCommand(path: string): string {
  return `ls -ld ${quoteForShell(path)}`;
}

/** Whether the file system of the path has no free inodes. */
export function isOutOfInodes(path: string): boolean {
  const { files = 0, ffree = 0 } = tryOr(() => statfsSync(nearestFolder(path))) ?? {};
  // Some file systems do not report these numbers.
  return files > 0 && ffree === 0;
}

/** Whether the file system of the path has no free space except for root. */
export function isFull(path: string): boolean {
  const { blocks = 0, bavail = 0 } = tryOr(() => statfsSync(nearestFolder(path))) ?? {};
  return blocks > 0 && bavail === 0;
}

/** The path if it is a folder, otherwise its nearest existing parent. */
function nearestFolder(path: string): string {
  let folder = path;
  while (folder !== dirname(folder) && tryOr(() => statSync(folder))?.isDirectory() !== true) folder = dirname(folder);
  return folder;
}

function tryOr<T>(attempt: () => T): T | undefined {
  try {
    return attempt();
  } catch {
    return undefined;
  }
}
