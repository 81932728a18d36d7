// Explains why a daemon that holds the lock does not answer, or does not listen at its socket.
import { DaemonUnreachableError } from '../../core/errors.ts';
import { statIfPresentSync } from '../files/stat-sync.ts';
import { readHolderActivity, readLockHolder, type HolderActivity } from './lock-holder.ts';

/** The error for a suspended daemon; undefined if its process is running, or if it is unknown which process it is. */
export function describeSuspension(lockFile: string): DaemonUnreachableError | undefined {
  const holder = readHolderActivity(lockFile);
  if (holder?.activity !== 'suspended') return undefined;
  const { processId } = holder;
  return new DaemonUnreachableError(
    'daemon-not-answering',
    `The daemon (pid ${processId}) is suspended (by Ctrl-Z, kill -STOP or a debugger), so it does not answer.`,
    { hint: `kill -CONT ${processId}` },
  );
}

const REASONS: Readonly<Record<HolderActivity['activity'], string>> = {
  suspended: 'it is suspended',
  'waiting-for-device': 'it is waiting for a disk or a network drive',
  busy: 'it is busy, or this machine is',
  sleeping: 'it is running but hangs',
};

/** The error for a daemon that did not answer a probe; undefined if no process holds the lock, as while a service starts. */
export function describeSilence(lockFile: string | undefined): DaemonUnreachableError | undefined {
  const holder = lockFile === undefined ? undefined : readHolderActivity(lockFile);
  if (lockFile !== undefined && holder === undefined) return undefined;
  const message =
    holder === undefined
      ? 'The daemon does not answer.'
      : `The daemon (pid ${holder.processId}) does not answer: ${REASONS[holder.activity]}.`;
  return new DaemonUnreachableError('daemon-not-answering', message);
}

/**
 * The error for a daemon that runs but does not listen at its socket; undefined if no daemon runs, or if it took its
 * lock less than `minAgeMs` ago and may still be starting.
 */
export function describeUnreachable(
  files: { readonly lockFile: string; readonly socketPath: string },
  { minAgeMs, nowMs }: { readonly minAgeMs: number; readonly nowMs: number },
): DaemonUnreachableError | undefined {
  const holder = readLockHolder(files.lockFile);
  if (holder === undefined) return undefined;
  const lockedAtMs = statIfPresentSync(files.lockFile)?.mtimeMs;
  if (lockedAtMs === undefined || nowMs - lockedAtMs < minAgeMs) return undefined;
  return new DaemonUnreachableError(
    'daemon-not-answering',
    `The daemon (pid ${holder.processId}) is running, but does not listen at ${files.socketPath}.`,
    { hint: 'rolecall daemon restart' },
  );
}
