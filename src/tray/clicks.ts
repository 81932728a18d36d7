// What happens when somebody clicks: one call to the daemon each, and a browser where a page is to be seen.
import { BrowserFailure } from '../core/text/browser-command.ts';
import { UnavailableError, UsageError } from '../core/errors.ts';
import type { LocalApiClient } from '../local-api/client.ts';
import type { SignInDocument } from '../local-api/schemas.ts';
import type { Action } from './menu.ts';

export interface ClickDeps {
  readonly client: LocalApiClient;
  /** Opens the person's browser, or the one that the settings name for the pages of `session`; false when there is none. */
  readonly openBrowser: (url: string, session?: string) => Promise<boolean>;
  /** A sign-in that was started by this click waits for approval of its code. */
  readonly showCode: (session: string, signIn: SignInDocument) => void;
}

/**
 * Carries out what was clicked; `quit` and `forget-notice` are the host's own.
 * @throws RolecallError: the daemon's own error; UsageError usage: no browser to open
 */
export async function performClick(action: Action, deps: ClickDeps): Promise<void> {
  const { client } = deps;
  switch (action.does) {
    case 'use': {
      const { session, accountId, permissionSet } = action.role;
      await client.call('setCurrent', { body: { session, accountId, permissionSet } });
      return;
    }
    case 'console': {
      const { session, accountId, permissionSet } = action.role;
      const { url } = await client.call('console', { body: { session, accountId, permissionSet } });
      await open(url, deps, session);
      return;
    }
    case 'sign-in': {
      const { session, force } = action;
      const signIn = await client.call('startSignIn', { session, body: { force } });
      if (signIn.state !== 'pending') return;
      // Before the page opens: the person enters the code there.
      deps.showCode(session, signIn);
      if (signIn.openUri !== undefined) await open(signIn.openUri, deps, session);
      return;
    }
    case 'cancel-sign-in':
      await client.call('cancelSignIn', { session: action.session });
      return;
    case 'sign-out':
      await signOut(action.session, deps);
      return;
    case 'open-page': {
      const { url } = await client.call('webCode', {});
      await open(url, deps);
      return;
    }
    case 'start-daemon':
      await client.call('status', {});
      return;
    default:
  }
}

/** @throws UnavailableError identity-center-unreachable: signed out here, but the session lives on at AWS */
async function signOut(session: string, { client }: ClickDeps): Promise<void> {
  const { note } = await client.call('signOut', { session });
  if (note !== undefined) throw new UnavailableError('identity-center-unreachable', note);
}

async function open(url: string, { openBrowser }: ClickDeps, session?: string): Promise<void> {
  const hint = 'rolecall web --print';
  try {
    if (await openBrowser(url, session)) return;
  } catch (cause) {
    if (!(cause instanceof BrowserFailure)) throw cause;
    throw new UsageError('usage', `The browser of the settings could not be started: ${cause.message}.`, {
      hint,
      cause,
    });
  }
  throw new UsageError('usage', 'There is no browser here to open the page in.', { hint });
}
