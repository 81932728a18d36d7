// Sign-in by device authorization as a state machine: one pending a session, and the last outcome is kept.
import type { Clock } from '../../core/clock.ts';
import { toRolecallError, type ErrorBody } from '../../core/errors.ts';
import type { ClientRegistration, DeviceAuthorization, SsoSession } from '../../core/model.ts';
import type { Problems } from '../../core/problems.ts';
import { createSingleFlight } from '../../core/async/single-flight.ts';
import type { AccessTokens } from './access-tokens.ts';
import type { ClientRegistrations } from './client-registrations.ts';
import { describeFault, isFault, isTransient } from '../faults.ts';
import type { IdentityCenter } from '../ports.ts';

/** What the person has to see and do while a sign-in is pending; the outcome keeps it for reference. */
export interface SignInPrompt {
  readonly flow: 'device';
  readonly userCode: string;
  readonly verificationUri: string;
  readonly verificationUriComplete: string;
  readonly expiresAtMs: number;
}

type Outcome = 'approved' | 'denied' | 'expired' | 'cancelled';

/** `live`: nothing had to be asked. The others are the states of a device authorization; `error` says why one failed. */
export type SignInState =
  | { readonly state: 'live' }
  | ({
      readonly state: 'pending' | Outcome;
      readonly error?: ErrorBody;
    } & SignInPrompt);

export interface SignIn {
  /**
   * The pending sign-in, a new one if none is pending; `live` without asking AWS for a code when the
   * session is live or can be refreshed, unless forced.
   * @throws UnavailableError, ProtocolError: nothing is pending then
   */
  start(session: SsoSession, options: { readonly force: boolean }): Promise<SignInState>;
  /** The last state of a session's sign-in; undefined before the first. */
  state(session: SsoSession): SignInState | undefined;
  /** Stops waiting for approval; the code is not accepted any more by us. */
  cancel(session: SsoSession): void;
}

/** RFC 8628 3.5: each `slow_down` adds five seconds, for good. */
const SLOW_DOWN_SECONDS = 5;
const DEFAULT_INTERVAL_SECONDS = 5;
/** A person has approved or is about to, and a code is good for ten minutes: a longer pause would outlast it. */
const MAX_ASKED_PAUSE_MS = 30_000;

/** One device authorization, or the asking for one. */
interface Attempt {
  readonly identity: string;
  readonly abort: AbortController;
  /** Absent until AWS has given a code. */
  state?: SignInState;
}

export function createSignIn(deps: {
  readonly identityCenter: IdentityCenter;
  readonly accessTokens: AccessTokens;
  readonly registrations: ClientRegistrations;
  readonly clock: Clock;
  readonly problems: Problems;
  /** True when the session has a token that the portal takes, false when only a sign-in helps. */
  readonly verifyLive: (session: SsoSession) => Promise<boolean>;
  /** Called as soon as the tokens of an approved sign-in serve, before the secret store has them. */
  readonly onApproved: (session: SsoSession) => void;
  /** Called when a person said no on the page. */
  readonly onDenied?: (session: SsoSession) => void;
  /** Called when a code was not approved in its time, or a fault ended the waiting. */
  readonly onExpired?: (session: SsoSession) => void;
}): SignIn {
  const { clock, identityCenter, problems } = deps;
  /** The newest attempt of each session. */
  const attempts = new Map<string, Attempt>();
  const starting = createSingleFlight<SignInState>();

  async function begin(session: SsoSession, force: boolean): Promise<SignInState> {
    const attempt: Attempt = { identity: identityOf(session), abort: new AbortController() };
    const earlier = attempts.get(session.sessionName);
    // One for an earlier wording of the section would go on polling unseen.
    cancel(session);
    attempts.set(session.sessionName, attempt);
    try {
      if (!force && (await deps.verifyLive(session))) {
        attempt.state = { state: 'live' };
        return attempt.state;
      }
      const { registration, authorization } = await authorize(session);
      const prompt: SignInPrompt = {
        flow: 'device',
        userCode: authorization.userCode,
        verificationUri: authorization.verificationUri,
        verificationUriComplete: authorization.verificationUriComplete,
        expiresAtMs: clock.nowMs() + authorization.expiresInSeconds * 1000,
      };
      const state: SignInState = { state: attempt.abort.signal.aborted ? 'cancelled' : 'pending', ...prompt };
      attempt.state = state;
      void poll(session, registration, authorization, prompt, attempt);
      return state;
    } catch (error) {
      // Nothing came of it, so what was last known of this session still is.
      if (attempts.get(session.sessionName) === attempt) restore(session, earlier);
      throw error;
    }
  }

  function restore(session: SsoSession, earlier: Attempt | undefined): void {
    if (earlier === undefined) attempts.delete(session.sessionName);
    else attempts.set(session.sessionName, earlier);
  }

  async function authorize(
    session: SsoSession,
  ): Promise<{ registration: ClientRegistration; authorization: DeviceAuthorization }> {
    try {
      const registration = await deps.registrations.ensure(session);
      try {
        return { registration, authorization: await identityCenter.startDeviceAuthorization(session, registration) };
      } catch (fault) {
        if (!isFault(fault, 'invalid-client')) throw fault;
      }
      // The server no longer knows the client that we kept: register again, once.
      await deps.registrations.forget(session, registration.clientId);
      const renewed = await deps.registrations.ensure(session);
      return { registration: renewed, authorization: await identityCenter.startDeviceAuthorization(session, renewed) };
    } catch (fault) {
      throw describeFault(fault, session.sessionName);
    }
  }

  /** Never rejects: its outcome is the state. */
  async function poll(
    session: SsoSession,
    registration: ClientRegistration,
    authorization: DeviceAuthorization,
    prompt: SignInPrompt,
    attempt: Attempt,
  ): Promise<void> {
    const { signal } = attempt.abort;
    let intervalSeconds = authorization.intervalSeconds > 0 ? authorization.intervalSeconds : DEFAULT_INTERVAL_SECONDS;
    let askedPauseMs = 0;
    while (!signal.aborted) {
      try {
        await clock.sleep(Math.max(intervalSeconds * 1000, askedPauseMs), signal);
      } catch {
        return;
      }
      if (clock.nowMs() >= prompt.expiresAtMs) return expire(session, attempt);
      askedPauseMs = 0;
      try {
        const issued = await identityCenter.createTokenByDeviceCode(session, registration, authorization.deviceCode);
        if (signal.aborted) return;
        // From here on it is approved: the tokens serve before the store, which may be locked, has them.
        const saving = deps.accessTokens.accept(session, registration, issued);
        settle(attempt, 'approved');
        announce(session);
        return await saving;
      } catch (fault) {
        if (isFault(fault, 'slow-down')) intervalSeconds += SLOW_DOWN_SECONDS;
        else if (isFault(fault, 'access-denied')) return deny(session, attempt);
        else if (isFault(fault, 'device-code-expired')) return expire(session, attempt);
        // A VPN that drops while the person is at the page is no reason to throw the code away.
        else if (isTransient(fault)) askedPauseMs = Math.min(fault.retryAfterMs ?? 0, MAX_ASKED_PAUSE_MS);
        else if (!isFault(fault, 'authorization-pending')) {
          return expire(session, attempt, describeFault(fault, session.sessionName).toBody());
        }
      }
    }
  }

  /** The first outcome stays. */
  function settle(attempt: Attempt, outcome: Outcome, error?: ErrorBody): void {
    const { state } = attempt;
    if (state?.state !== 'pending') return;
    attempt.state = { ...state, state: outcome, ...(error === undefined ? {} : { error }) };
    attempt.abort.abort(new Error(`the sign-in is ${outcome}`));
  }

  function deny(session: SsoSession, attempt: Attempt): void {
    const wasPending = attempt.state?.state === 'pending';
    settle(attempt, 'denied');
    if (wasPending) deps.onDenied?.(session);
  }

  function expire(session: SsoSession, attempt: Attempt, error?: ErrorBody): void {
    const wasPending = attempt.state?.state === 'pending';
    settle(attempt, 'expired', error);
    if (wasPending) deps.onExpired?.(session);
  }

  /** A listener that fails does not undo the sign-in. */
  function announce(session: SsoSession): void {
    const key = `sign-in ${session.sessionName}`;
    try {
      deps.onApproved(session);
      problems.clear(key);
    } catch (error) {
      problems.raise(key, { ...toRolecallError(error).toBody(), session: session.sessionName });
    }
  }

  /** The newest attempt; one whose code ran out while the machine slept is over, though its poll has yet to wake. */
  function current(session: SsoSession): Attempt | undefined {
    const attempt = attempts.get(session.sessionName);
    if (attempt?.state?.state === 'pending' && attempt.state.expiresAtMs <= clock.nowMs()) expire(session, attempt);
    return attempt;
  }

  function cancel(session: SsoSession): void {
    const attempt = current(session);
    if (attempt === undefined) return;
    settle(attempt, 'cancelled');
    // One that has no code yet learns of it when the code comes.
    if (attempt.state === undefined) attempt.abort.abort(new Error('the sign-in was cancelled'));
  }

  return {
    async start(session, { force }) {
      const pending = current(session);
      if (pending?.state?.state === 'pending' && pending.identity === identityOf(session)) return pending.state;
      const run = (isForced: boolean) => starting.run(identityOf(session), () => begin(session, isForced));
      const state = await run(force);
      // The run that we joined may have been one without force.
      return force && state.state === 'live' ? run(true) : state;
    },
    state(session) {
      const attempt = current(session);
      return attempt?.identity === identityOf(session) ? attempt.state : undefined;
    },
    cancel,
  };
}

/** What a code is good for. */
function identityOf(session: SsoSession): string {
  return JSON.stringify([session.sessionName, session.startUrl, session.region, session.registrationScopes.toSorted()]);
}
