// Time as a dependency: wall-clock now, and a sleep that can be cancelled.

export interface Clock {
  /** Milliseconds since the epoch, by the wall clock. */
  nowMs(): number;
  /** Milliseconds since some moment, whatever the wall clock is set to; stands still while the machine sleeps. */
  monotonicMs?(): number;
  /** Resolves after `durationMs`, before it only after 25 days; rejects with the signal's reason when it is aborted first. */
  sleep(durationMs: number, signal?: AbortSignal): Promise<void>;
}

/** Milliseconds for measuring a duration: monotonic where the clock has that, else by the wall clock. */
export function monotonicNowMs(clock: Clock): number {
  return clock.monotonicMs?.() ?? clock.nowMs();
}

/** Node's timers leave out what is less than a millisecond, of the duration and of the time at which they begin. */
const EARLY_MS = 1;
/** 25 days. Of a longer duration Node's timers make a millisecond. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** The machine's own clock; a sleep does not keep the process alive when `unref` is set. */
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

/** The year 5138: far beyond anything that we keep, and well within what `Date` can hold. */
const EPOCH_MS_END = 1e14;

/** True for milliseconds since the epoch that are some date, which a number of ours from a file need not be. */
export function isEpochMs(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value < EPOCH_MS_END;
}

/** Whole seconds, UTC with `Z`: the one spelling that every AWS client reads. */
export function formatUtcSeconds(epochMs: number): string {
  return `${new Date(Math.floor(epochMs / 1000) * 1000).toISOString().slice(0, 19)}Z`;
}
