// A clock that tests can set forward: all times of the emulator come from it.
import type { Clock } from '../../core/clock.ts';
import { UsageError } from '../../core/errors.ts';

export interface AdjustableClock extends Clock {
  /** How far it is ahead of the clock below it. */
  advancedMs(): number;
  /** @throws UsageError invalid-request: negative, or more than ten years in total */
  advance(durationMs: number): void;
  /** Returns to the clock below it. */
  reset(): void;
}

const MAX_ADVANCE_MS = 10 * 365 * 86_400_000;

/** Delays, such as those of faults, take the time of `base`. */
export function createAdjustableClock(base: Clock): AdjustableClock {
  let aheadMs = 0;
  return {
    nowMs: () => base.nowMs() + aheadMs,
    sleep: (durationMs, signal) => base.sleep(durationMs, signal),
    advancedMs: () => aheadMs,
    advance(durationMs) {
      if (!(durationMs >= 0 && aheadMs + durationMs <= MAX_ADVANCE_MS)) {
        throw new UsageError('invalid-request', 'seconds must be a number from 0, and at most ten years in total.', {
          hint: 'rolecall emulator --help',
        });
      }
      aheadMs += durationMs;
    },
    reset() {
      aheadMs = 0;
    },
  };
}
