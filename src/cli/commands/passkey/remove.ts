// `rolecall passkey remove`: asks a registered passkey to approve the removal.
import { NotFoundError, UsageError } from '../../../core/errors.ts';
import type { PasskeysDocument } from '../../../local-api/schemas.ts';
import { harmless } from '../../terminal/render.ts';
import { waitForApproval } from '../approvals/wait-for-approval.ts';
import { openPasskeyPage, type PasskeyContext, type PasskeyOptions } from './approval.ts';
import { requireReadable, withoutDashes } from './list.ts';

export async function runPasskeyRemove(
  wanted: string,
  options: PasskeyOptions,
  context: PasskeyContext,
): Promise<number> {
  const { client, signal, stderr } = context;
  const { id, label } = find(requireReadable(await client.call('passkeys', {}, { signal })), wanted);
  const approval = await client.call('removePasskey', { id }, { signal });
  await openPasskeyPage({ label, id }, approval, options, context);
  if (!options.wait || options.json === true) return 0;
  await waitForApproval(approval, { hint: 'rolecall passkey list' }, context);
  stderr.write(`Removed "${harmless(label)}".\n`);
  return 0;
}

/** @throws NotFoundError passkey-not-found; UsageError usage: several match */
function find(passkeys: PasskeysDocument['passkeys'], wanted: string): PasskeysDocument['passkeys'][number] {
  const labelled = passkeys.filter(({ label }) => label === wanted);
  const begins = ({ id }: { id: string }) => id.startsWith(wanted) || withoutDashes(id).startsWith(wanted);
  const [first, ...more] = labelled.length > 0 ? labelled : passkeys.filter(begins);
  const hint = 'rolecall passkey list';
  if (first === undefined) throw new NotFoundError('passkey-not-found', `No passkey "${harmless(wanted)}".`, { hint });
  if (more.length > 0) throw new UsageError('usage', `Several passkeys begin with "${harmless(wanted)}".`, { hint });
  return first;
}
