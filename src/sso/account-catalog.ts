// Every account and permission set of a session: listed within the rate budget, kept over restarts, partial when it must be.
import type { Clock } from '../core/clock.ts';
import { NotFoundError, RefusedError, toRolecallError, type RolecallError } from '../core/errors.ts';
import type { Account, Catalog, CatalogAccount, Role, SsoSession } from '../core/model.ts';
import type { Problems } from '../core/problems.ts';
import type { Secret } from '../core/secret.ts';
import { createSingleFlight } from '../core/single-flight.ts';
import type { AccessTokens } from './access-tokens.ts';
import { withBackOff } from './back-off.ts';
import { describeFault, isFault } from './faults.ts';
import type { IdentityCenter, Page } from './ports.ts';
import { callPortal } from './portal-call.ts';
import type { RateBudget } from './rate-budget.ts';

/** Where the catalog outlives the daemon; what can't be read counts as never listed, for it can be listed again. */
export interface CatalogFiles {
  load(session: SsoSession): Promise<Catalog | undefined>;
  save(session: SsoSession, catalog: Catalog): Promise<void>;
}

export type ListingProgress = {
  readonly accountsListed: number;
  readonly accountsTotal: number;
};

export interface CatalogChange {
  readonly catalog: Catalog;
  /** What the user has now and had not at the last listing; of a first listing, everything. */
  readonly added: readonly Role[];
  readonly removed: readonly Role[];
}

export interface AccountCatalog {
  /** As last known, at once; undefined when this session was never listed. */
  known(session: SsoSession): Promise<Catalog | undefined>;
  /**
   * Lists anew; callers that come meanwhile share the run. Accounts that could not be asked keep
   * what was known of them, and the catalog says `complete: false`.
   * @throws SignInRequiredError, UnavailableError, ProtocolError: the catalog stays as it was
   */
  refresh(session: SsoSession): Promise<CatalogChange>;
  /** How far the listing under way is; undefined when there is none. */
  progress(session: SsoSession): ListingProgress | undefined;
  /** The error for a role that the portal refuses, naming what is assigned instead as far as the list knows. */
  refusal(session: SsoSession, role: Role, cause: unknown): RolecallError;
}

const BACK_OFF = { attempts: 6, firstPauseMs: 500, longestPauseMs: 20_000 };
/** Enough that round trips of half a second still fill the budget of 19 calls a second. */
const CONCURRENT_CALLS = 10;

export function createAccountCatalog(deps: {
  readonly identityCenter: IdentityCenter;
  readonly accessTokens: AccessTokens;
  readonly rateBudget: RateBudget;
  readonly files: CatalogFiles;
  readonly clock: Clock;
  readonly random: () => number;
  readonly problems: Problems;
}): AccountCatalog {
  const { clock, problems } = deps;
  const catalogs = new Map<string, Catalog>();
  const progresses = new Map<string, ListingProgress>();
  const listing = createSingleFlight<CatalogChange>();

  async function known(session: SsoSession): Promise<Catalog | undefined> {
    const key = catalogKey(session);
    const inMemory = catalogs.get(key);
    if (inMemory !== undefined) return inMemory;
    const onDisk = await deps.files.load(session);
    if (onDisk !== undefined && !catalogs.has(key)) catalogs.set(key, onDisk);
    return catalogs.get(key);
  }

  /** One call within the budget, asked again after transient faults; a 429 holds back all calls, not just this one. */
  function call<T>(session: SsoSession, ask: (accessToken: Secret) => Promise<T>): Promise<T> {
    return withBackOff(deps, BACK_OFF, () =>
      callPortal(deps.accessTokens, session, async (accessToken) => {
        await deps.rateBudget.take();
        try {
          return await ask(accessToken);
        } catch (fault) {
          if (isFault(fault, 'throttled')) deps.rateBudget.pause(clock.nowMs() + (fault.retryAfterMs ?? 1000));
          throw fault;
        }
      }),
    );
  }

  async function listAll<T>(fetchPage: (nextToken?: string) => Promise<Page<T>>): Promise<T[]> {
    const items: T[] = [];
    const seen = new Set<string>();
    let page = await fetchPage();
    items.push(...page.items);
    // A server that repeats a token would keep us here for ever.
    while (page.nextToken !== undefined && !seen.has(page.nextToken)) {
      seen.add(page.nextToken);
      page = await fetchPage(page.nextToken);
      items.push(...page.items);
    }
    return items;
  }

  async function list(session: SsoSession): Promise<CatalogChange> {
    const key = catalogKey(session);
    const before = await known(session);
    const accounts = await listAll<Account>((nextToken) =>
      call(session, (accessToken) => deps.identityCenter.listAccounts(session, accessToken, nextToken)),
    );
    const found = new Map<string, readonly string[]>();
    let isComplete = true;
    let accountsListed = 0;
    progresses.set(key, { accountsListed: 0, accountsTotal: accounts.length });
    await forEachConcurrently(accounts, CONCURRENT_CALLS, async ({ accountId }) => {
      try {
        const names = await listAll<string>((nextToken) =>
          call(session, (accessToken) =>
            deps.identityCenter.listAccountRoles(session, accessToken, accountId, nextToken),
          ),
        );
        found.set(accountId, [...new Set(names)].sort());
      } catch (fault) {
        // An account removed while we list is no fault of the listing; anything that ends the session ends us too.
        if (!isFault(fault, 'forbidden', 'not-found', 'unreachable', 'throttled', 'unusable-response')) throw fault;
        if (!isFault(fault, 'forbidden', 'not-found')) {
          isComplete = false;
          const earlier = before?.accounts.find((account) => account.accountId === accountId);
          if (earlier !== undefined) found.set(accountId, earlier.permissionSets);
        }
      }
      accountsListed += 1;
      progresses.set(key, { accountsListed, accountsTotal: accounts.length });
    });
    const catalog: Catalog = {
      asOfMs: clock.nowMs(),
      complete: isComplete,
      accounts: accounts
        .map((account) => toCatalogAccount(session, account, found.get(account.accountId) ?? []))
        .sort(byNameThenId),
    };
    catalogs.set(key, catalog);
    try {
      await deps.files.save(session, catalog);
      problems.clear(`catalog file ${session.sessionName}`);
    } catch (error) {
      // The list itself is good; only a restart would not know it.
      problems.raise(`catalog file ${session.sessionName}`, toRolecallError(error).toBody());
    }
    return { catalog, ...compare(before, catalog) };
  }

  return {
    known,
    progress: (session) => progresses.get(catalogKey(session)),
    refresh: (session) =>
      listing.run(catalogKey(session), async () => {
        const problemKey = `catalog ${session.sessionName}`;
        try {
          const change = await list(session);
          problems.clear(problemKey);
          return change;
        } catch (fault) {
          const error = describeFault(fault, session.sessionName);
          problems.raise(problemKey, { ...error.toBody(), session: session.sessionName });
          throw error;
        } finally {
          progresses.delete(catalogKey(session));
        }
      }),
    refusal(session, role, cause) {
      const catalog = catalogs.get(catalogKey(session));
      const account = catalog?.accounts.find(({ accountId }) => accountId === role.accountId);
      if (account === undefined && catalog?.complete === true) {
        return new NotFoundError(
          'account-not-found',
          `Account ${role.accountId} is not among your accounts in ${session.sessionName}.`,
          { cause },
        );
      }
      const others = account?.permissionSets.filter((name) => name !== role.permissionSet) ?? [];
      const has = others.length === 0 ? '' : ` You have there: ${others.join(', ')}.`;
      const name = account?.accountName === undefined ? '' : ` (${account.accountName})`;
      return new RefusedError(
        'permission-set-not-assigned',
        `Permission set ${role.permissionSet} is not assigned to you in account ${role.accountId}${name}.${has}`,
        { cause },
      );
    },
  };
}

function catalogKey(session: SsoSession): string {
  return [session.sessionName, session.startUrl, session.region].join('\0');
}

function toCatalogAccount(session: SsoSession, account: Account, permissionSets: readonly string[]): CatalogAccount {
  return { ...account, sessionName: session.sessionName, permissionSets };
}

function byNameThenId(a: CatalogAccount, b: CatalogAccount): number {
  // Not by the locale: every surface and every machine shows one order.
  const left = (a.accountName ?? a.accountId).toLowerCase();
  const right = (b.accountName ?? b.accountId).toLowerCase();
  if (left === right) return a.accountId < b.accountId ? -1 : 1;
  return left < right ? -1 : 1;
}

/** The roles of a catalog, in its order. */
export function rolesOf(catalog: Catalog): Role[] {
  return catalog.accounts.flatMap(({ sessionName, accountId, permissionSets }) =>
    permissionSets.map((permissionSet) => ({ sessionName, accountId, permissionSet })),
  );
}

function compare(before: Catalog | undefined, after: Catalog): { added: Role[]; removed: Role[] } {
  const name = (role: Role) => `${role.accountId}/${role.permissionSet}`;
  const rolesBefore = before === undefined ? [] : rolesOf(before);
  const rolesAfter = rolesOf(after);
  const namesBefore = new Set(rolesBefore.map(name));
  const namesAfter = new Set(rolesAfter.map(name));
  return {
    added: rolesAfter.filter((role) => !namesBefore.has(name(role))),
    removed: rolesBefore.filter((role) => !namesAfter.has(name(role))),
  };
}

/** Runs `work` over all items, so many at once; the first failure stops the taking of new ones and is thrown. */
async function forEachConcurrently<T>(
  items: readonly T[],
  concurrency: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  let next = 0;
  let hasFailed = false;
  const workers = Array.from({ length: Math.min(concurrency, items.length) }, async () => {
    while (next < items.length && !hasFailed) {
      const item = items[next] as T;
      next += 1;
      try {
        await work(item);
      } catch (error) {
        hasFailed = true;
        throw error;
      }
    }
  });
  await Promise.all(workers);
}
