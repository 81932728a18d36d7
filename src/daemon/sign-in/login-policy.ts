// What becomes of callers when a session is over: told at once, held for the next sign-in, or helped to one.
import type { Clock } from '../../core/clock.ts';
import { RolecallError, SignInRequiredError } from '../../core/errors.ts';
import type { Role, SsoSession } from '../../core/model.ts';
import type { Broker } from '../../sso/broker.ts';
import type { Caller } from '../http/caller.ts';
import type { DesktopSignIn } from './desktop-sign-in.ts';
import type { Log } from '../process/log.ts';
import type { Desktop } from '../notifications/desktop.ts';
import type { Notifier } from '../notifications/notifier.ts';
import type { Settings } from '../settings/settings.ts';
import { createWaitingCallers } from './waiting-callers.ts';
import { signInDenied } from '../../sso/faults.ts';

export interface LoginPolicy {
  /**
   * What `ask` answers. When it fails because the session is over, the person is told once; with `wait` and `login`
   * the caller is then held until a sign-in, for which `ask` is run again, or until its time is up.
   * @throws SignInRequiredError sign-in-expired, sign-in-denied; everything else that `ask` throws, at once
   */
  serve<T>(session: SsoSession, role: Role, ask: () => Promise<T>, caller: WaitBudget): Promise<T>;
  /** To be told of what happens to a session, by whichever way. */
  signedIn(sessionName: string): void;
  signedOut(sessionName: string): void;
  denied(sessionName: string): void;
  /** Callers that are held right now. */
  waiting(sessionName: string): number;
  /** Answers everybody who is held with why; nobody is held any more. */
  close(): void;
}

/** What decides how long a caller is held. */
export type WaitBudget = Pick<Caller, 'waitBudgetMs' | 'gone'>;

/** For a caller that is never held. */
export const NO_WAIT: Readonly<WaitBudget> = { waitBudgetMs: 0, gone: () => AbortSignal.abort() };

/** What our own clients wait in all, from their start; Go's SDK gives up on them at 60 s. */
const DEFAULT_WAIT_BUDGET_MS = 55_000;
/** For the answer to reach the caller before that, keys after a sign-in included. */
const ANSWER_MARGIN_MS = 2000;
/** After a "no" nobody is asked again for a while; a sign-in that a person starts is never held up by it. */
const COOL_DOWN_MS = 5 * 60_000;

/** What is known of a session that was found to be over. */
interface EndedSessionState {
  /** Of the last denial. */
  deniedAtMs?: number;
  /** A page was opened by itself, or could not be: there is no second one. */
  hasTriedByItself?: boolean;
  isTryingByItself?: boolean;
}

export function createLoginPolicy(deps: {
  readonly settings: Pick<Settings, 'onExpired' | 'waitSeconds'>;
  readonly broker: Pick<Broker, 'signInState' | 'cachedCatalog'>;
  readonly notifier: Notifier;
  readonly desktop: Pick<Desktop, 'isAttended'>;
  readonly desktopSignIn: DesktopSignIn;
  readonly clock: Clock;
  readonly log: Log;
  /** Called when a person clicks on a notification. */
  readonly personActs: () => void;
}): LoginPolicy {
  const { broker, clock, desktopSignIn, notifier } = deps;
  const { onExpired, waitSeconds } = deps.settings;
  const callers = createWaitingCallers(clock);
  const endedSessions = new Map<string, EndedSessionState>();
  /** Counts what happened to each session: a sign-in while a caller was being refused would else be missed by it. */
  const events = new Map<string, number>();

  const isPending = (session: SsoSession) => broker.signInState(session)?.state === 'pending';

  function isCoolingDown({ deniedAtMs }: EndedSessionState): boolean {
    // A clock that was set back ends it.
    return deniedAtMs !== undefined && Math.abs(clock.nowMs() - deniedAtMs) < COOL_DOWN_MS;
  }

  function stateOf(sessionName: string): EndedSessionState {
    const state = endedSessions.get(sessionName) ?? {};
    endedSessions.set(sessionName, state);
    return state;
  }

  function note(sessionName: string): void {
    events.set(sessionName, (events.get(sessionName) ?? 0) + 1);
  }

  /** Gets a person to know of it, in one way and once. Returns at once. */
  function raise(session: SsoSession, role: Role, ended: SignInRequiredError): void {
    const state = stateOf(session.sessionName);
    // Whoever has a code before him needs no second one.
    if (isPending(session) || isCoolingDown(state) || state.isTryingByItself === true) return;
    if (onExpired === 'login' && state.hasTriedByItself !== true && notifier.isAble) {
      state.hasTriedByItself = true;
      state.isTryingByItself = true;
      void signInByItself(session, role, ended, state);
    } else {
      void tell(session, role, ended);
    }
  }

  async function signInByItself(
    session: SsoSession,
    role: Role,
    ended: SignInRequiredError,
    state: EndedSessionState,
  ): Promise<void> {
    const before = events.get(session.sessionName);
    try {
      const isAttended = await deps.desktop.isAttended();
      if (events.get(session.sessionName) !== before) return;
      if (isAttended && (await desktopSignIn.start(session))) return;
    } finally {
      state.isTryingByItself = false;
    }
    if (events.get(session.sessionName) === before) await tell(session, role, ended);
  }

  async function tell(session: SsoSession, role: Role, ended: SignInRequiredError): Promise<void> {
    if (!notifier.isAble) return;
    const { sessionName } = session;
    const before = events.get(sessionName);
    const account = await describeAccount(session, role.accountId);
    // Over before it was told.
    if (events.get(sessionName) !== before) return;
    await notifier.notify({
      key: keyOf(sessionName),
      title: `Sign in to ${sessionName}`,
      body: `${ended.message} Keys for ${role.permissionSet} in ${account} were asked for. Run: ${ended.hint}`,
      action: {
        label: 'Sign in',
        onClick() {
          deps.personActs();
          void desktopSignIn.start(session);
        },
      },
    });
  }

  async function describeAccount(session: SsoSession, accountId: string): Promise<string> {
    const catalog = await broker.cachedCatalog(session).catch(() => undefined);
    const name = catalog?.accounts.find((account) => account.accountId === accountId)?.accountName;
    return name === undefined ? accountId : `${name} (${accountId})`;
  }

  /** How long a caller may be held from its arrival on. */
  function longestWaitMs({ waitBudgetMs = DEFAULT_WAIT_BUDGET_MS }: WaitBudget): number {
    return Math.min(waitSeconds * 1000, waitBudgetMs - ANSWER_MARGIN_MS);
  }

  function mayWait(session: SsoSession): boolean {
    return onExpired !== 'notify' && (isPending(session) || !isCoolingDown(stateOf(session.sessionName)));
  }

  function leave(sessionName: string): void {
    note(sessionName);
    endedSessions.delete(sessionName);
    notifier.resolve(keyOf(sessionName));
    desktopSignIn.end(sessionName);
    callers.answer(sessionName, 'ask-again');
  }

  return {
    async serve(session, role, ask, caller) {
      const { sessionName } = session;
      const arrivedAtMs = clock.nowMs();
      for (;;) {
        const before = events.get(sessionName);
        let ended: SignInRequiredError;
        try {
          return await ask();
        } catch (error) {
          if (!(error instanceof SignInRequiredError) || error.code !== 'sign-in-expired') throw error;
          ended = error;
        }
        if (events.get(sessionName) !== before) continue;
        raise(session, role, ended);
        const longestMs = longestWaitMs(caller);
        // A clock that was set back must not make the wait longer than that.
        const leftMs = longestMs - Math.max(0, clock.nowMs() - arrivedAtMs);
        if (leftMs <= 0 || !mayWait(session)) throw ended;
        const outcome = await callers.join(sessionName, leftMs, caller.gone());
        if (outcome instanceof RolecallError) throw outcome;
        if (outcome === 'given-up') throw ended;
      }
    },
    signedIn: leave,
    signedOut: leave,
    denied(sessionName) {
      note(sessionName);
      stateOf(sessionName).deniedAtMs = clock.nowMs();
      notifier.resolve(keyOf(sessionName));
      desktopSignIn.end(sessionName);
      callers.answer(sessionName, signInDenied(sessionName));
      deps.log('info', `the sign-in to ${sessionName} was denied`);
    },
    waiting: (sessionName) => callers.count(sessionName),
    close: () => callers.close(),
  };
}

function keyOf(sessionName: string): string {
  return `session over ${sessionName}`;
}
