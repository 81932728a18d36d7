// A token bucket: so many calls a second, a second's worth at once after a rest.
import type { Clock } from '../../core/clock.ts';

export interface Throttle {
  /** Takes one call out of the bucket; false when it is empty. */
  take(callsPerSecond: number): boolean;
}

export function createThrottle(clock: Clock): Throttle {
  let level = Infinity;
  let filledAtMs = clock.nowMs();
  return {
    take(callsPerSecond) {
      const nowMs = clock.nowMs();
      // A clock that was set back fills nothing, and takes nothing away.
      const elapsedSeconds = Math.max(0, nowMs - filledAtMs) / 1000;
      level = Math.min(callsPerSecond, level + elapsedSeconds * callsPerSecond);
      filledAtMs = nowMs;
      if (level < 1) return false;
      level -= 1;
      return true;
    },
  };
}
