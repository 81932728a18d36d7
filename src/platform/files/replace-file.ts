// Replaces the secret file even when the disk is full: the space for its next content is reserved in advance.
import { constants } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { removeLeftovers, writeFileAtomically } from './atomic-file.ts';
import { toFileError } from './file-error.ts';

/** More than the next content needs; a session's tokens take a few kilobytes. */
const MIN_RESERVED_BYTES = 16 * 1024;

const temporaryPathOf = (path: string) => `${path}.tmp`;
/** Its blocks are allocated. Copy-on-write file systems (btrfs, zfs) may be full nevertheless. */
const reservedPathOf = (path: string) => `${path}.room`;

/** Removes the file that a daemon left when it was killed during a write. Only one daemon runs, so no other process uses it. Never rejects. */
export async function removeHalfWritten(path: string): Promise<void> {
  await rm(temporaryPathOf(path), { force: true }).catch(() => undefined);
  await removeLeftovers(path);
}

/**
 * Replaces the file in one step. AWS invalidates a refresh token when it issues the next one, so losing the new one to
 * a full disk would lose the sign-in.
 * @throws UnavailableError file-not-writable: the old file is untouched
 */
export async function replaceFile(path: string, text: string): Promise<void> {
  try {
    await rm(temporaryPathOf(path), { force: true });
    const reservedPath = await takeReservedFile(path);
    const reserved = reservedPath === undefined ? {} : { reservedPath };
    await writeFileAtomically({ targetPath: path, content: text, mode: 0o600, mustBeNew: false, ...reserved });
  } catch (error) {
    throw toFileError(error, path, 'written');
  }
  await reserve(path, Math.max(MIN_RESERVED_BYTES, 2 * Buffer.byteLength(text)));
}

/** The reserved file, renamed for writing. Undefined if there is none, or if a link or a file of another mode or owner is there. */
async function takeReservedFile(path: string): Promise<string | undefined> {
  const reservedPath = reservedPathOf(path);
  try {
    const file = await open(reservedPath, constants.O_WRONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const found = await file.stat();
    await file.close();
    const isOurs =
      found.isFile() && found.nlink === 1 && (found.mode & 0o777) === 0o600 && found.uid === process.getuid?.();
    if (isOurs) {
      await rename(reservedPath, temporaryPathOf(path));
      return temporaryPathOf(path);
    }
    await rm(reservedPath, { force: true });
  } catch {
    // None was reserved: the write succeeds only if the disk has space.
  }
  return undefined;
}

/** Reserves as much as the disk gives. The bytes are written, because a hole in a file has no blocks. */
async function reserve(path: string, bytes: number): Promise<void> {
  try {
    const file = await open(reservedPathOf(path), 'wx', 0o600);
    try {
      await file.writeFile(Buffer.alloc(bytes));
    } finally {
      await file.close();
    }
  } catch {
    // The next write tries again.
  }
}
