// The server's time: from the Date of its answers and the time elapsed since then, independent of this machine's wall clock.
import { monotonicNowMs, type Clock } from './clock.ts';

export interface ServerClock extends Clock {
  /** Milliseconds since the epoch by the server's clock; before the first answer, by the wall clock. */
  nowMs(): number;
  /** Takes over the Date (whole seconds) of an answer that has just arrived, and how long the request took. */
  observe(serverTimeMs: number, durationMs: number): void;
  /** How far the wall clock is ahead of the server's; undefined while unknown. */
  aheadMs(): number | undefined;
}

/** A Date header has whole seconds. */
const DATE_STEP_MS = 1000;
/** If the wall clock has gained this much since the last answer, it was set, or the machine slept. */
const LEAP_MS = 30_000;

/**
 * Uses the longer of two measures of the time since the last answer: the monotonic clock stops while the machine
 * sleeps, and the wall clock may be set back. If the wall clock is set forward, things expire early until the next
 * answer.
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
      // The server's time is between these two, so the current estimate is kept if it is in that range.
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
