// Sign-in by device authorization, as a state machine: one pending sign-in per session; the last outcome is kept.
import type { Clock } from '../../core/clock.ts';
import { toRolecallError, type ErrorBody } from '../../core/errors.ts';
import type { FlowDecision, FlowReason } from '../../core/aws/sign-in-flow.ts';
import type { SignInFlow, SsoSession } from '../../core/model.ts';
import type { Problems } from '../../core/problems.ts';
import { createSingleFlight } from '../../core/async/single-flight.ts';
import type { AccessTokens } from './access-tokens.ts';
import type { ClientRegistrations } from './client-registrations.ts';
import { pollForToken, requestDeviceCode, type DeviceCode } from './device-code.ts';
import { describeFault, describeSignInFault } from '../faults.ts';
import type { IdentityCenter } from '../ports.ts';

/** Why a sign-in that should have used `pkce` uses the device code. */
export type FlowFallback = 'pkce-refused' | 'no-callback-port';

/** What to show the user while a sign-in is pending; also part of its outcome. */
export interface SignInPrompt {
  readonly flow: SignInFlow;
  readonly flowReason: FlowReason | FlowFallback;
  /** Only with the flow `device`. */
  readonly userCode?: string;
  readonly verificationUri: string;
  readonly verificationUriComplete: string;
  readonly expiresAtMs: number;
  /** AWS's start URL, if the session's is a company's own that leads there. */
  readonly leadsTo?: string;
}

type Outcome = 'approved' | 'denied' | 'expired' | 'cancelled';

/** `live`: no sign-in was needed. The others are states of a device authorization; `error` says why it failed. */
export type SignInState =
  | { readonly state: 'live' }
  | ({
      readonly state: 'pending' | Outcome;
      readonly error?: ErrorBody;
    } & SignInPrompt);

export interface SignInOptions {
  readonly force: boolean;
  /** Default: the device code. */
  readonly decision?: FlowDecision;
}

export interface SignIn {
  /**
   * The pending sign-in, or a new one. Returns `live` without requesting a code if the session is live or can be
   * refreshed, unless forced.
   * @throws UnavailableError, ProtocolError: no sign-in is pending
   */
  start(session: SsoSession, options: SignInOptions): Promise<SignInState>;
  /** The state of the session's last sign-in; undefined before the first one. */
  state(session: SsoSession): SignInState | undefined;
  /** Stops waiting for approval and ignores the code from then on. */
  cancel(session: SsoSession): void;
}

/** One device authorization, or the request for one. */
interface Attempt {
  readonly identity: string;
  readonly abort: AbortController;
  /** Absent until AWS has issued a code. */
  state?: SignInState;
}

const DEVICE_CODE = { flow: 'device', reason: 'setting' } as const satisfies FlowDecision;

export function createSignIn(deps: {
  readonly identityCenter: IdentityCenter;
  readonly accessTokens: AccessTokens;
  readonly registrations: ClientRegistrations;
  readonly clock: Clock;
  readonly problems: Problems;
  /** True if the portal accepts the session's token, false if only a sign-in helps. */
  readonly verifyLive: (session: SsoSession) => Promise<boolean>;
  /** Called as soon as the new tokens are in use, before the secret store has them. */
  readonly onApproved: (session: SsoSession) => void;
  /** Called when the sign-in was denied on the page. */
  readonly onDenied: (session: SsoSession) => void;
  /** Called when the code expired before it was approved, or a failure ended the waiting. */
  readonly onExpired: (session: SsoSession) => void;
}): SignIn {
  const { clock, problems } = deps;
  /** The newest attempt of each session. */
  const attempts = new Map<string, Attempt>();
  const starting = createSingleFlight<SignInState>();

  async function begin(session: SsoSession, force: boolean, decision: FlowDecision): Promise<SignInState> {
    const attempt: Attempt = { identity: identityOf(session), abort: new AbortController() };
    const earlier = attempts.get(session.sessionName);
    // An attempt for an earlier version of the config section would continue to poll unnoticed.
    cancel(session);
    attempts.set(session.sessionName, attempt);
    try {
      if (!force && (await deps.verifyLive(session))) {
        attempt.state = { state: 'live' };
        return attempt.state;
      }
      const code = await requestDeviceCode(deps, session).catch((fault: unknown) => {
        throw describeSignInFault(fault, session);
      });
      const { authorization } = code;
      const prompt: SignInPrompt = {
        flow: 'device',
        flowReason: decision.reason,
        userCode: authorization.userCode,
        verificationUri: authorization.verificationUri,
        verificationUriComplete: authorization.verificationUriComplete,
        expiresAtMs: clock.nowMs() + authorization.expiresInSeconds * 1000,
        ...(code.startUrl === session.startUrl ? {} : { leadsTo: code.startUrl }),
      };
      const state: SignInState = { state: attempt.abort.signal.aborted ? 'cancelled' : 'pending', ...prompt };
      attempt.state = state;
      void awaitApproval(session, code, prompt.expiresAtMs, attempt);
      return state;
    } catch (error) {
      // The attempt failed before it had a code, so the previous state still holds.
      if (attempts.get(session.sessionName) === attempt) restore(session, earlier);
      throw error;
    }
  }

  function restore(session: SsoSession, earlier: Attempt | undefined): void {
    if (earlier === undefined) attempts.delete(session.sessionName);
    else attempts.set(session.sessionName, earlier);
  }

  /** Never rejects: the outcome is in the state. */
  async function awaitApproval(session: SsoSession, code: DeviceCode, expiresAtMs: number, attempt: Attempt) {
    const { signal } = attempt.abort;
    const polled = await pollForToken(deps, session, code, { expiresAtMs, signal });
    if (polled.result === 'denied') return deny(session, attempt);
    if (polled.result === 'expired') return expire(session, attempt);
    if (polled.result === 'failed') {
      return expire(session, attempt, describeFault(polled.fault, session.sessionName).toBody());
    }
    if (polled.result === 'aborted' || signal.aborted) return;
    // Approved from here on: the tokens are used before the store, which may be locked, has them.
    const saving = deps.accessTokens.accept(session, code.registration, polled.issued);
    settle(attempt, 'approved');
    announce(session);
    await saving.catch(() => undefined);
  }

  /** The first outcome is final. */
  function settle(attempt: Attempt, outcome: Outcome, error?: ErrorBody): void {
    const { state } = attempt;
    if (state?.state !== 'pending') return;
    attempt.state = { ...state, state: outcome, ...(error === undefined ? {} : { error }) };
    attempt.abort.abort(new Error(`the sign-in is ${outcome}`));
  }

  function deny(session: SsoSession, attempt: Attempt): void {
    const wasPending = attempt.state?.state === 'pending';
    settle(attempt, 'denied');
    if (wasPending) deps.onDenied(session);
  }

  function expire(session: SsoSession, attempt: Attempt, error?: ErrorBody): void {
    const wasPending = attempt.state?.state === 'pending';
    settle(attempt, 'expired', error);
    if (wasPending) deps.onExpired(session);
  }

  /** A failing listener does not undo the sign-in. */
  function announce(session: SsoSession): void {
    const key = `sign-in ${session.sessionName}`;
    try {
      deps.onApproved(session);
      problems.clear(key);
    } catch (error) {
      problems.raise(key, { ...toRolecallError(error).toBody(), session: session.sessionName });
    }
  }

  /** The newest attempt. Expires it here if its code ran out while the machine slept: its poll may not have woken up yet. */
  function current(session: SsoSession): Attempt | undefined {
    const attempt = attempts.get(session.sessionName);
    if (attempt?.state?.state === 'pending' && attempt.state.expiresAtMs <= clock.nowMs()) expire(session, attempt);
    return attempt;
  }

  function cancel(session: SsoSession): void {
    const attempt = current(session);
    if (attempt === undefined) return;
    settle(attempt, 'cancelled');
    // An attempt without a code yet notices when it gets one.
    if (attempt.state === undefined) attempt.abort.abort(new Error('the sign-in was cancelled'));
  }

  return {
    async start(session, { force, decision = DEVICE_CODE }) {
      const pending = current(session);
      if (pending?.state?.state === 'pending' && pending.identity === identityOf(session)) return pending.state;
      const run = (isForced: boolean) => starting.run(identityOf(session), () => begin(session, isForced, decision));
      const state = await run(force);
      // The run that was joined may not have been forced.
      return force && state.state === 'live' ? run(true) : state;
    },
    state(session) {
      const attempt = current(session);
      return attempt?.identity === identityOf(session) ? attempt.state : undefined;
    },
    cancel,
  };
}

/** Attempts are the same if their code gives tokens for the same session and scopes. */
function identityOf(session: SsoSession): string {
  return JSON.stringify([session.sessionName, session.startUrl, session.region, session.registrationScopes.toSorted()]);
}
