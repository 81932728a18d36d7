// Whether a process is still the one that it was: ids are used again, so the start time is part of who it is.
import { readFileSync } from 'node:fs';

export interface ProcessIdentity {
  readonly processId: number;
  /** Clock ticks since boot on Linux; absent where it can't be read, and then the id alone has to do. */
  readonly startedAtTicks?: string;
}

/** Who `processId` is now; undefined when there is no such process. */
export function identifyProcess(processId: number): ProcessIdentity | undefined {
  try {
    process.kill(processId, 0);
  } catch (error) {
    // EPERM: it lives, and belongs to somebody else.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return undefined;
  }
  if (process.platform !== 'linux') return { processId };
  const startedAtTicks = readStartTicks(processId);
  return startedAtTicks === undefined ? undefined : { processId, startedAtTicks };
}

export function isSameProcess(identity: ProcessIdentity): boolean {
  return identifyProcess(identity.processId)?.startedAtTicks === identity.startedAtTicks;
}

/** Field 22 of /proc/PID/stat; the name in field 2 may hold spaces and parentheses. Undefined: it has ended, a zombie too. */
function readStartTicks(processId: number): string | undefined {
  try {
    const text = readFileSync(`/proc/${processId}/stat`, 'latin1');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}
