// Menu entries of pending approvals. They lead to the question, or refuse; none of them approves.
import { toHarmlessLine } from '../core/text/harmless-text.ts';
import type { ApprovalDocument } from '../local-api/schemas.ts';
import type { MenuItem } from './menu-item.ts';
import { describeRole } from './role-label.ts';

const MAX_SHOWN = 3;
const MAX_LINE_LENGTH = 160;
const MAX_NAME_LENGTH = 60;

const line = (text: string) => toHarmlessLine(text, MAX_LINE_LENGTH);
const name = (text: string) => toHarmlessLine(text, MAX_NAME_LENGTH);

/** "Approval needed: billing  333333333333  Admin, asked by python3", for menus and tooltips. */
export function describeApproval(approval: ApprovalDocument): string {
  const { program } = approval;
  const path = program?.script ?? program?.executable;
  const asker = path === undefined ? '' : `, asked by ${name(path.slice(path.lastIndexOf('/') + 1))}`;
  return line(`Approval needed: ${describeSubject(approval)}${asker}`);
}

function describeSubject(approval: ApprovalDocument): string {
  const { subject, accountName, accountId, permissionSet } = approval;
  const label = `“${name(approval.label ?? '')}”`;
  if (subject === 'unlock') return 'unlock rolecall';
  if (subject === 'add-passkey') return `add the passkey ${label}`;
  if (subject === 'remove-passkey') return `remove the passkey ${label}`;
  const role = { accountName, accountId: accountId ?? '', permissionSet: permissionSet ?? '' };
  return describeRole({ ...role, label: '', protected: false }, false);
}

export function describeApprovals(approvals: readonly ApprovalDocument[]): MenuItem[] {
  const items = approvals.slice(0, MAX_SHOWN).flatMap((approval): MenuItem[] => {
    const { id } = approval;
    return [
      { key: `approval ${id}`, label: describeApproval(approval) },
      { key: `answer ${id}`, label: describeAnswer(approval), action: { does: 'open-page' } },
      { key: `refuse ${id}`, label: 'Refuse', action: { does: 'refuse', approval: id } },
    ];
  });
  const left = approvals.length - MAX_SHOWN;
  return left > 0 ? [...items, { key: 'more-approvals', label: `… and ${left} more: rolecall status` }] : items;
}

/** Leads to the page, which answers a passkey's question, and says where a click is asked for. */
function describeAnswer({ approve, places }: ApprovalDocument): string {
  if (approve === 'passkey') return 'Approve on the page…';
  if (places.includes('screen')) return 'Answer the dialog on your screen, or see it on the page…';
  return 'See on the page where to answer…';
}
