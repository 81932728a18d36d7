// A line of the audit log, as the daemon writes it and `rolecall log` reads it.
import type { SurfaceName } from '../routes.ts';

/** What happened. A newer daemon may write events that are not in this list. */
export type AuditEvent =
  | 'approval-asked'
  | 'approval-expired'
  | 'approval-given'
  | 'approval-refused'
  | 'console-opened'
  | 'container-port-lost'
  | 'credentials-issued'
  | 'credentials-refused'
  | 'current-role-cleared'
  | 'current-role-switched'
  | 'daemon-started'
  | 'daemon-stopped'
  | 'grant-ended'
  | 'grant-issued'
  | 'grant-revoked'
  | 'lines-lost'
  | 'locked'
  | 'passkey-added'
  | 'passkey-refused'
  | 'passkey-removed'
  | 'profiles-written'
  | 'settings-written'
  | 'sign-in-approved'
  | 'sign-in-denied'
  | 'sign-in-expired'
  | 'signed-out'
  | 'team-taken'
  | 'unlocked'
  | 'web-code-exchanged'
  | 'web-code-refused';

/** The surface of the request; `daemon` for what the daemon did on its own. */
export type AuditActor = SurfaceName | 'daemon';

/** The program that caused an event, as far as known. */
export interface AuditProgram {
  readonly processId?: number | undefined;
  readonly executable?: string | null | undefined;
  /** The file that an interpreter runs. */
  readonly script?: string | null | undefined;
  /** The coding agent that started it. */
  readonly agent?: string | null | undefined;
  /** It was started confined to its one role. */
  readonly confined?: boolean | undefined;
  /** The kernel named the process, not the process itself. */
  readonly isVerified?: boolean | undefined;
}

/** How the role of a grant is reached, and what narrows it. */
export interface AuditHop {
  readonly roleArn: string;
  readonly sourceAccountId: string;
  readonly sourcePermissionSet: string;
  /** SHA-256, in hex, of the session policy as AWS got it: without white space. */
  readonly policySha256?: string | undefined;
  readonly policyArns?: readonly string[] | undefined;
}

/** One line. Fields that do not apply to the event are absent; a reader ignores those that it does not know. */
export interface AuditLine {
  readonly at: string;
  readonly event: AuditEvent;
  readonly session?: string;
  readonly accountId?: string;
  readonly permissionSet?: string;
  /** Of a grant for `rolecall exec --via`. */
  readonly via?: AuditHop;
  /** The role that was current when the grant was used. */
  readonly current?: true;
  readonly federated?: boolean;
  readonly flow?: string;
  readonly surface: AuditActor;
  readonly processId?: number;
  readonly program?: AuditProgram;
  /** Why something was refused: the error code that the caller got. */
  readonly code?: string;
  readonly approvalId?: string;
  readonly by?: string;
  readonly subject?: string;
  readonly reason?: string;
  readonly label?: string;
  /** What a grant is for, in the words of its caller. */
  readonly purpose?: string;
  /** The rules for protected roles that a daemon has started with. */
  readonly rules?: string;
  /** The line stands for this many events, of which it shows the last. */
  readonly count?: number;
  /** Counts the lines since the log began. */
  readonly seq?: number;
  /** SHA-256, in hex, of the line before and this line. */
  readonly hash?: string;
}
