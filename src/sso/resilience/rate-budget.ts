// Keeps calls to the portal under what AWS allows one user.
import type { Clock } from '../../core/clock.ts';

export interface RateBudget {
  /** Resolves when the next call may go out, in the order of asking. */
  take(): Promise<void>;
  /** Counts a call that cannot wait; later `take`s are pushed back for it. */
  spend(): void;
}

export function createRateBudget(deps: { readonly clock: Clock; readonly callsPerSecond: number }): RateBudget {
  const spacingMs = 1000 / deps.callsPerSecond;
  let nextFreeMs = 0;
  let lastSeenMs = 0;

  function now(): number {
    const nowMs = deps.clock.nowMs();
    // A clock that was set back would turn what was a moment ahead into hours.
    const setBackMs = Math.max(0, lastSeenMs - nowMs);
    nextFreeMs -= setBackMs;
    lastSeenMs = nowMs;
    return nowMs;
  }

  function reserve(): number {
    const nowMs = now();
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
  };
}
