// Approvals as the local API shows them.
import { formatUtcSeconds } from '../../core/clock.ts';
import type { Program } from '../../core/program.ts';
import type { ApprovalDocument, ChainDocument, ProgramDocument } from '../../local-api/schemas.ts';
import type { Approval, Approvals } from './approvals.ts';

/** `accountName` and `chain` of the role; undefined if unknown, or if there is none. */
export function describeApproval(
  approval: Approval,
  { placesOf }: Pick<Approvals, 'placesOf'>,
  accountName?: string,
  chain?: ChainDocument,
): ApprovalDocument {
  const { subject } = approval;
  const role = subject.kind === 'role' ? subject.role : undefined;
  const isPending = approval.state === 'pending';
  const { places, problem } = placesOf(approval);
  return {
    id: approval.id,
    state: approval.state,
    subject: subject.kind,
    session: role?.sessionName ?? null,
    accountId: role?.accountId ?? null,
    accountName: accountName ?? null,
    permissionSet: role?.permissionSet ?? null,
    ...(chain === undefined ? {} : { chain }),
    label: 'label' in subject ? subject.label : null,
    approve: approval.approve,
    surface: approval.surface,
    program: approval.program === undefined ? null : describeProgram(approval.program),
    callers: approval.callers,
    askedAt: formatUtcSeconds(approval.askedAtMs),
    expiresAt: formatUtcSeconds(approval.expiresAtMs),
    rememberMinutes: role === undefined ? null : approval.rememberMinutes,
    for: role === undefined ? null : approval.for,
    places: isPending ? [...places] : [],
    problem: isPending ? (problem ?? null) : null,
  };
}

function describeProgram({ startedAtTicks: _startedAtTicks, parents, ...program }: Program): ProgramDocument {
  return { ...program, parents: parents.map(({ processId, executable }) => ({ processId, executable })) };
}

/** The answer about a role that needs no approval, or has one that no question is known of. */
export function describeOpenRole(
  {
    sessionName,
    accountId,
    permissionSet,
  }: { readonly sessionName: string; readonly accountId: string; readonly permissionSet: string },
  nowMs: number,
): ApprovalDocument {
  return {
    id: '',
    state: 'approved',
    subject: 'role',
    session: sessionName,
    accountId,
    accountName: null,
    permissionSet,
    label: null,
    approve: 'click',
    surface: 'socket',
    program: null,
    callers: 0,
    askedAt: formatUtcSeconds(nowMs),
    expiresAt: formatUtcSeconds(nowMs),
    rememberMinutes: null,
    for: null,
    places: [],
    problem: null,
  };
}
