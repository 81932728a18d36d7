// The error for a daemon that runs while nobody listens at its socket.
import { DaemonUnreachableError } from '../core/errors.ts';
import { readLockHolder } from '../platform/process/lock-holder.ts';
import { statIfPresentSync } from '../platform/files/stat-sync.ts';

/**
 * Says which daemon runs without a socket; undefined when none does, or when it took its lock less than `minAgeMs` ago
 * and may still be starting.
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
