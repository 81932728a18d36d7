// Every account and permission set of a session: listed within the rate budget, kept over restarts, partial when it must be.
import { monotonicNowMs } from '../../core/clock.ts';
import { SignInRequiredError, toRolecallError, UnavailableError, type RolecallError } from '../../core/errors.ts';
import type { Account, Catalog, SsoSession } from '../../core/model.ts';
import type { Problems } from '../../core/problems.ts';
import type { Secret } from '../../core/secret.ts';
import { createSingleFlight } from '../../core/async/single-flight.ts';
import { forEachConcurrently } from '../../core/async/concurrently.ts';
import { describeFault, isFault } from '../faults.ts';
import { mergeListing, settleUser, type CatalogChange } from './merge-listing.ts';
import { IdentityCenterFault } from '../ports.ts';
import { callPortal, type Portal } from '../session/portal-call.ts';
import { createPageReader, MAX_PERMISSION_SETS, TooManyEntriesFault } from './read-pages.ts';
import { sessionKey } from '../issuer.ts';

/** Where the catalog outlives the daemon; what can't be read counts as never listed, for it can be listed again. */
export interface CatalogFiles {
  load(session: SsoSession): Promise<Catalog | undefined>;
  save(session: SsoSession, catalog: Catalog): Promise<void>;
}

export type ListingProgress = Readonly<{ accountsListed: number; accountsTotal: number }>;

export interface AccountCatalog {
  /** As last known, at once; undefined when this session was never listed. */
  cached(session: SsoSession): Promise<Catalog | undefined>;
  /**
   * Lists anew; callers that come meanwhile share the run. Accounts that could not be asked keep
   * what was known of them, the catalog says `complete: false`, and a problem says why.
   * @throws SignInRequiredError, UnavailableError, ProtocolError: the catalog stays as it was
   */
  refresh(session: SsoSession): Promise<CatalogChange>;
  /** How far the listing under way is; undefined when there is none. */
  progress(session: SsoSession): ListingProgress | undefined;
  /** A listing under way begins anew: another user may have signed in. */
  startOver(sessionName: string): void;
  /**
   * It is known now who signed in: what was carried over from another user's list goes. True when something did.
   */
  settleUser(session: SsoSession, user: string): Promise<boolean>;
  /** A person agrees to what a suspicious listing lost. */
  acceptLoss(session: SsoSession): Promise<void>;
  /** Writes again the lists that could not be written. */
  flush(): Promise<void>;
}

/** Somebody may be waiting for the list, and is told of a longer pause. */
const BACK_OFF = { attempts: 6, firstPauseMs: 500, maxPauseMs: 20_000, maxAskedPauseMs: 60_000 } as const;
/** Far more than the slowest listing takes within the rate budget; what is not listed by then is carried over. */
const MAX_LISTING_MS = 10 * 60_000;
const MAX_ACCOUNT_MS = 200;
/** Enough that round trips of half a second still fill the budget of 19 calls a second. */
const CONCURRENT_CALLS = 10;

export function createAccountCatalog(
  deps: Portal & {
    readonly files: CatalogFiles;
    readonly problems: Problems;
    /** Who is signed in, or was before while that is not known. */
    readonly lastConfirmed: (session: SsoSession) => { readonly user?: string; readonly previousUser?: string };
  },
): AccountCatalog {
  const { clock, problems } = deps;
  const catalogs = new Map<string, Catalog>();
  /** Whose list is not in its file. */
  const unsaved = new Map<string, SsoSession>();
  const progresses = new Map<string, ListingProgress>();
  /** Counts the sign-ins of each session: a listing that began before one is no list of it. */
  const generations = new Map<string, number>();
  /** The generation that the kept list of each session is of; absent for one from an earlier daemon. */
  const listedIn = new Map<string, number | undefined>();
  const listing = createSingleFlight<CatalogChange>();

  async function cached(session: SsoSession): Promise<Catalog | undefined> {
    const key = sessionKey(session);
    const inMemory = catalogs.get(key);
    if (inMemory !== undefined) return inMemory;
    const onDisk = await deps.files.load(session);
    if (onDisk !== undefined && !catalogs.has(key)) catalogs.set(key, onDisk);
    return catalogs.get(key);
  }

  /** One call within the budget, asked again after transient faults. */
  function call<T>(session: SsoSession, ask: (accessToken: Secret) => Promise<T>): Promise<T> {
    return callPortal(deps, session, { priority: 'background', backOff: BACK_OFF }, ask);
  }

  /** Undefined when a new sign-in made it pointless. */
  async function list(session: SsoSession, isSuperseded: () => boolean): Promise<CatalogChange | undefined> {
    const key = sessionKey(session);
    const startedAtMs = monotonicNowMs(clock);
    const requireTime = (accountCount: number) => {
      if (monotonicNowMs(clock) - startedAtMs < MAX_LISTING_MS + accountCount * MAX_ACCOUNT_MS) return;
      throw new IdentityCenterFault('unreachable', 'listing all accounts took too long and was ended.');
    };
    const reader = createPageReader();
    const pages = await reader.readAll<Account>((nextToken) => {
      requireTime(0);
      return call(session, (accessToken) => deps.identityCenter.listAccounts(session, accessToken, nextToken));
    });
    // An account that moves to another page while we read them is listed twice.
    const accounts = [...new Map(pages.map((account) => [account.accountId, account])).values()];
    const found = new Map<string, readonly string[]>();
    const failed = new Set<string>();
    const progress = { accountsListed: 0, accountsTotal: accounts.length };
    progresses.set(key, progress);
    let failure: unknown;
    let failuresInARow = 0;
    await forEachConcurrently(accounts, CONCURRENT_CALLS, async ({ accountId }) => {
      if (isSuperseded()) return;
      try {
        // An outage: 5,000 accounts, each with its own back-off, would take hours.
        if (failuresInARow >= CONCURRENT_CALLS) throw failure;
        const names = await reader.readAll<string>((nextToken) => {
          requireTime(accounts.length);
          return call(session, (accessToken) =>
            deps.identityCenter.listAccountRoles(session, accessToken, accountId, nextToken),
          );
        }, MAX_PERMISSION_SETS);
        found.set(accountId, [...new Set(names)].toSorted());
        failuresInARow = 0;
      } catch (fault) {
        // An account that went while we list is no fault of the listing; what ends the session ends the listing too.
        if (!isFault(fault, 'forbidden', 'not-found')) {
          if (!canBePartial(fault)) throw fault;
          failure = fault;
          failuresInARow += 1;
          failed.add(accountId);
        }
      }
      progress.accountsListed += 1;
    });
    // As it is now: a person may have agreed to a loss meanwhile.
    const before = await cached(session);
    if (isSuperseded()) return undefined;
    const change = mergeListing(
      { session, asOfMs: clock.nowMs(), accounts, found, failed, ...deps.lastConfirmed(session) },
      before,
    );
    const { catalog } = change;
    listedIn.set(key, generations.get(session.sessionName));
    if (failure === undefined) problems.clear(problemKey(session));
    else raise(session, failure);
    await keep(session, catalog);
    return change;
  }

  async function keep(session: SsoSession, catalog: Catalog): Promise<void> {
    const { sessionName } = session;
    catalogs.set(sessionKey(session), catalog);
    try {
      await deps.files.save(session, catalog);
      problems.clear(`catalog file ${sessionName}`);
      unsaved.delete(sessionKey(session));
    } catch (error) {
      // The list itself is good; only a restart would not know it.
      unsaved.set(sessionKey(session), session);
      problems.raise(`catalog file ${sessionName}`, { ...toRolecallError(error).toBody(), session: sessionName });
    }
  }

  function raise(session: SsoSession, fault: unknown): RolecallError {
    const error = describeFault(fault, session.sessionName);
    // That the session is over is told by its state.
    if (error instanceof SignInRequiredError) problems.clear(problemKey(session));
    else problems.raise(problemKey(session), { ...error.toBody(), session: session.sessionName });
    return error;
  }

  return {
    cached,
    async flush() {
      for (const [key, session] of unsaved) {
        const catalog = catalogs.get(key);
        if (catalog !== undefined) await keep(session, catalog);
      }
    },
    progress(session) {
      const progress = progresses.get(sessionKey(session));
      return progress === undefined ? undefined : { ...progress };
    },
    refresh: (session) =>
      listing.run(sessionKey(session), async () => {
        for (;;) {
          const generation = generations.get(session.sessionName);
          const isSuperseded = () => generations.get(session.sessionName) !== generation;
          try {
            const change = await list(session, isSuperseded);
            if (change !== undefined) return change;
          } catch (fault) {
            if (!isSuperseded()) throw raise(session, fault);
          } finally {
            progresses.delete(sessionKey(session));
          }
        }
      }),
    async settleUser(session, user) {
      const key = sessionKey(session);
      const catalog = catalogs.get(key);
      // A list from before the sign-in is that of whoever was signed in then.
      const isOfThisSignIn = listedIn.has(key) && listedIn.get(key) === generations.get(session.sessionName);
      if (catalog === undefined || !isOfThisSignIn || catalog.user !== undefined) return false;
      const settled = settleUser(catalog, user);
      await keep(session, settled);
      return catalog.earlierUser !== undefined && catalog.earlierUser !== user;
    },
    async acceptLoss(session) {
      const catalog = await cached(session);
      if (catalog?.lost === undefined) return;
      const { lost: _, ...accepted } = catalog;
      await keep(session, accepted);
    },
    startOver(sessionName) {
      generations.set(sessionName, (generations.get(sessionName) ?? 0) + 1);
    },
  };
}

function problemKey(session: SsoSession): string {
  return `catalog ${session.sessionName}`;
}

/** True for what says nothing about the session: the next account may be answered, or this one later. */
function canBePartial(fault: unknown): boolean {
  if (fault instanceof TooManyEntriesFault) return false;
  return isFault(fault, 'unreachable', 'throttled', 'unusable-response') || fault instanceof UnavailableError;
}
