// The words of the house, AWS's own: sessions, accounts, permission sets, tokens and role credentials.
import type { Secret } from './secret.ts';

/** An `[sso-session NAME]` section of the shared config file. */
export interface SsoSession {
  readonly sessionName: string;
  readonly startUrl: string;
  /** Where Identity Center lives (`sso_region`), not where the resources are. */
  readonly region: string;
  readonly registrationScopes: readonly string[];
}

/** Custom endpoints in force; an absent one is AWS's own for the session's region. */
export interface Endpoints {
  readonly ssoOidc?: string;
  readonly sso?: string;
  readonly sts?: string;
}

/** What SSO OIDC RegisterClient answered. */
export interface ClientRegistration {
  readonly clientId: string;
  readonly clientSecret: Secret;
  /** `clientSecretExpiresAt` of the wire (seconds there). */
  readonly expiresAtMs: number;
}

/** What SSO OIDC StartDeviceAuthorization answered. */
export interface DeviceAuthorization {
  readonly deviceCode: Secret;
  readonly userCode: string;
  readonly verificationUri: string;
  /** Need not contain the user code (as of 2026-09), so nothing is parsed out of it. */
  readonly verificationUriComplete: string;
  readonly expiresInSeconds: number;
  readonly intervalSeconds: number;
}

/** What SSO OIDC CreateToken answered. */
export interface IssuedToken {
  readonly accessToken: Secret;
  readonly refreshToken?: Secret;
  readonly expiresInSeconds: number;
}

/** An account as ListAccounts tells it; the name is free text, missing at times. */
export interface Account {
  /** Twelve digits; leading zeros count. */
  readonly accountId: string;
  readonly accountName?: string;
  readonly emailAddress?: string;
}

/** One permission set in one account, through one sso-session: what keys are asked for. */
export interface Role {
  readonly sessionName: string;
  readonly accountId: string;
  readonly permissionSet: string;
}

/** What GetRoleCredentials answered. */
export interface RoleCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: Secret;
  readonly sessionToken: Secret;
  /** `expiration` of the portal's wire (milliseconds there too). */
  readonly expiresAtMs: number;
}

/** An account of one session with the permission sets that the user has there, sorted. */
export interface CatalogAccount extends Account {
  readonly sessionName: string;
  readonly permissionSets: readonly string[];
}

/** Everything a user can reach through one session, as known at `asOfMs`. */
export interface Catalog {
  readonly asOfMs: number;
  /** False while listing, and when some accounts could not be asked. */
  readonly complete: boolean;
  readonly accounts: readonly CatalogAccount[];
  /** Roles that a suspicious listing lost: their profiles stay until they are back or a person agrees. */
  readonly lost?: readonly Role[];
  /** Whose roles these are, when that is known. */
  readonly user?: string;
  /** While that is not known: who was signed in before. */
  readonly earlierUser?: string;
  /** With `earlierUser`: accounts that could not be asked, so that their permission sets are those of that user. */
  readonly carriedOver?: readonly string[];
  /** An incomplete list that follows another user's: of roles that are not in it no profile is kept. */
  readonly startsAnew?: true;
}
