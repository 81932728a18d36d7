// `rolecall passkey add`: asks for the approval, and opens the page that registers the passkey.
import { hostname } from 'node:os';
import { harmless } from '../../terminal/render.ts';
import { waitForApproval } from '../approvals/wait-for-approval.ts';
import { NOT_PERSISTENT, requireReadable } from './list.ts';
import { openPasskeyPage, waitForPasskey, type PasskeyContext, type PasskeyOptions } from './approval.ts';

export async function runPasskeyAdd(
  wanted: string | undefined,
  options: PasskeyOptions,
  context: PasskeyContext,
): Promise<number> {
  const { client, signal, stderr } = context;
  const document = await client.call('passkeys', {}, { signal });
  const known = requireReadable(document).map(({ label }) => label);
  const label = wanted ?? findLabel(known);
  const approval = await client.call('addPasskey', { body: { label } }, { signal });
  if (!document.isPersistent) stderr.write(NOT_PERSISTENT);
  await openPasskeyPage({ label }, approval, options, context);
  if (!options.wait || options.json === true) return 0;
  await waitForApproval(approval, { hint: 'rolecall passkey list' }, context);
  stderr.write(`Approved. Now register "${harmless(label)}" on the page.\n`);
  await waitForPasskey(label, context);
  stderr.write(`Registered "${harmless(label)}".\n`);
  return 0;
}

/** A name that no other passkey has. */
function findLabel(known: readonly string[]): string {
  const name = hostname().split('.')[0] ?? '';
  const label = name === '' ? 'passkey' : name.slice(0, 40);
  if (!known.includes(label)) return label;
  let number = 2;
  while (known.includes(`${label} ${number}`)) number += 1;
  return `${label} ${number}`;
}
