// How long to wait after a failure: pauses that grow and are partly random.
import type { Clock } from '../../core/clock.ts';

export interface PausePolicy {
  readonly firstPauseMs: number;
  readonly maxPauseMs: number;
}

/** The pause after this many failures in a row: doubled each time, and the upper half of it random. */
export function pauseAfter(failuresInARow: number, policy: PausePolicy, random: () => number): number {
  const ceilingMs = Math.min(policy.maxPauseMs, policy.firstPauseMs * 2 ** (failuresInARow - 1));
  return ceilingMs * (0.5 + random() / 2);
}

/** A span of wall-clock time, so that it is over when a machine wakes up from sleep. */
export interface Pause {
  readonly fromMs: number;
  readonly untilMs: number;
}

export function isInPause(pause: Pause | undefined, nowMs: number): pause is Pause {
  // Compares the start too: setting the clock back must not turn 30 seconds into a day.
  return pause !== undefined && pause.fromMs <= nowMs && nowMs < pause.untilMs;
}

/** When to do what is due at `dueAtMs`: after the pause, if there is one now. */
export function afterPause(dueAtMs: number, pause: Pause | undefined, nowMs: number): number {
  return isInPause(pause, nowMs) ? Math.max(dueAtMs, pause.untilMs) : dueAtMs;
}

/** Pauses between attempts of timed work, for each key separately. */
export interface RetryPauses {
  isPaused(key: string): boolean;
  /** Starts a pause, longer than the last one. */
  failed(key: string): void;
  /** The next failure starts with the shortest pause again. */
  succeeded(key: string): void;
}

export function createRetryPauses(
  deps: { readonly clock: Clock; readonly random: () => number },
  policy: PausePolicy,
): RetryPauses {
  const failures = new Map<string, { readonly count: number; readonly pause: Pause }>();
  return {
    isPaused: (key) => isInPause(failures.get(key)?.pause, deps.clock.nowMs()),
    failed(key) {
      const fromMs = deps.clock.nowMs();
      const count = (failures.get(key)?.count ?? 0) + 1;
      failures.set(key, { count, pause: { fromMs, untilMs: fromMs + pauseAfter(count, policy, deps.random) } });
    },
    succeeded: (key) => void failures.delete(key),
  };
}
