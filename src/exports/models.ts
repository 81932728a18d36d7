// The documents of the local API as types, for other programs. Generated from its OpenAPI document: `npm run docs`.

export interface Account {
  readonly session: SessionName;
  readonly accountId: AccountId;
  readonly accountName: string | null;
  readonly emailAddress: string | null;
  readonly permissionSets: readonly string[];
}

/** twelve digits */
export type AccountId = string;

export interface Accounts {
  /** time of the oldest list shown; null when nothing has been listed yet */
  readonly asOf: Time | null;
  readonly complete: boolean;
  readonly accounts: readonly Account[];
  /** the chained roles; absent without any */
  readonly chains?: readonly ChainedRole[];
}

export interface AdoptedProfile {
  readonly profileName: string;
  readonly line: number;
  readonly source: ProfileSource;
  readonly session: SessionName;
  readonly accountId: AccountId;
  readonly permissionSet: PermissionSet;
}

export interface AdoptedSession {
  readonly session: SessionName;
  readonly startUrl: string;
  readonly region: string;
}

export interface Adoption {
  readonly configFile: string;
  /** true when this call changed the file */
  readonly written: boolean;
  readonly adopted: readonly AdoptedProfile[];
  /** profiles of these sources that stay as they are */
  readonly left: readonly ProfileLeftAlone[];
  readonly newSessions: readonly AdoptedSession[];
  readonly notes: readonly string[];
  /** unified */
  readonly diff: string;
  /** where the previous file is kept; null when nothing was written */
  readonly backup: string | null;
}

export interface AdoptionRequest {
  /** all of them when absent */
  readonly from?: readonly ProfileSource[];
  /** only profiles of this sso-session */
  readonly session?: string;
  readonly undo?: boolean;
  /** write nothing */
  readonly dryRun?: boolean;
}

export interface Approval {
  /** empty for a role that needs no approval */
  readonly id: string;
  readonly state: "pending" | "approved" | "refused" | "expired";
  readonly subject: "role" | "unlock" | "add-passkey" | "remove-passkey";
  readonly session: SessionName | null;
  readonly accountId: AccountId | null;
  readonly accountName: string | null;
  readonly permissionSet: PermissionSet | null;
  readonly chain?: Chain;
  /** of the passkey */
  readonly label: string | null;
  readonly approve: ApprovalKind;
  readonly surface: "socket" | "web" | "container" | "daemon";
  /** who asked first; null if unknown */
  readonly program: Program | null;
  /** how many wait now */
  readonly callers: number;
  readonly askedAt: Time;
  /** when the question is withdrawn, or, once approved, the approval ends */
  readonly expiresAt: Time;
  readonly rememberMinutes: number | null;
  readonly for: "role" | "program" | null;
  /** where a person can answer */
  readonly places: readonly ("screen" | "page" | "terminal")[];
  /** why there is no place */
  readonly problem: ErrorBody | null;
}

export type ApprovalId = string;

export type ApprovalKind = "click" | "passkey";

export interface ApprovalRequest {
  readonly session: SessionName;
  readonly accountId: AccountId;
  readonly permissionSet: PermissionSet;
  readonly via?: Via;
}

export interface Approvals {
  readonly approvals: readonly Approval[];
}

export interface ApprovalsEvent {
  readonly id: EventId;
  readonly event: "approvals";
  readonly data: Approvals;
}

/** where the browser of the user is; not-opened: the user opens the page, perhaps on another device */
export type BrowserPlace = "here" | "ssh" | "container" | "wsl" | "no-display" | "not-opened";

export interface CatalogEvent {
  readonly id: EventId;
  readonly event: "catalog";
  readonly data: SessionCatalog;
}

export interface CatalogSummary {
  readonly asOf: Time;
  readonly complete: boolean;
  readonly accounts: number;
  readonly permissionSets: number;
}

/** of a role that is reached through another role; absent for a permission set */
export interface Chain {
  /** the permission set of the role is `chain:` and this name */
  readonly name: string;
  readonly roleArn: string;
  /** of that ARN, without its path */
  readonly roleName: string;
  /** the profile of the source role; null without one */
  readonly sourceProfile: string | null;
  readonly sourceAccountId: AccountId;
  readonly sourcePermissionSet: PermissionSet;
  /** of its credentials; at most an hour */
  readonly lifetimeSeconds: number;
  /** the seconds that its definition asks for, if that is more */
  readonly cappedFrom: number | null;
  /** a session policy narrows it */
  readonly policy: boolean;
}

export interface ChainedRole {
  readonly session: SessionName;
  readonly accountId: AccountId;
  readonly accountName: string | null;
  readonly permissionSet: PermissionSet;
  readonly chain: Chain;
}

export interface ConsoleLink {
  readonly url: string;
  /** true: anyone who has the URL is signed in; keep it out of arguments and logs */
  readonly secret: boolean;
  /** only for a secret URL: when the console session ends, with its keys */
  readonly endsAt?: Time;
  readonly session: SessionName;
  readonly accountId: AccountId;
  readonly accountName: string | null;
  readonly permissionSet: PermissionSet;
  readonly chain?: Chain;
  /** a [[protect]] of the settings matches */
  readonly protected: boolean;
  /** the session's command template in the settings */
  readonly browser: string | null;
  /** of that template in the settings file */
  readonly browserLine?: number;
}

export interface ConsoleRequest {
  readonly session: SessionName;
  readonly accountId: AccountId;
  readonly permissionSet: PermissionSet;
  /** as in the console URL: ec2, s3, … */
  readonly service?: string;
  readonly region?: string;
  /** a sign-in URL with a token in it; on the socket only; required for a chained role */
  readonly federated?: boolean;
}

export interface Credentials {
  readonly Version: 1;
  readonly AccessKeyId: string;
  readonly SecretAccessKey: string;
  readonly SessionToken: string;
  readonly Expiration: Time;
  readonly AccountId: string;
}

export interface CurrentEvent {
  readonly id: EventId;
  readonly event: "current";
  readonly data: ShownCurrentRole | null;
}

export interface CurrentRole {
  readonly session: SessionName;
  readonly accountId: AccountId;
  readonly permissionSet: PermissionSet;
  /** rolecall's profile for the role; null without one */
  readonly profile: string | null;
}

export interface EditedFile {
  readonly path: string;
  readonly written: boolean;
  /** unified; empty when nothing changes */
  readonly diff: string;
}

/** takes effect when the daemon starts next */
export interface EditedSettings {
  readonly path: string;
  readonly written: boolean;
  /** unified; empty when nothing changes */
  readonly diff: string;
  /** keys that already have another value */
  readonly kept: readonly string[];
}

export interface Endpoint {
  readonly url: string;
  readonly source: "settings" | "environment";
}

export interface ErrorBody {
  /** stable */
  readonly code: string;
  /** one sentence */
  readonly message: string;
  /** a command to type */
  readonly hint: string;
}

export type EventMessage = HelloEvent | SessionEvent | SignInEvent | CatalogEvent | CurrentEvent | ProblemsEvent | LockEvent | ApprovalsEvent | RolesEvent;

/** send that of the last event as Last-Event-ID to get what came after it */
export type EventId = string;

export interface Files {
  readonly settings: string;
  readonly config: string;
  readonly log: string;
  readonly audit?: string;
  readonly socket: string;
}

export interface FoundSession {
  /** a free name for the sso-session */
  readonly name: string;
  readonly startUrl: string;
  /** false: not an AWS host */
  readonly isAws: boolean;
  /** null if no file has it */
  readonly region: string | null;
  /** whose files have the start URL */
  readonly tools: readonly ProfileSource[];
  /** profiles of the shared config file with it */
  readonly profiles: number;
}

export interface FoundSessions {
  readonly sessions: readonly FoundSession[];
  /** files that could not be read */
  readonly notes: readonly string[];
}

export interface Grant {
  readonly id: string;
  /** the grant follows the current role; the role is null then */
  readonly current: boolean;
  readonly role: RoleAddress | null;
  readonly chain?: Chain;
  readonly createdAt: Time;
  readonly expiresAt: Time;
  readonly processId: number | null;
  /** for `rolecall exec --confine`, by its own word */
  readonly confined: boolean;
  /** served on a socket of its own, not at the container port */
  readonly socket: boolean;
  /** in its caller's words */
  readonly purpose: string | null;
}

export type GrantId = string;

export type GrantRequest = {
  readonly session: SessionName;
  readonly accountId: AccountId;
  readonly permissionSet: PermissionSet;
  readonly via?: Via;
  /** 24 hours when absent */
  readonly lifetimeSeconds?: number;
  /** the grant ends with this process */
  readonly processId?: number;
  /** the caller confines the program; only for the lists and the audit log */
  readonly confined?: boolean;
  /** serve the grant on a unix socket of its own instead of the container port, as `GET /role` */
  readonly socket?: boolean;
  /** what it is for; only for the lists and the audit log */
  readonly purpose?: string;
} | {
  readonly current: true;
  /** 24 hours when absent */
  readonly lifetimeSeconds?: number;
  /** the grant ends with this process */
  readonly processId?: number;
  /** the caller confines the program; only for the lists and the audit log */
  readonly confined?: boolean;
  /** serve the grant on a unix socket of its own instead of the container port, as `GET /role` */
  readonly socket?: boolean;
  /** what it is for; only for the lists and the audit log */
  readonly purpose?: string;
};

export interface Grants {
  readonly grants: readonly Grant[];
}

export interface Hello {
  readonly version: string;
  readonly status: Status;
}

export interface HelloEvent {
  readonly id: EventId;
  readonly event: "hello";
  readonly data: Hello;
}

export interface IssuedGrant {
  readonly id: string;
  /** the grant follows the current role; the role is null then */
  readonly current: boolean;
  readonly role: RoleAddress | null;
  readonly chain?: Chain;
  readonly createdAt: Time;
  readonly expiresAt: Time;
  readonly processId: number | null;
  /** for `rolecall exec --confine`, by its own word */
  readonly confined: boolean;
  /** served on a socket of its own, not at the container port */
  readonly socket: boolean;
  /** in its caller's words */
  readonly purpose: string | null;
  /** for AWS_CONTAINER_CREDENTIALS_FULL_URI; for a socket, without the port of what listens in front of it */
  readonly url: string;
  /** only for a socket: 0600, in a 0700 folder that stays the same */
  readonly socketPath?: string;
  /** for AWS_CONTAINER_AUTHORIZATION_TOKEN */
  readonly token: string;
  /** 0700, for the caller's own files; gone with the grant */
  readonly directory: string;
}

export interface ListingProgress {
  readonly accountsListed: number;
  readonly accountsTotal: number;
}

export interface Lock {
  readonly isLocked: boolean;
  /** null while it is open, as the next one */
  readonly since: Time | null;
  readonly reason: "command" | "screen" | "idle" | "sleep" | null;
  readonly scope: LockScope;
}

export interface LockAnswer {
  readonly locked: boolean;
  readonly scope: LockScope;
  /** what has to be approved first; once it is approved, rolecall is unlocked */
  readonly approval: Approval | null;
}

export interface LockEvent {
  readonly id: EventId;
  readonly event: "lock";
  readonly data: Lock | null;
}

/** what is not served while it is locked */
export type LockScope = "all" | "protected";

export interface LoginProfile {
  readonly profileName: string;
  /** of the config file */
  readonly line: number;
  /** null, like the next one, if login_session is not an ARN */
  readonly accountId: AccountId | null;
  /** the ARN of the one who signed in */
  readonly principal: string | null;
}

export interface NameInCredentialsFile {
  readonly name: string;
  /** of the credentials file */
  readonly line: number;
  /** the name that the profile got instead */
  readonly profileName: string | null;
}

export interface NamedRole {
  readonly accountId: AccountId;
  readonly accountName: string | null;
  readonly permissionSet: PermissionSet;
}

/** names that the shared credentials file uses, so rolecall gives them to no profile; absent without any */
export interface NamesInCredentialsFile {
  readonly file: string;
  readonly names: readonly NameInCredentialsFile[];
}

export interface NewCurrentRole {
  readonly session: SessionName;
  readonly accountId: AccountId;
  readonly permissionSet: PermissionSet;
  /** optional; must be a profile name of that role */
  readonly profile?: string | null;
}

export interface NewSession {
  readonly name: string;
  readonly startUrl: string;
  readonly region: string;
}

/** what delays the next renewal; absent while nothing does */
export interface NextRetry {
  /** outage: Identity Center failed several times in a row; server-pause: it asked for a pause; back-off: the last renewal failed; secret-store: it is locked or failing */
  readonly reason: "outage" | "server-pause" | "back-off" | "secret-store";
  readonly message: string;
  /** absent: at the next request, or once the secret store works */
  readonly at?: Time;
}

export interface ParentProgram {
  readonly processId: number;
  readonly executable: string;
}

export interface Passkey {
  readonly id: string;
  readonly label: string;
  readonly addedAt: Time;
  readonly transports: readonly string[];
}

export interface PasskeyRequest {
  /** to tell passkeys apart */
  readonly label: string;
}

export interface Passkeys {
  readonly passkeys: readonly Passkey[];
  /** the only origin where passkeys can be used, new at each start; null while no port is open */
  readonly url: string | null;
  /** false: without a secret store, passkeys end with the daemon */
  readonly isPersistent: boolean;
  /** why the passkeys cannot be read */
  readonly problem: ErrorBody | null;
}

/** the name of a permission set; of a chained role: `chain:NAME` */
export type PermissionSet = string;

/** the message with its code, then `Run: ` and the hint; for `Accept: text/plain` */
export type PlainError = string;

export interface PlannedProfile {
  readonly profileName: string;
  readonly session: SessionName;
  readonly accountId: AccountId;
  readonly accountName: string | null;
  readonly permissionSet: PermissionSet;
  readonly chain?: Chain;
  readonly region: string;
  /** further names, each a profile as well */
  readonly aliases?: readonly string[];
}

export interface Problem {
  /** stable */
  readonly code: string;
  /** one sentence */
  readonly message: string;
  /** a command to type */
  readonly hint: string;
  readonly session?: SessionName;
  /** in the team's file, not in your own settings; absent otherwise */
  readonly team?: true;
}

export interface ProblemsEvent {
  readonly id: EventId;
  readonly event: "problems";
  readonly data: readonly Problem[];
}

export interface Profile {
  readonly profileName: string;
  /** true: the profile follows the current role, which is given here */
  readonly followsCurrent: boolean;
  readonly session: SessionName;
  readonly accountId: AccountId;
  readonly permissionSet: PermissionSet;
  readonly chain?: Chain;
  readonly region: string | null;
  /** true: it is not in the file; POST /v1/profile writes it */
  readonly unwritten?: boolean;
  /** absent when it got its keys since, or never asked */
  readonly lastRefusal?: Refusal;
}

export interface ProfileLeftAlone {
  readonly profileName: string;
  readonly line: number;
  readonly source: ProfileSource;
  readonly reason: string;
}

export interface ProfileNamePreview {
  readonly accountName: string;
  readonly accountId: AccountId;
  readonly permissionSet: PermissionSet;
  readonly profileName: string;
}

export interface ProfileRequest {
  readonly name: string;
}

export type ProfileSource = "aws" | "aws-sso" | "granted" | "aws-vault" | "leapp";

export interface ProfileSyncRequest {
  /** true: also removes the profiles of roles that a suspicious listing lost */
  readonly prune?: boolean;
}

export interface Profiles {
  readonly configFile: string;
  /** true when this call changed the file */
  readonly written: boolean;
  readonly profiles: readonly PlannedProfile[];
  /** the setting; absent when every profile is written */
  readonly write?: "used" | "auto";
  /** profiles that are written at their first use */
  readonly unwritten?: number;
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
  /** profiles that are kept although a suspicious listing lost their roles; absent without any */
  readonly kept?: readonly string[];
  readonly skipped: readonly SkippedProfile[];
  readonly inCredentialsFile?: NamesInCredentialsFile;
  /** your own profiles that get their keys from `aws login`, which rolecall leaves alone; absent without any */
  readonly loginProfiles?: readonly LoginProfile[];
  /** unified */
  readonly diff: string;
  /** why a sync writes nothing: somebody added keys or profiles to the block, which it would delete */
  readonly conflict?: ErrorBody;
}

export interface Program {
  readonly processId: number;
  readonly executable: string;
  /** the first file that an interpreter runs */
  readonly script: string | null;
  readonly workingDirectory: string | null;
  readonly terminal: string | null;
  /** of the process, not of Identity Center */
  readonly sessionId: number | null;
  /** the nearest first, at most 8 */
  readonly parents: readonly ParentProgram[];
  /** the coding agent that started it */
  readonly agent: string | null;
  /** the kernel says so, not the program */
  readonly isVerified: boolean;
}

export interface Reach {
  /** the daemon's */
  readonly nodeVersion: string;
  /** variables that the daemon removed from its environment at its start */
  readonly droppedVariables?: readonly string[];
  readonly endpoints: readonly ReachedEndpoint[];
}

export interface ReachedEndpoint {
  readonly service: "oidc" | "portal";
  /** that use it */
  readonly sessions: readonly string[];
  readonly region: string;
  readonly url: string;
  /** without user and password */
  readonly proxy: string | null;
  readonly state: "reached" | "unresolvable" | "untrusted" | "proxy-failed" | "unreachable";
  readonly reason?: string;
  /** how far the daemon's clock is ahead of the server's; negative: behind */
  readonly clockAheadSeconds?: number;
  readonly durationMs: number;
}

export interface Refusal {
  readonly at: Time;
  /** stable */
  readonly code: string;
  /** one sentence */
  readonly message: string;
  /** a command to type */
  readonly hint: string;
}

export interface RenewalOffer {
  /** false: nothing is to be renewed, or it was offered today */
  readonly taken: boolean;
}

export interface Role {
  readonly session: SessionName;
  /** the session's label in the settings, else its name */
  readonly label: string;
  readonly accountId: AccountId;
  readonly accountName: string | null;
  readonly permissionSet: PermissionSet;
  readonly chain?: Chain;
  /** null when rolecall has no profile for this role */
  readonly profile: string | null;
  /** rolecall's further profile names for the role; absent without any */
  readonly aliases?: readonly string[];
  /** true: POST /v1/profile writes the profile to the file */
  readonly unwritten?: boolean;
  /** true: AWS clients read that name from the shared credentials file */
  readonly shadowed?: boolean;
  /** a [[protect]] of the settings matches */
  readonly protected: boolean;
  /** the approval that its credentials need; absent if they need none */
  readonly approve?: ApprovalKind;
  readonly pinned: boolean;
  /** higher for roles that you switch to often and recently; 0: never */
  readonly score: number;
  readonly lastUsedAt?: Time;
}

export interface RoleAddress {
  readonly session: SessionName;
  readonly accountId: AccountId;
  readonly permissionSet: PermissionSet;
}

export interface RoleRefusal {
  readonly at: Time;
  /** stable */
  readonly code: string;
  /** one sentence */
  readonly message: string;
  /** a command to type */
  readonly hint: string;
  /** rolecall's profile for the role; `current` when that was requested */
  readonly profile: string | null;
  /** null if no role was current, like the next two */
  readonly session: SessionName | null;
  readonly accountId: AccountId | null;
  readonly permissionSet: PermissionSet | null;
}

export interface RoleUse {
  readonly accountId: AccountId;
  readonly permissionSet: PermissionSet;
  /** unused: not requested for one lifetime, so no longer renewed */
  readonly state: "fresh" | "due" | "refreshing" | "failing" | "unused";
  readonly expiresAt?: Time;
  readonly nextRefreshAt?: Time;
}

export interface Roles {
  /** as in the list of accounts */
  readonly asOf: Time | null;
  readonly complete: boolean;
  /** the total, when only the first roles were requested */
  readonly total?: number;
  /** how many of the first roles are the start of the full list */
  readonly leading?: number;
  /** how many of the total are chained roles; absent without any */
  readonly chains?: number;
  /** by account name, account id, permission set, session: the order of every list that a person sees; chained roles come after the permission sets of their account; of the first ones alone, some are pinned or used most, and the others are the beginning of the list */
  readonly roles: readonly Role[];
}

export interface RolesChange {
  readonly asOf: Time | null;
}

export interface RolesEvent {
  readonly id: EventId;
  readonly event: "roles";
  readonly data: RolesChange;
}

export interface SessionCatalog {
  readonly session: SessionName;
  readonly catalog: CatalogSummary | null;
}

export interface SessionEndpoint {
  readonly service: "oidc" | "portal" | "sts";
  readonly url: string;
  /** custom: not one of AWS */
  readonly kind: "custom" | "fips" | "dualstack" | "fips-dualstack";
  /** where this was set, such as: use_fips_endpoint of [sso-session work] */
  readonly setBy: string;
}

export interface SessionEvent {
  readonly id: EventId;
  readonly event: "session";
  readonly data: SessionStatus;
}

/** the name of an sso-session of the shared config file */
export type SessionName = string;

export interface SessionSignIn {
  readonly session: SessionName;
  readonly signIn: SignIn | null;
}

export interface SessionStatus {
  readonly session: SessionName;
  /** the session's label in the settings; absent without one */
  readonly label?: string;
  readonly startUrl: string;
  readonly region: string;
  readonly state: "live" | "pending" | "expired" | "signed-out";
  readonly flow?: SignInFlowDecision;
  readonly signedInAt?: Time;
  readonly tokenExpiresAt?: Time;
  /** no store has the tokens of this sign-in, so the end of the daemon ends it; absent otherwise */
  readonly onlyInMemory?: true;
  readonly sessionExpiresAt?: Time;
  /** who signed in, from GetCallerIdentity; absent until checked */
  readonly user?: string;
  /** with `renew = "ask"`: the session ends during this working day. due: its renewal will be offered at a quiet moment; offered: that was done today; absent otherwise */
  readonly renewal?: "due" | "offered";
  /** where sessionExpiresAt comes from */
  readonly sessionEndIs?: "configured" | "observed";
  readonly catalog: CatalogSummary | null;
  readonly listing: ListingProgress | null;
  /** callers that wait for a sign-in (on_expired) */
  readonly waiting?: number;
  /** its own endpoints that are not AWS's default ones, instead of those under `endpoints` of the document; absent without one */
  readonly endpoints?: readonly SessionEndpoint[];
  readonly upstreams?: readonly Upstream[];
  /** when the access token or the keys of a role in use are renewed next; absent while no role is in use */
  readonly nextRefreshAt?: Time;
  readonly nextRetry?: NextRetry;
  /** in use: the 100 that were requested last */
  readonly roles?: readonly RoleUse[];
  /** hand-written profiles that need the access token in the AWS CLI's own token file */
  readonly tokenFileProfiles: readonly string[];
}

export interface Setup {
  readonly config: EditedFile;
  readonly settings: EditedSettings;
  /** what the profiles of two made-up accounts would be called */
  readonly preview: readonly ProfileNamePreview[];
}

export interface SetupRequest {
  readonly session?: NewSession;
  /** to add as well */
  readonly moreSessions?: readonly NewSession[];
  readonly nameTemplate?: string;
  readonly secretStore?: "keychain" | "file" | "memory";
  /** write nothing */
  readonly dryRun?: boolean;
}

export interface ShownCurrentRole {
  readonly session: SessionName;
  readonly accountId: AccountId;
  readonly permissionSet: PermissionSet;
  /** rolecall's profile for the role; null without one */
  readonly profile: string | null;
  readonly accountName: string | null;
  /** a [[protect]] of the settings matches */
  readonly protected: boolean;
  readonly chain?: Chain;
}

export interface SignIn {
  readonly state: "live" | "pending" | "approved" | "denied" | "expired" | "cancelled";
  readonly flow?: SignInFlow;
  readonly flowReason?: SignInFlowReason;
  /** only with flow device */
  readonly userCode?: string;
  /** with flow pkce, the page for this sign-in alone */
  readonly verificationUri?: string;
  readonly verificationUriComplete?: string;
  /** the page to open, without the code in it; absent when it is not on a trusted host */
  readonly openUri?: string;
  /** the session's command template in the settings */
  readonly browser?: string | null;
  /** of that template in the settings file */
  readonly browserLine?: number;
  /** AWS's start URL, if that of the session is a company's own that leads there */
  readonly leadsTo?: string;
  readonly expiresAt?: Time;
  readonly error?: ErrorBody;
  readonly setup?: SignInSetup;
}

export interface SignInEvent {
  readonly id: EventId;
  readonly event: "sign-in";
  readonly data: SessionSignIn;
}

/** device: the user enters a code on the page; pkce: the browser comes back to the daemon with the answer */
export type SignInFlow = "device" | "pkce";

/** how a sign-in from the desktop, the tray or the page would work */
export interface SignInFlowDecision {
  readonly setting: "device" | "pkce" | "auto";
  readonly flow: SignInFlow;
  readonly reason: SignInFlowReason;
}

/** why this flow: asked for, set, or where the browser is; pkce-refused and no-callback-port: `pkce` was not possible */
export type SignInFlowReason = "asked" | "setting" | "here" | "ssh" | "container" | "wsl" | "no-display" | "not-opened" | "pkce-refused" | "no-callback-port";

export interface SignInRequest {
  readonly force?: boolean;
  /** instead of the settings; replaces a pending sign-in with another flow */
  readonly flow?: SignInFlow;
  /** where the caller's browser is, which decides with flow = "auto"; absent: not-opened, and for the page the daemon's own */
  readonly browser?: BrowserPlace;
  /** true: the user has seen the endpoints that are not AWS's and agreed; required for one on another machine */
  readonly acceptEndpoint?: boolean;
}

export interface SignInSetup {
  readonly state: "listing" | "syncing" | "done" | "failed";
  readonly accountsListed: number;
  readonly accountsTotal: number;
  readonly permissionSets?: number;
  readonly complete?: boolean;
  readonly added?: readonly NamedRole[];
  readonly removed?: readonly NamedRole[];
  readonly profiles?: SyncedProfiles;
  readonly error?: ErrorBody;
}

export interface SignOut {
  /** false: signed out here, but the session stays active at AWS */
  readonly endedAtAws: boolean;
  /** why it stays active, as a sentence for the user */
  readonly note?: string;
}

export interface SignOutRequest {
  /** true: signs out even though an unreachable keychain may still contain tokens */
  readonly forgetKeychain?: boolean;
}

export interface SkippedProfile {
  readonly profileName: string;
  readonly reason: string;
}

export interface StartUrl {
  readonly startUrl: string;
  /** false: not an AWS host */
  readonly isAws: boolean;
  readonly region: string | null;
  /** where the region comes from */
  readonly regionIs: "in-the-url" | "on-the-page" | null;
  /** AWS's start URL, if the host is a company's own that redirects there */
  readonly leadsTo?: string;
  /** why the company's host does not lead to AWS, as a sentence */
  readonly leadsNowhere?: string;
}

export interface Status {
  readonly version: string;
  /** the daemon's; absent in answers of version 0.1.0 */
  readonly processId?: number;
  /** the same as `processId` */
  readonly pid: number;
  readonly startedAt: Time;
  /** by how much this machine's clock is ahead of AWS's, or behind if negative, rounded to minutes; absent up to two minutes. Times of sessions, tokens and keys are AWS's */
  readonly clockAheadSeconds?: number;
  readonly store: StoreStatus;
  /** custom endpoints in force; an absent one is AWS's own */
  readonly endpoints: {
    readonly ssoOidc?: Endpoint;
    readonly sso?: Endpoint;
    readonly sts?: Endpoint;
    /** variables of the daemon that choose AWS's FIPS or dual-stack endpoints */
    readonly switches?: readonly string[];
  };
  readonly files: Files;
  /** the team file beneath the settings; absent without one */
  readonly team?: {
    readonly source: string;
  };
  readonly sessions: readonly SessionStatus[];
  readonly current: ShownCurrentRole | null;
  readonly problems: readonly Problem[];
  /** worth knowing, and nothing to act on; shown by `rolecall doctor`; absent without one */
  readonly notes?: readonly Problem[];
  /** null while rolecall is unlocked and no setting locks it */
  readonly lock?: Lock | null;
  /** how many approvals wait for a person; absent without one */
  readonly approvals?: number;
  /** the last refusal of each profile that got no keys, newest first, 100 at most; absent without one, and in events */
  readonly lastRefusals?: readonly RoleRefusal[];
}

export interface Stop {
  readonly pid: number;
}

export interface StoreStatus {
  readonly driver: "keychain" | "file" | "memory";
  readonly durable: boolean;
}

export interface SyncedProfiles {
  readonly configFile: string;
  readonly total: number;
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
  readonly kept?: readonly string[];
  readonly write?: "used" | "auto";
  readonly unwritten?: number;
  readonly inCredentialsFile?: NamesInCredentialsFile;
}

export interface Team {
  readonly source: string;
  /** where the source redirects to; the file was loaded from there */
  readonly redirectedTo?: string;
  /** SHA-256 of the file */
  readonly digest: string;
  readonly signature?: TeamSignature;
  readonly team: EditedFile;
  readonly config: EditedFile;
  /** sso-sessions of the file */
  readonly sessions: readonly string[];
  /** keys for which the user's own settings have another value, which stays */
  readonly kept: readonly string[];
  /** start URLs on hosts that are not AWS's */
  readonly foreignStartUrls: readonly string[];
}

export interface TeamRequest {
  /** an https URL or an absolute path */
  readonly source?: string;
  /** SHA-256 of the file that was shown; a different file is refused */
  readonly digest?: string;
  /** SHA-256 that the file must have, as its author told it */
  readonly sha256?: string;
  /** public key of minisign or OpenSSH that must have signed the file; without it, the key that signed the stored one */
  readonly publicKey?: string;
  /** write nothing */
  readonly dryRun?: boolean;
}

/** the signature that was verified; absent if the file needs none */
export interface TeamSignature {
  readonly kind: "minisign" | "ssh";
  /** key id of minisign, or fingerprint of the OpenSSH key */
  readonly keyId: string;
  /** UTC; absent for OpenSSH, whose signatures have no date */
  readonly signedAt?: Time;
  /** whether the stored file had no key, or another one */
  readonly isNewKey: boolean;
  /** whether an older signed file will be refused from now on */
  readonly refusesOlder: boolean;
}

export interface TerminalRequest {
  /** for example /dev/pts/3 */
  readonly terminal: string;
  /** the process that waits there, in the foreground */
  readonly processId: number;
}

/** UTC, whole seconds, ending in Z */
export type Time = string;

export interface Upstream {
  /** oidc, portal, or sts. and a region that has failed since its last answer */
  readonly service: string;
  /** open: an outage, in which no calls are made */
  readonly circuit: "closed" | "open" | "half-open";
  readonly nextTryAt?: Time;
}

export interface UserCheck {
  /** unconfirmed: another user than before; no credentials until the user confirms */
  readonly state: "confirmed" | "unconfirmed" | "unchecked";
  readonly user?: string;
  readonly previousUser?: string;
  /** why the user is not known */
  readonly reason?: string;
}

export interface UserCheckRequest {
  readonly accept?: string;
}

/** assumes this role with the credentials of the other, and serves only its credentials */
export interface Via {
  /** an ARN, or a name in the same account */
  readonly role: string;
  /** a session policy, as JSON */
  readonly policy?: string;
  /** managed policies of the account of `role` */
  readonly policyArns?: readonly string[];
  readonly roleSessionName?: string;
  readonly durationSeconds?: number;
}

export interface WebCode {
  /** to open, with the code as its fragment; with a fixed web_port the name in it is new at each start */
  readonly url: string;
  readonly code: string;
  readonly expiresAt: Time;
}

/** Every operation of the socket that answers once: what it takes, and what it answers. */
export interface Operations {
  /** The daemon, its secret store, the sessions with time left, the current role, and current problems */
  readonly status: {
    readonly input: Readonly<Record<string, never>>;
    readonly answer: Status;
  };
  /** This description of the API */
  readonly openapi: {
    readonly input: Readonly<Record<string, never>>;
    readonly answer: Readonly<Record<string, unknown>>;
  };
  /** Accounts and permission sets; `refresh` lists them again first */
  readonly accounts: {
    readonly input: {
      readonly query?: {
        /** the name of an sso-session of the shared config file */
        readonly session?: SessionName;
        /** lists at AWS again first, which can take minutes */
        readonly refresh?: boolean;
      };
    };
    readonly answer: Accounts;
  };
  /** One row for each account and permission set, as lists show them */
  readonly roles: {
    readonly input: {
      readonly query?: {
        /** the name of an sso-session of the shared config file */
        readonly session?: SessionName;
        /** only the roles for a first screen, with the total */
        readonly first?: boolean;
      };
    };
    readonly answer: Roles;
  };
  /** Credentials of one role, as a credential_process document */
  readonly credentials: {
    readonly input: {
      readonly query: {
        /** the name of an sso-session of the shared config file */
        readonly session: SessionName;
        /** twelve digits */
        readonly account: AccountId;
        /** the name of a permission set; of a chained role: `chain:NAME` */
        readonly role: PermissionSet;
      };
    };
    readonly answer: Credentials;
  };
  /** Credentials of the current role, as a credential_process document */
  readonly currentCredentials: {
    readonly input: Readonly<Record<string, never>>;
    readonly answer: Credentials;
  };
  /** Starts a sign-in, or answers 200 with `live` that none is needed */
  readonly startSignIn: {
    readonly input: {
      readonly session: SessionName;
      readonly body?: SignInRequest;
    };
    readonly answer: SignIn;
  };
  /** The pending sign-in, or the last outcome */
  readonly signIn: {
    readonly input: {
      readonly session: SessionName;
    };
    readonly answer: SignIn | null;
  };
  /** Cancels the pending sign-in */
  readonly cancelSignIn: {
    readonly input: {
      readonly session: SessionName;
    };
    readonly answer: undefined;
  };
  /** Ends the session: drops tokens and credentials at once, then tells AWS */
  readonly signOut: {
    readonly input: {
      readonly session: SessionName;
      readonly body?: SignOutRequest;
    };
    readonly answer: SignOut;
  };
  /** Saves what is in memory only; a locked keychain may open its dialog, once. Call it only when a person acts */
  readonly retrySecretStore: {
    readonly input: Readonly<Record<string, never>>;
    readonly answer: undefined;
  };
  /** Finds out who signed in, and accepts another user than before */
  readonly checkUser: {
    readonly input: {
      readonly session: SessionName;
      readonly body: UserCheckRequest;
    };
    readonly answer: UserCheck;
  };
  /** Claims the offer to renew the session, which is made once a day, before asking a person */
  readonly takeRenewal: {
    readonly input: {
      readonly session: SessionName;
    };
    readonly answer: RenewalOffer;
  };
  /** The current role, or null */
  readonly current: {
    readonly input: Readonly<Record<string, never>>;
    readonly answer: CurrentRole | null;
  };
  /** Sets the current role; null clears it */
  readonly setCurrent: {
    readonly input: {
      readonly body: NewCurrentRole | null;
    };
    readonly answer: CurrentRole | null;
  };

  /** The profiles that a sync would write, with the diff */
  readonly profiles: {
    readonly input: {
      readonly query?: {
        /** as a sync with prune would write them */
        readonly prune?: boolean;
      };
    };
    readonly answer: Profiles;
  };
  /** Writes the profiles into the shared config file */
  readonly syncProfiles: {
    readonly input: {
      readonly body?: ProfileSyncRequest;
    };
    readonly answer: Profiles;
  };
  /** The role of one profile, of rolecall or a native one */
  readonly profile: {
    readonly input: {
      readonly query: {
        /** the name of the profile */
        readonly name: string;
      };
    };
    readonly answer: Profile;
  };
  /** Writes one profile that is not in the shared config file yet (write = "used") */
  readonly writeProfile: {
    readonly input: {
      readonly body: ProfileRequest;
    };
    readonly answer: Profile;
  };
  /** The registered passkeys, and the address where they can be used */
  readonly passkeys: {
    readonly input: Readonly<Record<string, never>>;
    readonly answer: Passkeys;
  };
  /** Asks to add a passkey: a click approves the first, a registered passkey each further one */
  readonly addPasskey: {
    readonly input: {
      readonly body: PasskeyRequest;
    };
    readonly answer: Approval;
  };
  /** Asks to remove a passkey, which a registered passkey approves */
  readonly removePasskey: {
    readonly input: {
      readonly id: string;
    };
    readonly answer: Approval;
  };
  /** As `/v1/web-code`, at the address where passkeys can be used */
  readonly passkeyPage: {
    readonly input: Readonly<Record<string, never>>;
    readonly answer: WebCode;
  };
  /** A link to the AWS console as one role: the access portal's shortcut, or a federated sign-in */
  readonly console: {
    readonly input: {
      readonly body: ConsoleRequest;
    };
    readonly answer: ConsoleLink;
  };
  /** A code for the page, valid for 60 seconds and one exchange */
  readonly webCode: {
    readonly input: Readonly<Record<string, never>>;
    readonly answer: WebCode;
  };
  /** Creates a grant: a URL and a token for the credentials of one role, for AWS_CONTAINER_CREDENTIALS_FULL_URI */
  readonly createGrant: {
    readonly input: {
      readonly body: GrantRequest;
    };
    readonly answer: IssuedGrant;
  };
  /** All valid grants, without their secrets */
  readonly grants: {
    readonly input: Readonly<Record<string, never>>;
    readonly answer: Grants;
  };
  /** One grant, without its secrets */
  readonly grant: {
    readonly input: {
      readonly id: GrantId;
    };
    readonly answer: Grant;
  };
  /** Ends a grant at once */
  readonly revokeGrant: {
    readonly input: {
      readonly id: GrantId;
    };
    readonly answer: undefined;
  };
  /** The approvals that wait for a person, oldest first; no route of the socket approves one */
  readonly approvals: {
    readonly input: Readonly<Record<string, never>>;
    readonly answer: Approvals;
  };
  /** Asks for the approval that a role needs, even if it was refused a moment ago; does not wait */
  readonly askApproval: {
    readonly input: {
      readonly body: ApprovalRequest;
    };
    readonly answer: Approval;
  };
  /** One approval, for ten minutes after it was settled; with `Prefer: wait=SECONDS` once it is settled or the time is over */
  readonly approval: {
    readonly input: {
      readonly id: ApprovalId;
    };
    readonly answer: Approval;
  };
  /** Refuses an approval that waits; everybody may */
  readonly refuseApproval: {
    readonly input: {
      readonly id: ApprovalId;
    };
    readonly answer: Approval;
  };
  /** Locks: no credentials are served, and those in memory are forgotten */
  readonly lock: {
    readonly input: Readonly<Record<string, never>>;
    readonly answer: LockAnswer;
  };
  /** Unlocks, or asks for the approval that the settings want; does not wait for it */
  readonly unlock: {
    readonly input: Readonly<Record<string, never>>;
    readonly answer: LockAnswer;
  };
  /** Makes the daemon ask on a terminal where neither the program that asks nor what started it can type; answers afterwards */
  readonly approveOnTerminal: {
    readonly input: {
      readonly id: ApprovalId;
      readonly body: TerminalRequest;
    };
    readonly answer: Approval;
  };
  /** Converts native profiles, and those of other tools, under their own names, or undoes that */
  readonly adoptProfiles: {
    readonly input: {
      readonly body: AdoptionRequest;
    };
    readonly answer: Adoption;
  };
  /** Completes a start URL that a person typed, and finds its region if the start page has it */
  readonly startUrl: {
    readonly input: {
      readonly query: {
        /** a start URL, or its alias */
        readonly text: string;
      };
    };
    readonly answer: StartUrl;
  };
  /** Start URLs in the files of the AWS CLI, aws-sso-cli, Granted and aws-vault that are not sso-sessions yet */
  readonly foundSessions: {
    readonly input: Readonly<Record<string, never>>;
    readonly answer: FoundSessions;
  };
  /** Adds an sso-session to the shared config file, and settings; keeps what exists */
  readonly setup: {
    readonly input: {
      readonly body: SetupRequest;
    };
    readonly answer: Setup;
  };
  /** Fetches a team file, checks it, saves it, and adds its sso-sessions to the shared config file */
  readonly team: {
    readonly input: {
      readonly body: TeamRequest;
    };
    readonly answer: Team;
  };
  /** Asks each AWS endpoint in use whether it answers, and what time it is there */
  readonly reach: {
    readonly input: Readonly<Record<string, never>>;
    readonly answer: Reach;
  };
  /** Stops the daemon after it has finished its answers */
  readonly stop: {
    readonly input: Readonly<Record<string, never>>;
    readonly answer: Stop;
  };
}
