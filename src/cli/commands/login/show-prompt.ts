// Shows the page of a sign-in, with the code if there is one, and opens it in the browser.
import { describeFlow } from '../../../core/aws/sign-in-flow.ts';
import { BrowserFailure } from '../../../core/text/browser-command.ts';
import { MAX_SETTINGS_BYTES } from '../../../local-api/paths.ts';
import type { SignInDocument } from '../../../local-api/schemas.ts';
import { readBrowserSetting } from '../../../platform/programs/browser-setting.ts';
import { describeBrowserFailure } from '../../browser-failure.ts';
import { createPainter, harmless } from '../../terminal/render.ts';
import { sayUnlessJson } from './login-lines.ts';
import type { LoginContext, LoginOptions } from './options.ts';

/** Says which session it is about, and why in this way. */
export function showHeading(
  session: string,
  pending: SignInDocument,
  say: (text: string) => void,
  context: LoginContext,
): void {
  const paint = createPainter(context.stderr, context.environment);
  say(`Signing in to ${paint('bold', harmless(session))}\n${describeLead(pending)}${describeReason(pending)}`);
}

/** Whether the page was opened in a browser. */
export async function showPrompt(
  session: string,
  pending: SignInDocument,
  options: Pick<LoginOptions, 'browser' | 'json'>,
  context: LoginContext,
): Promise<boolean> {
  const paint = createPainter(context.stderr, context.environment);
  // The long URL has a line of its own without indent, so that it can be copied in one piece.
  const page = harmless(pending.verificationUri ?? '');
  sayUnlessJson(
    options,
    context,
  )(
    pending.flow === 'pkce'
      ? `\n${page}\n\nApprove only if you just started this.\n`
      : `\n  Code   ${paint('bold', harmless(pending.userCode ?? ''))}\n  Page   ${page}\n\n` +
          'Approve only if you just started this and the page shows the same code.\n',
  );
  if (pending.openUri === undefined) {
    context.stderr.write(
      `${paint('yellow', 'Warning:')} this page was not opened: its host is neither AWS's for your region nor your start URL's.\n`,
    );
    return false;
  }
  return options.browser && openPage(session, pending.openUri, pending, context);
}

/** A company's own start URL can lead to another portal than the user expects. */
function describeLead({ leadsTo }: SignInDocument): string {
  return leadsTo === undefined ? '' : `Its start URL leads to ${harmless(leadsTo)}\n`;
}

/** Nothing for a flow that the user has just asked for. */
function describeReason({ flow, flowReason }: SignInDocument): string {
  if (flow === undefined || flowReason === undefined || flowReason === 'asked') return '';
  const text = describeFlow({ flow, reason: flowReason });
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.\n`;
}

/** If the browser cannot be started, the sign-in goes on: the user can open the page. */
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
