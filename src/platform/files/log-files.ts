// Opens a log of limited size together with its predecessor, also while its writer renames them.
import type { FileHandle } from 'node:fs/promises';
import { openLog, readLines, type Line } from './read-lines.ts';

export interface LogFile {
  readonly path: string;
  readonly file: FileHandle;
}

/** The files that exist, oldest first. Close them. Rejects with an UnreadableFileError if one is not a file. */
export async function openLogFiles(path: string): Promise<readonly LogFile[]> {
  const earlierPath = `${path}.1`;
  for (;;) {
    const file = await openLog(path);
    const earlier = await openLog(earlierPath).catch(async (error: unknown) => {
      await file?.close();
      throw error;
    });
    // Renamed between the two: the later file is a new one.
    if (file === undefined || earlier === undefined || !(await isSameFile(file, earlier))) {
      return [
        ...(earlier === undefined ? [] : [{ path: earlierPath, file: earlier }]),
        ...(file === undefined ? [] : [{ path, file }]),
      ];
    }
    await Promise.all([file.close(), earlier.close()]);
  }
}

/** Closes all of them. */
export async function closeLogFiles(files: readonly LogFile[]): Promise<void> {
  await Promise.all(files.map(({ file }) => file.close()));
}

/** All lines of the files with their places, numbered from 1 in each file. */
export async function* readLogLines(
  files: readonly LogFile[],
): AsyncGenerator<Line & { readonly path: string; readonly number: number }> {
  for (const { path, file } of files) {
    let number = 0;
    for await (const line of readLines(file)) {
      number += 1;
      yield { ...line, path, number };
    }
  }
}

async function isSameFile(one: FileHandle, other: FileHandle): Promise<boolean> {
  const [a, b] = await Promise.all([one.stat(), other.stat()]);
  return a.ino === b.ino && a.dev === b.dev;
}
