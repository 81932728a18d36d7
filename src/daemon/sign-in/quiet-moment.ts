// Notices a quiet moment for a question: the machine has woken up, the daemon has started, or the screen was unlocked.
import { hasElapsed, type Clock } from '../../core/clock.ts';

export interface QuietMoments {
  /** Call on every tick, also when there is nothing to ask. */
  tick(): void;
  /** Whether now is one. Looks at the desktop at most once a minute, so call it only if there is something to ask. */
  isNow(): Promise<boolean>;
  /** There is nothing to ask any more, so what was seen of the screen is out of date. */
  reset(): void;
}

/** Ticks come every 15 seconds: after a longer gap the machine was asleep. */
const SLEEP_MS = 2 * 60_000;
/** After waking up the screen may be unlocked already, and the person needs a moment. */
const AFTER_WAKE_MS = 10 * 60_000;
/** Each look starts programs. */
const LOOK_PAUSE_MS = 60_000;

export function createQuietMoments(deps: {
  /** Whether someone is using the desktop, with the screen unlocked; false if that is not known. */
  readonly isAttended: () => Promise<boolean>;
  readonly clock: Clock;
}): QuietMoments {
  const { clock } = deps;
  let wokeAtMs = clock.nowMs();
  let tickedAtMs = clock.nowMs();
  let seen: { readonly isAttended: boolean; readonly atMs: number } | undefined;

  return {
    tick() {
      if (hasElapsed(clock, tickedAtMs, SLEEP_MS)) wokeAtMs = clock.nowMs();
      tickedAtMs = clock.nowMs();
    },
    async isNow() {
      if (seen !== undefined && !hasElapsed(clock, seen.atMs, LOOK_PAUSE_MS)) return false;
      const wasLocked = seen?.isAttended === false;
      const isAttended = await deps.isAttended();
      seen = { isAttended, atMs: clock.nowMs() };
      return isAttended && (wasLocked || !hasElapsed(clock, wokeAtMs, AFTER_WAKE_MS));
    },
    reset() {
      seen = undefined;
    },
  };
}
