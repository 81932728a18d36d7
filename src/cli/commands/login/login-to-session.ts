// Signs in to one sso-session: asks for consent, waits for the approval, and prints what is new.
import { errorFromBody, RolecallError, SignInRequiredError } from '../../../core/errors.ts';
import { quoteForShell } from '../../../core/text/quote-for-shell.ts';
import type { SignInDocument, StatusDocument } from '../../../local-api/schemas.ts';
import { startSignIn, type SignInRequest } from '../../../local-api/start-sign-in.ts';
import { harmless, printText, reportNote } from '../../terminal/render.ts';
import { reportKept } from '../profiles/describe-plan.ts';
import { confirmUser } from './confirm-user.ts';
import { describeSetup, reportTokenFile } from './describe-setup.ts';
import type { EndpointConsent } from './endpoint-consent.ts';
import { followSignIn, type SignInFollower } from './follow-sign-in.ts';
import { printSignedInLine, sayUnlessJson } from './login-lines.ts';
import type { LoginContext, LoginOptions, LoginOutcome } from './options.ts';
import { createSignInRequest } from './sign-in-request.ts';
import { CANCEL_TIMEOUT_MS, waitForApproval } from './wait-for-approval.ts';
import { waitForSetup } from './wait-for-setup.ts';

/** @throws SignInRequiredError: the user refused, the page denied, or the code expired */
export async function loginToSession(
  session: string,
  status: StatusDocument,
  consent: EndpointConsent,
  options: LoginOptions,
  context: LoginContext,
): Promise<LoginOutcome> {
  const isLive = status.sessions.some((known) => known.session === session && known.state === 'live');
  const request = await createSignInRequest(session, options, context);
  if (!isLive || request.force === true) await consent.require(session);
  if (options.fresh === true) await signOutFirst(session, context);
  const started = await startSignIn(request, (body) =>
    context.client.call('startSignIn', { session, body }, { signal: context.signal }),
  );
  if (started.state === 'pending') await requireOrCancel(session, consent, context);
  const follower = followSignIn(session, context);
  try {
    return await finish(session, { started, request }, follower, options, context);
  } finally {
    follower.close();
  }
}

/** Waits for the approval if there is one to wait for, then for the lists, and prints both. */
async function finish(
  session: string,
  { started, request }: { readonly started: SignInDocument; readonly request: SignInRequest },
  follower: SignInFollower,
  options: LoginOptions,
  context: LoginContext,
): Promise<LoginOutcome> {
  const outcome =
    started.state === 'pending'
      ? await waitForApproval(session, { pending: started, request }, options, follower, context)
      : started;
  if (outcome.state !== 'approved' && outcome.state !== 'live') throw notSignedIn(session, outcome);
  if (outcome.state === 'approved') printSignedInLine(session, options, context);
  const say = sayUnlessJson(options, context);
  say(
    outcome.state === 'live'
      ? `Already signed in to ${harmless(session)}; no browser needed.\n`
      : `Signed in to ${harmless(session)}.\n`,
  );
  const setup = options.wait ? await waitForSetup(session, options, follower, context) : undefined;
  const isPrinted = options.json !== true && setup !== undefined;
  if (isPrinted) {
    await printText(describeSetup(setup, context), context);
    reportKept(setup.profiles ?? {}, context);
  }
  const user = options.wait ? await confirmUser(session, options, context) : undefined;
  if (isPrinted) await reportTokenFile(session, context);
  return {
    session,
    state: outcome.state,
    ...describeFlowUsed(outcome),
    setup: setup ?? null,
    ...(user === undefined ? {} : { user }),
  };
}

function describeFlowUsed({ flow, flowReason }: SignInDocument): Pick<LoginOutcome, 'flow' | 'flowReason'> {
  return { ...(flow === undefined ? {} : { flow }), ...(flowReason === undefined ? {} : { flowReason }) };
}

/** Reports a store that cannot delete the tokens, and signs in all the same. */
async function signOutFirst(session: string, context: LoginContext): Promise<void> {
  try {
    const { note } = await context.client.call('signOut', { session }, { signal: context.signal });
    if (note !== undefined) reportNote(note, context);
  } catch (error) {
    if (!(error instanceof RolecallError) || !error.code.startsWith('secret-store-')) throw error;
    reportNote(error.message, context);
  }
}

/** For a session that was thought to be live, so that consent was not asked for earlier. */
async function requireOrCancel(session: string, consent: EndpointConsent, context: LoginContext): Promise<void> {
  try {
    await consent.require(session);
  } catch (error) {
    await context.client.call('cancelSignIn', { session }, { autostart: false, timeoutMs: CANCEL_TIMEOUT_MS });
    throw error;
  }
}

function notSignedIn(session: string, outcome: SignInDocument): Error {
  if (outcome.error !== undefined) return errorFromBody(outcome.error);
  const isByPage = outcome.flow === 'pkce';
  const hint = `rolecall login ${quoteForShell(session)}`;
  switch (outcome.state) {
    case 'denied':
      return new SignInRequiredError('sign-in-denied', `The sign-in to ${session} was denied on the page.`, { hint });
    case 'cancelled':
      return new SignInRequiredError('sign-in-required', `The sign-in to ${session} was cancelled.`, { hint });
    default:
      return isByPage
        ? new SignInRequiredError('sign-in-expired', `The sign-in to ${session} was not approved in time.`, {
            // The browser may have been unable to come back.
            hint: `rolecall login --use-device-code ${quoteForShell(session)}`,
          })
        : new SignInRequiredError('sign-in-expired', `The code for ${session} was not approved in time.`, { hint });
  }
}
