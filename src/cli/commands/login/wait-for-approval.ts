// Waits until the user has approved or denied the sign-in on the page.
import type { SignInDocument } from '../../../local-api/schemas.ts';
import { createProgressLine } from '../../terminal/progress.ts';
import { formatDuration, harmless } from '../../terminal/render.ts';
import type { SignInFollower } from './follow-sign-in.ts';
import type { LoginContext, LoginOptions } from './options.ts';
import { showPrompt } from './show-prompt.ts';

/** How often the countdown is drawn. */
const REDRAW_MS = 1000;
export const CANCEL_TIMEOUT_MS = 2000;

/** The outcome of the sign-in. Ctrl-C cancels it. */
export async function waitForApproval(
  session: string,
  pending: SignInDocument,
  options: Pick<LoginOptions, 'browser'>,
  follower: SignInFollower,
  context: LoginContext,
): Promise<SignInDocument> {
  const progress = createProgressLine(context);
  let current = pending;
  /** Whether another command has started another sign-in instead of ours. */
  let isReplaced = false;
  try {
    tellHowToOpen(pending, await showPrompt(session, pending, options, context), context);
    for (;;) {
      progress.show(describeWaiting(current, context));
      if (!(await follower.next(REDRAW_MS))) continue;
      const next = await context.client.call('signIn', { session }, { signal: context.signal });
      if (next === null || next.state !== 'pending') return next ?? { state: 'cancelled' };
      if (!isReplaced && !isSameAttempt(current, next)) {
        isReplaced = true;
        progress.clear();
        context.stderr.write(
          `Another command has started a new sign-in to ${harmless(session)}; this page no longer works. Waiting for the new one.\n`,
        );
      }
      current = next;
    }
  } catch (error) {
    if (context.signal.aborted && !isReplaced) {
      progress.clear();
      // Otherwise it could still be approved by mistake.
      await context.client.call('cancelSignIn', { session }, { autostart: false, timeoutMs: CANCEL_TIMEOUT_MS });
      context.stderr.write(`Sign-in cancelled. The ${current.flow === 'pkce' ? 'page' : 'code'} no longer works.\n`);
    }
    throw error;
  } finally {
    progress.clear();
  }
}

function tellHowToOpen({ flow, openUri }: SignInDocument, isOpened: boolean, { stderr }: LoginContext): void {
  if (flow === 'pkce') {
    stderr.write(isOpened ? 'Opened the page in your browser.\n' : 'Open the page in a browser on this machine.\n');
  } else if (isOpened) {
    stderr.write('Opened the page in your browser. Enter the code there.\n');
  } else if (openUri !== undefined) {
    stderr.write('Open the page in a browser, on this machine or another, and enter the code.\n');
  }
}

function describeWaiting({ flow, expiresAt = '' }: SignInDocument, { clock }: LoginContext): string {
  const timeLeft = formatDuration(Date.parse(expiresAt) - clock.nowMs());
  const what = flow === 'pkce' ? 'the page' : 'the code';
  return `Waiting for your approval; ${what} is valid for ${timeLeft} … Ctrl-C cancels.`;
}

/** Each attempt has a code or a page of its own. */
function isSameAttempt(one: SignInDocument, other: SignInDocument): boolean {
  return one.userCode === other.userCode && one.verificationUri === other.verificationUri;
}
