// The ports of the domain: AWS's Identity Center and console sign-in on one side, the store for secrets on the other.
import type {
  Account,
  ClientRegistration,
  DeviceAuthorization,
  IssuedToken,
  Role,
  RoleCredentials,
  SsoSession,
} from '../core/model.ts';
import type { Secret } from '../core/secret.ts';

/**
 * What can come back instead of an answer, by what the domain does about it:
 * - `authorization-pending`, `slow-down`, `device-code-expired`, `access-denied`: outcomes of one poll of CreateToken
 * - `invalid-grant`: the refresh token is dead, the session is over
 * - `invalid-client`: the client registration is gone or expired, register again
 * - `unauthorized`: the portal does not take the access token (401)
 * - `forbidden`: the role is not assigned (403)
 * - `not-found`: 404 from the portal
 * - `throttled`: 429 or slow down outside a poll; `retryAfterMs` when the server said so
 * - `unreachable`: DNS, connection, TLS, proxy, timeout, or a 5xx answer
 * - `unusable-response`: an answer that is not the protocol (HTML, missing fields, another 4xx)
 */
export type FaultKind =
  | 'authorization-pending'
  | 'slow-down'
  | 'device-code-expired'
  | 'access-denied'
  | 'invalid-grant'
  | 'invalid-client'
  | 'unauthorized'
  | 'forbidden'
  | 'not-found'
  | 'throttled'
  | 'unreachable'
  | 'unusable-response';

/** The one error that an IdentityCenter may throw; `message` names host and reason, never a secret. */
export class IdentityCenterFault extends Error {
  readonly kind: FaultKind;
  readonly retryAfterMs: number | undefined;
  /** Of an unusable answer to a refresh: it replaces the one that was sent, which may be used up. */
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

/**
 * SSO OIDC and the SSO portal for one set of endpoints, one HTTP request a call, without retries of its own.
 * Every method rejects with an {@link IdentityCenterFault} and with nothing else.
 */
export interface IdentityCenter {
  registerClient(session: SsoSession): Promise<ClientRegistration>;
  startDeviceAuthorization(session: SsoSession, registration: ClientRegistration): Promise<DeviceAuthorization>;
  createTokenByDeviceCode(
    session: SsoSession,
    registration: ClientRegistration,
    deviceCode: Secret,
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

/** STS, asked whose role credentials these are. */
export interface CallerIdentity {
  /** The user behind credentials that the portal gave. @throws Error: it can't be told; `message` says why, and no secret */
  fetchUser(session: SsoSession, credentials: RoleCredentials): Promise<string>;
}

/** AWS's federation endpoint, which signs a browser in. Rejects with an {@link IdentityCenterFault} and with nothing else. */
export interface ConsoleFederation {
  /** A token of 15 minutes for the keys' role; the console session that comes of it ends with the keys. */
  getSigninToken(endpoint: URL, credentials: RoleCredentials): Promise<Secret>;
}

/**
 * Named secrets (`session:NAME`, `registration:ID`), durable unless the driver is `memory`.
 * An absent name is `undefined`; a store that cannot be read or written rejects with
 * UnavailableError `secret-store-unavailable` or `secret-store-locked`, never with an empty answer.
 */
export interface SecretStore {
  readonly driver: 'keychain' | 'file' | 'memory';
  load(name: string): Promise<Secret | undefined>;
  save(name: string, secret: Secret): Promise<void>;
  /** Deleting an absent name is no error. */
  delete(name: string): Promise<void>;
  /** Writes what was read or saved last once more when somebody deleted it; absent where nobody can. */
  restore?(): Promise<void>;
  /** Changes when somebody writes to the store; absent where nobody can tell, or nobody else writes. */
  revision?(): string;
}
