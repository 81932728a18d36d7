// The error for a daemon that answers nobody because its process is suspended.
import { DaemonUnreachableError } from '../core/errors.ts';
import { findSuspendedHolder } from '../platform/lock-holder.ts';

/** Says why the daemon is silent; undefined while its process runs, or when nobody can tell which process it is. */
export function describeSuspension(lockFile: string): DaemonUnreachableError | undefined {
  const processId = findSuspendedHolder(lockFile);
  if (processId === undefined) return undefined;
  return new DaemonUnreachableError(
    'daemon-not-answering',
    `The daemon (pid ${processId}) is suspended (by Ctrl-Z, kill -STOP or a debugger), so it does not answer.`,
    { hint: `kill -CONT ${processId}` },
  );
}
