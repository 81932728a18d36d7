// The interfaces through which the domain reaches AWS and the secret store.
import type {
  Account,
  ChainDefinition,
  ClientRegistration,
  DeviceAuthorization,
  IssuedToken,
  Role,
  RoleCredentials,
  SignInFlow,
  SsoSession,
} from '../core/model.ts';
import type { ErrorBody, RolecallError } from '../core/errors.ts';
import type { Secret } from '../core/secret.ts';

/**
 * Kinds of failure, distinguished by how the domain reacts:
 * - `authorization-pending`, `slow-down`, `device-code-expired`, `access-denied`: results of polling CreateToken
 * - `invalid-grant`: the refresh token is dead, the session is over
 * - `invalid-client`: the client registration is gone or expired, register again
 * - `grant-refused`: Identity Center does not allow sign-ins with this flow
 * - `start-url-refused`: Identity Center in this region does not accept the start URL
 * - `start-url-unresolved`: a company's own start URL does not lead to an access portal of AWS
 * - `unauthorized`: the portal refuses the access token (401), or STS the credentials
 * - `forbidden`: the role is not assigned (403), or STS does not let it be assumed
 * - `not-found`: 404 from the portal
 * - `invalid-policy`: STS does not take the session policy
 * - `throttled`: 429, or slow-down outside of polling; `retryAfterMs` if the server gave a time
 * - `unreachable`: DNS, connection, TLS, proxy, timeout, or a 5xx answer
 * - `unusable-response`: an answer that does not follow the protocol (HTML, missing fields, another 4xx)
 */
export type FaultKind =
  | 'authorization-pending'
  | 'slow-down'
  | 'device-code-expired'
  | 'access-denied'
  | 'invalid-grant'
  | 'invalid-client'
  | 'grant-refused'
  | 'start-url-refused'
  | 'start-url-unresolved'
  | 'unauthorized'
  | 'forbidden'
  | 'not-found'
  | 'invalid-policy'
  | 'throttled'
  | 'unreachable'
  | 'unusable-response';

/** The only error that an IdentityCenter throws; `message` names the host and the reason, never a secret. */
export class IdentityCenterFault extends Error {
  readonly kind: FaultKind;
  readonly retryAfterMs: number | undefined;
  /** From an unusable answer to a refresh: replaces the one that was sent, which may be used up. */
  readonly refreshToken: Secret | undefined;

  constructor(
    kind: FaultKind,
    message: string,
    options: { cause?: unknown; retryAfterMs?: number; refreshToken?: Secret } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.kind = kind;
    this.retryAfterMs = options.retryAfterMs;
    this.refreshToken = options.refreshToken;
  }
}

export interface Page<T> {
  readonly items: readonly T[];
  /** Absent on the last page; the wire's null and empty string count as absent. */
  readonly nextToken?: string;
}

/** What redeems an authorization code: the code itself, and proof that this is the client that asked for it. */
export interface AuthorizationCodeGrant {
  readonly code: Secret;
  readonly codeVerifier: Secret;
  /** With its port, as in the request for the code. */
  readonly redirectUri: string;
}

/**
 * SSO OIDC and the SSO portal for one set of endpoints; each call makes one HTTP request, without retries.
 * Every method rejects only with an {@link IdentityCenterFault}.
 */
export interface IdentityCenter {
  /**
   * The start URL by which AWS knows the portal: where the session's own leads if its host is a company's, else the
   * session's own. Only for a sign-in; tokens belong to the start URL of the session.
   */
  resolveStartUrl(session: SsoSession): Promise<string>;
  /** The region that the start URL or its page names; undefined if neither does. Never rejects. */
  findHomeRegion(session: SsoSession): Promise<string | undefined>;
  /** One client for each flow, by default `device`: as of 2026-11 AWS refuses the grants of both in one registration. */
  registerClient(session: SsoSession, flow?: SignInFlow): Promise<ClientRegistration>;
  /** The base of the session's SSO OIDC requests, ending with a slash: the page of a sign-in is `authorize` below it. */
  oidcOrigin(session: SsoSession): Promise<URL>;
  startDeviceAuthorization(session: SsoSession, registration: ClientRegistration): Promise<DeviceAuthorization>;
  createTokenByDeviceCode(
    session: SsoSession,
    registration: ClientRegistration,
    deviceCode: Secret,
  ): Promise<IssuedToken>;
  createTokenByAuthorizationCode(
    session: SsoSession,
    registration: ClientRegistration,
    grant: AuthorizationCodeGrant,
  ): Promise<IssuedToken>;
  createTokenByRefreshToken(
    session: SsoSession,
    registration: ClientRegistration,
    refreshToken: Secret,
  ): Promise<IssuedToken>;
  listAccounts(session: SsoSession, accessToken: Secret, nextToken?: string): Promise<Page<Account>>;
  /** Permission set names of one account. */
  listAccountRoles(
    session: SsoSession,
    accessToken: Secret,
    accountId: string,
    nextToken?: string,
  ): Promise<Page<string>>;
  getRoleCredentials(session: SsoSession, accessToken: Secret, role: Role): Promise<RoleCredentials>;
  logout(session: SsoSession, accessToken: Secret): Promise<void>;
}

/** How a browser comes back from the page of an authorization code. */
export type Redirect =
  | { readonly code: Secret }
  /** The error code of RFC 6749 and its description, as lines without control characters. */
  | { readonly error: string; readonly description?: string };

/** A port of this machine, open for one sign-in. */
export interface RedirectListener {
  /** `http://127.0.0.1:PORT/oauth/callback` */
  readonly redirectUri: string;
  /** Settles when this user's browser comes back with the right state, and never rejects. All other requests are refused. */
  readonly redirect: Promise<Redirect>;
  /** Closes the port. If the browser has come back, it is shown the outcome. */
  close(outcome: SignInOutcome, error?: ErrorBody): void;
}

/** @throws UnavailableError no-callback-port */
export type OpenRedirectListener = (options: {
  readonly session: SsoSession;
  readonly state: Secret;
  /** False once it is too late to come back. */
  readonly isOpen: () => boolean;
}) => Promise<RedirectListener>;

export type SignInOutcome = 'approved' | 'denied' | 'expired' | 'cancelled';

/** STS GetCallerIdentity. */
export interface CallerIdentity {
  /** The user to whom the portal issued these credentials. @throws Error: unknown; `message` says why, without secrets */
  fetchUser(session: SsoSession, credentials: RoleCredentials): Promise<string>;
}

/** STS AssumeRole. Rejects only with an {@link IdentityCenterFault}. */
export interface RoleAssumer {
  /** `credentials` are those of the definition's source. */
  assumeRole(session: SsoSession, credentials: RoleCredentials, definition: ChainDefinition): Promise<RoleCredentials>;
}

/** Where chained roles are defined. */
export interface ChainSource {
  /** The definition of a chained role, from the last read; undefined for other roles, and for one that cannot be used. */
  find(role: Role): ChainDefinition | undefined;
  /** Why there is none: no such chain, a loop, a source that is missing. Its hint is a command. */
  refusal(role: Role): RolecallError;
}

/** AWS's federation endpoint, which signs a browser in. Rejects only with an {@link IdentityCenterFault}. */
export interface ConsoleFederation {
  /** A sign-in token, valid for 15 minutes; the console session it starts ends when the credentials expire. */
  getSigninToken(endpoint: URL, credentials: RoleCredentials): Promise<Secret>;
}

/**
 * Named secrets (`session:NAME`, `registration:ID`), persistent unless the driver is `memory`.
 * An absent name is `undefined`. A store that cannot be read or written rejects with UnavailableError
 * `secret-store-unavailable` or `secret-store-locked`; it never looks empty.
 */
export interface SecretStore {
  readonly driver: 'keychain' | 'file' | 'memory';
  load(name: string): Promise<Secret | undefined>;
  save(name: string, secret: Secret): Promise<void>;
  /** Does nothing for an absent name. */
  delete(name: string): Promise<void>;
  /** Writes the last known content again if the store was deleted; absent for stores that cannot be deleted. */
  restore?(): Promise<void>;
  /** Changes when the store is written to; absent where that is unknown, or where nobody else writes. */
  revision?(): string;
}
