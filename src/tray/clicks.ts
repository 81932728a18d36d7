// Carries out menu clicks: one call to the daemon each, and the browser for pages.
import { BrowserFailure } from '../core/text/browser-command.ts';
import { UnavailableError, UsageError } from '../core/errors.ts';
import type { BrowserPlace } from '../core/aws/sign-in-flow.ts';
import { quoteForShell } from '../core/text/quote-for-shell.ts';
import type { LocalApiClient } from '../local-api/client.ts';
import type { SignInDocument } from '../local-api/schemas.ts';
import { startSignIn } from '../local-api/start-sign-in.ts';
import type { Action } from './menu-item.ts';

export interface ClickDeps {
  readonly client: LocalApiClient;
  /** Opens the default browser, or the one that the settings name for `session`; false when there is none. */
  readonly openBrowser: (url: string, session?: string) => Promise<boolean>;
  /** Where `openBrowser` shows the pages of `session`; the daemon may have been started without a display. */
  readonly findBrowserPlace: (session: string) => Promise<BrowserPlace>;
  /** Called when a sign-in that this click started waits for approval, before its page is opened. */
  readonly showSignIn: (session: string, signIn: SignInDocument) => void;
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
      await open(url, deps, { session });
      return;
    }
    case 'sign-in':
      await signIn(action, deps);
      return;
    case 'cancel-sign-in':
      await client.call('cancelSignIn', { session: action.session });
      return;
    case 'sign-out':
      await signOut(action.session, deps);
      return;
    case 'open-page':
      await openPage('webCode', deps);
      return;
    case 'open-passkey-page':
      await openPage('passkeyPage', deps);
      return;
    case 'refuse':
      await client.call('refuseApproval', { id: action.approval });
      return;
    case 'lock':
      await client.call('lock', {});
      return;
    case 'unlock': {
      const { approval } = await client.call('unlock', {});
      // A click is asked for in a dialog, a passkey on the page.
      if (approval?.state !== 'pending' || approval.places.includes('screen')) return;
      await openPage(approval.approve === 'passkey' ? 'passkeyPage' : 'webCode', deps);
      return;
    }
    case 'start-daemon':
      await client.call('status', {});
      return;
    default:
  }
}

/** Passkeys need an address of their own if the page has a fixed port. */
async function openPage(route: 'webCode' | 'passkeyPage', deps: ClickDeps): Promise<void> {
  const { url } = await deps.client.call(route, {});
  await open(url, deps);
}

/** @throws UsageError usage: the page of a sign-in without a code could not be opened */
async function signIn(action: Extract<Action, { does: 'sign-in' }>, deps: ClickDeps): Promise<void> {
  const { session, force, flow } = action;
  const browser = await deps.findBrowserPlace(session);
  const request = { force, browser, ...(flow === undefined ? {} : { flow }) };
  const started = await startSignIn(request, (body) => deps.client.call('startSignIn', { session, body }));
  if (started.state !== 'pending') return;
  // Before the page opens, because the user enters the code there.
  deps.showSignIn(session, started);
  const withCode = `rolecall login --use-device-code ${quoteForShell(session)}`;
  if (started.openUri !== undefined) {
    await open(started.openUri, deps, { session, ...(started.flow === 'pkce' ? { hint: withCode } : {}) });
  } else if (started.flow === 'pkce') {
    throw new UsageError('usage', `The sign-in page of ${session} is not on a host of AWS, so it was not opened.`, {
      hint: withCode,
    });
  }
}

/** @throws UnavailableError identity-center-unreachable: signed out here, but the session stays valid at AWS */
async function signOut(session: string, { client }: ClickDeps): Promise<void> {
  const { note } = await client.call('signOut', { session });
  if (note !== undefined) throw new UnavailableError('identity-center-unreachable', note);
}

async function open(
  url: string,
  { openBrowser }: ClickDeps,
  { session, hint = 'rolecall web --print' }: { readonly session?: string; readonly hint?: string } = {},
): Promise<void> {
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
