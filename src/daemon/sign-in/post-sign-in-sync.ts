// Runs after a sign-in: lists the accounts, writes the profiles, and writes the AWS CLI's token file.
import { toRolecallError } from '../../core/errors.ts';
import type { Catalog, Role, SsoSession } from '../../core/model.ts';
import { createSingleFlight } from '../../core/async/single-flight.ts';
import type { Clock } from '../../core/clock.ts';
import type { SignInSetupDocument } from '../../local-api/schemas.ts';
import type { Broker } from '../../sso/broker.ts';
import { sessionKey } from '../../sso/issuer.ts';
import { createRetryPauses } from '../../sso/resilience/pauses.ts';
import type { Changes } from '../process/changes.ts';
import type { Log } from '../process/log.ts';
import type { ProfileSync } from '../profiles/profile-sync.ts';
import type { TokenFiles } from '../profiles/token-files.ts';

export interface PostSignInSync {
  /** Starts the work, or joins the run in progress; never rejects. */
  run(session: SsoSession): Promise<void>;
  /** Runs the work again after the run in progress, which can be listing for the user who was signed in before. */
  restart(session: SsoSession): Promise<void>;
  /** Runs the work again for sessions whose listing failed, with back-off, and at once when AWS answers again. */
  retryFailed(sessions: readonly SsoSession[]): Promise<void>;
  /** Progress or outcome of the last run; undefined before the first. */
  state(session: SsoSession): SignInSetupDocument | undefined;
}

/** About 30 attempts a day. */
const PAUSE = { firstPauseMs: 60_000, maxPauseMs: 60 * 60_000 } as const;

export function createPostSignInSync(deps: {
  readonly broker: Pick<Broker, 'cachedCatalog' | 'describe' | 'listingFailure' | 'listingProgress' | 'refreshCatalog'>;
  readonly profileSync: ProfileSync;
  readonly tokenFiles: TokenFiles;
  /** False for `sync = "manual"`. */
  readonly syncsProfiles: boolean;
  readonly changes: Pick<Changes, 'announce'>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
}): PostSignInSync {
  const pauses = createRetryPauses(deps, PAUSE);
  const states = new Map<string, SignInSetupDocument>();
  const running = createSingleFlight<void>();

  function note(sessionName: string, state: SignInSetupDocument): void {
    states.set(sessionName, state);
    deps.changes.announce();
  }

  async function work(session: SsoSession, justSignedIn: boolean): Promise<void> {
    const { sessionName } = session;
    let state: SignInSetupDocument = { state: 'listing', accountsListed: 0, accountsTotal: 0 };
    note(sessionName, state);
    try {
      // Native profiles work from here on; the listing can take minutes.
      if (justSignedIn) await keepTokenFile(session);
      const before = await deps.broker.cachedCatalog(session);
      const { catalog, added, removed } = await deps.broker.refreshCatalog(session);
      const names = describeRoles(before, catalog);
      state = {
        state: 'syncing',
        accountsListed: catalog.accounts.length,
        accountsTotal: catalog.accounts.length,
        permissionSets: catalog.accounts.reduce((sum, account) => sum + account.permissionSets.length, 0),
        complete: catalog.complete,
        added: added.map(names),
        removed: removed.map(names),
      };
      note(sessionName, state);
      if (deps.syncsProfiles) {
        const { summary: change, total } = await deps.profileSync.sync('daemon');
        state = {
          ...state,
          profiles: {
            configFile: change.configFile,
            total,
            added: change.added,
            removed: change.removed,
            changed: change.changed,
            ...(change.kept === undefined ? {} : { kept: change.kept }),
            ...(change.write === undefined ? {} : { write: change.write }),
            ...(change.unwritten === undefined ? {} : { unwritten: change.unwritten }),
            ...(change.inCredentialsFile === undefined ? {} : { inCredentialsFile: change.inCredentialsFile }),
          },
        };
      }
      note(sessionName, { ...state, state: 'done' });
      deps.log(
        'info',
        `${sessionName}: ${state.accountsTotal} accounts listed, ${state.profiles?.total ?? 0} profiles`,
      );
    } catch (thrown) {
      const error = toRolecallError(thrown);
      note(sessionName, { ...state, state: 'failed', error: error.toBody() });
      deps.log('warn', `${sessionName}: ${error.message}`);
    }
  }

  async function keepTokenFile(session: SsoSession): Promise<void> {
    try {
      await deps.tokenFiles.keep(session, { justSignedIn: true });
    } catch (error) {
      // If the config file can't be read, the sync below reports it. The account list is useful anyway.
      deps.log('warn', `${session.sessionName}: ${(error as Error).message}`);
    }
  }

  const run = (session: SsoSession, justSignedIn = true) =>
    running.run(session.sessionName, () => work(session, justSignedIn));
  return {
    run: (session) => run(session),
    async restart(session) {
      if (running.isRunning(session.sessionName)) await run(session);
      await run(session);
    },
    async retryFailed(sessions) {
      for (const session of sessions) {
        const key = sessionKey(session);
        const failure = deps.broker.listingFailure(session);
        if (states.get(session.sessionName)?.state !== 'failed' || failure === undefined) {
          pauses.succeeded(key);
          continue;
        }
        if (pauses.isPaused(key) && failure !== 'due') continue;
        if ((await deps.broker.describe(session)).state !== 'live') continue;
        pauses.failed(key);
        // A slow session delays no other one. `aws sso logout` deletes the token file, so this must not bring it back.
        void run(session, false);
      }
    },
    state(session) {
      const state = states.get(session.sessionName);
      return state?.state === 'listing' ? { ...state, ...deps.broker.listingProgress(session) } : state;
    },
  };
}

/** Names accounts that are gone after the earlier list. */
function describeRoles(
  before: Catalog | undefined,
  after: Catalog,
): (role: Role) => { accountId: string; accountName: string | null; permissionSet: string } {
  const accounts = [...(before?.accounts ?? []), ...after.accounts];
  const accountNames = new Map(accounts.map((account) => [account.accountId, account.accountName]));
  return ({ accountId, permissionSet }) => ({
    accountId,
    accountName: accountNames.get(accountId) ?? null,
    permissionSet,
  });
}
