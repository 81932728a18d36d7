// The audit log's file: appends chained lines, limits the size with one predecessor, and says on disk where the chain ends.
import type { Stats } from 'node:fs';
import { lstat, open, rename, type FileHandle } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { OPEN_FOR_APPENDING } from '../../platform/files/bounded-read.ts';
import { readChainHead, writeChainHead, type ChainState } from '../../platform/files/chain-head-file.ts';
import { errorCode } from '../../platform/files/file-error.ts';
import { isLockUnsupported, tryLockFile } from '../../platform/files/file-lock.ts';
import { CHAIN_START, chainLine, parseChainedLine, type ChainHead } from '../../platform/files/line-chain.ts';
import { openLog, readLines, MAX_LINE_BYTES } from '../../platform/files/read-lines.ts';

export interface AuditFile {
  /**
   * Writes all of `documents` (JSON objects), or nothing and rejects. Resolves when they are on disk.
   * Continues after lines of another daemon, and after half a line that a power cut left.
   */
  append(documents: readonly string[]): Promise<void>;
}

type Start = Pick<ChainState, 'oldest' | 'before'>;

export function createAuditFile(deps: {
  readonly path: string;
  readonly maxBytes: number;
  /** Called after each append: whether the end of the chain could be written too. */
  readonly onHeadWritten: (failure: unknown) => void;
}): AuditFile {
  const { path } = deps;
  const earlierPath = `${path}.1`;
  let state: ChainState | undefined;
  /** The file as this daemon left it. */
  let left: { readonly dev: number; readonly ino: number; readonly size: number } | undefined;

  /** Where the chain continues. Lines that were removed at the end leave a gap: it continues after the last known one. */
  async function findState({ dev, ino, size }: Stats): Promise<ChainState & { readonly isMidLine: boolean }> {
    if (state !== undefined && left?.dev === dev && left.ino === ino && left.size === size) {
      return { ...state, isMidLine: false };
    }
    const onDisk = await readChainHead(path).catch(() => undefined);
    const tail = (await findLast(path)) ?? (await findLast(earlierPath));
    const head = [state?.head, onDisk?.head, tail].reduce<ChainHead>(
      (latest, next) => (next !== undefined && next.seq > latest.seq ? next : latest),
      CHAIN_START,
    );
    const start = onDisk ?? state ?? (await findStart(head));
    return { head, oldest: start.oldest, before: start.before, isMidLine: !(await endsInNewline(path, size)) };
  }

  /** Where a log without a record of its beginning begins. */
  async function findStart(head: ChainHead): Promise<Start> {
    const oldest = (await findFirst(earlierPath)) ?? (await findFirst(path)) ?? head.seq + 1;
    return { oldest, before: oldest === CHAIN_START.seq + 1 ? CHAIN_START.hash : undefined };
  }

  /** Where the current file begins. */
  async function findStartOfFile(): Promise<Start | undefined> {
    const oldest = await findFirst(path);
    if (oldest === undefined) return undefined;
    if (oldest === CHAIN_START.seq + 1) return { oldest, before: CHAIN_START.hash };
    const last = await findLast(earlierPath);
    return { oldest, before: last?.seq === oldest - 1 ? last.hash : undefined };
  }

  /** Renames the file. The next append creates a new one, unless another daemon is faster. */
  async function rotate(found: ChainState): Promise<void> {
    const { oldest, before } = (await findStartOfFile()) ?? found;
    // Before the rename: after a crash between the two, the lines that went away are not missed.
    await writeChainHead(path, { head: found.head, oldest, before });
    await rename(path, earlierPath);
  }

  /** False if the file is full, and was renamed. */
  async function appendUnlessFull(documents: readonly string[], mayRotate: boolean): Promise<boolean> {
    const { file, stats } = await openLocked(path);
    try {
      const found = await findState(stats);
      let { head } = found;
      let text = found.isMidLine ? '\n' : '';
      for (const document of documents) {
        const line = chainLine(document, head);
        head = line.head;
        text += `${line.text}\n`;
      }
      const size = stats.size + Buffer.byteLength(text);
      if (mayRotate && stats.size > 0 && size > deps.maxBytes) {
        await rotate(found);
        return false;
      }
      await appendOrTruncate(file, text, stats.size);
      state = { head, oldest: found.oldest, before: found.before };
      left = { dev: stats.dev, ino: stats.ino, size };
      deps.onHeadWritten(await writeChainHead(path, state).then(() => undefined, toFailureValue));
      return true;
    } finally {
      await file.close();
    }
  }

  return {
    async append(documents) {
      if (!(await appendUnlessFull(documents, true))) await appendUnlessFull(documents, false);
    },
  };
}

const toFailureValue = (error: unknown) => error ?? new Error('unknown');

async function appendOrTruncate(file: FileHandle, text: string, size: number): Promise<void> {
  try {
    await file.appendFile(text);
    // The end of the chain must not be on disk before its line.
    await file.datasync().catch(ignoreUnsupported);
  } catch (error) {
    // Part of a line would make the next line unreadable.
    await file.truncate(size).catch(() => undefined);
    throw error;
  }
}

/** Some network and FUSE file systems can't sync. */
function ignoreUnsupported(error: unknown): void {
  if (!['EINVAL', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP'].includes(errorCode(error) ?? '')) throw error;
}

const MAX_LOCK_TRIES = 250;
const LOCK_POLL_MS = 20;

/** The file for appending, locked against another daemon: during an update or after a deleted state folder there may be two. */
async function openLocked(path: string): Promise<{ file: FileHandle; stats: Stats }> {
  for (let tries = 1; ; tries += 1) {
    const file = await open(path, OPEN_FOR_APPENDING, 0o600);
    try {
      const stats = lock(file) ? await file.stat() : undefined;
      // The other daemon may have renamed it before this one got the lock.
      const atPath = stats && (await lstat(path).catch(() => undefined));
      if (stats !== undefined && atPath?.ino === stats.ino && atPath.dev === stats.dev) return { file, stats };
      if (tries === MAX_LOCK_TRIES) throw Object.assign(new Error(`${path} is locked`), { code: 'EBUSY' });
    } catch (error) {
      await file.close();
      throw error;
    }
    await file.close();
    await sleep(LOCK_POLL_MS);
  }
}

function lock(file: FileHandle): boolean {
  try {
    return tryLockFile(file.fd);
  } catch (error) {
    if (isLockUnsupported(error)) return true;
    throw error;
  }
}

async function withLog<T>(path: string, use: (file: FileHandle) => Promise<T>): Promise<T | undefined> {
  const file = await openLog(path).catch(() => undefined);
  if (file === undefined) return undefined;
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}

function findFirst(path: string): Promise<number | undefined> {
  return withLog(path, async (file) => {
    for await (const { text } of readLines(file)) {
      const line = parseChainedLine(text);
      if (line !== undefined) return line.seq;
    }
    return undefined;
  });
}

/** Reads only the end of the file. */
function findLast(path: string): Promise<ChainHead | undefined> {
  return withLog(path, async (file) => {
    const { size } = await file.stat();
    let last: ChainHead | undefined;
    for await (const { text } of readLines(file, Math.max(0, size - 2 * MAX_LINE_BYTES))) {
      last = parseChainedLine(text) ?? last;
    }
    return last && { seq: last.seq, hash: last.hash };
  });
}

async function endsInNewline(path: string, size: number): Promise<boolean> {
  if (size === 0) return true;
  const byte = Buffer.alloc(1);
  const read = await withLog(path, (file) => file.read(byte, 0, 1, size - 1));
  return read?.bytesRead !== 1 || byte[0] === 0x0a;
}
