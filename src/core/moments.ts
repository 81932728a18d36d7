// Moments by both clocks: one of them stands still while the machine sleeps, the other can be set.
import { hasElapsed, monotonicNowMs, type Clock } from './clock.ts';

export interface Moment {
  readonly wallMs: number;
  readonly monotonicMs: number;
}

export function momentOf(clock: Clock): Moment {
  return { wallMs: clock.nowMs(), monotonicMs: monotonicNowMs(clock) };
}

/** Whether `durationMs` have passed by either clock. */
export function isOver(clock: Clock, since: Moment, durationMs: number): boolean {
  return hasElapsed(clock, since.wallMs, durationMs) || monotonicNowMs(clock) - since.monotonicMs >= durationMs;
}
