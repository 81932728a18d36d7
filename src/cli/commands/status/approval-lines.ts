// What waits for a person in `rolecall status`: pending approvals, each with where to answer.
import type { ApprovalDocument } from '../../../local-api/schemas.ts';
import type { CliContext, DaemonAccess, Output } from '../../context.ts';
import { count, createPainter, formatDuration, harmless, type Style } from '../../terminal/render.ts';

const MAX_APPROVALS = 3;
type Paint = (style: Style, text: string) => string;
type Context = Pick<DaemonAccess & Output & CliContext, 'client' | 'clock' | 'environment' | 'signal' | 'stdout'>;

/** Fetches the approvals that the status only counts. */
export async function loadWaiting(context: Context): Promise<string> {
  const { client, signal } = context;
  const { approvals } = await client.call('approvals', {}, { signal });
  return formatWaiting(approvals, context);
}

/** Lines that belong above everything else; empty if nothing waits. */
export function formatWaiting(
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
      : [[`${paint('yellow', '!')} ${count(left, 'more approval')}`, `  Run: ${paint('bold', 'rolecall web')}`]]),
  ];
  return blocks.map((lines) => `${lines.join('\n')}\n\n`).join('');
}

function describeApproval(approval: ApprovalDocument, paint: Paint, nowMs: number): string[] {
  const { program, callers } = approval;
  const left = `${formatDuration(Math.max(0, Date.parse(approval.expiresAt) - nowMs))} left`;
  const path = program?.script ?? program?.executable;
  const who = path === undefined ? '' : `, asked by ${harmless(path)} (pid ${program?.processId})`;
  const several = callers > 1 ? `, ${count(callers, 'request')}` : '';
  return [
    `${paint('yellow', '!')} Approval needed: ${describeSubject(approval)}${who}${several}, ${left}.`,
    `  ${describePlace(approval, paint)}`,
  ];
}

/** In the order of every list. */
function describeSubject({ subject, accountName, accountId, permissionSet, label }: ApprovalDocument): string {
  if (subject === 'unlock') return 'unlock rolecall';
  if (subject !== 'role') return `${subject === 'add-passkey' ? 'add' : 'remove'} the passkey ${harmless(label ?? '')}`;
  const words = [accountName, accountId, permissionSet].filter((word) => word !== null && word !== '');
  return words.map((word) => harmless(word ?? '')).join('  ');
}

function describePlace({ approve, places, problem }: ApprovalDocument, paint: Paint): string {
  const run = (command: string) => paint('bold', command);
  if (problem !== null) return `${harmless(problem.message)} Run: ${run(harmless(problem.hint))}`;
  if (approve === 'passkey') return `Answer on the page with your passkey: ${run('rolecall web')}`;
  const words = [
    ...(places.includes('screen') ? ['Answer the dialog on your screen'] : []),
    ...(places.includes('terminal') ? [`answer in another terminal`] : []),
  ].join(', or ');
  return words === '' ? `Run: ${run('rolecall web')}` : `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
}
