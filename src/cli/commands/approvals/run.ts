// `rolecall approvals`: lists the approvals that wait for a person, and refuses them.
import { formatJson } from '../../../core/text/format-json.ts';
import type { ApprovalDocument } from '../../../local-api/schemas.ts';
import type { CliContext } from '../../context.ts';
import { count, createPainter, printText } from '../../terminal/render.ts';
import { findApproval } from './find-approval.ts';
import { describeAsker, describeNoPlace, describePlaces, describeSubject } from './describe-approval.ts';

export interface ApprovalsOptions {
  readonly refuse?: string;
  readonly json?: boolean;
}

type Context = Pick<CliContext, 'client' | 'clock' | 'environment' | 'signal' | 'stdout'>;

export async function runApprovals(options: ApprovalsOptions, context: Context): Promise<number> {
  const { client, signal, stdout } = context;
  const document = await client.call('approvals', {}, { signal });
  if (options.refuse !== undefined) {
    const refused = await refuseAll(choose(options.refuse, document.approvals), context);
    if (options.json === true) stdout.write(formatJson({ approvals: refused }));
    else await printText(formatOutcome(refused), context);
    return 0;
  }
  if (options.json === true) stdout.write(formatJson(document));
  else await printText(format(document.approvals, context), context);
  return 0;
}

/** commander reads the `--all` of `--refuse --all` as the value. */
const ALL: ReadonlySet<string> = new Set(['all', '--all']);
/** @throws NotFoundError approval-not-found */
function choose(id: string, pending: readonly ApprovalDocument[]): readonly ApprovalDocument[] {
  return ALL.has(id) ? pending : [findApproval(id, pending)];
}

async function refuseAll(
  approvals: readonly ApprovalDocument[],
  { client, signal }: Context,
): Promise<readonly ApprovalDocument[]> {
  return Promise.all(approvals.map(({ id }) => client.call('refuseApproval', { id }, { signal })));
}

function formatOutcome(approvals: readonly ApprovalDocument[]): string {
  if (approvals.length === 0) return 'No approval waits.\n';
  // A person may have answered in the meantime.
  const outcomes = {
    pending: 'Still waits',
    approved: 'Was already approved',
    refused: 'Refused',
    expired: 'Was over',
  };
  return approvals.map((approval) => `${outcomes[approval.state]}: ${describeSubject(approval)}\n`).join('');
}

function format(approvals: readonly ApprovalDocument[], context: Context): string {
  if (approvals.length === 0) return 'No approval waits.\n';
  const paint = createPainter(context.stdout, context.environment);
  const nowMs = context.clock.nowMs();
  return approvals
    .map((approval) => {
      const since = formatAge(nowMs - Date.parse(approval.askedAt));
      const callers = approval.callers > 1 ? `, ${count(approval.callers, 'caller')}` : '';
      const places = describePlaces(approval);
      return [
        paint('bold', describeSubject(approval)),
        `  asked by: ${describeAsker(approval)}`,
        `  waiting:  ${since}${callers}`,
        places === undefined ? `  ! ${describeNoPlace(approval)}` : `  answer:   ${places}`,
        `  refuse:   rolecall approvals --refuse ${approval.id}`,
      ]
        .map((line) => `${line}\n`)
        .join('');
    })
    .join('\n');
}

/** "35 s", "1 min 5 s": an approval waits for two minutes at most. */
function formatAge(ageMs: number): string {
  const seconds = Math.max(0, Math.floor(ageMs / 1000));
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
