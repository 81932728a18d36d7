// Waits until a person has answered: says where, shows the time left, and withdraws the question on Ctrl-C.
import { NotFoundError, RefusedError } from '../../../core/errors.ts';
import type { ApprovalDocument } from '../../../local-api/schemas/approvals.ts';
import { createProgressLine } from '../../terminal/progress.ts';
import { describeNoPlace, describeRefusal, describeRequest, describeSubject } from './describe-approval.ts';
import type { ApprovalContext } from './options.ts';

/** The daemon answers `POLL_MARGIN_MS` before the client gives up, so that a busy machine is no error. */
const POLL_MS = 20_000;
const POLL_MARGIN_MS = 900;
const WITHDRAW_DEADLINE_MS = 2000;
const STOPS = ['Ctrl-C cancels', 'Ctrl-C'] as const;

export interface WaitOptions {
  /** The command that helps after a refusal. */
  readonly hint: string;
  /** Asks anew if the daemon has restarted meanwhile. Without it, that is an error. */
  readonly askAgain?: () => Promise<ApprovalDocument>;
}

/** Says what needs an approval, and where to answer. @throws RefusedError approval-refused: nobody can answer */
export function announceApproval(asked: ApprovalDocument, { stderr }: Pick<ApprovalContext, 'stderr'>): void {
  if (asked.state !== 'pending') return;
  requirePlace(asked);
  stderr.write(`${describeRequest(asked)}\n`);
}

/** @throws RefusedError approval-refused: refused, or nobody answered in time */
export async function waitForApproval(
  asked: ApprovalDocument,
  { hint, askAgain }: WaitOptions,
  context: ApprovalContext,
): Promise<void> {
  if (asked.state !== 'pending') return requireApproved(asked, hint);
  const waiting = { approval: asked };
  const ended = new AbortController();
  const countdown = showTimeLeft(() => waiting.approval, context, ended.signal);
  try {
    while (waiting.approval.state === 'pending') waiting.approval = await poll(waiting.approval, askAgain, context);
  } catch (error) {
    if (context.signal.aborted) await withdraw(waiting.approval, context);
    throw error;
  } finally {
    ended.abort();
    await countdown;
  }
  requireApproved(waiting.approval, hint);
}

/** @throws RefusedError approval-refused */
function requireApproved(approval: ApprovalDocument, hint: string): void {
  if (approval.state !== 'approved') throw new RefusedError('approval-refused', describeRefusal(approval), { hint });
}

/** @throws RefusedError approval-refused */
function requirePlace(approval: ApprovalDocument): void {
  if (approval.places.length > 0) return;
  throw new RefusedError(
    'approval-refused',
    `${describeSubject(approval)} needs an approval. ${describeNoPlace(approval)}`,
    {
      hint: approval.problem?.hint ?? 'rolecall doctor',
    },
  );
}

/** The approval once it has changed or some seconds have passed. A daemon that has restarted is asked anew. */
async function poll(
  { id }: ApprovalDocument,
  askAgain: WaitOptions['askAgain'],
  { client, signal }: ApprovalContext,
): Promise<ApprovalDocument> {
  try {
    return await client.call('approval', { id }, { timeoutMs: POLL_MS + POLL_MARGIN_MS, signal });
  } catch (error) {
    if (!(error instanceof NotFoundError) || askAgain === undefined) throw error;
    return askAgain();
  }
}

/** In place on a terminal; elsewhere one line. */
async function showTimeLeft(
  latest: () => ApprovalDocument,
  context: ApprovalContext,
  ended: AbortSignal,
): Promise<void> {
  const progress = createProgressLine(context);
  try {
    while (!ended.aborted) {
      const leftMs = Math.max(0, Date.parse(latest().expiresAt) - context.clock.nowMs());
      progress.show(`Waiting, ${formatTimeLeft(leftMs)} left …`, STOPS);
      await context.clock.sleep(1000, ended);
    }
  } catch {
    // The wait is over.
  } finally {
    progress.clear();
  }
}

/** "1:05" */
function formatTimeLeft(leftMs: number): string {
  const seconds = Math.ceil(leftMs / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

/** Takes the question back unless other callers wait for the same answer. */
async function withdraw({ id }: ApprovalDocument, { client, clock }: ApprovalContext): Promise<void> {
  const options = { autostart: false, timeoutMs: WITHDRAW_DEADLINE_MS };
  try {
    // The daemon may not have noticed yet that this command no longer waits.
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      const { callers, state } = await client.call('approval', { id }, { ...options, timeoutMs: 999 });
      if (state !== 'pending') return;
      if (callers === 0) {
        await client.call('refuseApproval', { id }, options);
        return;
      }
      await clock.sleep(100);
    }
  } catch {
    // It expires by itself.
  }
}
