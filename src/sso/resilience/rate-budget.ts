// Keeps calls to the portal below AWS's limit per user.
import type { Clock } from '../../core/clock.ts';

export interface RateBudget {
  /** Resolves when the next call may be made, in the order of the calls of `take`. */
  take(): Promise<void>;
  /** Counts a call that does not wait; later `take`s wait longer for it. */
  spend(): void;
}

export function createRateBudget(deps: { readonly clock: Clock; readonly callsPerSecond: number }): RateBudget {
  const spacingMs = 1000 / deps.callsPerSecond;
  let nextFreeMs = 0;
  let lastSeenMs = 0;

  function now(): number {
    const nowMs = deps.clock.nowMs();
    // Without this, setting the clock back would make the next call wait for hours.
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
