// The input and output of the profile plan.
import type { ConflictError } from '../../core/errors.ts';
import type { Catalog, Role } from '../../core/model.ts';
import type { CredentialsNames } from '../document/credentials-names.ts';
import type { ConfigDocument } from '../document/document.ts';
import type { ExtraFor } from './foreign-keys.ts';
import type { ProfileSelection } from './profile-selection.ts';

export type ProfileStyle = 'credential_process' | 'sso';

/** `[profiles]` of the settings, and functions for the values of `[[role]]` rules. */
export interface ProfileSettings {
  readonly nameTemplate: string;
  readonly style: ProfileStyle;
  readonly defaultFollowsCurrent: boolean;
  /** Globs over profile names. */
  readonly exclude: readonly string[];
  /** Default region of all profiles; absent: the session's `sso_region`. */
  readonly region?: string;
  /** The region that a rule sets for the role, or undefined. */
  readonly regionFor?: (role: Role) => string | undefined;
  /** The template of the role's alias, or undefined. */
  readonly aliasFor?: (role: Role) => string | undefined;
  /** Extra keys of each profile; none when absent. */
  readonly extraFor?: ExtraFor;
  /** The chained roles behind a role; none when absent. */
  readonly chainsFor?: ChainsFor;
  /** Which profiles are written; all when absent. */
  readonly selection?: ProfileSelection;
}

/** A chain behind a role, from the settings. */
export interface ChainToPlan {
  readonly roleArn: string;
  readonly nameTemplate: string;
  readonly region?: string;
}

export type ChainsFor = (source: Role, partition: string) => readonly ChainToPlan[];

export interface PlannedProfile extends Role {
  readonly profileName: string;
  readonly accountName?: string;
  readonly region: string;
  readonly style: ProfileStyle;
  /** Aliases of the role; each is a separate profile in the file. */
  readonly aliases?: readonly string[];
  /** For an alias: the role's own profile name. */
  readonly aliasOf?: string;
  /** For a chained role. */
  readonly chain?: { readonly source: Role; readonly roleArn: string; readonly nameTemplate: string };
}

/** A profile that is removed from the file; without a role if rolecall did not write it. */
export interface RemovedProfile extends Partial<Role> {
  readonly profileName: string;
}

export interface SkippedProfile extends Partial<Role> {
  readonly profileName: string;
  /**
   * `hand-written`: the user has a profile of this name; `unusable-name`: not a valid account id or permission set name.
   * For an alias, `taken`: another role's profile has the name; `ambiguous`: several roles would get it.
   */
  readonly reason: 'hand-written' | 'unusable-name' | 'taken' | 'ambiguous';
  /** Line of the hand-written profile. */
  readonly line?: number;
}

/** A name that no rolecall profile can have, because the credentials file has it. */
export interface NameInCredentialsFile {
  readonly name: string;
  /** In the credentials file. */
  readonly line: number;
  /** The name that the role's profile gets instead; absent for an alias and for `current` and `default`. */
  readonly profileName?: string;
}

/** Profile names from an earlier plan, with their template: they are reused only with the same template. */
export interface IssuedNames {
  readonly template: string;
  readonly profiles: readonly (Role & { readonly profileName: string })[];
  readonly chains?: readonly IssuedChain[];
}

/** The name of a chain that the settings define, and the role that it starts from. */
export interface IssuedChain extends Role {
  readonly profileName: string;
  readonly roleArn: string;
  readonly nameTemplate: string;
}

export interface ProfilePlanRequest {
  readonly document: ConfigDocument;
  /** By session name. Profiles of sessions without a complete catalog are kept, and so are profiles of `lost` roles. */
  readonly catalogs: ReadonlyMap<string, Catalog>;
  readonly settings: ProfileSettings;
  /** Absolute path of `rolecall-credential-process`. */
  readonly credentialProcessPath: string;
  /** Names from an earlier plan, for roles that are not in the block now. Names in the block take precedence. */
  readonly previousNames?: IssuedNames;
  /** Determines the region of `[profile current]`; absent: the first session's. */
  readonly currentRole?: Role;
  /** Names in the credentials file, which no rolecall profile may have; none when absent. */
  readonly inCredentialsFile?: CredentialsNames;
}

export interface ProfilePlan {
  /** Profiles to write, sorted by name. */
  readonly profiles: readonly PlannedProfile[];
  /** Profiles that have a name and are written on first use; sorted by name. */
  readonly unwritten: readonly PlannedProfile[];
  /** Whether all profiles are written, or only those of used roles. */
  readonly writes: 'all' | 'used';
  /** `current`, and `default` if configured: they follow the current role and are in no other list. */
  readonly followers: readonly { readonly profileName: string; readonly region?: string }[];
  /** Set when the user added something to our block: `text` would lose it, so it must not be written. */
  readonly conflict?: ConflictError;
  readonly added: readonly PlannedProfile[];
  readonly removed: readonly RemovedProfile[];
  /** Same name as before, but different lines. */
  readonly changed: readonly PlannedProfile[];
  readonly skipped: readonly SkippedProfile[];
  /** Sorted by name; absent when there are no such names. */
  readonly inCredentialsFile?: readonly NameInCredentialsFile[];
  /** Profiles that are kept although a listing lost their roles, including aliases. */
  readonly keptLost: readonly string[];
  /** How many roles are in the plan only because our block has them. */
  readonly keptCount: number;
  /** How many roles `exclude` leaves out. */
  readonly excludedCount: number;
  readonly issuedNames: IssuedNames;
  /** The whole file after the sync. */
  readonly text: string;
  /** Unified diff; empty when nothing changes. */
  readonly diff: string;
}
