// SSO OIDC: registers clients, starts device authorizations, creates and refreshes tokens.
import type { AuthorizationCodes } from '../sessions/authorization-codes.ts';
import { type OidcException, oidcError } from '../http/aws-errors.ts';
import type { DeviceAuthorizations, PollOutcome } from '../sessions/device-authorizations.ts';
import type { Directory } from '../directory/directory.ts';
import { type HttpRequest, type Reply, type Route, jsonReply } from '../http/http.ts';
import {
  AUTHORIZATION_CODE_GRANT,
  DEVICE_CODE_GRANT,
  GRANTS,
  REFRESH_TOKEN_GRANT,
  type Registration,
  type Registrations,
  mayUseGrant,
} from '../sessions/registrations.ts';
import type { KnobStore } from '../sessions/knobs.ts';
import { isLoopbackUri } from '../sessions/redirect-uris.ts';
import type { Sessions, Tokens } from '../sessions/sessions.ts';

export interface OidcDeps {
  readonly directory: Directory;
  readonly knobs: KnobStore;
  readonly registrations: Registrations;
  readonly deviceAuthorizations: DeviceAuthorizations;
  readonly authorizationCodes: AuthorizationCodes;
  readonly sessions: Sessions;
  /** The emulator's address, where the device page is. */
  readonly origin: () => string;
}

/** @see https://docs.aws.amazon.com/singlesignon/latest/OIDCAPIReference/Welcome.html */
export function createOidcRoutes(deps: OidcDeps): readonly Route[] {
  return [
    {
      method: 'POST',
      path: '/client/register',
      operation: 'RegisterClient',
      detailOf: registeredGrantOf,
      handle: (request) => registerClient(deps, parseBody(request)),
    },
    {
      method: 'POST',
      path: '/device_authorization',
      operation: 'StartDeviceAuthorization',
      handle: (request) => startDeviceAuthorization(deps, parseBody(request)),
    },
    {
      method: 'POST',
      path: '/token',
      operation: 'CreateToken',
      detailOf: grantOf,
      handle: (request) => createToken(deps, parseBody(request)),
    },
  ];
}

type Body = Readonly<Record<string, unknown>>;

function parseBody(request: HttpRequest): Body {
  const body = tryParse(request.body);
  if (body === undefined) throw oidcError('InvalidRequestException', 'The request body is not a JSON object');
  return body;
}

function tryParse(text: string): Body | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Body) : undefined;
  } catch {
    return undefined;
  }
}

/** The grant's short name: `device_code`, `refresh_token`, `authorization_code`. */
function grantOf(request: HttpRequest): string | undefined {
  return shortName(tryParse(request.body)?.['grantType']);
}

/** The short name of the grant with which a client wants to sign in. */
function registeredGrantOf(request: HttpRequest): string | undefined {
  const grantTypes = tryParse(request.body)?.['grantTypes'];
  if (!Array.isArray(grantTypes)) return undefined;
  return shortName(grantTypes.find((grant) => grant !== REFRESH_TOKEN_GRANT));
}

function shortName(grantType: unknown): string | undefined {
  const grant = GRANTS.find((known) => known === grantType);
  return grant?.slice(grant.lastIndexOf(':') + 1);
}

function requireText(body: Body, name: string): string {
  const value = body[name];
  if (typeof value !== 'string' || value === '') {
    throw oidcError('InvalidRequestException', `${name} is missing or not a string`);
  }
  return value;
}

function optionalTexts(body: Body, name: string, exception: OidcException): readonly string[] {
  const value = body[name] ?? [];
  if (Array.isArray(value) && value.every((element): element is string => typeof element === 'string')) return value;
  throw oidcError(exception, `${name} must be a list of strings`);
}

function registerClient(deps: OidcDeps, body: Body): Reply {
  const clientName = requireText(body, 'clientName');
  const clientType = requireText(body, 'clientType');
  if (clientType !== 'public') throw oidcError('InvalidClientMetadataException', 'clientType must be public');

  const scopes = optionalTexts(body, 'scopes', 'InvalidScopeException');
  if (!scopes.every((scope) => /^[\w-]+(:[\w-]+){1,2}$/.test(scope))) throw oidcError('InvalidScopeException');

  const grantTypes = optionalTexts(body, 'grantTypes', 'UnsupportedGrantTypeException');
  if (!grantTypes.every((grant) => GRANTS.some((known) => known === grant))) {
    throw oidcError('UnsupportedGrantTypeException');
  }
  const codeFlow = grantTypes.includes(AUTHORIZATION_CODE_GRANT)
    ? requireCodeFlow(body, grantTypes)
    : { redirectUris: [] };

  const registration = deps.registrations.register({ clientName, scopes, grantTypes, ...codeFlow });
  return jsonReply(200, {
    authorizationEndpoint: null,
    clientId: registration.clientId,
    clientIdIssuedAt: Math.floor(registration.issuedAtMs / 1000),
    clientSecret: registration.clientSecret,
    clientSecretExpiresAt: Math.floor(registration.expiresAtMs / 1000),
    tokenEndpoint: null,
  });
}

function requireCodeFlow(body: Body, grantTypes: readonly string[]) {
  // What AWS answers to both grants in one registration (as of 2026; it has also been seen to answer 500).
  if (grantTypes.includes(DEVICE_CODE_GRANT)) throw oidcError('InvalidScopeException');
  const issuerUrl = requireText(body, 'issuerUrl');
  const redirectUris = optionalTexts(body, 'redirectUris', 'InvalidRedirectUriException');
  if (redirectUris.length === 0 || !redirectUris.every(isLoopbackUri)) {
    throw oidcError('InvalidRedirectUriException');
  }
  return { issuerUrl, redirectUris };
}

function requireClient(deps: OidcDeps, body: Body): Registration {
  const clientId = requireText(body, 'clientId');
  const registration = deps.registrations.find(clientId, requireText(body, 'clientSecret'));
  if (registration === undefined) throw oidcError('InvalidClientException');
  return registration;
}

function startDeviceAuthorization(deps: OidcDeps, body: Body): Reply {
  const registration = requireClient(deps, body);
  if (!deps.directory.isStartUrl(requireText(body, 'startUrl'))) {
    throw oidcError('InvalidRequestException', 'Invalid start url provided');
  }
  if (!mayUseGrant(registration, DEVICE_CODE_GRANT)) throw oidcError('UnauthorizedClientException');

  const started = deps.deviceAuthorizations.start(registration);
  const verificationUri = `${deps.origin()}/device`;
  const query = deps.knobs.current.completeUriHasUserCode
    ? `user_code=${started.userCode}`
    : `request_uri=${started.request}`;
  return jsonReply(200, {
    deviceCode: started.deviceCode,
    expiresIn: started.expiresInSeconds,
    interval: started.intervalSeconds,
    userCode: started.userCode,
    verificationUri,
    verificationUriComplete: `${verificationUri}?${query}`,
  });
}

function createToken(deps: OidcDeps, body: Body): Reply {
  const grantType = requireText(body, 'grantType');
  const registration = requireClient(deps, body);
  if (!GRANTS.some((known) => known === grantType)) throw oidcError('UnsupportedGrantTypeException');
  if (!mayUseGrant(registration, grantType)) throw oidcError('UnauthorizedClientException');
  switch (grantType) {
    case DEVICE_CODE_GRANT: {
      const outcome = deps.deviceAuthorizations.poll(requireText(body, 'deviceCode'), registration.clientId);
      if (outcome.state !== 'approved') throw oidcError(EXCEPTION_OF_OUTCOME[outcome.state]);
      return tokenReply(deps.sessions.begin(registration, requireUser(deps, outcome.userName)));
    }
    case REFRESH_TOKEN_GRANT: {
      const tokens = deps.sessions.refresh(registration, requireText(body, 'refreshToken'));
      if (tokens === undefined) throw oidcError('InvalidGrantException', 'Invalid refresh token provided');
      return tokenReply(tokens);
    }
    default: {
      const redemption = {
        clientId: registration.clientId,
        code: requireText(body, 'code'),
        redirectUri: requireText(body, 'redirectUri'),
        codeVerifier: requireText(body, 'codeVerifier'),
      };
      const redeemed = deps.authorizationCodes.redeem(redemption);
      if (redeemed === undefined) throw oidcError('InvalidGrantException', 'Invalid authorization code provided');
      return tokenReply(
        deps.sessions.begin({ ...registration, scopes: redeemed.scopes }, requireUser(deps, redeemed.userName)),
      );
    }
  }
}

/** The user may have been deleted after approving. */
function requireUser({ directory }: OidcDeps, userName: string): string {
  if (directory.findUser(userName) === undefined) throw oidcError('InvalidGrantException');
  return userName;
}

const EXCEPTION_OF_OUTCOME: Readonly<Record<Exclude<PollOutcome['state'], 'approved'>, OidcException>> = {
  pending: 'AuthorizationPendingException',
  'too-fast': 'SlowDownException',
  denied: 'AccessDeniedException',
  expired: 'ExpiredTokenException',
  used: 'InvalidGrantException',
  unknown: 'InvalidGrantException',
};

function tokenReply(tokens: Tokens): Reply {
  return jsonReply(200, {
    accessToken: tokens.accessToken,
    expiresIn: tokens.expiresInSeconds,
    idToken: null,
    refreshToken: tokens.refreshToken ?? null,
    tokenType: 'Bearer',
  });
}
