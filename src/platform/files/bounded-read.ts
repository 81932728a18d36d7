// Reads files that may have been replaced by something else: only regular files, and only up to a size limit.
import { closeSync, constants, openSync, promises, readSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { fstatSync, statSync } from './stat-sync.ts';

/** A plain open of a named pipe waits for a writer for ever. With O_NONBLOCK it returns, and the type can be checked. */
const OPEN_FOR_READING = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

/** For log files: created when missing. A symlink is not followed, and a named pipe fails instead of waiting for a reader. */
export const OPEN_FOR_APPENDING =
  constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK;

const BYTES_PER_MIB = 1024 * 1024;

/** The thing at a path cannot be read as a file. */
export class UnreadableFileError extends Error {
  override readonly name = 'UnreadableFileError';
  /** Completes a sentence with "is": `a named pipe, not a file`, `larger than 1 MiB`. */
  readonly reason: string;

  /** Builds the message from the path and the reason. */
  constructor(path: string, reason: string) {
    super(`${path} is ${reason}`);
    this.reason = reason;
  }
}

/**
 * The text of a regular file. Follows symlinks, and reads /dev/null as an empty file.
 * Rejects with an UnreadableFileError if something else is there or the file has more than `maxBytes`, and with Node's
 * error (ENOENT, EACCES) if it cannot be opened.
 */
export async function readBoundedFile(path: string, maxBytes: number): Promise<string> {
  return (await readBoundedBytes(path, maxBytes)).toString('utf8');
}

/** The part of an open file that reading needs. */
export interface OpenFile {
  stat(): Promise<Stats>;
  read(buffer: Buffer, offset: number, length: number, position: null): Promise<{ readonly bytesRead: number }>;
  close(): Promise<void>;
}

/** If the file changes during each of them, the last read is used. */
const MAX_READS = 4;

/**
 * Like `readBoundedFile`, for files that may not be UTF-8. If an editor saves in place during the read, we get the old
 * beginning and the new end, so a file that has changed is read again.
 */
export async function readBoundedBytes(path: string, maxBytes: number, openFile?: OpenForReading): Promise<Buffer> {
  return (await readWhole(path, maxBytes, readToEnd, openFile)) ?? Buffer.alloc(0);
}

export type OpenForReading = (path: string, flags: number) => Promise<OpenFile>;

export interface Bounds {
  readonly path: string;
  readonly size: number;
  readonly maxBytes: number;
}

/** What `read` gives for a file that did not change meanwhile; undefined for /dev/null. Fails as `readBoundedBytes`. */
export async function readWhole<T>(
  path: string,
  maxBytes: number,
  read: (file: OpenFile, bounds: Bounds) => Promise<T>,
  openFile: OpenForReading = promises.open,
): Promise<T | undefined> {
  for (let reads = 1; ; reads += 1) {
    const file = await openFile(path, OPEN_FOR_READING).catch((error: unknown) => {
      throw openingFault(path, error);
    });
    try {
      const before = await file.stat();
      const size = checkedSize(path, before, maxBytes);
      if (size === undefined) return undefined;
      const content = await read(file, { path, size, maxBytes });
      const after = await file.stat();
      const isWhole = after.mtimeMs === before.mtimeMs && after.size === before.size;
      if (isWhole || reads === MAX_READS) return content;
    } finally {
      await file.close();
    }
  }
}

async function readToEnd(file: OpenFile, { path, size, maxBytes }: Bounds): Promise<Buffer> {
  // One byte more than the file's size, to notice if it grows during the read.
  let content = Buffer.allocUnsafe(size + 1);
  let length = 0;
  for (;;) {
    const { bytesRead } = await file.read(content, length, content.length - length, null);
    if (bytesRead === 0) return content.subarray(0, length);
    length += bytesRead;
    if (length > maxBytes) throw tooLarge(path, maxBytes);
    if (length === content.length) content = Buffer.concat([content], content.length * 2);
  }
}

/** Synchronous `readBoundedFile`, for programs that read one file and exit. Throws what that rejects with. */
export function readBoundedFileSync(path: string, maxBytes: number): string {
  const descriptor = openFile(path);
  try {
    const size = checkedSize(path, fstatSync(descriptor), maxBytes);
    if (size === undefined) return '';
    let content = Buffer.allocUnsafe(size + 1);
    let length = 0;
    for (;;) {
      const bytesRead = readSync(descriptor, content, length, content.length - length, null);
      if (bytesRead === 0) return content.toString('utf8', 0, length);
      length += bytesRead;
      if (length > maxBytes) throw tooLarge(path, maxBytes);
      if (length === content.length) content = Buffer.concat([content], content.length * 2);
    }
  } finally {
    closeSync(descriptor);
  }
}

function openFile(path: string): number {
  try {
    return openSync(path, OPEN_FOR_READING);
  } catch (error) {
    throw openingFault(path, error);
  }
}

/** The size of a regular file within the limit; undefined for /dev/null. Files in /proc report 0 and are read nevertheless. */
function checkedSize(path: string, stats: Stats, maxBytes: number): number | undefined {
  if (isNullDevice(stats)) return undefined;
  if (!stats.isFile()) throw new UnreadableFileError(path, `${kindOf(stats)}, not a file`);
  if (stats.size > maxBytes) throw tooLarge(path, maxBytes);
  return stats.size;
}

/** People use /dev/null to say that there is no file: AWS_CONFIG_FILE=/dev/null. */
function isNullDevice(stats: Stats): boolean {
  return stats.isCharacterDevice() && stats.rdev === statSync('/dev/null').rdev;
}

/** Explains the failure to open a socket, for which Node reports "no such device or address". */
function openingFault(path: string, error: unknown): unknown {
  return error instanceof Error && 'code' in error && error.code === 'ENXIO'
    ? new UnreadableFileError(path, 'a socket or a device, not a file')
    : error;
}

export function tooLarge(path: string, maxBytes: number): UnreadableFileError {
  return new UnreadableFileError(path, `larger than ${String(maxBytes / BYTES_PER_MIB)} MiB`);
}

function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return 'a folder';
  if (stats.isFIFO()) return 'a named pipe';
  if (stats.isSocket()) return 'a socket';
  return 'a device';
}
