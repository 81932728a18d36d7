// The vocabulary, in AWS's words: sessions, accounts, permission sets, tokens and role credentials.
import type { Secret } from './secret.ts';

/** An `[sso-session NAME]` section of the shared config file. */
export interface SsoSession {
  readonly sessionName: string;
  readonly startUrl: string;
  /** The region of Identity Center (`sso_region`), not of the resources. */
  readonly region: string;
  readonly registrationScopes: readonly string[];
  /** `use_fips_endpoint` and `use_dualstack_endpoint`, if the file sets them. */
  readonly useFips?: EndpointSwitch;
  readonly useDualstack?: EndpointSwitch;
}

/** A switch of the shared config file: in the section of the session, else in `[default]`. */
export interface EndpointSwitch {
  readonly isOn: boolean;
  readonly section: 'sso-session' | 'default';
}

/** Where the requests of a session go. */
export interface Endpoints {
  /** Custom endpoints; an absent one is AWS's own for the session's region. */
  readonly ssoOidc?: string;
  readonly sso?: string;
  readonly sts?: string;
  /** Which of AWS's own endpoints are used. Neither affects a custom one. */
  readonly useFips?: boolean;
  readonly useDualstack?: boolean;
}

/** The endpoints of a session, as configured now. */
export type EndpointsOf = (session: SsoSession) => Endpoints;

/** The answer of SSO OIDC RegisterClient. */
export interface ClientRegistration {
  readonly clientId: string;
  readonly clientSecret: Secret;
  /** `clientSecretExpiresAt` on the wire (seconds there). */
  readonly expiresAtMs: number;
}

export type { SignInFlow } from './aws/sign-in-flow.ts';

/** The answer of SSO OIDC StartDeviceAuthorization. */
export interface DeviceAuthorization {
  readonly deviceCode: Secret;
  readonly userCode: string;
  readonly verificationUri: string;
  /** Need not contain the user code (as of 2026-09), so nothing is parsed out of it. */
  readonly verificationUriComplete: string;
  readonly expiresInSeconds: number;
  readonly intervalSeconds: number;
}

/** The answer of SSO OIDC CreateToken. */
export interface IssuedToken {
  readonly accessToken: Secret;
  readonly refreshToken?: Secret;
  readonly expiresInSeconds: number;
}

/** An account from ListAccounts; the name is free text and may be missing. */
export interface Account {
  /** Twelve digits, with leading zeros. */
  readonly accountId: string;
  readonly accountName?: string;
  readonly emailAddress?: string;
}

/** One permission set in one account, through one sso-session: credentials are issued for this. */
export interface Role {
  readonly sessionName: string;
  readonly accountId: string;
  readonly permissionSet: string;
}

/** The answer of GetRoleCredentials. */
export interface RoleCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: Secret;
  readonly sessionToken: Secret;
  /** `expiration` on the portal's wire (milliseconds there too). */
  readonly expiresAtMs: number;
}

/** An account of one session with the user's permission sets there, sorted. */
export interface CatalogAccount extends Account {
  readonly sessionName: string;
  readonly permissionSets: readonly string[];
}

/** All accounts and permission sets of a user in one session, as of `asOfMs`. */
export interface Catalog {
  readonly asOfMs: number;
  /** False while listing, and if some accounts could not be listed. */
  readonly complete: boolean;
  readonly accounts: readonly CatalogAccount[];
  /** Roles missing from a suspicious listing: their profiles stay until they are back or a person confirms. */
  readonly lost?: readonly Role[];
  /** The user of these roles, if known. */
  readonly user?: string;
  /** While the user is unknown: who was signed in before. */
  readonly earlierUser?: string;
  /** With `earlierUser`: accounts that could not be listed, whose permission sets are therefore that user's. */
  readonly carriedOver?: readonly string[];
  /** An incomplete list that follows another user's: profiles of roles that are not in it are removed. */
  readonly startsAnew?: true;
}
