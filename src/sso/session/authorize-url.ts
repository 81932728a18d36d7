// The page on which the user allows a sign-in by authorization code.
import { scopesOf } from '../../core/aws/registration-scopes.ts';
import type { SsoSession } from '../../core/model.ts';
import type { Secret } from '../../core/secret.ts';

/**
 * `/authorize` of SSO OIDC at `base`, which ends with a slash, with the parameters of the AWS CLI: AWS calls one `scopes`,
 * not `scope` as RFC 6749 does.
 */
export function formatAuthorizeUrl(
  base: URL,
  session: Pick<SsoSession, 'registrationScopes'>,
  request: {
    readonly clientId: string;
    readonly redirectUri: string;
    readonly state: Secret;
    readonly codeChallenge: string;
  },
): string {
  const parameters = {
    response_type: 'code',
    client_id: request.clientId,
    redirect_uri: request.redirectUri,
    state: request.state.reveal(),
    code_challenge_method: 'S256',
    scopes: scopesOf(session).join(' '),
    code_challenge: request.codeChallenge,
  };
  const query = Object.entries(parameters).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  return `${base.href}authorize?${query.join('&')}`;
}
