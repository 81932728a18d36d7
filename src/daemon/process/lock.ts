// Ensures one daemon per user, with a kernel lock on a file below HOME. The lock ends with the process, however that ends.
import { closeSync, constants, ftruncateSync, openSync, writeSync } from 'node:fs';
import type { Clock } from '../../core/clock.ts';
import { errorCode } from '../../platform/files/file-error.ts';
import { tryLockFile } from '../../platform/files/file-lock.ts';
import { readLockHolder } from '../../platform/service/lock-holder.ts';
import { identifyProcess, signalProcess } from '../../platform/process/process-identity.ts';
import { fstatSync, lstatIfPresentSync } from '../../platform/files/stat-sync.ts';

export interface DaemonLock {
  /**
   * `renewed`: the lock file was deleted, and was created and locked again; `lost`: another process has locked a new file.
   * @throws Error: the file can't be created
   */
  check(): 'held' | 'renewed' | 'lost';
  release(): void;
}

/** Takes the lock; undefined if another process holds it. While it is held, the file names the holder. It is never deleted. */
export function tryDaemonLock(path: string): DaemonLock | undefined {
  const first = lockFile(path);
  if (first === undefined) return undefined;
  const fds = [first];
  return {
    check() {
      if (isFileAt(path, fds.at(-1) ?? first)) return 'held';
      const fd = lockFile(path);
      if (fd === undefined) return 'lost';
      // The deleted file stays locked: a process that opened it just before must not become a second daemon.
      fds.push(fd);
      return 'renewed';
    },
    release() {
      for (const fd of fds.splice(0)) {
        forgetHolder(fd);
        closeSync(fd);
      }
    },
  };
}

/** Locks the file and returns its descriptor; undefined if another process holds the lock. */
function lockFile(path: string): number | undefined {
  const fd = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  // A lock on a file that was deleted meanwhile protects nothing.
  if (!tryLockFile(fd) || !isFileAt(path, fd)) {
    closeSync(fd);
    return undefined;
  }
  nameHolder(fd);
  return fd;
}

/** Whether `path` is still the file or folder that is open as `fd`. Does not follow a symlink. */
export function isFileAt(path: string, fd: number): boolean {
  const found = lstatIfPresentSync(path);
  if (found === undefined) return false;
  const { dev, ino } = fstatSync(fd);
  return found.dev === dev && found.ino === ino;
}

/** Removes the holder's name: the process may continue without the lock, and must not be taken for the daemon. */
function forgetHolder(fd: number): void {
  try {
    ftruncateSync(fd);
  } catch {
    // The disk is read-only. Clients then find a process that does not answer.
  }
}

/** Names this process as the holder, so that another one can ask it to stop. Continues if that fails, for example on a full disk. */
function nameHolder(fd: number): void {
  try {
    ftruncateSync(fd);
    writeSync(fd, JSON.stringify(identifyProcess(process.pid)), 0);
  } catch {
    // See above.
  }
}

const MAX_ATTEMPTS = 5;

/** Runs `take` in the folder that `makeFolder` creates. Retries up to four times if the folder is deleted meanwhile. */
export async function inFolder<T>(makeFolder: () => void, take: () => Promise<T>): Promise<T> {
  for (let made = 1; ; made += 1) {
    makeFolder();
    try {
      return await take();
    } catch (error) {
      if (errorCode(error) !== 'ENOENT' || made === MAX_ATTEMPTS) throw error;
    }
  }
}

const WAIT_POLL_MS = 100;

/**
 * Takes the lock once its holder releases it; undefined as soon as `isNeeded` returns false. Tries at least once.
 * A waiting process polls, and has loaded nothing else: it leaves the processor to the daemon that may still be starting.
 */
export async function waitForDaemonLock(
  path: string,
  isNeeded: () => boolean | Promise<boolean>,
  clock: Clock,
): Promise<DaemonLock | undefined> {
  let lock = tryDaemonLock(path);
  while (lock === undefined) {
    await clock.sleep(WAIT_POLL_MS);
    if (!(await isNeeded())) return undefined;
    lock = tryDaemonLock(path);
  }
  return lock;
}

const POLL_MS = 20;

/**
 * Takes the lock for the daemon that a service manager started. Asks the holder to stop, which finishes its pending answers
 * first. Undefined if it has not stopped after `deadlineMs`, or if the file does not name it.
 */
export async function takeOverDaemonLock(
  path: string,
  deadlineMs: number,
  clock: Clock,
): Promise<DaemonLock | undefined> {
  const asked = new Set<number>();
  const endMs = clock.nowMs() + deadlineMs;
  while (clock.nowMs() < endMs) {
    const lock = tryDaemonLock(path);
    if (lock !== undefined) return lock;
    const holder = readLockHolder(path);
    // Only once: after the first signal it is already stopping.
    if (holder !== undefined && !asked.has(holder.processId)) {
      asked.add(holder.processId);
      signalProcess(holder, 'SIGTERM');
    }
    await clock.sleep(POLL_MS);
  }
  return undefined;
}
