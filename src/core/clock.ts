// Time as a dependency: this machine's clock with a sleep that can be cancelled, and the server's clock.

export interface Clock {
  /** Milliseconds since the epoch, by the wall clock. */
  nowMs(): number;
  /** Milliseconds since an arbitrary moment, independent of the wall clock; stops while the machine sleeps. */
  monotonicMs?(): number;
  /** Resolves after `durationMs`, or after 25 days if that is shorter; rejects with the signal's reason if it is aborted first. */
  sleep(durationMs: number, signal?: AbortSignal): Promise<void>;
}

/** For measuring durations: monotonic if the clock supports that, else the wall clock. */
export function monotonicNowMs(clock: Clock): number {
  return clock.monotonicMs?.() ?? clock.nowMs();
}

/** Whether `durationMs` have passed since `sinceMs`. True as well if the wall clock was set back by that much. */
export function hasElapsed(clock: Pick<Clock, 'nowMs'>, sinceMs: number, durationMs: number): boolean {
  return Math.abs(clock.nowMs() - sinceMs) >= durationMs;
}

/** Node's timers drop fractions of a millisecond, of the duration and of the start time. */
const EARLY_MS = 1;
/** 25 days. Node's timers turn a longer duration into a millisecond. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** The machine's clock. */
export function createSystemClock(): Clock {
  return {
    nowMs: () => Date.now(),
    monotonicMs: () => performance.now(),
    sleep: (durationMs, signal) =>
      new Promise<void>((resolve, reject) => {
        if (signal?.aborted === true) {
          reject(signal.reason as Error);
          return;
        }
        const onAbort = () => {
          clearTimeout(timer);
          reject(signal?.reason as Error);
        };
        const timer = setTimeout(
          () => {
            signal?.removeEventListener('abort', onAbort);
            resolve();
          },
          Math.min(Math.ceil(durationMs) + EARLY_MS, MAX_TIMER_MS),
        );
        signal?.addEventListener('abort', onAbort, { once: true });
      }),
  };
}

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
 * The server's time: from the Date of its answers and the time elapsed since then, independent of this machine's clock.
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

/** The year 5138: later than any date we store, and within the range of `Date`. */
const EPOCH_MS_END = 1e14;

/** True for a plausible time in milliseconds since the epoch; a number read from a file may be none. */
export function isEpochMs(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value < EPOCH_MS_END;
}

/** Whole seconds, UTC with `Z`: the format that every AWS client can read. */
export function formatUtcSeconds(epochMs: number): string {
  return `${new Date(Math.floor(epochMs / 1000) * 1000).toISOString().slice(0, 19)}Z`;
}
