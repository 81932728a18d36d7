// One call to the portal with an access token, asked again once with a refreshed one after a 401.
import type { SsoSession } from '../core/model.ts';
import type { Secret } from '../core/secret.ts';
import type { AccessTokens } from './access-tokens.ts';
import { isFault, sessionOver } from './faults.ts';

/**
 * What `call` answers with a token that the portal takes.
 * A second 401 means that the session is over, whatever the token's expiry says.
 * @throws SignInRequiredError sign-in-expired; other faults of `call` as they are
 */
export async function callPortal<T>(
  accessTokens: AccessTokens,
  session: SsoSession,
  call: (accessToken: Secret) => Promise<T>,
): Promise<T> {
  const token = await accessTokens.fresh(session);
  try {
    return await call(token.secret);
  } catch (fault) {
    if (!isFault(fault, 'unauthorized')) throw fault;
  }
  const replaced = await accessTokens.replaceRefused(session, token.secret);
  try {
    return await call(replaced.secret);
  } catch (fault) {
    if (!isFault(fault, 'unauthorized')) throw fault;
    await accessTokens.end(session);
    throw sessionOver(session.sessionName, fault);
  }
}
