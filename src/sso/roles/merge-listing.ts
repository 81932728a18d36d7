// Merges a new listing with the previous catalog: what is carried over, and what a suspicious listing must not remove.
import type { Account, Catalog, CatalogAccount, Role, SsoSession } from '../../core/model.ts';

export interface CatalogChange {
  readonly catalog: Catalog;
  /** Roles that were not in the last listing; for a first listing, all of them. */
  readonly added: readonly Role[];
  /** Without the roles of `catalog.lost`. */
  readonly removed: readonly Role[];
}

export interface Listing {
  readonly session: SsoSession;
  readonly asOfMs: number;
  readonly accounts: readonly Account[];
  /** Permission sets by account; an account that was removed in the meantime is in neither this nor `failed`. */
  readonly found: ReadonlyMap<string, readonly string[]>;
  /** Accounts that could not be listed. */
  readonly failed: ReadonlySet<string>;
  /** The signed-in user, if known and confirmed. */
  readonly user?: string;
  /** Otherwise the previous user. */
  readonly previousUser?: string;
}

/** With at least this many roles, losing more than half is suspicious; with fewer, only losing all of them. */
const MANY_ROLES = 10;

/**
 * Accounts that could not be listed keep their permission sets, unless those were another user's. A listing that lost
 * suspiciously many roles may come from a proxy or an outage: `lost` names them until they are back or a person confirms.
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
 * The catalog once it is known that `user` is signed in, without anything of an earlier user. Returns the same object
 * if nothing changes.
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
  // Roles lost in an earlier listing stay until a person confirms, even if many others were added since.
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
  // Independent of the locale, so that every client shows the same order.
  const left = (a.accountName ?? a.accountId).toLowerCase();
  const right = (b.accountName ?? b.accountId).toLowerCase();
  if (left === right) return a.accountId < b.accountId ? -1 : 1;
  return left < right ? -1 : 1;
}
