// Where adding or removing a passkey is approved: the page of passkeys, which also registers it.
import { RefusedError } from '../../../core/errors.ts';
import { formatJson } from '../../../core/text/format-json.ts';
import type { ApprovalDocument } from '../../../local-api/schemas.ts';
import type { CliContext, Output } from '../../context.ts';
import type { ApprovalContext } from '../approvals/options.ts';
import { announceApproval } from '../approvals/wait-for-approval.ts';

export interface PasskeyOptions {
  readonly print?: boolean;
  readonly wait: boolean;
  readonly json?: boolean;
}

export type PasskeyContext = ApprovalContext & Output & Pick<CliContext, 'openBrowser'>;

/** How long an approved passkey can be registered. */
const REGISTRATION_MS = 300_000;
const INTERVAL_MS = 500;

/**
 * Opens the page of `passkey`, or prints its address, and says where the approval waits.
 * @throws RefusedError approval-refused: nowhere
 */
export async function openPasskeyPage(
  passkey: { readonly label: string; readonly id?: string },
  approval: ApprovalDocument,
  options: Pick<PasskeyOptions, 'print' | 'json'>,
  context: PasskeyContext,
): Promise<void> {
  const { client, openBrowser, signal, stdout, stderr } = context;
  announceApproval(approval, context);
  // With the approval, which may be answered before the page has loaded.
  const url = `${(await client.call('passkeyPage', {}, { signal })).url}.${approval.id}`;
  const isOpened = options.print !== true && (await openBrowser(url));
  if (options.json === true) {
    // The address works once, so it is of no use to others if the browser has it.
    stdout.write(formatJson({ passkey, approval, opened: isOpened, url: isOpened ? null : url }));
    return;
  }
  if (isOpened) return;
  stdout.write(`${url}\n`);
  stderr.write('Open it in a browser on this machine within a minute. It works once.\n');
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
