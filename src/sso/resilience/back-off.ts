// How long to wait after a failure: growing, jittered pauses, for a caller who waits and for renewals that come by the clock.
import type { Clock } from '../../core/clock.ts';
import { CircuitOpenError, isTransient } from '../faults.ts';
import type { IdentityCenterFault } from '../ports.ts';

export interface PausePolicy {
  readonly firstPauseMs: number;
  readonly maxPauseMs: number;
}

export interface BackOffPolicy extends PausePolicy {
  /** Calls in all, the first included. */
  readonly attempts: number;
  /** A server that asks for a longer pause than this is not waited for, nor the end of an outage; without it everything is. */
  readonly maxWaitMs?: number;
  /** As `maxWaitMs`, except that the end of an outage is waited for when it is no further away. */
  readonly maxAskedPauseMs?: number;
}

/** The pause after so many failures in a row: doubled each time, half of it by chance. */
export function pauseAfter(failuresInARow: number, policy: PausePolicy, random: () => number): number {
  const ceilingMs = Math.min(policy.maxPauseMs, policy.firstPauseMs * 2 ** (failuresInARow - 1));
  return ceilingMs * (0.5 + random() / 2);
}

/** A span of wall-clock time, so that a machine that slept wakes up after it. */
export interface Hold {
  readonly fromMs: number;
  readonly untilMs: number;
}

export function isHolding(hold: Hold | undefined, nowMs: number): hold is Hold {
  // The start counts too: a clock that was set back must not make half a minute into a day.
  return hold !== undefined && hold.fromMs <= nowMs && nowMs < hold.untilMs;
}

/** When something that is due at `dueAtMs` is asked for, a hold given. */
export function afterHold(dueAtMs: number, hold: Hold | undefined, nowMs: number): number {
  return isHolding(hold, nowMs) ? Math.max(dueAtMs, hold.untilMs) : dueAtMs;
}

/** Failures of one thing in a row: until the hold is over it is not asked for while a valid one is at hand. */
export interface RenewalFailures {
  readonly count: number;
  readonly hold: Hold;
}

const RENEWAL_PAUSE = { firstPauseMs: 30_000, maxPauseMs: 60_000 } as const;
const MIN_RENEWAL_PAUSE_MS = 1000;

/** One failure more. What has little life left is asked for sooner, unless the server named a time. */
export function countRenewalFailure(
  earlier: RenewalFailures | undefined,
  deps: { readonly clock: Clock; readonly random: () => number },
  expiresAtMs: number,
  retryAfterMs: number | undefined,
): RenewalFailures {
  const nowMs = deps.clock.nowMs();
  const count = (earlier?.count ?? 0) + 1;
  const halfLifeMs = Math.max(MIN_RENEWAL_PAUSE_MS, (expiresAtMs - nowMs) / 2);
  const pauseMs = pauseAfter(count, RENEWAL_PAUSE, deps.random);
  // What has expired already has no half of its life to go by.
  const ownPauseMs = expiresAtMs > nowMs ? Math.min(pauseMs, halfLifeMs) : pauseMs;
  return { count, hold: { fromMs: nowMs, untilMs: nowMs + Math.max(ownPauseMs, retryAfterMs ?? 0) } };
}

/** Pauses between tries of what a tick repeats until it works, each key with its own. */
export interface RetryPauses {
  isPaused(key: string): boolean;
  /** Begins a pause, longer than the one before. */
  failed(key: string): void;
  /** The next failure begins with the shortest pause again. */
  succeeded(key: string): void;
}

export function createRetryPauses(
  deps: { readonly clock: Clock; readonly random: () => number },
  policy: PausePolicy,
): RetryPauses {
  const failures = new Map<string, RenewalFailures>();
  return {
    isPaused: (key) => isHolding(failures.get(key)?.hold, deps.clock.nowMs()),
    failed(key) {
      const nowMs = deps.clock.nowMs();
      const count = (failures.get(key)?.count ?? 0) + 1;
      const untilMs = nowMs + pauseAfter(count, policy, deps.random);
      failures.set(key, { count, hold: { fromMs: nowMs, untilMs } });
    },
    succeeded: (key) => void failures.delete(key),
  };
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
      if (!isTransient(fault) || attempt >= policy.attempts || isTooLong(fault, policy)) throw fault;
      const retryAfterMs = fault.retryAfterMs ?? 0;
      // No call was made, so there is nothing to back off from but the hold itself.
      const ownPauseMs = fault instanceof CircuitOpenError ? 0 : pauseAfter(attempt, policy, deps.random);
      await deps.clock.sleep(Math.max(ownPauseMs, retryAfterMs));
    }
  }
}

function isTooLong(fault: IdentityCenterFault, policy: BackOffPolicy): boolean {
  const { maxWaitMs, maxAskedPauseMs } = policy;
  if (maxAskedPauseMs !== undefined && (fault.retryAfterMs ?? 0) > maxAskedPauseMs) return true;
  if (maxWaitMs === undefined) return false;
  const isOutage = fault instanceof CircuitOpenError && fault.kind === 'unreachable';
  return isOutage || (fault.retryAfterMs ?? 0) > maxWaitMs;
}
