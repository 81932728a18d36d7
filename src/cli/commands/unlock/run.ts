// `rolecall unlock`: opens the lock, after a click or a passkey if the settings want one.
import { formatJsonLine } from '../../../core/text/format-json.ts';
import type { Output } from '../../context.ts';
import type { ApprovalContext } from '../approvals/options.ts';
import { announceApproval, waitForApproval } from '../approvals/wait-for-approval.ts';

/** @throws RefusedError approval-refused: refused, not answered in time, or nobody can answer */
export async function runUnlock(
  { json }: { readonly json?: boolean },
  context: ApprovalContext & Output,
): Promise<number> {
  const { approval } = await context.client.call('unlock', {}, { signal: context.signal });
  if (approval !== null) {
    announceApproval(approval, context);
    await waitForApproval(approval, { hint: 'rolecall unlock' }, context);
  }
  context.stdout.write(json === true ? formatJsonLine({ locked: false }) : 'Unlocked.\n');
  return 0;
}
