// `rolecall unlock`: opens the lock, after a click or a passkey if the settings want one.
import { errorFromBody, RefusedError } from '../../../core/errors.ts';
import { formatJsonLine } from '../../../core/text/format-json.ts';
import type { ApprovalDocument } from '../../../local-api/schemas.ts';
import type { DaemonAccess, Output } from '../../context.ts';

/** The daemon answers each request before this. */
const WAIT_MS = 50_000;

const PLACES: Readonly<Record<ApprovalDocument['places'][number], string>> = {
  screen: 'in the dialog on the screen',
  page: 'on the page (rolecall web)',
  terminal: 'on another terminal (rolecall approve)',
};

/** @throws RefusedError approval-refused: refused, not answered in time, or nobody can answer */
export async function runUnlock(
  { json }: { readonly json?: boolean },
  context: DaemonAccess & Output,
): Promise<number> {
  const { approval } = await context.client.call('unlock', {}, { signal: context.signal });
  if (approval !== null) await waitForApproval(approval, context);
  context.stdout.write(json === true ? formatJsonLine({ locked: false }) : 'Unlocked.\n');
  return 0;
}

async function waitForApproval(
  asked: ApprovalDocument,
  { client, signal, stderr }: DaemonAccess & Output,
): Promise<void> {
  const isUnanswerable = asked.state === 'pending' && asked.places.length === 0;
  if (isUnanswerable && asked.problem !== null) throw errorFromBody(asked.problem);
  const means = asked.approve === 'passkey' ? 'a passkey' : 'a click';
  const where = asked.places.map((place) => PLACES[place]).join(' or ');
  if (asked.state === 'pending') stderr.write(`Unlocking needs ${means} ${where}. Waiting …\n`);
  let approval = asked;
  while (approval.state === 'pending') {
    approval = await client.call('approval', { id: asked.id }, { signal, timeoutMs: WAIT_MS });
  }
  if (approval.state === 'approved') return;
  const reason = approval.state === 'refused' ? 'the unlock was refused' : 'nobody confirmed the unlock in time';
  throw new RefusedError('approval-refused', `rolecall is still locked: ${reason}.`, { hint: 'rolecall unlock' });
}
