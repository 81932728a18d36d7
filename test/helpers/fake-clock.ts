// A clock that moves only when a test says so, and lets the tested code react at each due time.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../../src/core/clock.ts';

export interface FakeClock extends Clock {
  /**
   * Moves time forward by `durationMs`, waking each due sleep at exactly its own moment, in order of due time and
   * then of the call; promise chains settle before the next one is woken. Sleeps begun on the way count too.
   */
  advance(durationMs: number): Promise<void>;
  /** Moves the wall clock alone, as a laptop's sleep or a corrected clock does: no sleep gets nearer its end. */
  jump(durationMs: number): void;
  /** Lets promise chains settle without moving time. */
  settle(): Promise<void>;
  /** How many sleeps are waiting. */
  pendingSleeps(): number;
}

interface PendingSleep {
  readonly dueMs: number;
  readonly wake: () => void;
}

/** 2026-11-24T06:00:00Z: an arbitrary morning, the same in every test. */
export const FAKE_NOW_MS = Date.UTC(2026, 10, 24, 6, 0, 0);

/** More wake-ups than this in one `advance` is a loop that sleeps for nothing, which would hang the suite. */
const MAX_WAKES = 100_000;

/** A clock that stands still at `startMs` until it is advanced. */
export function createFakeClock(startMs: number = FAKE_NOW_MS): FakeClock {
  const sleeping = new Set<PendingSleep>();
  // Sleeps run on elapsed time, which a jump of the wall clock leaves alone.
  let elapsedMs = 0;
  let jumpedMs = 0;

  // One turn of the event loop drains every microtask, however long the promise chain.
  const settle = async () => {
    await nextTurn();
  };

  const nextDue = (untilMs: number): PendingSleep | undefined => {
    let first: PendingSleep | undefined;
    for (const sleep of sleeping) {
      // A Set keeps the order of insertion, so of two with the same due time the earlier call wins.
      if (sleep.dueMs <= untilMs && (first === undefined || sleep.dueMs < first.dueMs)) first = sleep;
    }
    return first;
  };

  return {
    nowMs: () => startMs + elapsedMs + jumpedMs,
    monotonicMs: () => elapsedMs,
    sleep: (durationMs, signal) =>
      new Promise<void>((resolve, reject) => {
        if (signal?.aborted === true) {
          reject(signal.reason as Error);
          return;
        }
        const onAbort = () => {
          sleeping.delete(entry);
          reject(signal?.reason as Error);
        };
        const entry: PendingSleep = {
          dueMs: elapsedMs + Math.max(0, durationMs),
          wake: () => {
            sleeping.delete(entry);
            signal?.removeEventListener('abort', onAbort);
            resolve();
          },
        };
        sleeping.add(entry);
        signal?.addEventListener('abort', onAbort, { once: true });
      }),
    async advance(durationMs) {
      if (!(durationMs >= 0)) throw new RangeError(`a clock is advanced by 0 ms or more, not by ${durationMs}`);
      const untilMs = elapsedMs + durationMs;
      await settle();
      for (let wakes = 0; ; wakes += 1) {
        const due = nextDue(untilMs);
        if (due === undefined) break;
        if (wakes === MAX_WAKES) throw new Error(`more than ${MAX_WAKES} sleeps came due within ${durationMs} ms`);
        elapsedMs = due.dueMs;
        due.wake();
        await settle();
      }
      elapsedMs = untilMs;
      await settle();
    },
    jump(durationMs) {
      jumpedMs += durationMs;
    },
    settle,
    pendingSleeps: () => sleeping.size,
  };
}
