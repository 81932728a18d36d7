// From what a listing found and what was known before to the new catalog: what is carried over, and what it must not lose.
import type { Account, Catalog, CatalogAccount, Role, SsoSession } from '../../core/model.ts';

export interface CatalogChange {
  readonly catalog: Catalog;
  /** What the user has now and had not at the last listing; of a first listing, everything. */
  readonly added: readonly Role[];
  /** Without the roles of `catalog.lost`. */
  readonly removed: readonly Role[];
}

export interface Listing {
  readonly session: SsoSession;
  readonly asOfMs: number;
  readonly accounts: readonly Account[];
  /** Permission sets by account; an account that went meanwhile is in neither. */
  readonly found: ReadonlyMap<string, readonly string[]>;
  /** Accounts that could not be asked. */
  readonly failed: ReadonlySet<string>;
  /** Who is signed in, when that is known and a person has agreed to it. */
  readonly user?: string;
  /** Else who was before. */
  readonly previousUser?: string;
}

/** From this many roles on, losing more than half of them is suspicious; below it, only losing all. */
const MANY_ROLES = 10;

/**
 * What is known of an account that could not be asked stays, unless it was another user's. A listing that lost
 * suspiciously much may come from a proxy or an outage: `lost` names those roles until they are back or a person agrees.
 */
export function mergeListing(listing: Listing, known: Catalog | undefined): CatalogChange {
  const { session, user, failed } = listing;
  const owner = known === undefined ? undefined : (known.user ?? known.earlierUser ?? listing.previousUser);
  const isAnothers = owner !== undefined && user !== undefined && owner !== user;
  const before = isAnothers ? undefined : known;
  const setsBefore = new Map(before?.accounts.map(({ accountId, permissionSets }) => [accountId, permissionSets]));
  const accounts = listing.accounts
    .flatMap((account): CatalogAccount[] => {
      const { accountId } = account;
      const sets = failed.has(accountId) ? (setsBefore.get(accountId) ?? []) : listing.found.get(accountId);
      return sets === undefined ? [] : [{ ...account, sessionName: session.sessionName, permissionSets: sets }];
    })
    .toSorted(byNameThenId);
  const lost = findLost(before, accounts, session);
  const complete = failed.size === 0;
  const catalog: Catalog = {
    asOfMs: listing.asOfMs,
    complete,
    accounts,
    ...(lost.length === 0 ? {} : { lost }),
    ...(user === undefined ? {} : { user }),
    ...(user !== undefined || owner === undefined ? {} : { earlierUser: owner, carriedOver: [...failed] }),
    ...(!complete && (isAnothers || known?.startsAnew === true) ? { startsAnew: true } : {}),
  };
  return { catalog, ...compare(known, catalog) };
}

/**
 * The catalog once it is known that `user` is signed in: nothing of an earlier user's is left in it. The same object
 * when that changes nothing.
 */
export function settleUser(catalog: Catalog, user: string): Catalog {
  if (catalog.user !== undefined) return catalog;
  const { earlierUser, carriedOver = [], ...known } = catalog;
  if (earlierUser === undefined || earlierUser === user) return { ...known, user };
  const { lost: _, ...rest } = known;
  const anothers = new Set(carriedOver);
  return {
    ...rest,
    user,
    accounts: catalog.accounts.map((account) =>
      anothers.has(account.accountId) ? { ...account, permissionSets: [] } : account,
    ),
    ...(catalog.complete ? {} : { startsAnew: true }),
  };
}

/** The roles of a catalog, in its order. */
export function rolesOf(catalog: Pick<Catalog, 'accounts'>): Role[] {
  return catalog.accounts.flatMap(({ sessionName, accountId, permissionSets }) =>
    permissionSets.map((permissionSet) => ({ sessionName, accountId, permissionSet })),
  );
}

/** Whether a suspicious listing lost this role. */
export function isLost(catalog: Catalog | undefined, role: Omit<Role, 'sessionName'>): boolean {
  return catalog?.lost?.some((candidate) => nameOf(candidate) === nameOf(role)) === true;
}

function findLost(
  before: Catalog | undefined,
  accounts: readonly CatalogAccount[],
  { sessionName }: SsoSession,
): readonly Role[] {
  if (before === undefined) return [];
  const listed = new Set(rolesOf({ accounts }).map(nameOf));
  const isMissing = (role: Role) => !listed.has(nameOf(role));
  const rolesBefore = rolesOf(before);
  const missing = rolesBefore.filter(isMissing);
  const isSuspicious =
    (missing.length > 0 && missing.length === rolesBefore.length) ||
    (rolesBefore.length >= MANY_ROLES && missing.length > rolesBefore.length / 2);
  // What an earlier listing lost stays until a person agrees, however many roles have come since.
  const stillLost = (before.lost ?? []).filter(isMissing);
  return [...stillLost, ...(isSuspicious ? missing : [])].map((role) => ({ ...role, sessionName }));
}

function compare(before: Catalog | undefined, after: Catalog): { added: Role[]; removed: Role[] } {
  const rolesBefore = before === undefined ? [] : rolesOf(before);
  const rolesAfter = rolesOf(after);
  const namesBefore = new Set([...rolesBefore, ...(before?.lost ?? [])].map(nameOf));
  const namesAfter = new Set([...rolesAfter, ...(after.lost ?? [])].map(nameOf));
  return {
    added: rolesAfter.filter((role) => !namesBefore.has(nameOf(role))),
    removed: rolesBefore.filter((role) => !namesAfter.has(nameOf(role))),
  };
}

function nameOf({ accountId, permissionSet }: Omit<Role, 'sessionName'>): string {
  return `${accountId}/${permissionSet}`;
}

function byNameThenId(a: CatalogAccount, b: CatalogAccount): number {
  // Not by the locale: every surface and every machine shows one order.
  const left = (a.accountName ?? a.accountId).toLowerCase();
  const right = (b.accountName ?? b.accountId).toLowerCase();
  if (left === right) return a.accountId < b.accountId ? -1 : 1;
  return left < right ? -1 : 1;
}
