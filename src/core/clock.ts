// Time as a dependency: the wall clock, and a sleep that can be cancelled.

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

/** Node's timers drop fractions of a millisecond, of the duration and of the start time. */
const EARLY_MS = 1;
/** 25 days. Node's timers turn a longer duration into a millisecond. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** The machine's clock; with `unref` a sleep does not keep the process alive. */
export function createSystemClock(options: { unref?: boolean } = {}): Clock {
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
        if (options.unref === true) timer.unref();
        signal?.addEventListener('abort', onAbort, { once: true });
      }),
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
