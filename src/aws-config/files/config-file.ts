// Reads the shared config file, and replaces it under a lock, but only if no other program has changed it since it was read.
import type { Stats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { lstat, open, readlink, realpath, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import { ConflictError, UnavailableError } from '../../core/errors.ts';
import { runStepsYielding } from '../../core/async/steps.ts';
import { quoteForShell } from '../../core/text/quote-for-shell.ts';
import { createSingleFlight } from '../../core/async/single-flight.ts';
import { readBoundedBytes } from '../../platform/files/bounded-read.ts';
import { digestFile, digestText } from '../../platform/files/digest.ts';
import { errorCode, moveAsideCommand, toFileError } from '../../platform/files/file-error.ts';
import { isLockUnsupported, tryLockFile } from '../../platform/files/file-lock.ts';
import { ensureFolder, removeLeftovers, writeFileAtomically } from '../../platform/files/atomic-file.ts';
import type { ConfigDocument } from '../document/document.ts';
import { parseConfigDocument, parseInSteps, requireWellFormed, withEncodingProblem } from '../document/document.ts';

export interface ConfigFileSnapshot {
  /** An empty document when the file does not exist. */
  readonly document: ConfigDocument;
  readonly exists: boolean;
  /** Absent when the file does not exist. */
  readonly modifiedAtMs?: number;
}

export interface ConfigFile {
  /** Absolute, as the user gave it; symlinks are not resolved. */
  readonly path: string;
  /** @throws UnavailableError file-not-writable: the file exists but cannot be read */
  read(): Promise<ConfigFileSnapshot>;
  /**
   * Replaces the file with `newText`; mode, owner and symlinks are kept (0600 for a new file).
   * Concurrent calls and processes wait for each other. After a failure the file is unchanged.
   * @throws ConflictError config-changed-meanwhile: the file is no longer `expectedText`
   * @throws UnavailableError file-not-writable: disk full, no permission, not a file, lock held too long
   */
  write(expectedText: string, newText: string): Promise<'written' | 'unchanged'>;
  /** Identifies the bytes of the file, without parsing them. @throws as `read` */
  digest(): Promise<string>;
  /** Whether `digest` is still that of the file, which could be written. @throws UnavailableError file-not-writable */
  confirm(digest: string): Promise<boolean>;
}

/** 20,000 profiles take 5 MB. */
const MAX_CONFIG_BYTES = 64 * 1024 * 1024;
const LOCK_TIMEOUT_MS = 10_000;
const LOCK_POLL_MS = 20;
const NEW_FILE_MODE = 0o600;
const MAX_SYMLINKS = 40;

/** The file at `path`; no disk access before the first call. */
export function createConfigFile(deps: {
  readonly path: string;
  readonly clock: Clock;
  readonly lockTimeoutMs?: number;
}): ConfigFile {
  const { path, clock } = deps;
  const lockTimeoutMs = deps.lockTimeoutMs ?? LOCK_TIMEOUT_MS;
  /** Keyed by the bytes: concurrent readers share one document, which takes tens of megabytes with 20,000 profiles. */
  const parsing = createSingleFlight<ConfigDocument>();

  /** Runs `work` with the file locked, or `ifAbsent`. */
  async function whileLocked<T>(
    work: (file: FileHandle, targetPath: string) => Promise<T>,
    ifAbsent: (targetPath: string) => Promise<T>,
  ): Promise<T> {
    const deadlineMs = clock.nowMs() + lockTimeoutMs;
    for (;;) {
      const targetPath = await resolveTarget(path);
      const present = await statIfPresent(targetPath);
      if (present === undefined) return await ifAbsent(targetPath);
      refuseUnwritable(path, present);
      const file = await openIfPresent(targetPath);
      if (file === undefined) continue;
      try {
        await lock(file, path, clock, deadlineMs);
        // The previous holder of the lock replaced the file, so lock the new one.
        if (!(await isStillAt(file, targetPath))) continue;
        return await work(file, targetPath);
      } finally {
        await file.close();
      }
    }
  }

  async function create(targetPath: string, expectedText: string, newText: string): Promise<'written' | 'unchanged'> {
    if (expectedText !== '') throw changedMeanwhile(path);
    if (newText === '') return 'unchanged';
    const folder = dirname(targetPath);
    // Do not create the target folder of a dangling symlink: it may be a dotfiles folder that is not mounted yet.
    if (targetPath === path || (await isSamePlace(dirname(path), folder))) await ensureFolder(folder);
    await removeLeftovers(targetPath);
    try {
      await writeFileAtomically({ targetPath, content: newText, mode: NEW_FILE_MODE, mustBeNew: true });
    } catch (error) {
      throw errorCode(error) === 'EEXIST' ? changedMeanwhile(path) : error;
    }
    return 'written';
  }

  async function replace(
    file: FileHandle,
    targetPath: string,
    expectedText: string,
    newText: string,
  ): Promise<'written' | 'unchanged'> {
    const expected = Buffer.from(expectedText, 'utf8');
    const refuseChanged = async () => {
      if (!(await isStillAt(file, targetPath))) throw changedMeanwhile(path);
      const bytes = await readBoundedBytes(targetPath, MAX_CONFIG_BYTES);
      if (bytes.equals(expected)) return;
      // Not changed, but the bytes are not valid UTF-8, so the text differs from the file.
      if (bytes.toString('utf8') === expectedText) requireWellFormed(await parseBytes(bytes, path));
      throw changedMeanwhile(path);
    };
    await refuseChanged();
    await removeLeftovers(targetPath);
    if (newText === expectedText) return 'unchanged';
    const { mode, uid, gid } = await file.stat();
    await writeFileAtomically({
      targetPath,
      content: newText,
      mode: mode & 0o777,
      owner: { uid, gid },
      mustBeNew: false,
      // Check again at the last moment: an editor may have saved while the temporary file was written.
      beforeReplace: refuseChanged,
    });
    return 'written';
  }

  return {
    path,
    async read() {
      try {
        const present = await statIfPresent(path);
        if (present === undefined) return { document: parseConfigDocument('', path), exists: false };
        const bytes = await readBoundedBytes(path, MAX_CONFIG_BYTES);
        const document = await parsing.run(bytes.toString('latin1'), () => parseBytes(bytes, path));
        return { document, exists: true, modifiedAtMs: present.mtimeMs };
      } catch (error) {
        throw toFileError(error, path, 'read');
      }
    },
    async digest() {
      try {
        const present = await statIfPresent(path);
        return present === undefined ? digestText('') : await digestFile(path, MAX_CONFIG_BYTES);
      } catch (error) {
        throw toFileError(error, path, 'read');
      }
    },
    async confirm(digest) {
      try {
        return await whileLocked(
          async (_file, targetPath) => {
            if ((await digestFile(targetPath, MAX_CONFIG_BYTES)) !== digest) return false;
            await removeLeftovers(targetPath);
            return true;
          },
          async () => digestText('') === digest,
        );
      } catch (error) {
        throw toFileError(error, path, 'written');
      }
    },
    async write(expectedText, newText) {
      try {
        return await whileLocked(
          (file, targetPath) => replace(file, targetPath, expectedText, newText),
          (targetPath) => create(targetPath, expectedText, newText),
        );
      } catch (error) {
        throw toFileError(error, path, 'written');
      }
    },
  };
}

/** @throws UnavailableError file-not-writable: not locked by the deadline */
async function lock(file: FileHandle, path: string, clock: Clock, deadlineMs: number): Promise<void> {
  while (!tryLockIfSupported(file.fd)) {
    if (clock.nowMs() >= deadlineMs) {
      throw new UnavailableError('file-not-writable', `${path} cannot be written: another program keeps it locked.`, {
        hint: 'rolecall profiles sync',
      });
    }
    await clock.sleep(LOCK_POLL_MS);
  }
}

async function parseBytes(bytes: Buffer, path: string): Promise<ConfigDocument> {
  // Keeps a byte order mark. Bytes that are not UTF-8 become U+FFFD, so the text then differs from the file.
  const document = await runStepsYielding(parseInSteps(bytes.toString('utf8'), path));
  return withEncodingProblem(document, bytes);
}

function refuseUnwritable(path: string, present: Stats): void {
  if (!present.isFile()) {
    throw new UnavailableError('file-not-writable', `${path} cannot be written: it is not a regular file.`, {
      hint: moveAsideCommand(path),
    });
  }
  // A rename would work without the write bit, and root can always write, but the user made the file read-only on purpose.
  if ((present.mode & 0o200) === 0) {
    throw new UnavailableError('file-not-writable', `${path} cannot be written: the file is read-only.`, {
      hint: `chmod u+w ${quoteForShell(path)}`,
    });
  }
}

/** The real path of the file; for a dangling symlink the path that it points to. */
async function resolveTarget(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
  let target = path;
  for (let hops = 0; hops < MAX_SYMLINKS; hops += 1) {
    const here = await lstat(target).catch(() => undefined);
    if (here === undefined || !here.isSymbolicLink()) return target;
    target = resolve(await realpath(dirname(target)), await readlink(target));
  }
  return target;
}

async function isSamePlace(folder: string, otherFolder: string): Promise<boolean> {
  return folder === otherFolder || (await realpath(folder).catch(() => undefined)) === otherFolder;
}

async function statIfPresent(path: string): Promise<Stats | undefined> {
  return await unlessAbsent(stat(path));
}

async function openIfPresent(path: string): Promise<FileHandle | undefined> {
  return await unlessAbsent(open(path, 'r+'));
}

async function isStillAt(file: FileHandle, path: string): Promise<boolean> {
  const [held, there] = [await file.stat(), await statIfPresent(path)];
  return there !== undefined && there.ino === held.ino && there.dev === held.dev;
}

async function unlessAbsent<T>(pending: Promise<T>): Promise<T | undefined> {
  try {
    return await pending;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** True without a lock on network file systems that don't support locks; there only the check before the rename protects. */
function tryLockIfSupported(fileDescriptor: number): boolean {
  try {
    return tryLockFile(fileDescriptor);
  } catch (error) {
    if (isLockUnsupported(error)) return true;
    throw error;
  }
}

function changedMeanwhile(path: string): ConflictError {
  return new ConflictError('config-changed-meanwhile', `${path} was changed by another program at the same time.`);
}
