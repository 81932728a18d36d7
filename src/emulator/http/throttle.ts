// A token bucket: limits calls per second, with a burst of one second's worth.
import type { Clock } from '../../core/clock.ts';

export interface Throttle {
  /** Takes one token; false when the bucket is empty. */
  take(callsPerSecond: number): boolean;
}

export function createThrottle(clock: Clock): Throttle {
  let level = Infinity;
  let filledAtMs = clock.nowMs();
  return {
    take(callsPerSecond) {
      const nowMs = clock.nowMs();
      // A clock that was set back neither adds nor removes tokens.
      const elapsedSeconds = Math.max(0, nowMs - filledAtMs) / 1000;
      level = Math.min(callsPerSecond, level + elapsedSeconds * callsPerSecond);
      filledAtMs = nowMs;
      if (level < 1) return false;
      level -= 1;
      return true;
    },
  };
}
