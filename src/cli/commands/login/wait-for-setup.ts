// Shows how far the daemon is while it lists the accounts and writes the profiles after a sign-in.
import type { SignInSetupDocument } from '../../../local-api/schemas.ts';
import { createProgressLine, LEAVES_IT_TO_THE_DAEMON } from '../../terminal/progress.ts';
import type { SignInFollower } from './follow-sign-in.ts';
import { createProgressLines } from './login-lines.ts';
import type { LoginContext, LoginOptions } from './options.ts';

/** The daemon announces progress about once a second, and the end at once. */
const REDRAW_MS = 1000;

/** What was listed and written; Ctrl-C leaves the rest to the daemon. */
export async function waitForSetup(
  session: string,
  options: Pick<LoginOptions, 'json'>,
  follower: SignInFollower,
  context: LoginContext,
): Promise<SignInSetupDocument | undefined> {
  const progress = createProgressLine(context);
  const printLine = createProgressLines(session, options, context);
  try {
    for (;;) {
      const current = await context.client.call('signIn', { session }, { signal: context.signal });
      const setup = current?.setup;
      if (setup === undefined) return undefined;
      if (setup.state === 'done' || setup.state === 'failed') return setup;
      printLine(setup);
      if (options.json !== true) progress.show(describeProgress(setup), LEAVES_IT_TO_THE_DAEMON);
      while (!(await follower.next(REDRAW_MS)));
    }
  } catch (error) {
    if (context.signal.aborted) {
      progress.clear();
      context.stderr.write(
        'You are signed in. The daemon lists the accounts and writes the profiles in the background.\n',
      );
    }
    throw error;
  } finally {
    progress.clear();
  }
}

function describeProgress({ state, accountsListed, accountsTotal }: SignInSetupDocument): string {
  if (state === 'syncing') return 'Writing profiles …';
  if (accountsTotal === 0) return 'Listing accounts …';
  return `Listing permission sets, ${accountsListed} of ${accountsTotal} accounts …`;
}
