// Shows the user code, opens the page, and waits until the user has approved or denied the sign-in.
import { BrowserFailure } from '../../../core/text/browser-command.ts';
import { readBrowserSetting } from '../../../platform/programs/browser-setting.ts';
import { MAX_SETTINGS_BYTES } from '../../../local-api/paths.ts';
import type { SignInDocument } from '../../../local-api/schemas.ts';
import { describeBrowserFailure } from '../../browser-failure.ts';
import { createProgressLine } from '../../terminal/progress.ts';
import { createPainter, formatDuration, harmless } from '../../terminal/render.ts';
import type { SignInFollower } from './follow-sign-in.ts';
import type { LoginContext, LoginOptions } from './options.ts';

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
  await showPrompt(session, pending, options, context);
  const progress = createProgressLine(context);
  try {
    for (let current = pending; ;) {
      const timeLeft = formatDuration(Date.parse(current.expiresAt ?? '') - context.clock.nowMs());
      progress.show(`Waiting for your approval; the code is valid for ${timeLeft} … Ctrl-C cancels.`);
      if (!(await follower.next(REDRAW_MS))) continue;
      const next = await context.client.call('signIn', { session }, { signal: context.signal });
      if (next === null || next.state !== 'pending') return next ?? { state: 'cancelled' };
      current = next;
    }
  } catch (error) {
    // Otherwise the code could still be approved by mistake.
    if (context.signal.aborted) {
      progress.clear();
      await context.client.call('cancelSignIn', { session }, { autostart: false, timeoutMs: CANCEL_TIMEOUT_MS });
      context.stderr.write('Sign-in cancelled. The code no longer works.\n');
    }
    throw error;
  } finally {
    progress.clear();
  }
}

async function showPrompt(
  session: string,
  pending: SignInDocument,
  options: Pick<LoginOptions, 'browser'>,
  context: LoginContext,
): Promise<void> {
  const paint = createPainter(context.stderr, context.environment);
  context.stderr.write(
    `Signing in to ${paint('bold', harmless(session))}\n${describeLead(pending)}\n` +
      `  Code   ${paint('bold', harmless(pending.userCode ?? ''))}\n` +
      `  Page   ${harmless(pending.verificationUri ?? '')}\n\n` +
      'Approve only if you just started this and the page shows the same code.\n',
  );
  if (pending.openUri === undefined) {
    context.stderr.write(
      `${paint('yellow', 'Warning:')} this page is neither on an AWS host nor on your start URL's, so it was not opened.\n`,
    );
  } else if (options.browser && (await openPage(session, pending.openUri, pending, context))) {
    context.stderr.write('Opened the page in your browser. Enter the code there.\n');
  } else {
    context.stderr.write('Open the page in a browser, on this machine or another, and enter the code.\n');
  }
}

/** A company's own start URL can lead to another portal than the user expects. */
function describeLead({ leadsTo }: SignInDocument): string {
  return leadsTo === undefined ? '' : `Its start URL leads to ${harmless(leadsTo)}\n`;
}

/** Whether the page was opened. If the browser cannot be started, the sign-in goes on: the user can open the page. */
async function openPage(
  session: string,
  page: string,
  { browserLine }: SignInDocument,
  context: LoginContext,
): Promise<boolean> {
  try {
    // Not the `browser` of the answer: a command runs no program that an answer names.
    const browser = await readBrowserSetting(context.paths.settingsFile, session, MAX_SETTINGS_BYTES);
    return await context.openBrowser(page, browser);
  } catch (error) {
    if (!(error instanceof BrowserFailure)) throw error;
    const setting = { session, ...(browserLine === undefined ? {} : { browserLine }) };
    const { message, hint } = describeBrowserFailure(error, setting, context);
    const paint = createPainter(context.stderr, context.environment);
    context.stderr.write(`${paint('yellow', 'Warning:')} ${harmless(message)}\nRun: ${harmless(hint)}\n`);
    return false;
  }
}
