// The file beside a log with a hash chain that says where the chain ends, so that lines missing at its end are noticed.
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { readBoundedFile, UnreadableFileError } from './bounded-read.ts';
import { errorCode } from './file-error.ts';
import type { ChainHead } from './line-chain.ts';

export interface ChainState {
  /** A line that was on disk before this was written. Later lines may follow it. */
  readonly head: ChainHead;
  /** The number of the oldest line that the log still has. It may have older ones. */
  readonly oldest: number;
  /** The hash of the line before the oldest; without it the oldest line can't be checked. */
  readonly before: string | undefined;
}

/** The file's path for the log at `logPath`. */
export function chainHeadPath(logPath: string): string {
  return `${logPath}.head`;
}

/** All versions of the file have this length, so that writing needs no space on the disk and changes only one sector. */
const FILE_BYTES = 256;
const MAX_BYTES = 4096;
const FORMAT =
  /^\{"seq":(?<seq>\d{1,15}),"hash":"(?<hash>[0-9a-f]{64})","oldest":(?<oldest>\d{1,15})(?:,"before":"(?<before>[0-9a-f]{64})")?\} *\n$/u;

/** Undefined if there is no file, or one that is not in its format. Rejects if it can't be read. */
export async function readChainHead(logPath: string): Promise<ChainState | undefined> {
  const text = await readBoundedFile(chainHeadPath(logPath), MAX_BYTES).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return '';
    throw error;
  });
  const { seq, hash, oldest, before } = FORMAT.exec(text)?.groups ?? {};
  return hash === undefined ? undefined : { head: { seq: Number(seq), hash }, oldest: Number(oldest), before };
}

/** Overwrites the file in place, without waiting for the disk: an older version is as good after a power cut. */
export async function writeChainHead(logPath: string, { head, oldest, before }: ChainState): Promise<void> {
  const path = chainHeadPath(logPath);
  const text = JSON.stringify({ seq: head.seq, hash: head.hash, oldest, before });
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await open(path, flags, 0o600);
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw new UnreadableFileError(path, 'a device, not a file');
    await file.write(`${text.padEnd(FILE_BYTES - 1)}\n`, 0);
    if (stats.size > FILE_BYTES) await file.truncate(FILE_BYTES);
  } finally {
    await file.close();
  }
}
