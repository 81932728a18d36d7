// Menu entries of pending approvals and of the lock. They lead to the question, or refuse; none of them approves.
import { nameProgram } from '../core/program.ts';
import { formatDuration } from '../core/text/format-duration.ts';
import { toHarmlessLine } from '../core/text/harmless-text.ts';
import type { ApprovalDocument, StatusDocument } from '../local-api/schemas.ts';
import type { MenuItem } from './menu-item.ts';
import { describeRole } from './role-label.ts';

const MAX_SHOWN = 3;
const MAX_LINE_LENGTH = 160;
const MAX_NAME_LENGTH = 60;

const line = (text: string) => toHarmlessLine(text, MAX_LINE_LENGTH);
const name = (text: string) => toHarmlessLine(text, MAX_NAME_LENGTH);

/** "Approval needed: billing  333333333333  Admin, asked by python3 deploy.py", for menus and tooltips. */
export function describeApproval(approval: ApprovalDocument): string {
  const { program } = approval;
  const asker = program === null ? '' : `, asked by ${nameProgram(program)}`;
  return line(`Approval needed: ${describeSubject(approval)}${asker}`);
}

function describeSubject(approval: ApprovalDocument): string {
  const { subject, accountName, accountId, permissionSet, chain } = approval;
  const label = `“${name(approval.label ?? '')}”`;
  if (subject === 'unlock') return 'unlock rolecall';
  if (subject === 'add-passkey') return `add the passkey ${label}`;
  if (subject === 'remove-passkey') return `remove the passkey ${label}`;
  const role = {
    accountName,
    accountId: accountId ?? '',
    permissionSet: permissionSet ?? '',
    ...(chain === undefined ? {} : { chain }),
  };
  return describeRole({ ...role, label: '', protected: false }, false);
}

export function describeApprovals(approvals: readonly ApprovalDocument[]): MenuItem[] {
  const items = approvals.slice(0, MAX_SHOWN).flatMap((approval): MenuItem[] => {
    const { id } = approval;
    return [
      { key: `approval ${id}`, label: describeApproval(approval) },
      describeAnswer(approval),
      { key: `refuse ${id}`, label: 'Refuse', action: { does: 'refuse', approval: id } },
    ];
  });
  const left = approvals.length - MAX_SHOWN;
  return left > 0 ? [...items, { key: 'more-approvals', label: `… and ${left} more: rolecall approvals` }] : items;
}

/** Leads to the page, which answers a passkey's question, and says where a click is asked for. */
function describeAnswer({ id, approve, places }: ApprovalDocument): MenuItem {
  const key = `answer ${id}`;
  if (approve === 'passkey') return { key, label: 'Approve on the page…', action: { does: 'open-passkey-page' } };
  const onScreen = places.includes('screen');
  return {
    key,
    label: onScreen ? 'Answer the dialog on your screen, or see it on the page…' : 'See on the page where to answer…',
    action: { does: 'open-page' },
  };
}

const REASONS = {
  command: '',
  screen: ', with the screen',
  idle: ', after idle time',
  sleep: ', before sleep',
} as const;

/** Undefined unless it is locked: "Locked for 12 min, with the screen". */
export function describeLocked({ lock }: StatusDocument, nowMs: number): string | undefined {
  if (lock?.isLocked !== true) return undefined;
  const what = lock.scope === 'all' ? 'Locked' : 'Protected roles are locked';
  const since = lock.since === null ? '' : ` for ${formatDuration(nowMs - Date.parse(lock.since))}`;
  return `${what}${since}${lock.reason === null ? '' : REASONS[lock.reason]}`;
}

export function describeLock(status: StatusDocument, nowMs: number): MenuItem[] {
  const locked = describeLocked(status, nowMs);
  if (locked === undefined) return [{ key: 'lock', label: 'Lock', action: { does: 'lock' } }];
  return [
    { key: 'locked', label: locked },
    { key: 'unlock', label: 'Unlock…', action: { does: 'unlock' } },
  ];
}
