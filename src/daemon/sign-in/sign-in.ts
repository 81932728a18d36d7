// Everything about signing in and out: the routes, what happens to waiting callers, and the work that follows a sign-in.
import type { Clock } from '../../core/clock.ts';
import type { EndpointsOf, SsoSession } from '../../core/model.ts';
import type { Broker } from '../../sso/broker.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import type { LateLoading } from '../http/late-loading.ts';
import type { Handlers } from '../http/surface.ts';
import type { Lock } from '../lock/lock.ts';
import type { Desktop } from '../notifications/desktop.ts';
import type { Notifier } from '../notifications/notifier.ts';
import type { Changes } from '../process/changes.ts';
import type { Log } from '../process/log.ts';
import type { TickTask } from '../process/ticker.ts';
import type { ProfileSync } from '../profiles/profile-sync.ts';
import type { TokenFiles } from '../profiles/token-files.ts';
import type { Settings } from '../settings/settings.ts';
import type { OpenStateFile } from '../state-files/state-file.ts';
import type { SharedConfig } from '../shared-config/shared-config.ts';
import { createChooseFlow, type ChooseFlow, type FindBrowserPlace } from './flow-choice.ts';
import { createDesktopSignIn } from './desktop-sign-in.ts';
import { createLoginPolicy, type LoginPolicy } from './login-policy.ts';
import { createRenewalOffers, RENEWAL_OFFERS_SCHEMA } from './renewal-offers.ts';
import { createRenewals, type Renewals } from './renewals.ts';
import { createPostSignInSync } from './post-sign-in-sync.ts';
import type { SessionEvents } from './session-events.ts';
import { createSessionWarnings, type SessionEnd } from './session-warnings.ts';
import { auditSignIns } from './sign-in-audit.ts';
import { createSignInHandlers, type SignInHandlers } from './sign-in-routes.ts';
import { createUserChecks } from './user-checks.ts';
import { createWorkingDay } from './working-day.ts';

export interface SignIn {
  readonly handlers: SignInHandlers & Pick<Handlers, 'signOut' | 'takeRenewal'>;
  readonly tasks: readonly TickTask[];
  readonly loginPolicy: Pick<LoginPolicy, 'serveEnded' | 'waiting'>;
  readonly chooseFlow: ChooseFlow;
  readonly renewals: Pick<Renewals, 'describe'>;
  /** Answers every waiting caller; the end of the daemon does not wait for a sign-in. */
  release(): void;
  /** Cancels pending sign-ins. */
  close(): Promise<void>;
}

export function createSignIn(deps: {
  readonly settings: Settings;
  readonly sharedConfig: SharedConfig;
  readonly broker: Broker;
  readonly events: SessionEvents;
  readonly lock: Pick<Lock, 'isAllLocked' | 'subscribe'>;
  readonly endpointsOf: EndpointsOf;
  readonly profileSync: ProfileSync;
  readonly tokenFiles: TokenFiles;
  readonly homeDirectory: string;
  /** Opens a file of the state folder by its name. */
  readonly openOwnFile: OpenStateFile;
  readonly notifier: Notifier;
  readonly desktop: Desktop;
  readonly audit: Pick<AuditLog, 'record'>;
  readonly changes: Pick<Changes, 'announce'>;
  /** A person is at the machine, and can unlock the keychain. */
  readonly personActs: () => void;
  /** Gives up tokens in a keychain that can't be reached any more; false when there are none. */
  readonly forgetKeychain: () => boolean;
  readonly lateLoading: LateLoading;
  /** Where the daemon's browser is. Absent: nowhere. */
  readonly findBrowserPlace?: FindBrowserPlace;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
}): SignIn {
  const { broker, changes, events, lateLoading, lock, log, settings, sharedConfig } = deps;
  const readSessions = async () => (await sharedConfig.read()).sessions;
  const chooseFlow = createChooseFlow(deps);
  const desktopSignIn = createDesktopSignIn({ ...deps, chooseFlow });
  const loginPolicy = createLoginPolicy({ ...deps, desktopSignIn });
  const userChecks = createUserChecks(deps);
  const postSignInSync = createPostSignInSync({ ...deps, syncsProfiles: settings.profiles.sync === 'on-login' });

  auditSignIns(deps);
  events.subscribe({
    signedIn: ({ sessionName }) => loginPolicy.signedIn(sessionName),
    denied: ({ sessionName }) => loginPolicy.denied(sessionName),
    expired: ({ sessionName }) => desktopSignIn.end(sessionName),
    signedOut: ({ sessionName }) => loginPolicy.signedOut(sessionName),
  });
  events.subscribe({
    signedIn(session) {
      // At once with a role that is known, and again with the new list.
      void userChecks.check(session, { justSignedIn: true });
      void postSignInSync.restart(session).then(() => userChecks.check(session, { justSignedIn: true }));
    },
  });
  lock.subscribe({ locked: loginPolicy.locked });
  /** What nobody needs while all is locked: it uses tokens, or asks a person who is not there. */
  const unlessLocked = (run: () => Promise<void>) => async () => (lock.isAllLocked() ? undefined : run());
  const { announce } = changes;
  events.subscribe({ signedIn: announce, denied: announce, expired: announce, signedOut: announce });

  const ends = { sessions: readSessions, findEnd: (session: SsoSession) => readSessionEnd(broker, session) };
  const sessionWarnings = createSessionWarnings({ ...deps, ...ends });
  const renewals = createRenewals({
    ...deps,
    ...ends,
    isPending: (session) => broker.signInState(session)?.state === 'pending',
    offers: createRenewalOffers(deps.openOwnFile('renewals.json', RENEWAL_OFFERS_SCHEMA), log),
    isAttended: () => deps.desktop.isAttended(),
    desktopSignIn,
    workingDay: createWorkingDay(),
    announce,
  });
  events.subscribe({
    signedIn: ({ sessionName }) => renewals.settle(sessionName),
    signedOut: ({ sessionName }) => renewals.settle(sessionName),
  });

  return {
    handlers: {
      ...createSignInHandlers({ ...deps, chooseFlow, postSignInSync, endNotification: desktopSignIn.end }),
      async takeRenewal({ session: selector }) {
        const isTaken = await renewals.take(await sharedConfig.findSession(selector));
        if (isTaken) announce();
        return { taken: isTaken };
      },
      ...lateLoading.deferHandlers(['signOut'], async () => {
        const { createSignOut } = await import('./sign-out.ts');
        const signOut = createSignOut(deps);
        return {
          async signOut({ session: selector, body }, { surface }) {
            const session = await sharedConfig.findSession(selector);
            return signOut(session, { by: surface, forgetsKeychain: body?.forgetKeychain === true });
          },
        };
      }),
    },
    tasks: [
      { name: 'signed-in users', run: unlessLocked(() => userChecks.checkAgain()) },
      { name: 'failed listings', run: unlessLocked(async () => postSignInSync.retryFailed(await readSessions())) },
      { name: 'session warnings', run: unlessLocked(() => sessionWarnings.check()) },
      { name: 'renewals', run: unlessLocked(() => renewals.check()) },
    ],
    loginPolicy,
    chooseFlow,
    renewals,
    release: () => loginPolicy.close(),
    async close() {
      for (const session of await readSessions().catch(() => [])) broker.cancelSignIn(session);
    },
  };
}

/** When a live session ends; undefined for one that has ended, or whose end is not known. */
async function readSessionEnd(broker: Broker, session: SsoSession): Promise<SessionEnd | undefined> {
  const token = await broker.describe(session);
  const { state, signedInAtMs } = token;
  if (state !== 'live' || signedInAtMs === undefined) return undefined;
  const end = broker.sessionEnd(session, token);
  return end === undefined ? undefined : { signedInAtMs, endsAtMs: end.atMs };
}
