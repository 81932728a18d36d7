// Sign-in by device authorization as a state machine: one pending a session, and the last outcome is kept.
import type { Clock } from '../core/clock.ts';
import type { ErrorBody } from '../core/errors.ts';
import type { ClientRegistration, DeviceAuthorization, SsoSession } from '../core/model.ts';
import { createSingleFlight } from '../core/single-flight.ts';
import type { AccessTokens } from './access-tokens.ts';
import type { ClientRegistrations } from './client-registrations.ts';
import { describeFault, isFault, isTransient } from './faults.ts';
import type { IdentityCenter } from './ports.ts';

/** What the person has to see and do while a sign-in is pending; the outcome keeps it for reference. */
export interface SignInPrompt {
  readonly flow: 'device';
  readonly userCode: string;
  readonly verificationUri: string;
  readonly verificationUriComplete: string;
  readonly expiresAtMs: number;
}

/** `live`: nothing had to be asked. The others are the states of a device authorization; `error` says why one failed. */
export type SignInState =
  | { readonly state: 'live' }
  | ({
      readonly state: 'pending' | 'approved' | 'denied' | 'expired' | 'cancelled';
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

export function createSignIn(deps: {
  readonly identityCenter: IdentityCenter;
  readonly accessTokens: AccessTokens;
  readonly registrations: ClientRegistrations;
  readonly clock: Clock;
  /** Resolves when the session has a token that the portal takes; rejects with SignInRequiredError when only a sign-in helps. */
  readonly verifyLive: (session: SsoSession) => Promise<boolean>;
  /** Called once the tokens of an approved sign-in are stored. */
  readonly onApproved: (session: SsoSession) => void;
}): SignIn {
  const { clock, identityCenter } = deps;
  const states = new Map<string, SignInState>();
  const polls = new Map<string, AbortController>();
  const starting = createSingleFlight<SignInState>();

  async function begin(session: SsoSession, force: boolean): Promise<SignInState> {
    const { sessionName } = session;
    if (!force && (await deps.verifyLive(session))) {
      const live: SignInState = { state: 'live' };
      states.set(sessionName, live);
      return live;
    }
    const { registration, authorization } = await authorize(session);
    const prompt: SignInPrompt = {
      flow: 'device',
      userCode: authorization.userCode,
      verificationUri: authorization.verificationUri,
      verificationUriComplete: authorization.verificationUriComplete,
      expiresAtMs: clock.nowMs() + authorization.expiresInSeconds * 1000,
    };
    const pending: SignInState = { state: 'pending', ...prompt };
    const abort = new AbortController();
    states.set(sessionName, pending);
    polls.set(sessionName, abort);
    void poll(session, registration, authorization, prompt, abort);
    return pending;
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
      await deps.registrations.forget(session);
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
    abort: AbortController,
  ): Promise<void> {
    let intervalSeconds = authorization.intervalSeconds > 0 ? authorization.intervalSeconds : DEFAULT_INTERVAL_SECONDS;
    const settle = (state: 'approved' | 'denied' | 'expired', error?: ErrorBody) => {
      if (abort.signal.aborted) return;
      polls.delete(session.sessionName);
      states.set(session.sessionName, { state, ...prompt, ...(error === undefined ? {} : { error }) });
    };
    while (!abort.signal.aborted) {
      try {
        await clock.sleep(intervalSeconds * 1000, abort.signal);
      } catch {
        return;
      }
      if (clock.nowMs() >= prompt.expiresAtMs) return settle('expired');
      try {
        const issued = await identityCenter.createTokenByDeviceCode(session, registration, authorization.deviceCode);
        if (abort.signal.aborted) return;
        await deps.accessTokens.accept(session, registration.clientId, issued);
        settle('approved');
        deps.onApproved(session);
        return;
      } catch (fault) {
        if (isFault(fault, 'slow-down')) intervalSeconds += SLOW_DOWN_SECONDS;
        else if (isFault(fault, 'access-denied')) return settle('denied');
        else if (isFault(fault, 'device-code-expired')) return settle('expired');
        // A VPN that drops while the person is at the page is no reason to throw the code away.
        else if (!isFault(fault, 'authorization-pending') && !isTransient(fault)) {
          return settle('expired', describeFault(fault, session.sessionName).toBody());
        }
      }
    }
  }

  return {
    async start(session, { force }) {
      const current = states.get(session.sessionName);
      if (current?.state === 'pending') return current;
      return starting.run(session.sessionName, () => begin(session, force));
    },
    state: (session) => states.get(session.sessionName),
    cancel(session) {
      const current = states.get(session.sessionName);
      if (current?.state !== 'pending') return;
      polls.get(session.sessionName)?.abort(new Error('the sign-in was cancelled'));
      polls.delete(session.sessionName);
      states.set(session.sessionName, { ...current, state: 'cancelled' });
    },
  };
}
