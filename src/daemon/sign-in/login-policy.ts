// Decides what callers get when a session has ended: an error at once, or a wait for the next sign-in.
import { hasElapsed, type Clock } from '../../core/clock.ts';
import { RolecallError, type SignInRequiredError } from '../../core/errors.ts';
import type { Role, SsoSession } from '../../core/model.ts';
import { nameOfRole } from '../../core/text/role-title.js';
import type { Broker } from '../../sso/broker.ts';
import { waitLeftMs, type WaitBudget } from '../http/wait-budget.ts';
import type { DesktopSignIn } from './desktop-sign-in.ts';
import type { Log } from '../process/log.ts';
import type { Desktop } from '../notifications/desktop.ts';
import type { Notifier } from '../notifications/notifier.ts';
import type { Settings } from '../settings/settings.ts';
import { createWaitingCallers } from './waiting-callers.ts';
import { isSessionOver, signInDenied } from '../../sso/faults.ts';

export interface LoginPolicy {
  /**
   * For a caller whose session has ended: the person is notified once. With `on_expired` `wait` or `login` the caller
   * then waits for a sign-in, after which `ask` runs again, or for its budget to end. Returns what `ask` returns.
   * @throws SignInRequiredError sign-in-expired, sign-in-denied; everything else that `ask` throws, at once
   */
  serveEnded<T>(request: EndedRequest<T>): Promise<T>;
  /** Call on every sign-in, sign-out and denial, however it came about. */
  signedIn(sessionName: string): void;
  signedOut(sessionName: string): void;
  denied(sessionName: string): void;
  /** Lets every waiting caller ask again, after a lock. */
  locked(): void;
  /** How many callers are waiting. */
  waiting(sessionName: string): number;
  /** Fails every waiting caller; later ones do not wait. */
  close(): void;
}

export interface EndedRequest<T> {
  readonly session: SsoSession;
  readonly role: Role;
  /** Why the first `ask` failed; see `isSessionOver`. */
  readonly ended: SignInRequiredError;
  /** When the caller came, by the wall clock. */
  readonly arrivedAtMs: number;
  readonly ask: () => Promise<T>;
  readonly caller: WaitBudget;
}

/** After a denial the person is not asked again for this long. They can start a sign-in themselves at any time. */
const COOL_DOWN_MS = 5 * 60_000;

/** What the policy did about a session that has ended. */
interface EndedSessionState {
  /** When a sign-in was last denied. */
  deniedAtMs?: number;
  /** The daemon opened a sign-in page, or failed to. It does that once. */
  hasTriedSignIn?: boolean;
  isTryingSignIn?: boolean;
}

export function createLoginPolicy(deps: {
  readonly settings: Pick<Settings, 'onExpired' | 'waitSeconds'>;
  readonly broker: Pick<Broker, 'signInState' | 'cachedCatalog'>;
  readonly notifier: Notifier;
  readonly desktop: Pick<Desktop, 'isAttended'>;
  readonly desktopSignIn: DesktopSignIn;
  readonly clock: Clock;
  readonly log: Log;
  /** Call when a person clicks on a notification. */
  readonly personActs: () => void;
}): LoginPolicy {
  const { broker, clock, desktopSignIn, notifier } = deps;
  const { onExpired, waitSeconds } = deps.settings;
  const callers = createWaitingCallers(clock);
  const endedSessions = new Map<string, EndedSessionState>();
  /** The latest event of each session, to notice a sign-in that happens while a caller is being refused. */
  const events = new Map<string, { readonly atMs: number }>();

  const isPending = (session: SsoSession) => broker.signInState(session)?.state === 'pending';

  function isCoolingDown({ deniedAtMs }: EndedSessionState): boolean {
    return deniedAtMs !== undefined && !hasElapsed(clock, deniedAtMs, COOL_DOWN_MS);
  }

  function stateOf(sessionName: string): EndedSessionState {
    const state = endedSessions.get(sessionName) ?? {};
    endedSessions.set(sessionName, state);
    return state;
  }

  function note(sessionName: string): void {
    events.set(sessionName, { atMs: clock.nowMs() });
  }

  /** True as well if the clock was set back meanwhile. */
  function hasEventSince(sessionName: string, sinceMs: number): boolean {
    const atMs = events.get(sessionName)?.atMs;
    return atMs !== undefined && (atMs >= sinceMs || clock.nowMs() < sinceMs);
  }

  /** Notifies the person once, or opens a sign-in page. Returns at once. */
  function raise(session: SsoSession, role: Role, ended: SignInRequiredError): void {
    const state = stateOf(session.sessionName);
    // A person who already sees a code needs no second one.
    if (isPending(session) || isCoolingDown(state) || state.isTryingSignIn === true) return;
    if (onExpired === 'login' && state.hasTriedSignIn !== true && notifier.isAble) {
      state.hasTriedSignIn = true;
      state.isTryingSignIn = true;
      void startSignIn(session, role, ended, state);
    } else {
      void tell(session, role, ended);
    }
  }

  async function startSignIn(
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
      state.isTryingSignIn = false;
    }
    if (events.get(session.sessionName) === before) await tell(session, role, ended);
  }

  async function tell(session: SsoSession, role: Role, ended: SignInRequiredError): Promise<void> {
    if (!notifier.isAble) return;
    const { sessionName } = session;
    const before = events.get(sessionName);
    const account = await describeAccount(session, role.accountId);
    // Signed in meanwhile.
    if (events.get(sessionName) !== before) return;
    await notifier.notify({
      key: keyOf(sessionName),
      title: `Sign in to ${sessionName}`,
      body: `${ended.message} A program asked for credentials of ${nameOfRole(role.permissionSet)} in ${account}. Run: ${ended.hint}`,
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

  function mayWait(session: SsoSession): boolean {
    return onExpired !== 'notify' && (isPending(session) || !isCoolingDown(stateOf(session.sessionName)));
  }

  /** @throws SignInRequiredError: `ended` when the caller can't wait any longer, sign-in-denied */
  async function waitForSignIn(
    session: SsoSession,
    ended: SignInRequiredError,
    caller: WaitBudget,
    arrivedAtMs: number,
  ): Promise<void> {
    const leftMs = waitLeftMs(clock, caller, { waitSeconds, arrivedAtMs });
    if (leftMs <= 0 || !mayWait(session)) throw ended;
    const outcome = await callers.join(session.sessionName, leftMs, caller.gone());
    if (outcome instanceof RolecallError) throw outcome;
    if (outcome === 'given-up') throw ended;
  }

  function leave(sessionName: string): void {
    note(sessionName);
    endedSessions.delete(sessionName);
    notifier.resolve(keyOf(sessionName));
    desktopSignIn.end(sessionName);
    callers.answer(sessionName, 'ask-again');
  }

  return {
    async serveEnded({ session, role, ask, caller, arrivedAtMs, ...first }) {
      const { sessionName } = session;
      let { ended } = first;
      let mayHaveChanged = hasEventSince(sessionName, arrivedAtMs);
      for (;;) {
        if (!mayHaveChanged) {
          raise(session, role, ended);
          await waitForSignIn(session, ended, caller, arrivedAtMs);
        }
        const before = events.get(sessionName);
        try {
          return await ask();
        } catch (error) {
          if (!isSessionOver(error)) throw error;
          ended = error;
        }
        mayHaveChanged = events.get(sessionName) !== before;
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
    locked: () => callers.answerAll('ask-again'),
    waiting: (sessionName) => callers.count(sessionName),
    close: () => callers.close(),
  };
}

function keyOf(sessionName: string): string {
  return `session over ${sessionName}`;
}
