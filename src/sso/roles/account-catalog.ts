// The accounts and permission sets of a session: listed within the rate budget, stored in a file, partial if some accounts fail.
import { createSingleFlight } from '../../core/async/single-flight.ts';
import { SignInRequiredError, toRolecallError, type RolecallError } from '../../core/errors.ts';
import type { Catalog, SsoSession } from '../../core/model.ts';
import type { Problems } from '../../core/problems.ts';
import { describeFault } from '../faults.ts';
import { sessionKey } from '../issuer.ts';
import type { Portal } from '../session/portal-call.ts';
import { listAccounts, type ListingProgress, type PermissionSets } from './list-accounts.ts';
import { mergeListing, settleUser, type CatalogChange } from './merge-listing.ts';

/** Catalogs on disk. One that cannot be read counts as never listed, because it can be listed again. */
export interface CatalogFiles {
  load(session: SsoSession): Promise<Catalog | undefined>;
  save(session: SsoSession, catalog: Catalog): Promise<void>;
}

export interface AccountCatalog {
  /** The last catalog, without a request; undefined if this session was never listed. */
  cached(session: SsoSession): Promise<Catalog | undefined>;
  /**
   * Lists again; concurrent callers share the run. If a person waits (`isAttended`), all of the list was asked for after
   * the call, and one request is made even in a pause that the server asked for. Accounts that could not be listed keep
   * their old permission sets, the catalog says `complete: false`, and a problem says why.
   * @throws SignInRequiredError, UnavailableError, ProtocolError: the catalog is unchanged
   */
  refresh(session: SsoSession, options: { readonly isAttended: boolean }): Promise<CatalogChange>;
  /** The progress of the current listing; undefined if there is none. */
  progress(session: SsoSession): ListingProgress | undefined;
  /** Restarts the current listing, because another user may have signed in, or the session was signed out. */
  startOver(sessionName: string): void;
  /** The portal answers again: a listing that failed is due. */
  recovered(session: SsoSession): void;
  /** A sign-out: a listing that failed is no problem any more. */
  forgetFailure(session: SsoSession): void;
  /** Whether the last listing failed: `due` once the portal has answered again, else `failed`. */
  failure(session: SsoSession): ListingFailure | undefined;
  /** The user is known now: removes what was carried over from another user's list. True if there was something to remove. */
  settleUser(session: SsoSession, user: string): Promise<boolean>;
  /** A person confirms that the roles missing from a suspicious listing are gone. */
  acceptLoss(session: SsoSession): Promise<void>;
  /** Retries the files that could not be written. */
  flush(): Promise<void>;
}

export type ListingFailure = 'failed' | 'due';

interface KeptAnswers {
  /** Of the sign-in to which they belong. */
  readonly generation: number | undefined;
  readonly permissionSets: Map<string, readonly string[]>;
}

export function createAccountCatalog(
  deps: Portal & {
    readonly files: CatalogFiles;
    readonly problems: Problems;
    /** The signed-in user; while that one is unknown or unconfirmed, the previous one. */
    readonly lastConfirmed: (session: SsoSession) => { readonly user?: string; readonly previousUser?: string };
  },
): AccountCatalog {
  const { clock, problems } = deps;
  const catalogs = new Map<string, Catalog>();
  /** Sessions whose catalog is not in its file. */
  const unsaved = new Map<string, SsoSession>();
  const progresses = new Map<string, ListingProgress>();
  /** Counts the sign-ins of each session: a listing that started before a sign-in does not belong to it. */
  const generations = new Map<string, number>();
  /** The generation in which each catalog was listed; absent for one from an earlier daemon. */
  const listedIn = new Map<string, number | undefined>();
  const listing = createSingleFlight<CatalogChange>();
  /** What a listing in flight has asked for since a person wanted a new one, which need not ask for it again. */
  const keptForNext = new Map<string, KeptAnswers>();
  const failures = new Map<string, ListingFailure>();

  async function cached(session: SsoSession): Promise<Catalog | undefined> {
    const key = sessionKey(session);
    const inMemory = catalogs.get(key);
    if (inMemory !== undefined) return inMemory;
    const onDisk = await deps.files.load(session);
    if (onDisk !== undefined && !catalogs.has(key)) catalogs.set(key, onDisk);
    return catalogs.get(key);
  }

  /** Undefined if a new sign-in has superseded it. */
  async function list(
    session: SsoSession,
    isAttended: boolean,
    known: PermissionSets | undefined,
    isSuperseded: () => boolean,
  ): Promise<CatalogChange | undefined> {
    const key = sessionKey(session);
    const { accounts, found, failed, failure } = await listAccounts(deps, session, {
      isAttended,
      known,
      keptForNext: () => keptForNext.get(key)?.permissionSets,
      isSuperseded,
      onProgress: (progress) => void progresses.set(key, progress),
    });
    // Read now, because a person may have confirmed a loss in the meantime.
    const before = await cached(session);
    if (isSuperseded()) return undefined;
    const change = mergeListing(
      { session, asOfMs: clock.nowMs(), accounts, found, failed, ...deps.lastConfirmed(session) },
      before,
    );
    const { catalog } = change;
    listedIn.set(key, generations.get(session.sessionName));
    if (failure === undefined) clear(session);
    else raise(session, failure);
    await keep(session, catalog);
    return change;
  }

  /** Lists until no sign-in supersedes the listing. */
  async function listForCurrentUser(session: SsoSession, isAttended: boolean): Promise<CatalogChange> {
    const kept = keptForNext.get(sessionKey(session));
    keptForNext.delete(sessionKey(session));
    for (;;) {
      const generation = generations.get(session.sessionName);
      const isSuperseded = () => generations.get(session.sessionName) !== generation;
      const known = kept?.generation === generation ? kept?.permissionSets : undefined;
      try {
        const change = await list(session, isAttended, known, isSuperseded);
        if (change !== undefined) return change;
      } catch (fault) {
        if (!isSuperseded()) throw raise(session, fault);
      } finally {
        progresses.delete(sessionKey(session));
      }
    }
  }

  async function keep(session: SsoSession, catalog: Catalog): Promise<void> {
    const { sessionName } = session;
    catalogs.set(sessionKey(session), catalog);
    try {
      await deps.files.save(session, catalog);
      problems.clear(`catalog file ${sessionName}`);
      unsaved.delete(sessionKey(session));
    } catch (error) {
      // The catalog is used all the same; only a restart would lose it.
      unsaved.set(sessionKey(session), session);
      problems.raise(`catalog file ${sessionName}`, { ...toRolecallError(error).toBody(), session: sessionName });
    }
  }

  function clear(session: SsoSession): void {
    failures.delete(sessionKey(session));
    problems.clear(problemKey(session));
  }

  function raise(session: SsoSession, fault: unknown): RolecallError {
    const error = describeFault(fault, session.sessionName);
    // The end of the session has a problem of its own.
    if (error instanceof SignInRequiredError) {
      clear(session);
      return error;
    }
    failures.set(sessionKey(session), 'failed');
    problems.raise(problemKey(session), { ...error.toBody(), session: session.sessionName });
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
    refresh(session, { isAttended }) {
      const key = sessionKey(session);
      if (!isAttended) return listing.run(key, () => listForCurrentUser(session, false));
      if (listing.isRunning(key)) {
        keptForNext.set(key, { generation: generations.get(session.sessionName), permissionSets: new Map() });
      }
      return listing.runAnew(key, () => {
        deps.circuitBreakers.reconsider(session);
        return listForCurrentUser(session, true);
      });
    },
    recovered(session) {
      if (failures.has(sessionKey(session))) failures.set(sessionKey(session), 'due');
    },
    forgetFailure: clear,
    failure: (session) => failures.get(sessionKey(session)),
    async settleUser(session, user) {
      const key = sessionKey(session);
      const catalog = catalogs.get(key);
      // A list from before the sign-in belongs to whoever was signed in then.
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
