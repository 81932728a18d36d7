// Waits until the user has approved or denied the sign-in on the page.
import { SignInRequiredError } from '../../../core/errors.ts';
import { quoteForShell } from '../../../core/text/quote-for-shell.ts';
import type { SignInDocument } from '../../../local-api/schemas.ts';
import type { SignInRequest } from '../../../local-api/start-sign-in.ts';
import { displayWidth } from '../../terminal/display-width.ts';
import { createProgressLine } from '../../terminal/progress.ts';
import { formatDuration, harmless } from '../../terminal/render.ts';
import type { SignInFollower } from './follow-sign-in.ts';
import { offerDeviceCode, type DeviceCodeOffer } from './offer-device-code.ts';
import { printPromptLine, sayUnlessJson } from './login-lines.ts';
import type { LoginContext, LoginOptions } from './options.ts';
import { showHeading, showPrompt } from './show-prompt.ts';

const DEFAULT_COLUMNS = 80;
/** How often the countdown is drawn. */
const REDRAW_MS = 1000;
export const CANCEL_TIMEOUT_MS = 2000;

/** The outcome of the sign-in that `request` has started. Ctrl-C cancels it. */
export async function waitForApproval(
  session: string,
  { pending, request }: { readonly pending: SignInDocument; readonly request: SignInRequest },
  options: Pick<LoginOptions, 'browser' | 'json'>,
  follower: SignInFollower,
  context: LoginContext,
): Promise<SignInDocument> {
  const say = sayUnlessJson(options, context);
  const progress = createProgressLine(context);
  let current = pending;
  /** Whether another command has started another sign-in instead of this one. */
  let isReplaced = false;
  let offer: DeviceCodeOffer | undefined;
  try {
    printPromptLine(session, pending, options, context);
    showHeading(session, pending, say, context);
    const isOpened = await showPrompt(session, pending, options, context);
    if (pending.flow === 'pkce' && options.json !== true) {
      const page = pending.verificationUri ?? '';
      offer = await offerDeviceCode(session, { page, isOpened, onAccepted: follower.wake }, context);
    } else tellHowToOpen(pending, isOpened, say);
    for (;;) {
      if (options.json !== true) progress.show(describeWaiting(current, context));
      offer?.remind();
      if (!(await follower.next(REDRAW_MS))) continue;
      const next = await context.client.call('signIn', { session }, { signal: context.signal });
      if (next === null) throw await giveUp(session, context);
      if (next.state !== 'pending') return next;
      if (!isReplaced && !isSameAttempt(current, next)) {
        isReplaced = true;
        offer?.close();
        progress.clear();
        say(describeReplacement(session, current));
        printPromptLine(session, next, options, context);
      }
      current = next;
      if (isReplaced || offer?.isAccepted() !== true) continue;
      offer.close();
      offer = undefined;
      progress.clear();
      // Forced, as the pending sign-in may be, which another command has started: a live session would need no code.
      const body = { ...request, force: true, flow: 'device' } as const;
      current = await context.client.call('startSignIn', { session, body }, { signal: context.signal });
      if (current.state !== 'pending') return current;
      context.stderr.write('\nThe page above no longer works.\n');
      const browser = options.browser && isOpened;
      tellHowToOpen(current, await showPrompt(session, current, { ...options, browser }, context), say);
    }
  } catch (error) {
    if (context.signal.aborted) {
      progress.clear();
      const what = current.flow === 'pkce' ? 'page' : 'code';
      // Otherwise it could still be approved by mistake.
      if (!isReplaced) {
        await context.client.call('cancelSignIn', { session }, { autostart: false, timeoutMs: CANCEL_TIMEOUT_MS });
      }
      context.stderr.write(
        isReplaced ? 'Stopped waiting for the other sign-in.\n' : `Sign-in cancelled. The ${what} no longer works.\n`,
      );
    }
    throw error;
  } finally {
    offer?.close();
    progress.clear();
  }
}

/** The daemon has no such sign-in any more. One for the earlier section could still be approved, and nobody would follow it. */
async function giveUp(session: string, { client }: LoginContext): Promise<SignInRequiredError> {
  await client.call('cancelSignIn', { session }, { autostart: false, timeoutMs: CANCEL_TIMEOUT_MS });
  return new SignInRequiredError(
    'sign-in-required',
    `The sign-in to ${session} was lost: the daemon was restarted, or the sso-session was edited.`,
    { hint: `rolecall login ${quoteForShell(session)}` },
  );
}

function tellHowToOpen({ openUri }: SignInDocument, isOpened: boolean, say: (text: string) => void): void {
  if (isOpened) {
    say('Opened the page in your browser. Enter the code there.\n');
  } else if (openUri !== undefined) {
    say('Open the page in a browser, on this machine or another, and enter the code.\n');
  }
}

/** Shorter on a narrow terminal, which would cut it in the middle. */
function describeWaiting({ flow, expiresAt = '' }: SignInDocument, { clock, stderr }: LoginContext): string {
  const timeLeft = formatDuration(Date.parse(expiresAt) - clock.nowMs());
  const what = flow === 'pkce' ? 'the page' : 'the code';
  const text = `Waiting for your approval; ${what} is valid for ${timeLeft} … Ctrl-C cancels.`;
  const { isTTY, columns = 0 } = stderr;
  const isNarrow = isTTY === true && displayWidth(text) >= (columns === 0 ? DEFAULT_COLUMNS : columns);
  return isNarrow ? `Waiting for you, ${timeLeft} left … Ctrl-C cancels.` : text;
}

function describeReplacement(session: string, { flow }: SignInDocument): string {
  const what = flow === 'pkce' ? 'The page above' : 'The code above';
  return `${what} no longer works, because another sign-in to ${harmless(session)} was started. Waiting for that one.\n`;
}

/** Each attempt has a code or a page of its own. */
function isSameAttempt(one: SignInDocument, other: SignInDocument): boolean {
  return one.userCode === other.userCode && one.verificationUri === other.verificationUri;
}
