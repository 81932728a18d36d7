// Types of the daemon's documents, for the type checker only; browsers never load this file.
export type {
  ApprovalDocument as Approval,
  ProgramDocument as Program,
  RoleDocument as Role,
  RolesDocument as Roles,
  SessionStatusDocument as Session,
  SignInDocument as SignIn,
  StatusDocument as Status,
} from '../local-api/schemas.ts';
import type {
  ApprovalsDocument,
  PasskeysDocument,
  SessionStatusDocument,
  SignInDocument,
  StatusDocument,
} from '../local-api/schemas.ts';

export type Lock = NonNullable<StatusDocument['lock']>;

export type Passkeys = PasskeysDocument;

export type Problem = StatusDocument['problems'][number];

/** As a person is shown it. */
export type CurrentRole = NonNullable<StatusDocument['current']>;

/** A role as the daemon takes it: what is current, and what a console is opened for. */
export interface RoleKey {
  readonly session: string;
  readonly accountId: string;
  readonly permissionSet: string;
}

/** By the type of the event. */
export interface EventDocuments {
  hello: { version: string; status: StatusDocument };
  session: SessionStatusDocument;
  'sign-in': { session: string; signIn: SignInDocument | null };
  catalog: { session: string; catalog: SessionStatusDocument['catalog'] };
  current: CurrentRole | null;
  problems: Problem[];
  approvals: ApprovalsDocument;
  lock: Lock | null;
  roles: { asOf: string | null };
}
