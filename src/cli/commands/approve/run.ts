// `rolecall approve`: lets the daemon ask on this terminal, and waits without reading it.
import { readlinkSync } from 'node:fs';
import { RefusedError, UsageError } from '../../../core/errors.ts';
import type { ApprovalDocument } from '../../../local-api/schemas.ts';
import type { CliContext } from '../../context.ts';
import { describeRefusal, describeSubject } from '../approvals/describe-approval.ts';
import { findApproval } from '../approvals/find-approval.ts';

type Context = Pick<CliContext, 'client' | 'platform' | 'processId' | 'signal' | 'stdinIsTerminal' | 'stdout'>;

export async function runApprove(id: string | undefined, context: Context): Promise<number> {
  const { client, signal, stdout } = context;
  const { approvals } = await client.call('approvals', {}, { signal });
  const chosen = id === undefined ? chooseOnly(approvals) : findApproval(id, approvals);
  if (chosen === undefined) {
    stdout.write('No approval waits.\n');
    return 0;
  }
  const body = { terminal: findTerminal(context), processId: context.processId };
  const approval = await client.call('approveOnTerminal', { id: chosen.id, body }, { signal });
  const name = describeSubject(approval);
  if (approval.state === 'approved') {
    stdout.write(`Allowed: ${name}\n`);
    return 0;
  }
  throw refusal(approval, name);
}

/** @throws UsageError usage: several wait */
function chooseOnly(approvals: readonly ApprovalDocument[]): ApprovalDocument | undefined {
  const [first, ...others] = approvals;
  if (others.length === 0) return first;
  throw new UsageError('usage', `${approvals.length} approvals wait: name one of them by its id.`, {
    hint: 'rolecall approvals',
  });
}

/** @throws UsageError usage: there is no terminal */
function findTerminal({ platform, stdinIsTerminal }: Context): string {
  if (platform !== 'linux') {
    throw new UsageError('usage', 'Questions can be answered on a terminal only on Linux.', { hint: 'rolecall web' });
  }
  if (stdinIsTerminal) return readlinkSync('/proc/self/fd/0');
  throw new UsageError('usage', 'Standard input is not a terminal.', { hint: 'rolecall approve' });
}

function refusal(approval: ApprovalDocument, name: string): RefusedError {
  if (approval.state === 'pending') {
    const hint = `rolecall approve ${approval.id}`;
    return new RefusedError('approval-required', `Nobody answered here, and ${name} still waits.`, { hint });
  }
  return new RefusedError('approval-refused', describeRefusal(approval), { hint: 'rolecall approvals' });
}
