// The machine's clock, running faster, so that tests with real sockets do not wait for the daemon's pauses.
import { createSystemClock, type Clock } from '../../src/core/clock.ts';

/** Starts at the real time, and from then on passes `factor` seconds in each one. */
export function createHurriedClock(factor: number): Clock {
  const real = createSystemClock();
  const startedAtMs = real.nowMs();
  return {
    nowMs: () => startedAtMs + (real.nowMs() - startedAtMs) * factor,
    monotonicMs: () => performance.now() * factor,
    sleep: (durationMs, signal) => real.sleep(durationMs / factor, signal),
  };
}
