// One call to the portal: counted in the rate budget, with an access token, asked again once with a refreshed one after a 401.
import type { SsoSession } from '../../core/model.ts';
import type { Secret } from '../../core/secret.ts';
import type { AccessTokens } from './access-tokens.ts';
import { isFault, sessionOver } from '../faults.ts';
import type { RateBudget } from '../resilience/rate-budget.ts';
import type { CircuitBreakers } from '../resilience/circuit-breakers.ts';

/**
 * What `ask` answers with a token that the portal takes; an `urgent` call waits for no budget until there is a 429,
 * a `patient` one always does.
 * A second 401 means that the session is over, whatever the token's expiry says.
 * @throws SignInRequiredError sign-in-required, sign-in-expired; UnavailableError; CircuitOpenError and other faults of `ask` as they are
 */
export async function callPortal<T>(
  deps: {
    readonly accessTokens: AccessTokens;
    readonly rateBudget: RateBudget;
    readonly circuitBreakers: CircuitBreakers;
  },
  session: SsoSession,
  priority: 'urgent' | 'patient',
  ask: (accessToken: Secret) => Promise<T>,
): Promise<T> {
  const { accessTokens, rateBudget, circuitBreakers } = deps;

  async function askOnce(accessToken: Secret): Promise<T> {
    if (priority === 'urgent' && !circuitBreakers.isThrottled(session, 'portal')) rateBudget.spend();
    else await rateBudget.take();
    return circuitBreakers.call(session, 'portal', () => ask(accessToken));
  }

  // Before a token is refreshed for a call that will not be made.
  circuitBreakers.check(session, 'portal');
  const token = await accessTokens.fresh(session);
  try {
    return await askOnce(token.secret);
  } catch (fault) {
    if (!isFault(fault, 'unauthorized')) throw fault;
  }
  const replaced = await accessTokens.replaceRefused(session, token.secret);
  try {
    return await askOnce(replaced.secret);
  } catch (fault) {
    if (!isFault(fault, 'unauthorized')) throw fault;
    await accessTokens.end(session, replaced.secret);
    throw sessionOver(session.sessionName, fault);
  }
}
