// One call to the portal: counted in the rate budget, with an access token, asked again once with a refreshed one after a 401.
import type { SsoSession } from '../core/model.ts';
import type { Secret } from '../core/secret.ts';
import type { AccessTokens } from './access-tokens.ts';
import { isFault, sessionOver } from './faults.ts';
import type { RateBudget } from './rate-budget.ts';

/** How long all calls are held back after a 429 that does not say it. */
const THROTTLE_PAUSE_MS = 1000;

/**
 * What `ask` answers with a token that the portal takes; an `urgent` call waits for no budget, a `patient` one does.
 * A second 401 means that the session is over, whatever the token's expiry says.
 * @throws SignInRequiredError sign-in-required, sign-in-expired; UnavailableError; other faults of `ask` as they are
 */
export async function callPortal<T>(
  deps: { readonly accessTokens: AccessTokens; readonly rateBudget: RateBudget },
  session: SsoSession,
  priority: 'urgent' | 'patient',
  ask: (accessToken: Secret) => Promise<T>,
): Promise<T> {
  const { accessTokens, rateBudget } = deps;

  async function askOnce(accessToken: Secret): Promise<T> {
    if (priority === 'urgent') rateBudget.spend();
    else await rateBudget.take();
    try {
      return await ask(accessToken);
    } catch (fault) {
      // The limit is the user's, so a 429 concerns all calls and not just this one.
      if (isFault(fault, 'throttled')) rateBudget.pause(fault.retryAfterMs ?? THROTTLE_PAUSE_MS);
      throw fault;
    }
  }

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
