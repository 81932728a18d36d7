// Offers to sign in when a command finds that the user is signed out, and lets the command go on afterwards.
import { RolecallError } from '../../../core/errors.ts';
import { NothingListedError } from '../../picker/nothing-listed.ts';
import { askWithYesAsDefault } from '../../terminal/ask-yes-no.ts';
import { harmless } from '../../../core/text/harmless-text.ts';
import type { LoginContext } from './options.ts';

/** Whether a person can be asked; `--json` and scripts never ask. */
interface Asking {
  readonly mayAsk: boolean;
}

/**
 * What `action` resolves. If it fails because nobody is signed in, and the person agrees to sign in, it runs once more.
 * `session` is the session that it needs, if known.
 */
export async function withSignIn<T>(
  action: () => Promise<T>,
  { mayAsk, session }: Asking & { readonly session?: string },
  context: LoginContext,
): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (!mayAsk || !isForSignIn(error) || !(await offer(session, context))) throw error;
    return action();
  }
}

function isForSignIn(error: unknown): boolean {
  if (error instanceof NothingListedError) return true;
  return error instanceof RolecallError && (error.code === 'sign-in-required' || error.code === 'sign-in-expired');
}

/** `signed-in`: the session was not live, and the person has now signed in. */
export async function ensureSignedIn(
  session: string,
  { mayAsk }: Asking,
  context: LoginContext,
): Promise<'live' | 'signed-in' | 'signed-out'> {
  const { fetchStatus } = await import('../../sessions.ts');
  const { sessions } = await fetchStatus(context);
  const found = sessions.find((other) => other.session === session);
  if (found?.state === 'live') {
    if (mayAsk && found.renewal === 'due') await (await import('./offer-renewal.ts')).offerRenewal(found, context);
    return found.state;
  }
  return mayAsk && (await offer(session, context)) ? 'signed-in' : 'signed-out';
}

/** Offers to sign in if no session is live; then waits for the list of accounts. */
export async function offerIfSignedOut(context: LoginContext): Promise<void> {
  const { fetchStatus } = await import('../../sessions.ts');
  const { sessions } = await fetchStatus(context);
  if (sessions.some(({ state }) => state === 'live')) return;
  await offer(sessions.length === 1 ? sessions[0]?.session : undefined, context, { waits: true });
}

/** Whether the person has signed in. Without a session, `login` chooses it, and the list of accounts is waited for. */
async function offer(
  session: string | undefined,
  context: LoginContext,
  { waits } = { waits: session === undefined },
): Promise<boolean> {
  const question = session === undefined ? 'Sign in now?' : `Sign in to ${harmless(session)} now?`;
  if (!(await askWithYesAsDefault(question, context))) return false;
  const { runLogin } = await import('./run.ts');
  // Standard output belongs to the command: a shell may evaluate it.
  const onStderr = { ...context, stdout: context.stderr };
  return (await runLogin(session, { browser: true, wait: waits }, onStderr)) === 0;
}
