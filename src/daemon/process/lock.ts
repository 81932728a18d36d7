// One daemon per user: the kernel's lock on a file under HOME, gone with the process however it ends.
import { closeSync, constants, ftruncateSync, openSync, writeSync } from 'node:fs';
import type { Clock } from '../../core/clock.ts';
import { errorCode } from '../../platform/files/file-error.ts';
import { tryLockFile } from '../../platform/files/file-lock.ts';
import { readLockHolder } from '../../platform/service/lock-holder.ts';
import { identifyProcess, signalProcess } from '../../platform/process/process-identity.ts';
import { fstatSync, lstatIfPresentSync } from '../../platform/files/stat-sync.ts';

export interface DaemonLock {
  /**
   * `renewed`: its file was gone, and is ours again; `lost`: another process has the lock on a new file of that name.
   * @throws Error: the file can't be made
   */
  check(): 'held' | 'renewed' | 'lost';
  release(): void;
}

/** The lock, or undefined when another process holds it; the file stays, and says who holds it while somebody does. */
export function tryDaemonLock(path: string): DaemonLock | undefined {
  const first = lockFile(path);
  if (first === undefined) return undefined;
  const fds = [first];
  return {
    check() {
      if (isFileAt(path, fds.at(-1) ?? first)) return 'held';
      const fd = lockFile(path);
      if (fd === undefined) return 'lost';
      // The deleted file stays locked: whoever opened it just before must not become a second daemon.
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

/** The locked file as a descriptor; undefined when another process has it. */
function lockFile(path: string): number | undefined {
  const fd = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  // Deleted in between, it is nobody's lock any more.
  if (!tryLockFile(fd) || !isFileAt(path, fd)) {
    closeSync(fd);
    return undefined;
  }
  nameHolder(fd);
  return fd;
}

/** Whether `path` is still the file or folder that is open as `fd`; a symlink is not followed. */
export function isFileAt(path: string, fd: number): boolean {
  const found = lstatIfPresentSync(path);
  if (found === undefined) return false;
  const { dev, ino } = fstatSync(fd);
  return found.dev === dev && found.ino === ino;
}

/** The process may live on without the lock, and must not be taken for the daemon then. */
function forgetHolder(fd: number): void {
  try {
    ftruncateSync(fd);
  } catch {
    // A read-only disk: clients that look find a process that answers nobody.
  }
}

/** For the one who asks us to leave. Not being able to say it, on a full disk, is no reason to stay down. */
function nameHolder(fd: number): void {
  try {
    ftruncateSync(fd);
    writeSync(fd, JSON.stringify(identifyProcess(process.pid)), 0);
  } catch {
    // A full disk: see above.
  }
}

const MAX_ATTEMPTS = 5;

/** Runs `take` in the folder that `makeFolder` makes, up to five times if somebody deletes the folder meanwhile. */
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
 * The lock, once its holder lets go of it; undefined when `isNeeded` says that nobody waits for this daemon any more.
 * The first try is made in any case. A waiting process polls a descriptor and has loaded nothing else: it leaves the
 * processor to the daemon that holds the lock and may still be starting.
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
 * The lock, for the daemon that a service manager started: whoever holds it is asked to leave, and gives the answers
 * under way first. Undefined when it has not left after `deadlineMs`, or nobody can tell who it is.
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
    // Once: for a daemon that is leaving, a second signal would mean something else.
    if (holder !== undefined && !asked.has(holder.processId)) {
      asked.add(holder.processId);
      signalProcess(holder, 'SIGTERM');
    }
    await clock.sleep(POLL_MS);
  }
  return undefined;
}
