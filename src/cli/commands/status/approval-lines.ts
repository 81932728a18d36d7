// What waits for a person in `rolecall status`: pending approvals, and the lock, each with where to answer.
import type { ApprovalDocument, StatusDocument } from '../../../local-api/schemas.ts';
import type { CliContext, DaemonAccess, Output } from '../../context.ts';
import { count, createPainter, formatDuration, type Style } from '../../terminal/render.ts';
import { describeAsker, describeNoPlace, describePlaces, describeSubject } from '../approvals/describe-approval.ts';

const MAX_APPROVALS = 3;
const LOCK_REASONS = {
  command: '',
  screen: ', with the screen',
  idle: ', after idle time',
  sleep: ', before sleep',
} as const;

type Paint = (style: Style, text: string) => string;
type Waiting = Pick<StatusDocument, 'approvals' | 'lock'>;
type Context = Pick<DaemonAccess & Output & CliContext, 'client' | 'clock' | 'environment' | 'signal' | 'stdout'>;

/** Fetches the approvals that the status only counts. */
export async function loadWaiting(status: Waiting, context: Context): Promise<string> {
  const { client, signal } = context;
  const isAsked = (status.approvals ?? 0) > 0;
  const { approvals } = isAsked ? await client.call('approvals', {}, { signal }) : { approvals: [] };
  return formatWaiting(status, approvals, context);
}

/** Lines that belong above everything else; empty if nothing waits. */
export function formatWaiting(
  { lock = null }: Waiting,
  approvals: readonly ApprovalDocument[],
  { stdout, environment, clock }: Pick<Context, 'stdout' | 'environment' | 'clock'>,
): string {
  const paint = createPainter(stdout, environment);
  const nowMs = clock.nowMs();
  const left = approvals.length - MAX_APPROVALS;
  const blocks = [
    ...approvals.slice(0, MAX_APPROVALS).map((approval) => describeApproval(approval, paint, nowMs)),
    ...(left <= 0
      ? []
      : [[`${paint('yellow', '!')} ${count(left, 'more approval')}`, `  Run: ${paint('bold', 'rolecall approvals')}`]]),
    ...(lock?.isLocked === true ? [describeLock(lock, paint, nowMs)] : []),
  ];
  return blocks.map((lines) => `${lines.join('\n')}\n\n`).join('');
}

function describeApproval(approval: ApprovalDocument, paint: Paint, nowMs: number): string[] {
  const left = formatDuration(Math.max(0, Date.parse(approval.expiresAt) - nowMs));
  const requests = approval.callers > 1 ? `, ${count(approval.callers, 'request')}` : '';
  const places = describePlaces(approval);
  return [
    `${paint('yellow', '!')} Approval needed: ${describeSubject(approval)}${requests}, ${left} left`,
    `  Asked by: ${describeAsker(approval)}`,
    `  Answer:   ${places ?? describeNoPlace(approval)}`,
  ];
}

function describeLock({ since, reason, scope }: NonNullable<Waiting['lock']>, paint: Paint, nowMs: number): string[] {
  const what = scope === 'all' ? 'Locked' : 'Protected roles are locked';
  const age = since === null ? '' : ` for ${formatDuration(nowMs - Date.parse(since))}`;
  const why = reason === null ? '' : LOCK_REASONS[reason];
  const effect = scope === 'all' ? ' Programs get no credentials.' : '';
  return [`${paint('yellow', '!')} ${what}${age}${why}.${effect}`, `  Run: ${paint('bold', 'rolecall unlock')}`];
}
