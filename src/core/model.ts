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

/**
 * One AssumeRole step. Its role is in the account of `roleArn`, with the permission set `chain:NAME`.
 * @see src/core/aws/chain-role.ts
 */
export interface ChainDefinition {
  readonly name: string;
  /** Whose credentials call AssumeRole: a permission set's role, or another chain. */
  readonly source: Role;
  /** Checked: `arn:PARTITION:iam::ACCOUNT:role/PATH/NAME`. */
  readonly roleArn: string;
  readonly roleSessionName: string;
  /** From 900 to 3600; AWS allows no more for a chain. */
  readonly durationSeconds: number;
  /** What was asked for, if that was more. */
  readonly requestedSeconds?: number;
  readonly externalId?: string;
  readonly sourceIdentity?: string;
  readonly tags?: readonly { readonly key: string; readonly value: string }[];
  readonly transitiveTagKeys?: readonly string[];
  /** Of the profile. STS is called in it if it is set, else in the session's region. */
  readonly region?: string;
  /** A session policy: JSON without white space. */
  readonly policy?: string;
  readonly policyArns?: readonly string[];
  readonly origin: 'config' | 'settings' | 'team' | 'command';
}

/** The answer of GetRoleCredentials or AssumeRole. */
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
