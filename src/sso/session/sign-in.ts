// A sign-in, as a state machine: one pending sign-in per session; the last outcome is kept.
import { toRolecallError, type ErrorBody } from '../../core/errors.ts';
import type { FlowDecision } from '../../core/aws/sign-in-flow.ts';
import type { SignInFlow, SsoSession } from '../../core/model.ts';
import type { Problems } from '../../core/problems.ts';
import { createSingleFlight } from '../../core/async/single-flight.ts';
import type { AccessTokens } from './access-tokens.ts';
import { describeSignInFault } from '../faults.ts';
import type { SignInOutcome } from '../ports.ts';
import { beginFlow, type ChosenFlow } from './begin-flow.ts';
import type { Flow, FlowPrompt, PendingFlow } from './flow.ts';

/** What to show the user while a sign-in is pending; also part of its outcome. */
export type SignInPrompt = FlowPrompt & ChosenFlow;

/** `live`: no sign-in was needed. The others are states of a sign-in; `error` says why it failed. */
export type SignInState =
  | { readonly state: 'live' }
  | ({
      readonly state: 'pending' | SignInOutcome;
      readonly error?: ErrorBody;
    } & SignInPrompt);

export interface SignInOptions {
  readonly force: boolean;
  /** Default: the device code. */
  readonly decision?: FlowDecision;
}

export interface SignIn {
  /**
   * The pending sign-in, or a new one. Returns `live` without a new one if the session is live or can be refreshed, unless
   * forced. A pending sign-in with another flow than the one asked for is cancelled.
   * @throws UnavailableError, ProtocolError: no sign-in is pending
   */
  start(session: SsoSession, options: SignInOptions): Promise<SignInState>;
  /** The state of the session's last sign-in; undefined before the first one. */
  state(session: SsoSession): SignInState | undefined;
  /** Stops waiting for approval and ignores it from then on. */
  cancel(session: SsoSession): void;
}

/** One sign-in, or the request for one. */
interface Attempt {
  readonly identity: string;
  readonly abort: AbortController;
  /** Absent, as is the state, until the user can act. */
  pending?: PendingFlow;
  state?: SignInState;
  /** Until then, the state of the sign-in that it replaces: a client that follows that one must not take it for cancelled. */
  readonly replaced?: SignInState | undefined;
}

const DEVICE_CODE = { flow: 'device', reason: 'setting' } as const satisfies FlowDecision;

export function createSignIn(deps: {
  readonly flows: Readonly<Record<SignInFlow, Flow>>;
  readonly accessTokens: Pick<AccessTokens, 'accept'>;
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
  const { problems } = deps;
  /** The newest attempt of each session. */
  const attempts = new Map<string, Attempt>();
  const starting = createSingleFlight<SignInState>();

  async function begin(session: SsoSession, force: boolean, decision: FlowDecision): Promise<SignInState> {
    const identity = identityOf(session);
    const earlier = attempts.get(session.sessionName);
    const replaced = earlier?.identity === identity && earlier.state?.state === 'pending' ? earlier.state : undefined;
    const attempt: Attempt = { identity, abort: new AbortController(), replaced };
    // An attempt for an earlier version of the config section, or with another flow, would go on unnoticed.
    cancel(session);
    attempts.set(session.sessionName, attempt);
    try {
      if (!force && (await deps.verifyLive(session))) {
        attempt.state = { state: 'live' };
        return attempt.state;
      }
      const { pending, ...chosen } = await beginFlow(deps.flows, session, decision).catch((fault: unknown) => {
        throw describeSignInFault(fault, session);
      });
      attempt.pending = pending;
      attempt.state = { state: 'pending', ...chosen, ...pending.prompt };
      // It was cancelled before there was anything to wait for.
      if (attempt.abort.signal.aborted) settle(attempt, 'cancelled');
      else void awaitResult(session, pending, attempt);
      return attempt.state;
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
  async function awaitResult(session: SsoSession, pending: PendingFlow, attempt: Attempt): Promise<void> {
    const { signal } = attempt.abort;
    const found = await pending.finish(signal);
    if (found.result === 'denied') return deny(session, attempt);
    if (found.result === 'expired') return expire(session, attempt);
    if (found.result === 'failed') return expire(session, attempt, found.error);
    if (found.result === 'aborted' || signal.aborted) return;
    // Approved from here on: the tokens are used before the store, which may be locked, has them.
    const saving = deps.accessTokens.accept(session, found.registration, found.issued);
    settle(attempt, 'approved');
    announce(session);
    await saving.catch(() => undefined);
  }

  /** The first outcome is final. */
  function settle(attempt: Attempt, outcome: SignInOutcome, error?: ErrorBody): void {
    const { pending, state } = attempt;
    if (state?.state !== 'pending') return;
    attempt.state = { ...state, state: outcome, ...(error === undefined ? {} : { error }) };
    attempt.abort.abort(new Error(`the sign-in is ${outcome}`));
    pending?.end(outcome, error);
    // It holds the secret of the client.
    delete attempt.pending;
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

  /** The newest attempt. Expires it here if its time ran out while the machine slept: its timer may not have woken up yet. */
  function current(session: SsoSession): Attempt | undefined {
    const attempt = attempts.get(session.sessionName);
    if (attempt?.state?.state === 'pending' && attempt.pending?.isExpired() === true) expire(session, attempt);
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
      const suits = ({ state, ...prompt }: SignInState) => (state === 'live' ? !force : isWanted(prompt, decision));
      if (pending?.state?.state === 'pending' && pending.identity === identityOf(session) && suits(pending.state)) {
        return pending.state;
      }
      let isOwn = false;
      for (;;) {
        const state = await starting.run(identityOf(session), () => {
          isOwn = true;
          return begin(session, force, decision);
        });
        // The run that was joined may have been for somebody else, who did not force it, or asked for the other flow.
        if (isOwn || suits(state)) return state;
      }
    },
    state(session) {
      const attempt = current(session);
      return attempt?.identity === identityOf(session) ? (attempt.state ?? attempt.replaced) : undefined;
    },
    cancel,
  };
}

/** Attempts are the same if they give tokens for the same session and scopes. */
function identityOf(session: SsoSession): string {
  return JSON.stringify([session.sessionName, session.startUrl, session.region, session.registrationScopes.toSorted()]);
}

/** Any pending sign-in will do, unless another flow was asked for. */
function isWanted(pending: object, { flow, reason }: FlowDecision): boolean {
  return reason !== 'asked' || ('flow' in pending && pending.flow === flow);
}
