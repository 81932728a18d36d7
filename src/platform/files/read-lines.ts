// Reads a log line by line in bounded memory, however long the file and its lines are.
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { UnreadableFileError } from './bounded-read.ts';
import { errorCode } from './file-error.ts';

/** Longer lines are cut, and are not complete. */
export const MAX_LINE_BYTES = 64 * 1024;
const CHUNK_BYTES = 64 * 1024;
const NEWLINE = 0x0a;

export interface Line {
  readonly text: string;
  /** False for a line that was cut, and for the last one if it does not end in a newline. */
  readonly isComplete: boolean;
  /** Where the next line begins in the file. */
  readonly endOffset: number;
}

/**
 * Opens a regular file for reading; undefined if there is none.
 * Rejects with an UnreadableFileError if something else is there, and does not wait for the writer of a named pipe.
 */
export async function openLog(path: string): Promise<FileHandle | undefined> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY).catch(
    (error: unknown) => {
      if (errorCode(error) === 'ENOENT') return undefined;
      throw errorCode(error) === 'ENXIO' ? new UnreadableFileError(path, 'a socket or a device, not a file') : error;
    },
  );
  if (file === undefined) return undefined;
  const stats = await file.stat();
  if (stats.isFile()) return file;
  await file.close();
  throw new UnreadableFileError(path, stats.isDirectory() ? 'a folder, not a file' : 'not a regular file');
}

/** The lines from `startOffset` to the current end of the file. */
export async function* readLines(file: Pick<FileHandle, 'read'>, startOffset = 0): AsyncGenerator<Line> {
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  let position = startOffset;
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  const add = (bytes: Buffer) => {
    const rest = MAX_LINE_BYTES - pendingBytes;
    if (rest > 0) pending.push(Buffer.from(bytes.subarray(0, rest)));
    pendingBytes += bytes.length;
  };
  const take = (isEnded: boolean, endOffset: number): Line => {
    const text = Buffer.concat(pending).toString('utf8');
    const isComplete = isEnded && pendingBytes <= MAX_LINE_BYTES;
    pending = [];
    pendingBytes = 0;
    return { text, isComplete, endOffset };
  };
  for (;;) {
    const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, position);
    if (bytesRead === 0) break;
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0 && end < bytesRead; end = chunk.indexOf(NEWLINE, start)) {
      add(chunk.subarray(start, end));
      start = end + 1;
      yield take(true, position + start);
    }
    add(chunk.subarray(start, bytesRead));
    position += bytesRead;
  }
  if (pendingBytes > 0) yield take(false, position);
}
