// Reads a file of the user that another program wrote: a regular file of limited size that no other user owns.
import { open } from 'node:fs/promises';
import { readBoundedBytes, UnreadableFileError } from './bounded-read.ts';

/**
 * The text; follows symlinks.
 * @throws UnreadableFileError: something else is there, it is too large, or it belongs to another user; Node's error: ENOENT, EACCES
 */
export async function readOwnFile(path: string, maxBytes: number, userId: number): Promise<string> {
  const bytes = await readBoundedBytes(path, maxBytes, async (name, flags) => {
    const file = await open(name, flags);
    if ((await file.stat()).uid === userId) return file;
    await file.close();
    throw new UnreadableFileError(path, 'owned by another user');
  });
  return bytes.toString('utf8');
}
