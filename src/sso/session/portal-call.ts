// A call to the SSO portal with all that goes with it: back-off, circuit breaker, access token and rate budget.
import type { Clock } from '../../core/clock.ts';
import { SignInRequiredError } from '../../core/errors.ts';
import type { SsoSession } from '../../core/model.ts';
import type { Secret } from '../../core/secret.ts';
import { describeFault, isFault, sessionOver } from '../faults.ts';
import type { IdentityCenter } from '../ports.ts';
import { withBackOff, type BackOffPolicy } from '../resilience/pauses.ts';
import type { CircuitBreakers } from '../resilience/circuit-breakers.ts';
import type { RateBudget } from '../resilience/rate-budget.ts';
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
