// What went wrong with a file, for a person: its path, what was tried, the reason, and the command that helps.
import { statfsSync, type Stats } from 'node:fs';
import { dirname } from 'node:path';
import { toRolecallError, UnavailableError, type RolecallError } from '../../core/errors.ts';
import { quoteForShell } from '../../core/text/quote-for-shell.ts';
import { UnreadableFileError } from './bounded-read.ts';
import { lstatSync, statSync } from './stat-sync.ts';

export type FileAttempt = 'read' | 'written' | 'deleted' | 'used';

/** `thrown` as the error that a person is told: the path, what was tried, why it failed and what to type. */
export function toFileError(thrown: unknown, path: string, attempt: FileAttempt): RolecallError {
  if (thrown instanceof UnreadableFileError) {
    const message = `${path} cannot be ${attempt}: it is ${thrown.reason}.`;
    return new UnavailableError('file-not-writable', message, { cause: thrown, hint: moveAsideCommand(path) });
  }
  const code = errorCode(thrown);
  // Only the system's own failures (ENOSPC, EACCES) are about the file; ours say already what they are.
  if (code === undefined || !/^E[A-Z0-9]+$/u.test(code)) return toRolecallError(thrown);
  return new UnavailableError('file-not-writable', `${path} cannot be ${attempt}: ${reasonFor(code, path)}.`, {
    cause: thrown,
    hint: commandFor(code, path, attempt),
  });
}

function reasonFor(code: string, path: string): string {
  const file = code === 'ENOTDIR' ? findNonFolder(path) : undefined;
  if (file !== undefined) return `${file} is not a folder`;
  if (code === 'ENOSPC' && isOutOfInodes(path)) return 'the file system can take no more files, as it is out of inodes';
  if (code === 'ELOOP' && isPlainLink(path)) return 'it is a symbolic link';
  return REASONS[code] ?? `the system says ${code}`;
}

/** As `toFileError` when the system's error names a file or is about the disk, else as `toRolecallError`. */
export function toFailure(thrown: unknown): RolecallError {
  const { path, address } = (thrown ?? {}) as { readonly path?: unknown; readonly address?: unknown };
  // A socket that can't be made has it as its address.
  const named = [path, address].find((name) => typeof name === 'string' && name.startsWith('/')) as string | undefined;
  if (named !== undefined) return toFileError(thrown, named, 'used');
  // A write names no file.
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

/** A link that could be followed, had whoever opened it wanted that. */
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
  EDQUOT: 'the disk quota is used up',
  EIO: 'the disk reports an error',
  EISDIR: 'it is a folder',
  ELOOP: 'its symlinks go in a circle',
  ENAMETOOLONG: 'its name is too long',
  ENOENT: 'a folder on the way to it does not exist',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'something on the way to it is no folder',
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

/** Ends of the paths at which a folder stands in the place of a file of ours or of the AWS CLI. */
const OUR_FILE = /\/(rolecall(\/(catalog|switch|grants|adoptions))?|\.aws)\/(?!\.aws$)[^/]+$/u;

/**
 * Renames what is at `path`, so that nothing is lost, to a name that is free. A device or somebody's folder (`/`, a home,
 * `~/.aws`), which a variable may name, is only shown.
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

/** The first part of the path that is no folder, above the path itself; undefined when there is none. */
function findNonFolder(path: string): string | undefined {
  let found: string | undefined;
  for (let folder = dirname(path); folder !== dirname(folder); folder = dirname(folder)) {
    if (tryOr(() => statSync(folder))?.isDirectory() === false) found = folder;
  }
  return found;
}

/** What gives us back a permission on our own file or folder; undefined when it is not that. */
function permitCommand(path: string, attempt: FileAttempt): string | undefined {
  const folder = dirname(path);
  // A file is replaced by way of its folder.
  return attempt === 'read'
    ? (permit(path, 'r') ?? permit(folder, 'rx') ?? permitPassage(folder))
    : (permit(folder, 'rwx') ?? permit(path, 'rw') ?? permitPassage(folder));
}

const BITS = { r: 0o400, w: 0o200, x: 0o100 } as const;

/** On a folder that is ours nobody can do anything without x. */
function permit(path: string, wanted: 'r' | 'rw' | 'rx' | 'rwx'): string | undefined {
  const found = tryOr(() => statSync(path));
  const letters = found?.isDirectory() === true ? 'rwx' : wanted;
  return found !== undefined && isLacking(found, letters) ? `chmod u+${letters} ${quoteForShell(path)}` : undefined;
}

/** The same for a folder further up, of which alone anything can be seen. */
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

/** Whether the file system of the path takes no more files. */
export function isOutOfInodes(path: string): boolean {
  const { files = 0, ffree = 0 } = tryOr(() => statfsSync(nearestFolder(path))) ?? {};
  // Some file systems have no such number.
  return files > 0 && ffree === 0;
}

/** Whether the file system of the path has no room for anybody but root. */
export function isFull(path: string): boolean {
  const { blocks = 0, bavail = 0 } = tryOr(() => statfsSync(nearestFolder(path))) ?? {};
  return blocks > 0 && bavail === 0;
}

/** The path when it is a folder, else the first one above it that is there. */
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
