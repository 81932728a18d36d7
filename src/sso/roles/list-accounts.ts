// Lists all accounts of a session and their permission sets from the portal, within the rate budget.
import { isChained } from '../../core/aws/chain-role.ts';
import { forEachConcurrently } from '../../core/async/concurrently.ts';
import { monotonicNowMs } from '../../core/clock.ts';
import { UnavailableError } from '../../core/errors.ts';
import type { Account, SsoSession } from '../../core/model.ts';
import type { Secret } from '../../core/secret.ts';
import { isFault } from '../faults.ts';
import { IdentityCenterFault } from '../ports.ts';
import { callPortal, type Portal } from '../session/portal-call.ts';
import { createPageReader, MAX_PERMISSION_SETS, TooManyEntriesFault } from './read-pages.ts';

export type ListingProgress = Readonly<{ accountsListed: number; accountsTotal: number }>;

/** By account. */
export type PermissionSets = ReadonlyMap<string, readonly string[]>;

export interface ListedAccounts {
  readonly accounts: readonly Account[];
  /** An account that was removed in the meantime is in neither this nor `failed`. */
  readonly found: PermissionSets;
  /** Accounts that could not be listed. */
  readonly failed: ReadonlySet<string>;
  /** Why the last of them failed. */
  readonly failure: unknown;
}

/** Somebody may be waiting for the list; a longer pause becomes an error that says so. */
const BACK_OFF = { attempts: 6, firstPauseMs: 500, maxPauseMs: 20_000, maxAskedPauseMs: 60_000 } as const;
/** A person waits for the first page, and should hear of an outage soon. */
const ATTENDED_BACK_OFF = { ...BACK_OFF, maxOutageMs: 2000 } as const;
/** Far longer than any listing within the rate budget takes; accounts not listed by then are carried over. */
const MAX_LISTING_MS = 10 * 60_000;
const MAX_ACCOUNT_MS = 200;
/** Enough to use the budget of 19 calls a second with round trips of half a second. */
const CONCURRENT_CALLS = 10;

/**
 * Accounts that fail are left out, unless the failure concerns the whole session. Ends early once `isSuperseded`.
 * `onProgress` is called once, with an object that is kept up to date.
 * @throws faults and errors of `callPortal`
 */
export async function listAccounts(
  portal: Portal,
  session: SsoSession,
  options: {
    /** A person waits for it. */
    readonly isAttended: boolean;
    /** Those of accounts that need not be asked for again. */
    readonly known: PermissionSets | undefined;
    /** Where to keep those of an account that is asked for now, for the listing that follows. */
    readonly keptForNext: () => Map<string, readonly string[]> | undefined;
    readonly isSuperseded: () => boolean;
    readonly onProgress: (progress: ListingProgress) => void;
  },
): Promise<ListedAccounts> {
  const { clock, identityCenter } = portal;
  const startedAtMs = monotonicNowMs(clock);
  const reader = createPageReader();

  function call<T>(accountCount: number, request: (accessToken: Secret) => Promise<T>): Promise<T> {
    if (monotonicNowMs(clock) - startedAtMs >= MAX_LISTING_MS + accountCount * MAX_ACCOUNT_MS) {
      throw new IdentityCenterFault('unreachable', 'listing all accounts took too long and was stopped.');
    }
    const backOff = options.isAttended && accountCount === 0 ? ATTENDED_BACK_OFF : BACK_OFF;
    return callPortal(portal, session, { priority: 'background', backOff }, request);
  }

  const pages = await reader.readAll<Account>((nextToken) =>
    call(0, (accessToken) => identityCenter.listAccounts(session, accessToken, nextToken)),
  );
  // An account that moves to another page in the meantime is listed twice.
  const accounts = [...new Map(pages.map((account) => [account.accountId, account])).values()];
  const found = new Map<string, readonly string[]>();
  const failed = new Set<string>();

  async function listPermissionSets(accountId: string): Promise<readonly string[]> {
    const names = await reader.readAll<string>(
      (nextToken) =>
        call(accounts.length, (accessToken) =>
          identityCenter.listAccountRoles(session, accessToken, accountId, nextToken),
        ),
      MAX_PERMISSION_SETS,
    );
    // AWS has no such permission set, and everything would take it for a chained role of that name.
    const own = names.filter((permissionSet) => !isChained({ permissionSet }));
    return [...new Set(own)].toSorted();
  }

  const progress = { accountsListed: 0, accountsTotal: accounts.length };
  options.onProgress(progress);
  let failure: unknown;
  let failuresInARow = 0;
  await forEachConcurrently(accounts, CONCURRENT_CALLS, async ({ accountId }) => {
    if (options.isSuperseded()) return;
    const known = options.known?.get(accountId);
    if (known !== undefined) {
      found.set(accountId, known);
      progress.accountsListed += 1;
      return;
    }
    // Read before the request: a person who comes during it needs what is asked for later.
    const keptForNext = options.keptForNext();
    try {
      // In an outage 5,000 accounts, each with its own back-off, would take hours.
      if (failuresInARow >= CONCURRENT_CALLS) throw failure;
      const permissionSets = await listPermissionSets(accountId);
      found.set(accountId, permissionSets);
      keptForNext?.set(accountId, permissionSets);
      failuresInARow = 0;
    } catch (fault) {
      // An account that was removed in the meantime does not fail the listing; the end of the session does.
      if (!isFault(fault, 'forbidden', 'not-found')) {
        if (!canBePartial(fault)) throw fault;
        failure = fault;
        failuresInARow += 1;
        failed.add(accountId);
      }
    }
    progress.accountsListed += 1;
  });
  return { accounts, found, failed, failure };
}

/** True for a failure of this account only: the next account, or a later attempt, may succeed. */
function canBePartial(fault: unknown): boolean {
  if (fault instanceof TooManyEntriesFault) return false;
  return isFault(fault, 'unreachable', 'throttled', 'unusable-response') || fault instanceof UnavailableError;
}
