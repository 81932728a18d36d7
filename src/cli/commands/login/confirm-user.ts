// Shows who signed in, and asks for confirmation when it is another user than before.
import { SignInRequiredError } from '../../../core/errors.ts';
import { quoteForShell } from '../../../core/text/quote-for-shell.ts';
import { askYesNo } from '../../terminal/ask-yes-no.ts';
import type { DaemonAccess, Dialog, Output } from '../../context.ts';
import { createPainter, harmless } from '../../terminal/render.ts';

type Context = DaemonAccess & Dialog & Output;

/**
 * The user of the session; undefined when unknown.
 * @throws SignInRequiredError sign-in-unconfirmed: it is another user than before, and the change was not confirmed
 */
export async function confirmUser(
  session: string,
  options: { readonly acceptUser?: string; readonly json?: boolean },
  context: Context,
): Promise<string | undefined> {
  const call = (body: { accept?: string }) =>
    context.client.call('checkUser', { session, body }, { signal: context.signal });
  const { state, user = '', previousUser = '', reason } = await call({});
  if (state === 'unchecked') {
    const paint = createPainter(context.stderr, context.environment);
    if (reason !== undefined) {
      context.stderr.write(`${paint('yellow', 'Note:')} could not check who signed in: ${harmless(reason)}.\n`);
    }
    return undefined;
  }
  if (state === 'unconfirmed') {
    if (options.acceptUser !== user && !(await asksToContinue(session, user, previousUser, context))) {
      throw new SignInRequiredError(
        'sign-in-unconfirmed',
        `${user} signed in to ${session}, but ${previousUser} was signed in before. rolecall serves none of its keys until you confirm the change.`,
        { hint: `rolecall login ${quoteForShell(session)} --accept-user ${quoteForShell(user)}` },
      );
    }
    await call({ accept: user });
  }
  if (options.json !== true) context.stderr.write(`Signed in as ${harmless(user)}.\n`);
  return user;
}

async function asksToContinue(session: string, user: string, previousUser: string, context: Context): Promise<boolean> {
  if (!context.stdinIsTerminal) return false;
  const question = `${harmless(previousUser)} was signed in to ${harmless(session)} before, now it is ${harmless(user)}. Continue as ${harmless(user)}?`;
  return askYesNo(question, context);
}
