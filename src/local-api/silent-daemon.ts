// Explains why a daemon accepts connections but does not answer.
import { DaemonUnreachableError } from '../core/errors.ts';
import { readHolderActivity, type HolderActivity } from '../platform/process/lock-holder.ts';
import { requestOverSocket } from './http-request.ts';

/** Says why the daemon is silent; undefined while its process runs, or when nobody can tell which process it is. */
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
  'waiting-for-device': 'it waits for a disk or a network drive',
  busy: 'it is busy, or this machine is',
  sleeping: 'it runs, but hangs',
};

/** For a daemon that failed `isAnswering`; undefined when nobody holds the lock, as while a service starts. */
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
 * Whether the daemon answers anything at all within `timeoutMs`: one that waits for AWS or for a person does, at once.
 * Any failure but a timeout counts as an answer.
 */
export async function isAnswering(socketPath: string, timeoutMs: number): Promise<boolean> {
  try {
    // There is no such route, so nothing has to be looked up for the answer.
    await requestOverSocket({ socketPath, method: 'GET', path: '/', timeoutMs });
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ETIMEDOUT';
  }
}
