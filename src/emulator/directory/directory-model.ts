// The directory as data: accounts, users, groups, permission sets and assignments.

export type AccountKind = 'management' | 'invited' | 'created';

export interface DirectoryAccount {
  readonly accountId: string;
  readonly accountName?: string;
  readonly emailAddress?: string;
  /** How the account joined the organization. */
  readonly kind?: AccountKind;
}

export interface DirectoryUser {
  readonly userName: string;
  readonly displayName?: string;
  readonly groups?: readonly string[];
}

export interface DirectoryGroup {
  readonly name: string;
}

export interface PermissionSet {
  readonly name: string;
  /** Lifetime of role credentials, 900 to 43,200; one hour by default. */
  readonly sessionDurationSeconds?: number;
}

/** Gives a group or a user (not both) a permission set in an account. */
export interface Assignment {
  readonly accountId: string;
  readonly permissionSet: string;
  readonly group?: string;
  readonly user?: string;
}

/** An IAM role that does not trust everybody. Others of the same account do. */
export interface DirectoryRole {
  readonly accountId: string;
  readonly name: string;
  /** Callers: `ACCOUNT`, or `ACCOUNT/NAME` with the name of a permission set or role; by default all. */
  readonly trustedBy?: readonly string[];
  /** What AssumeRole has to say. */
  readonly externalId?: string;
}

export interface DirectoryDocument {
  /** An https URL; newer AWS CLIs insist on a host of AWS's, as in `https://d-1234567890.awsapps.com/start`. */
  readonly startUrl: string;
  readonly region: string;
  readonly organization: { readonly managementAccountId: string };
  readonly accounts: readonly DirectoryAccount[];
  readonly users: readonly DirectoryUser[];
  readonly groups: readonly DirectoryGroup[];
  readonly permissionSets: readonly PermissionSet[];
  readonly assignments: readonly Assignment[];
  readonly roles?: readonly DirectoryRole[];
}
