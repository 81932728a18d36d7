// What the daemon does by itself once a session is signed in: list the accounts, write the profiles, keep the token file.
import { toRolecallError } from '../../core/errors.ts';
import type { Catalog, Role, SsoSession } from '../../core/model.ts';
import { createSingleFlight } from '../../core/async/single-flight.ts';
import type { SignInSetupDocument } from '../../local-api/schemas.ts';
import type { Broker } from '../../sso/broker.ts';
import type { Changes } from '../process/changes.ts';
import type { Log } from '../process/log.ts';
import type { ProfileSync } from '../profiles/profile-sync.ts';
import type { TokenFiles } from '../profiles/token-files.ts';

export interface PostSignInSync {
  /** Starts the work, or joins it while it runs; never rejects. */
  run(session: SsoSession): Promise<void>;
  /** The work from its beginning, after the one that runs: that one may be listing for who was signed in before. */
  restart(session: SsoSession): Promise<void>;
  /** How far it is or how it ended; undefined before the first run. */
  state(session: SsoSession): SignInSetupDocument | undefined;
}

export function createPostSignInSync(deps: {
  readonly broker: Pick<Broker, 'cachedCatalog' | 'refreshCatalog' | 'listingProgress'>;
  readonly profileSync: ProfileSync;
  readonly tokenFiles: TokenFiles;
  /** False with `sync = "manual"`. */
  readonly syncsProfiles: boolean;
  readonly changes: Pick<Changes, 'announce'>;
  readonly log: Log;
}): PostSignInSync {
  const states = new Map<string, SignInSetupDocument>();
  const running = createSingleFlight<void>();

  function note(sessionName: string, state: SignInSetupDocument): void {
    states.set(sessionName, state);
    deps.changes.announce();
  }

  async function work(session: SsoSession): Promise<void> {
    const { sessionName } = session;
    let state: SignInSetupDocument = { state: 'listing', accountsListed: 0, accountsTotal: 0 };
    note(sessionName, state);
    try {
      // The native profiles work from this moment, however long the listing takes.
      await keepTokenFile(session);
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
        const { configFile, profiles, ...change } = await deps.profileSync.sync('daemon');
        state = {
          ...state,
          profiles: {
            configFile,
            total: profiles.reduce((sum, { aliases = [] }) => sum + 1 + aliases.length, 0),
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
      // A config file that can't be read ends the sync below, and says so; the list is of use all the same.
      deps.log('warn', `${session.sessionName}: ${(error as Error).message}`);
    }
  }

  const run = (session: SsoSession) => running.run(session.sessionName, () => work(session));
  return {
    run,
    async restart(session) {
      if (running.isRunning(session.sessionName)) await run(session);
      await run(session);
    },
    state(session) {
      const state = states.get(session.sessionName);
      return state?.state === 'listing' ? { ...state, ...deps.broker.listingProgress(session) } : state;
    },
  };
}

/** With the earlier list's names, for accounts that are gone. */
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
