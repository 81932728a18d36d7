// Notices a quiet moment for a question: the machine has woken up, the daemon has started, or the screen was unlocked.
import { hasElapsed, type Clock } from '../../core/clock.ts';

export interface QuietMoments {
  /** Call on every tick, also when there is nothing to ask. */
  tick(): void;
  /** Whether this is a quiet moment. Checks the desktop at most once a minute, so call it only if there is something to ask. */
  isNow(): Promise<boolean>;
  /** Call when there is nothing to ask any more: forgets whether the screen was locked. */
  reset(): void;
}

/** Ticks come every 15 seconds: after a longer gap the machine was asleep. */
const SLEEP_MS = 2 * 60_000;
/** After waking up the screen may be unlocked already, and the person needs a moment. */
const AFTER_WAKE_MS = 10 * 60_000;
/** Each check starts programs. */
const CHECK_INTERVAL_MS = 60_000;

export function createQuietMoments(deps: {
  /** Whether someone is using the desktop, with the screen unlocked; false if that is not known. */
  readonly isAttended: () => Promise<boolean>;
  readonly clock: Clock;
}): QuietMoments {
  const { clock } = deps;
  let wokeAtMs = clock.nowMs();
  let tickedAtMs = clock.nowMs();
  let lastCheck: { readonly isAttended: boolean; readonly atMs: number } | undefined;

  return {
    tick() {
      if (hasElapsed(clock, tickedAtMs, SLEEP_MS)) wokeAtMs = clock.nowMs();
      tickedAtMs = clock.nowMs();
    },
    async isNow() {
      if (lastCheck !== undefined && !hasElapsed(clock, lastCheck.atMs, CHECK_INTERVAL_MS)) return false;
      const wasLocked = lastCheck?.isAttended === false;
      const isAttended = await deps.isAttended();
      lastCheck = { isAttended, atMs: clock.nowMs() };
      return isAttended && (wasLocked || !hasElapsed(clock, wokeAtMs, AFTER_WAKE_MS));
    },
    reset() {
      lastCheck = undefined;
    },
  };
}
