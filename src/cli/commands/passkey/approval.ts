// The approval that adding or removing a passkey needs: shows where to answer, and waits for the answer.
import { RefusedError } from '../../../core/errors.ts';
import type { ApprovalDocument } from '../../../local-api/schemas.ts';
import type { CliContext, DaemonAccess, Output } from '../../context.ts';

export interface PasskeyOptions {
  readonly print?: boolean;
  readonly wait: boolean;
}

export type PasskeyContext = DaemonAccess & Output & Pick<CliContext, 'openBrowser' | 'clock'>;

/** How long an approved passkey can be registered. */
const REGISTRATION_MS = 300_000;
const INTERVAL_MS = 500;

const PLACES = {
  screen: 'on the screen',
  page: 'on the page',
  terminal: 'on a terminal',
} as const;

/** Opens the page, or prints its address, and says where the approval waits. */
export async function openPasskeyPage(
  { id, places, problem }: ApprovalDocument,
  options: Pick<PasskeyOptions, 'print'>,
  { client, openBrowser, signal, stdout, stderr }: PasskeyContext,
): Promise<void> {
  const where = places.map((place) => PLACES[place]).join(' or ');
  stderr.write(where === '' ? `${problem?.message ?? ''}\n` : `Approve it ${where}.\n`);
  // With the approval, which may be answered before the page has loaded.
  const url = `${(await client.call('passkeyPage', {}, { signal })).url}.${id}`;
  if (options.print !== true && (await openBrowser(url))) return;
  stdout.write(`${url}\n`);
  stderr.write('Open it in a browser on this machine within a minute. It works once.\n');
}

/** @throws RefusedError approval-refused: refused, or nobody answered in time */
export async function waitForAnswer(
  { id }: ApprovalDocument,
  { client, clock, signal }: PasskeyContext,
): Promise<void> {
  for (;;) {
    const { state } = await client.call('approval', { id }, { signal });
    if (state === 'approved') return;
    if (state !== 'pending') {
      const message = state === 'refused' ? 'It was refused.' : 'Nobody approved it in time.';
      throw new RefusedError('approval-refused', message, { hint: 'rolecall passkey list' });
    }
    await clock.sleep(INTERVAL_MS, signal);
  }
}

/** @throws RefusedError approval-refused: nobody registered it in time */
export async function waitForPasskey(label: string, { client, clock, signal }: PasskeyContext): Promise<void> {
  const endsAtMs = clock.nowMs() + REGISTRATION_MS;
  while (clock.nowMs() < endsAtMs) {
    const { passkeys } = await client.call('passkeys', {}, { signal });
    if (passkeys.some((passkey) => passkey.label === label)) return;
    await clock.sleep(INTERVAL_MS, signal);
  }
  throw new RefusedError('approval-refused', 'The passkey was not registered in time.', {
    hint: 'rolecall passkey add',
  });
}
