// Whether a process is alive, and whether it is still the same one: the system reuses ids, so the start time counts too.
import { readFileSync } from 'node:fs';
import type { Clock } from '../../core/clock.ts';

export interface ProcessIdentity {
  readonly processId: number;
  /** Clock ticks since boot on Linux. Absent on other systems, where the id alone has to do. */
  readonly startedAtTicks?: string;
}

/** The process that has this id now; undefined if there is none or, on Linux, if its start time cannot be read. */
export function identifyProcess(
  processId: number,
  platform: NodeJS.Platform = process.platform,
): ProcessIdentity | undefined {
  if (!isIdInUse(processId)) return undefined;
  if (platform !== 'linux') return { processId };
  const startedAtTicks = readStartTicks(processId);
  return startedAtTicks === undefined ? undefined : { processId, startedAtTicks };
}

/** Whether the process is alive, and its id was not given to another process. */
export function isStillRunning(identity: ProcessIdentity, platform: NodeJS.Platform = process.platform): boolean {
  const now = identifyProcess(identity.processId, platform);
  return now !== undefined && now.startedAtTicks === identity.startedAtTicks;
}

/**
 * Whether a process, of any user, has this id. A zombie has ended: in a container without an init it may stay for ever.
 * Use `isStillRunning` where the identity is known.
 */
export function isProcessAlive(processId: number): boolean {
  return isIdInUse(processId) && readProcessState(processId) !== 'Z';
}

/** Sends a signal to the process if it is alive. One that ends meanwhile, or refuses the signal, is left alone. */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): void {
  if (!isStillRunning(identity)) return;
  try {
    process.kill(identity.processId, signal);
  } catch {
    // The caller waits for the end of the process, with a deadline.
  }
}

/** Within this time no id is reused, and a caller does not notice that a process has become a zombie. */
const READ_AGAIN_AFTER_MS = 250;

/**
 * Returns a cheaper `isStillRunning` for frequent use: it looks for the id once a millisecond at most, and reads the
 * start time, which takes several times as long as the rest of an answer, four times a second.
 */
export function createProcessRecognition(
  clock: Clock,
  platform: NodeJS.Platform = process.platform,
): (identity: ProcessIdentity) => boolean {
  const recognized = new WeakMap<ProcessIdentity, { readonly readAtMs: number; seenAtMs: number }>();
  return (identity) => {
    const nowMs = clock.nowMs();
    const known = recognized.get(identity);
    if (known?.seenAtMs === nowMs) return true;
    // After the clock was set back, the times say nothing.
    const isRecent = known !== undefined && nowMs > known.seenAtMs && nowMs - known.readAtMs < READ_AGAIN_AFTER_MS;
    if (isRecent && isIdInUse(identity.processId)) {
      known.seenAtMs = nowMs;
      return true;
    }
    if (!isStillRunning(identity, platform)) return false;
    recognized.set(identity, { readAtMs: nowMs, seenAtMs: nowMs });
    return true;
  };
}

/** The state letter of ps(1) on Linux: T is stopped, t traced, Z a zombie. Undefined if it has ended or there is no /proc. */
export function readProcessState(processId: number): string | undefined {
  return readStatFields(processId)?.[0];
}

function isIdInUse(processId: number): boolean {
  try {
    return process.kill(processId, 0);
  } catch (error) {
    // EPERM: the process is alive, and belongs to another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Field 22 of /proc/PID/stat; undefined if the process has ended, also if it is a zombie. */
function readStartTicks(processId: number): string | undefined {
  const fields = readStatFields(processId);
  return fields?.[0] === 'Z' ? undefined : fields?.[19];
}

/** The fields of /proc/PID/stat from the third on. The second, the name, may contain spaces and parentheses. */
function readStatFields(processId: number): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${processId}/stat`, 'latin1');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}
