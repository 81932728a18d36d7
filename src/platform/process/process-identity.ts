// Whether a process is still the one that it was: ids are used again, so the start time is part of who it is.
import { readFileSync } from 'node:fs';
import type { Clock } from '../../core/clock.ts';

export interface ProcessIdentity {
  readonly processId: number;
  /** Clock ticks since boot on Linux; absent where it can't be read, and then the id alone has to do. */
  readonly startedAtTicks?: string;
}

/** Who `processId` is now; undefined when there is no such process. */
export function identifyProcess(
  processId: number,
  platform: NodeJS.Platform = process.platform,
): ProcessIdentity | undefined {
  if (!isThere(processId)) return undefined;
  if (platform !== 'linux') return { processId };
  const startedAtTicks = readStartTicks(processId);
  return startedAtTicks === undefined ? undefined : { processId, startedAtTicks };
}

/** Whether it is there still, and no other process by the same id. */
export function isStillRunning(identity: ProcessIdentity, platform: NodeJS.Platform = process.platform): boolean {
  const now = identifyProcess(identity.processId, platform);
  return now !== undefined && now.startedAtTicks === identity.startedAtTicks;
}

/** An id is not given to another process, nor a zombie left unread, within what a caller would notice. */
const READ_AGAIN_AFTER_MS = 250;

/**
 * Whether a process is there still: its id is looked for once a millisecond at most, and whose id it is four times a second,
 * for reading that takes several times as long as all the rest of an answer.
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
    // A clock that was set back tells nothing.
    const isRecent = known !== undefined && nowMs > known.seenAtMs && nowMs - known.readAtMs < READ_AGAIN_AFTER_MS;
    if (isRecent && isThere(identity.processId)) {
      known.seenAtMs = nowMs;
      return true;
    }
    if (!isStillRunning(identity, platform)) return false;
    recognized.set(identity, { readAtMs: nowMs, seenAtMs: nowMs });
    return true;
  };
}

function isThere(processId: number): boolean {
  try {
    return process.kill(processId, 0);
  } catch (error) {
    // It lives, and belongs to somebody else.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The letter of ps(1) on Linux: T is stopped, t traced. Undefined: it has ended, or there is no /proc. */
export function readProcessState(processId: number): string | undefined {
  return readStatFields(processId)?.[0];
}

/** Field 22 of /proc/PID/stat. Undefined: it has ended, a zombie too. */
function readStartTicks(processId: number): string | undefined {
  const fields = readStatFields(processId);
  return fields?.[0] === 'Z' ? undefined : fields?.[19];
}

/** Of /proc/PID/stat from the third on; the name in the second may hold spaces and parentheses. */
function readStatFields(processId: number): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${processId}/stat`, 'latin1');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}
