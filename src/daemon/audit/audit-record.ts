// What the daemon records in the audit log, and how a record becomes a line.
import { createHash } from 'node:crypto';
import { formatUtcSeconds } from '../../core/clock.ts';
import type { ErrorCode } from '../../core/errors.ts';
import type { ChainDefinition, Role, SignInFlow } from '../../core/model.ts';
import { escapeControls } from '../../core/text/harmless-text.ts';
import type { AuditActor, AuditEvent, AuditHop, AuditLine, AuditProgram } from '../../local-api/schemas/audit.ts';
import type { BudgetedRecord } from './audit-budget.ts';

/** The surface of the request; `daemon` for what the daemon did on its own. */
export type Actor = AuditActor;

export interface AuditRecord {
  readonly event: AuditEvent;
  readonly surface: Actor;
  /** When it happened; now when absent. */
  readonly atMs?: number | undefined;
  /** `current`: the role that is current when the grant is used. */
  readonly role?: Role | 'current' | undefined;
  /** For a grant: how its role is reached, if the caller named another role to go through. */
  readonly hop?: ChainDefinition | undefined;
  /** For events that concern all roles of the session. */
  readonly sessionName?: string | undefined;
  /** For a console link: its URL signs in whoever opens it. */
  readonly federated?: boolean;
  /** For a sign-in. */
  readonly flow?: SignInFlow | undefined;
  /** The caller, or the process that it acts for. Most callers don't name one. */
  readonly processId?: number | undefined;
  /** The caller if more than its process id is known. Only these fields are written: arguments may contain secrets. */
  readonly program?: AuditProgram | undefined;
  /** For refusals: the code that the caller got. */
  readonly code?: ErrorCode | undefined;
  /** For approvals, and for credentials that were issued after one. */
  readonly approvalId?: string | undefined;
  /** How a person answered. */
  readonly by?: 'click' | 'terminal' | 'passkey' | undefined;
  /** What an approval is for. */
  readonly subject?: 'role' | 'unlock' | 'add-passkey' | 'remove-passkey' | undefined;
  /** For a lock: what caused it. */
  readonly reason?: 'command' | 'screen' | 'idle' | 'sleep' | undefined;
  /** The name of a passkey. */
  readonly label?: string | undefined;
  /** What a grant is for. */
  readonly purpose?: string | undefined;
  /** Of a start: the rules for protected roles, because a program of the user could have changed them before. */
  readonly rules?: string | undefined;
}

/** Names from other programs are cut here. */
const MAX_TEXT_LENGTH = 500;

const cut = (text: string | null | undefined) => text?.slice(0, MAX_TEXT_LENGTH);

/** The fields of a line in the order in which they are written. */
export function toAuditLine({ record, atMs, count }: BudgetedRecord<AuditRecord>): AuditLine {
  const { event, surface, role, sessionName, federated, flow, processId, program } = record;
  const isNamed = role !== undefined && role !== 'current';
  return withoutUndefined({
    at: formatUtcSeconds(record.atMs ?? atMs),
    event,
    // Of a refused request they are what the caller sent.
    session: cut(isNamed ? role.sessionName : sessionName),
    accountId: isNamed ? cut(role.accountId) : undefined,
    permissionSet: isNamed ? cut(role.permissionSet) : undefined,
    via: record.hop && describeHop(record.hop),
    current: role === 'current' ? true : undefined,
    subject: record.subject,
    label: cut(record.label),
    purpose: cut(record.purpose),
    rules: cut(record.rules),
    federated,
    flow,
    surface,
    processId: program?.processId ?? processId,
    program: program && describeProgram(program),
    code: record.code,
    approvalId: record.approvalId,
    by: record.by,
    reason: record.reason,
    // Set if this line stands for several events: it is the last of them.
    count: count === 1 ? undefined : count,
  }) as AuditLine;
}

/** The JSON of a line, without characters that a terminal obeys. */
export function formatAuditLine(line: AuditLine): string {
  return escapeControls(JSON.stringify(line));
}

/** The policy by its digest: a line has to stay short. */
function describeHop({ source, roleArn, policy, policyArns }: ChainDefinition): AuditHop {
  return withoutUndefined({
    roleArn: cut(roleArn) ?? '',
    sourceAccountId: source.accountId,
    sourcePermissionSet: cut(source.permissionSet) ?? '',
    policySha256: policy === undefined ? undefined : createHash('sha256').update(policy).digest('hex'),
    policyArns: policyArns?.map((arn) => cut(arn) ?? ''),
  });
}

function describeProgram({ executable, script, agent, confined, isVerified }: AuditProgram): AuditProgram | undefined {
  const known = withoutUndefined({
    executable: cut(executable),
    script: cut(script),
    agent: cut(agent),
    confined: confined === true ? true : undefined,
    isVerified: isVerified === true ? true : undefined,
  });
  return Object.keys(known).length === 0 ? undefined : known;
}

function withoutUndefined<T extends object>(object: T): T {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T;
}
