// Replaces the secret file in one step, also on a full disk: the room for its next content is taken ahead of time.
import { constants } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { toFileError } from './file-error.ts';

/** More than the next content has; a session's tokens are a few kilobytes. */
const LEAST_ROOM_BYTES = 16 * 1024;

const besidePathOf = (path: string) => `${path}.tmp`;
/** Blocks that are ours already. File systems that never write in place (btrfs, zfs) may still be full. */
const roomPathOf = (path: string) => `${path}.room`;

/** What a daemon that was killed amid a write has left; there is one daemon, so it is nobody else's. Never rejects. */
export async function removeHalfWritten(path: string): Promise<void> {
  await rm(besidePathOf(path), { force: true }).catch(() => undefined);
}

/**
 * The old file or the new one, whatever happens: written beside, synced, renamed.
 * A refresh token that AWS has replaced is of no use, so losing the new one to a full disk would lose the sign-in.
 * @throws UnavailableError file-not-writable: the old file stays
 */
export async function replaceFile(path: string, text: string): Promise<void> {
  const besidePath = besidePathOf(path);
  try {
    await rm(besidePath, { force: true });
    await takeRoom(path);
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW;
    const file = await open(besidePath, flags, 0o600);
    try {
      await file.writeFile(text);
      await file.truncate(Buffer.byteLength(text));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(besidePath, path);
    const folder = await open(dirname(path), 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  } catch (error) {
    await removeHalfWritten(path);
    throw toFileError(error, path, 'written');
  }
  await makeRoom(path, Math.max(LEAST_ROOM_BYTES, 2 * Buffer.byteLength(text)));
}

/** Only what we made: a link or something of another mode in its place is not written into. */
async function takeRoom(path: string): Promise<void> {
  const roomPath = roomPathOf(path);
  try {
    const file = await open(roomPath, constants.O_WRONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const found = await file.stat();
    await file.close();
    const isOurs = found.isFile() && found.nlink === 1 && (found.mode & 0o777) === 0o600;
    if (isOurs && found.uid === process.getuid?.()) await rename(roomPath, besidePathOf(path));
    else await rm(roomPath, { force: true });
  } catch {
    // There is none, and the write takes its chance.
  }
}

/** As much as the disk gives. Written and not only reserved, for a hole has no blocks. */
async function makeRoom(path: string, bytes: number): Promise<void> {
  try {
    const file = await open(roomPathOf(path), 'wx', 0o600);
    try {
      await file.writeFile(Buffer.alloc(bytes));
    } finally {
      await file.close();
    }
  } catch {
    // The next write tries again.
  }
}
