// State files: read whole, written whole, 0600 from their first byte, never half of one.
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { UnavailableError } from '../core/errors.ts';

/** The text of a file, or undefined when there is none. */
export async function readPrivateFile(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Replaces the file by `text` in one step.
 * @throws UnavailableError file-not-writable: the earlier file is untouched
 */
export async function writePrivateFile(path: string, text: string): Promise<void> {
  const beside = `${path}.${process.pid}.new`;
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await rm(beside, { force: true });
    const file = await open(beside, 'wx', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true }).catch(() => undefined);
    throw new UnavailableError('file-not-writable', `The file ${path} can't be written: ${(error as Error).message}.`, {
      hint: 'rolecall status',
      cause: error,
    });
  }
}
