// Asks for the approval of a protected role before a command does anything else. Costs one request for every other role.
import { NotFoundError } from '../../../core/errors.ts';
import type { ApprovalRequestDocument } from '../../../local-api/schemas/approvals.ts';
import type { ApprovalContext } from './options.ts';

/**
 * Resolves once the role may be used, and whether a person was asked. Ctrl-C withdraws the question.
 * @throws RefusedError approval-refused: a person refused, nobody answered in time, or nobody can be asked
 */
export async function ensureApproved(role: ApprovalRequestDocument, context: ApprovalContext): Promise<boolean> {
  const { session, accountId, permissionSet, via } = role;
  const body = { session, accountId, permissionSet, ...(via === undefined ? {} : { via }) };
  const ask = () => context.client.call('askApproval', { body }, { signal: context.signal });
  const approval = await ask().catch(ignoreNoRoute);
  if (approval === undefined || approval.state === 'approved') return false;
  const { announceApproval, waitForApproval } = await import('./wait-for-approval.ts');
  announceApproval(approval, context);
  await waitForApproval(approval, { hint: 'rolecall approvals', askAgain: ask }, context);
  return true;
}

/** A daemon from before approvals, which this client may not replace: it asks nobody about any role. */
function ignoreNoRoute(error: unknown): undefined {
  if (!(error instanceof NotFoundError) || error.code !== 'route-not-found') throw error;
}
