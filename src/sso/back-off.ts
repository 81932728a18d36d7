// Asking again after a transient fault, with growing, jittered pauses.
import type { Clock } from '../core/clock.ts';
import { isTransient } from './faults.ts';

export interface BackOffPolicy {
  /** Calls in all, the first included. */
  readonly attempts: number;
  readonly firstPauseMs: number;
  readonly longestPauseMs: number;
  /** A server that asks for a longer pause than this is not waited for; without it every pause is kept. */
  readonly patienceMs?: number;
}

/**
 * The result of `work`, tried again only after transient faults; the last fault is thrown as it is.
 * A `retryAfterMs` of the server longer than the policy's own pause is kept.
 */
export async function withBackOff<T>(
  deps: { readonly clock: Clock; readonly random: () => number },
  policy: BackOffPolicy,
  work: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (fault) {
      if (!isTransient(fault) || attempt >= policy.attempts) throw fault;
      if (fault.retryAfterMs !== undefined && fault.retryAfterMs > (policy.patienceMs ?? Infinity)) throw fault;
      const ceilingMs = Math.min(policy.longestPauseMs, policy.firstPauseMs * 2 ** (attempt - 1));
      const jitteredMs = ceilingMs * (0.5 + deps.random() / 2);
      await deps.clock.sleep(Math.max(jitteredMs, fault.retryAfterMs ?? 0));
    }
  }
}
