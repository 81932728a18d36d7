// Keeps calls to the portal under what AWS allows one user.
import type { Clock } from '../core/clock.ts';

export interface RateBudget {
  /** Resolves when the next call may go out, in the order of asking. */
  take(): Promise<void>;
  /** Counts a call that cannot wait; later `take`s are pushed back for it. */
  spend(): void;
  /** No `take` resolves before `untilMs`: the server asked for a pause. */
  pause(untilMs: number): void;
}

/** The longest that the budget may lie ahead; more than that means that the clock was set back. */
const LONGEST_BACKLOG_MS = 120_000;

export function createRateBudget(deps: { readonly clock: Clock; readonly callsPerSecond: number }): RateBudget {
  const spacingMs = 1000 / deps.callsPerSecond;
  let nextFreeMs = 0;

  function reserve(): number {
    const nowMs = deps.clock.nowMs();
    if (nextFreeMs - nowMs > LONGEST_BACKLOG_MS) nextFreeMs = nowMs;
    const slotMs = Math.max(nowMs, nextFreeMs);
    nextFreeMs = slotMs + spacingMs;
    return slotMs - nowMs;
  }

  return {
    async take() {
      const waitMs = reserve();
      if (waitMs > 0) await deps.clock.sleep(waitMs);
    },
    spend: () => void reserve(),
    pause(untilMs) {
      nextFreeMs = Math.max(nextFreeMs, untilMs);
    },
  };
}
