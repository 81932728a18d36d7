// When to renew what expires: ahead of time, and after a renewal that failed.
import type { Clock } from '../../core/clock.ts';
import type { RolecallError } from '../../core/errors.ts';
import { isInPause, pauseAfter, type Pause } from './pauses.ts';

/** botocore refreshes credentials with less than 15 minutes left, so nothing under 20 is served while newer ones can be had. */
export const EXPIRY_WINDOW_MS = 20 * 60_000;

/** When 20 minutes are left, or a third of a short lifetime. */
export function renewalDueMs(issuedAtMs: number, expiresAtMs: number): number {
  return expiresAtMs - windowOf(issuedAtMs, expiresAtMs);
}

export function isDueForRenewal(nowMs: number, issuedAtMs: number, expiresAtMs: number): boolean {
  return nowMs >= renewalDueMs(issuedAtMs, expiresAtMs);
}

/** A random moment shortly before it is due: forty one-hour roles spread out, and no caller finds one that is due. */
export function renewAheadMs(issuedAtMs: number, expiresAtMs: number, random: () => number): number {
  const aheadMs = (windowOf(issuedAtMs, expiresAtMs) / 10) * (0.5 + random() / 2);
  return renewalDueMs(issuedAtMs, expiresAtMs) - aheadMs;
}

function windowOf(issuedAtMs: number, expiresAtMs: number): number {
  return Math.min(EXPIRY_WINDOW_MS, Math.max(0, expiresAtMs - issuedAtMs) / 3);
}

/** Failed renewals in a row. During the pause no renewal is tried while the current value is valid. */
export interface RenewalFailures {
  readonly count: number;
  readonly pause: Pause;
}

/** Failed renewals, and what went wrong last. */
export type FailedRenewals = RenewalFailures & { readonly error: RolecallError };

const RENEWAL_PAUSE = { firstPauseMs: 30_000, maxPauseMs: 60_000 } as const;
const MIN_RENEWAL_PAUSE_MS = 1000;

/** Counts one more failure. The pause is shorter if little lifetime is left, unless the server asked for a pause. */
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
  const ownPauseMs = expiresAtMs > nowMs ? Math.min(pauseMs, halfLifeMs) : pauseMs;
  return { count, pause: { fromMs: nowMs, untilMs: nowMs + Math.max(ownPauseMs, retryAfterMs ?? 0) } };
}

/** Why renewals fail, and when the next one may be tried; without a time it may be tried now. */
export interface BackOff {
  readonly error: RolecallError;
  readonly untilMs?: number;
}

export function describeBackOff({ error, pause }: FailedRenewals, nowMs: number): BackOff {
  return { error, ...(isInPause(pause, nowMs) ? { untilMs: pause.untilMs } : {}) };
}
