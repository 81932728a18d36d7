// Finds the daemon's process by its lock file, without ever mistaking another process for it.
import { execFileSync } from 'node:child_process';
import { readBoundedFileSync } from '../files/bounded-read.ts';
import { isStillRunning, readProcessState, type ProcessIdentity } from '../process/process-identity.ts';
import { lstatSync, statSync } from '../files/stat-sync.ts';

const MAX_HOLDER_BYTES = 64 * 1024;
const PS_TIMEOUT_MS = 2000;

/**
 * The running process that holds the lock; undefined if there is none, or if it may not be this user's daemon: file and
 * process must belong to this user, and the process must not be a later one with the same id.
 */
export function readLockHolder(
  path: string,
  platform: NodeJS.Platform = process.platform,
): ProcessIdentity | undefined {
  const userId = process.geteuid?.();
  try {
    if (lstatSync(path).uid !== userId) return undefined;
    const { processId, startedAtTicks } = JSON.parse(
      readBoundedFileSync(path, MAX_HOLDER_BYTES),
    ) as Partial<ProcessIdentity>;
    if (!Number.isInteger(processId) || Number(processId) <= 1) return undefined;
    const holder: ProcessIdentity = {
      processId: Number(processId),
      ...(typeof startedAtTicks === 'string' ? { startedAtTicks } : {}),
    };
    if (!isStillRunning(holder, platform)) return undefined;
    const isOurs =
      platform === 'linux'
        ? statSync(`/proc/${holder.processId}`).uid === userId
        : /rolecall/u.test(askPs(holder.processId, 'command='));
    return isOurs ? holder : undefined;
  } catch {
    return undefined;
  }
}

export interface HolderActivity {
  readonly processId: number;
  /**
   * - `suspended`: stopped by a signal (Ctrl-Z, `kill -STOP`) or a debugger
   * - `waiting-for-device`: in an uninterruptible system call, such as reading a disk, swap space or a network drive
   * - `busy`: running, or waiting for a processor
   * - `sleeping`: waiting for an event, as an idle daemon does
   */
  readonly activity: 'suspended' | 'waiting-for-device' | 'busy' | 'sleeping';
}

/** What the daemon's process is doing now; undefined if there is none, see `readLockHolder`. */
export function readHolderActivity(
  path: string,
  platform: NodeJS.Platform = process.platform,
): HolderActivity | undefined {
  const holder = readLockHolder(path, platform);
  if (holder === undefined) return undefined;
  const { processId } = holder;
  const state = platform === 'linux' ? readProcessState(processId) : askPs(processId, 'stat=');
  return { processId, activity: ACTIVITIES[state?.[0] ?? ''] ?? 'sleeping' };
}

/** By the state letter of ps(1); D on Linux is U on macOS. */
const ACTIVITIES: Readonly<Record<string, HolderActivity['activity']>> = {
  T: 'suspended',
  t: 'suspended',
  D: 'waiting-for-device',
  U: 'waiting-for-device',
  R: 'busy',
};

/** For systems without /proc. */
function askPs(processId: number, column: string): string {
  try {
    const args = ['-o', column, '-p', String(processId)];
    return execFileSync('/bin/ps', args, {
      encoding: 'utf8',
      timeout: PS_TIMEOUT_MS,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch {
    return '';
  }
}
