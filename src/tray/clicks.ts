// Carries out menu clicks: one call to the daemon each, and the browser for pages.
import { BrowserFailure } from '../core/text/browser-command.ts';
import { UnavailableError, UsageError } from '../core/errors.ts';
import type { LocalApiClient } from '../local-api/client.ts';
import type { SignInDocument } from '../local-api/schemas.ts';
import type { Action } from './menu.ts';

export interface ClickDeps {
  readonly client: LocalApiClient;
  /** Opens the default browser, or the one that the settings name for `session`; false when there is none. */
  readonly openBrowser: (url: string, session?: string) => Promise<boolean>;
  /** Called when a sign-in that this click started waits for approval of its code. */
  readonly showCode: (session: string, signIn: SignInDocument) => void;
}

/**
 * Carries out a click; the host handles `quit` and `forget-notice` itself.
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
      // Before the page opens, because the user enters the code there.
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

/** @throws UnavailableError identity-center-unreachable: signed out here, but the session stays valid at AWS */
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
    throw new UsageError('usage', `Could not start the browser from your settings: ${cause.message}.`, {
      hint,
      cause,
    });
  }
  throw new UsageError('usage', 'No browser was found to open the page in.', { hint });
}
