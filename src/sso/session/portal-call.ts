// A call to the SSO portal with all that goes with it: back-off, circuit breaker, access token and rate budget.
import { monotonicNowMs, type Clock } from '../../core/clock.ts';
import { SignInRequiredError } from '../../core/errors.ts';
import type { SsoSession } from '../../core/model.ts';
import type { Secret } from '../../core/secret.ts';
import { CircuitOpenError, describeFault, isFault, isTransient, sessionOver } from '../faults.ts';
import type { IdentityCenter, IdentityCenterFault } from '../ports.ts';
import { pauseAfter, type PausePolicy } from '../resilience/pauses.ts';
import type { CircuitBreakers } from '../resilience/circuit-breakers.ts';
import type { AccessTokens } from './access-tokens.ts';

/** What every call to the portal needs. */
export interface Portal {
  readonly identityCenter: IdentityCenter;
  readonly accessTokens: Pick<AccessTokens, 'fresh' | 'replaceRefused' | 'end'>;
  readonly rateBudget: RateBudget;
  readonly circuitBreakers: CircuitBreakers;
  readonly clock: Clock;
  readonly random: () => number;
}

/** `urgent`: somebody waits for the answer. `background`: always waits for the rate budget. */
export type Priority = 'urgent' | 'background';

const SINGLE_ATTEMPT = { attempts: 1, firstPauseMs: 0, maxPauseMs: 0 } as const;

/**
 * The answer to `request`. After a 401 the token is refreshed and the request repeated once; a second 401 means that
 * the session has ended, whatever the token's expiry says.
 * @throws SignInRequiredError sign-in-required, sign-in-expired; UnavailableError; CircuitOpenError and faults of `request`
 */
export function callPortal<T>(
  portal: Portal,
  session: SsoSession,
  options: { readonly priority: Priority; readonly backOff?: BackOffPolicy },
  request: (accessToken: Secret) => Promise<T>,
): Promise<T> {
  const { accessTokens, circuitBreakers, rateBudget } = portal;
  return withBackOff(portal, options.backOff ?? SINGLE_ATTEMPT, async () => {
    // Checked before a token is refreshed for a call that would not be made.
    circuitBreakers.check(session, 'portal');
    let token = await accessTokens.fresh(session);
    for (let isRepeated = false; ; isRepeated = true) {
      if (options.priority === 'urgent' && !circuitBreakers.isThrottled(session, 'portal')) rateBudget.spend();
      else await rateBudget.take();
      const accessToken = token.secret;
      try {
        return await circuitBreakers.call(session, 'portal', () => request(accessToken));
      } catch (fault) {
        if (!isFault(fault, 'unauthorized')) throw fault;
        if (isRepeated) {
          await accessTokens.end(session, accessToken);
          throw sessionOver(session.sessionName, fault);
        }
      }
      token = await accessTokens.replaceRefused(session, accessToken);
    }
  });
}

/** Asks the portal whether the session is still alive. @throws UnavailableError, ProtocolError: it could not be asked */
export async function verifyLive(portal: Portal, session: SsoSession): Promise<boolean> {
  try {
    await callPortal(portal, session, { priority: 'urgent' }, (token) =>
      portal.identityCenter.listAccounts(session, token),
    );
    return true;
  } catch (fault) {
    const error = describeFault(fault, session.sessionName);
    if (error instanceof SignInRequiredError) return false;
    throw error;
  }
}

export interface BackOffPolicy extends PausePolicy {
  /** Includes the first call. */
  readonly attempts: number;
  /** Gives up when the server asks for a longer pause than this, or during an outage. Without a limit it always waits. */
  readonly maxWaitMs?: number;
  /** Gives up when the server asks for a longer pause than this, or an outage lasts longer. */
  readonly maxAskedPauseMs?: number;
  /** In an outage no attempt starts later than this after the first one. */
  readonly maxOutageMs?: number;
}

/** The result of `work`, retried after transient faults only; a longer pause that the server asks for is kept. @throws the last fault */
export async function withBackOff<T>(
  deps: { readonly clock: Clock; readonly random: () => number },
  policy: BackOffPolicy,
  work: () => Promise<T>,
): Promise<T> {
  const startedAtMs = monotonicNowMs(deps.clock);
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (fault) {
      if (!isTransient(fault) || attempt >= policy.attempts || isTooLong(fault, policy)) throw fault;
      // An open circuit made no call that could have failed: only the rest of its pause counts.
      const ownPauseMs = fault instanceof CircuitOpenError ? 0 : pauseAfter(attempt, policy, deps.random);
      const pauseMs = Math.max(ownPauseMs, fault.retryAfterMs ?? 0);
      const elapsedMs = monotonicNowMs(deps.clock) - startedAtMs;
      if (isFault(fault, 'unreachable') && elapsedMs + pauseMs > (policy.maxOutageMs ?? Infinity)) throw fault;
      await deps.clock.sleep(pauseMs);
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

/** Keeps calls to the portal below AWS's limit per user. */
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
