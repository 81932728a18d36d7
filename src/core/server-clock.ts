// The server's time: from the Date of its answers and the time since then, whatever becomes of this machine's wall clock.
import { monotonicNowMs, type Clock } from './clock.ts';

export interface ServerClock extends Clock {
  /** Milliseconds since the epoch by the server's clock; by the wall clock until the first answer. */
  nowMs(): number;
  /** The server has just answered: its Date, in whole seconds, and how long the exchange took. */
  observe(serverTimeMs: number, durationMs: number): void;
  /** By how much the wall clock is ahead of the server's; undefined as long as nobody can tell. */
  aheadMs(): number | undefined;
}

/** A Date header leaves out what is less than a second. */
const DATE_STEP_MS = 1000;
/** A wall clock that has gained this much since the last answer was set, or the machine slept. */
const LEAP_MS = 30_000;

/**
 * Of the two ways to count the time since an answer the longer one is used: only the wall clock goes on while the machine
 * sleeps, and only the monotonic one when the wall clock is set back. A wall clock that is set forward makes things
 * expire early, until the next answer.
 */
export function createServerClock(clock: Clock): ServerClock {
  let base: { readonly serverMs: number; readonly wallMs: number; readonly monotonicMs: number } | undefined;
  const monotonicMs = () => monotonicNowMs(clock);

  function nowMs(): number {
    if (base === undefined) return clock.nowMs();
    return base.serverMs + Math.max(clock.nowMs() - base.wallMs, monotonicMs() - base.monotonicMs);
  }

  return {
    nowMs,
    monotonicMs,
    sleep: (durationMs, signal) => clock.sleep(durationMs, signal),
    observe(serverTimeMs, durationMs) {
      // Anything in between may be the server's time, so what we have is kept if it is.
      const latestMs = serverTimeMs + DATE_STEP_MS + durationMs;
      const serverMs = Math.min(latestMs, Math.max(serverTimeMs, nowMs()));
      base = { serverMs, wallMs: clock.nowMs(), monotonicMs: monotonicMs() };
    },
    aheadMs() {
      if (base === undefined) return undefined;
      const wallMs = clock.nowMs();
      const gainedMs = wallMs - base.wallMs - (monotonicMs() - base.monotonicMs);
      return gainedMs > LEAP_MS ? undefined : wallMs - nowMs();
    },
  };
}
