// The operations of SSO OIDC: client registration, device authorization and tokens.
import type { SSOOIDCClient } from '@aws-sdk/client-sso-oidc';
import { scopesOf } from '../core/aws/registration-scopes.ts';
import type { ClientRegistration, IssuedToken, SsoSession } from '../core/model.ts';
import type { Secret } from '../core/secret.ts';
import { quoteForShell } from '../core/text/quote-for-shell.ts';
import type { IdentityCenter } from '../sso/ports.ts';
import type * as AwsModule from './aws-clients.ts';
import type { Call } from './fault.ts';
import { readDeviceAuthorization, readRegistration, readToken } from './wire.ts';

/** Runs one request of a service and reads its answer; every failure becomes a fault. */
export type Run<C> = <A, T>(
  session: SsoSession,
  about: Omit<Call, 'host' | 'service'>,
  request: (client: C, aws: typeof AwsModule, options: { abortSignal: AbortSignal }) => Promise<A>,
  read: (answer: A, host: string) => T,
) => Promise<T>;

export type SsoOidc = Pick<
  IdentityCenter,
  | 'registerClient'
  | 'startDeviceAuthorization'
  | 'createTokenByDeviceCode'
  | 'createTokenByAuthorizationCode'
  | 'createTokenByRefreshToken'
>;

const DEVICE_CODE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';
const AUTHORIZATION_CODE_GRANT = 'authorization_code';
/** The port is added when a sign-in starts; AWS compares without it (RFC 8252, section 7.3). */
const REGISTERED_REDIRECT_URI = 'http://127.0.0.1/oauth/callback';

/** The parameters of CreateToken for one grant. */
type TokenGrant =
  | { readonly grantType: typeof DEVICE_CODE_GRANT; readonly deviceCode: string }
  | {
      readonly grantType: typeof AUTHORIZATION_CODE_GRANT;
      readonly code: string;
      readonly codeVerifier: string;
      readonly redirectUri: string;
    }
  | { readonly grantType: 'refresh_token'; readonly refreshToken: string };

const GRANT_NAMES = {
  [DEVICE_CODE_GRANT]: 'device_code',
  [AUTHORIZATION_CODE_GRANT]: 'authorization_code',
  refresh_token: 'refresh_token',
} as const;
const CLIENT_NAME_LIMIT = 64;

export function createSsoOidc(deps: {
  readonly run: Run<SSOOIDCClient>;
  readonly warn: ((message: string) => void) | undefined;
}): SsoOidc {
  const { run } = deps;

  const warnOfRefreshToken = ({ sessionName }: SsoSession, host: string) =>
    deps.warn?.(
      `CreateToken at ${host}: the refresh token for ${sessionName} is unusable and was ignored. ` +
        `If the sign-in can no longer be renewed, run: rolecall login ${quoteForShell(sessionName)}`,
    );

  function createToken(
    session: SsoSession,
    registration: ClientRegistration,
    grant: TokenGrant,
    secrets: readonly Secret[],
  ): Promise<IssuedToken> {
    const { clientId, clientSecret } = registration;
    return run(
      session,
      {
        operation: 'CreateToken',
        grant: GRANT_NAMES[grant.grantType],
        secrets: [clientSecret, ...secrets],
      },
      (client, aws, options) =>
        client.send(
          new aws.CreateTokenCommand({
            clientId,
            clientSecret: clientSecret.reveal(),
            ...grant,
          }),
          options,
        ),
      (answer, host) => readToken(answer, () => warnOfRefreshToken(session, host)),
    );
  }

  return {
    registerClient: (session, flow = 'device') =>
      run(
        session,
        {
          operation: 'RegisterClient',
          ...(flow === 'pkce' ? { grant: AUTHORIZATION_CODE_GRANT } : {}),
          secrets: [],
        },
        (client, aws, options) =>
          client.send(
            new aws.RegisterClientCommand({
              clientName: formatClientName(session.sessionName),
              clientType: 'public',
              scopes: scopesOf(session),
              ...(flow === 'device'
                ? { grantTypes: [DEVICE_CODE_GRANT, 'refresh_token'] }
                : {
                    grantTypes: [AUTHORIZATION_CODE_GRANT, 'refresh_token'],
                    redirectUris: [REGISTERED_REDIRECT_URI],
                    issuerUrl: session.startUrl,
                  }),
            }),
            options,
          ),
        readRegistration,
      ),

    startDeviceAuthorization: (session, { clientId, clientSecret }) =>
      run(
        session,
        { operation: 'StartDeviceAuthorization', secrets: [clientSecret] },
        (client, aws, options) =>
          client.send(
            new aws.StartDeviceAuthorizationCommand({
              clientId,
              clientSecret: clientSecret.reveal(),
              startUrl: session.startUrl,
            }),
            options,
          ),
        readDeviceAuthorization,
      ),

    createTokenByDeviceCode: (session, registration, deviceCode) =>
      createToken(session, registration, { grantType: DEVICE_CODE_GRANT, deviceCode: deviceCode.reveal() }, [
        deviceCode,
      ]),

    createTokenByAuthorizationCode: (session, registration, { code, codeVerifier, redirectUri }) =>
      createToken(
        session,
        registration,
        {
          grantType: AUTHORIZATION_CODE_GRANT,
          code: code.reveal(),
          codeVerifier: codeVerifier.reveal(),
          redirectUri,
        },
        [code, codeVerifier],
      ),

    createTokenByRefreshToken: (session, registration, refreshToken) =>
      createToken(session, registration, { grantType: 'refresh_token', refreshToken: refreshToken.reveal() }, [
        refreshToken,
      ]),
  };
}

/** A name that AWS's console can show; the session's name is free text. */
function formatClientName(sessionName: string): string {
  return `rolecall-${sessionName.replace(/[^A-Za-z0-9_.-]+/g, '-')}`.slice(0, CLIENT_NAME_LIMIT);
}
