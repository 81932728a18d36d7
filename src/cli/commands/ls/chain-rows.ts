// The chained roles in `rolecall ls`: rows after the permission sets of their account. Loaded only if there are any.
import { formatDuration } from '../../../core/text/format-duration.ts';
import { nameOfRole, titleOfRole } from '../../../core/text/role-title.js';
import type { AccountsDocument } from '../../../local-api/schemas.ts';

type Account = AccountsDocument['accounts'][number];
type Chain = NonNullable<AccountsDocument['chains']>[number];
type AccountKey = Pick<Account, 'session' | 'accountId'>;

export interface ChainRows {
  /** The document with each chained role as one more permission set of its account, which is added if nothing else is there. */
  readonly document: AccountsDocument;
  /** A permission set as it is, and a chained role by its role and source. */
  titleOf(account: AccountKey, permissionSet: string): string;
  /** How long its credentials last: "1 h", or "1 h (8 h)" if it asks for more. Undefined for a permission set. */
  lifetimeOf(account: AccountKey, permissionSet: string): string | undefined;
}

export function createChainRows(document: AccountsDocument): ChainRows {
  const chains = new Map((document.chains ?? []).map((row) => [keyOf(row, row.permissionSet), row]));
  const find = (account: AccountKey, permissionSet: string) => chains.get(keyOf(account, permissionSet));
  return {
    document: { ...document, accounts: withChains(document) },
    titleOf(account, permissionSet) {
      const row = find(account, permissionSet);
      return row === undefined ? nameOfRole(permissionSet) : titleOfRole(row);
    },
    lifetimeOf(account, permissionSet) {
      const chain = find(account, permissionSet)?.chain;
      return chain && describeLifetime(chain);
    },
  };
}

/** For `--json`: the document whose chained roles are not among the permission sets, but in a list of their own. */
export function separateChains(found: AccountsDocument, { chains = [] }: AccountsDocument): AccountsDocument {
  const byKey = new Map(chains.map((row) => [keyOf(row, row.permissionSet), row]));
  const isFound = (account: Account) => (permissionSet: string) => byKey.get(keyOf(account, permissionSet)) ?? [];
  return {
    ...found,
    accounts: found.accounts.flatMap((account) => {
      const permissionSets = account.permissionSets.filter((name) => !byKey.has(keyOf(account, name)));
      return permissionSets.length === 0 ? [] : [{ ...account, permissionSets }];
    }),
    chains: found.accounts.flatMap((account) => account.permissionSets.flatMap(isFound(account))),
  };
}

function describeLifetime({ lifetimeSeconds, cappedFrom }: Chain['chain']): string {
  const asked = cappedFrom === null ? '' : ` (${formatDuration(cappedFrom * 1000)})`;
  return formatDuration(lifetimeSeconds * 1000) + asked;
}

function withChains({ accounts, chains = [] }: AccountsDocument): Account[] {
  const rows = accounts.map((account) => ({ ...account, permissionSets: [...account.permissionSets] }));
  const byKey = new Map(rows.map((account) => [keyOf(account), account]));
  for (const { session, accountId, accountName, permissionSet } of chains) {
    const key = keyOf({ session, accountId });
    const known = byKey.get(key);
    known?.permissionSets.push(permissionSet);
    if (known !== undefined) continue;
    const added = { session, accountId, accountName, emailAddress: null, permissionSets: [permissionSet] };
    byKey.set(key, added);
    rows.splice(placeOf(added, rows), 0, added);
  }
  return rows;
}

/** In the order of the accounts of its session. */
function placeOf(added: Account, accounts: readonly Account[]): number {
  const isOfSession = ({ session }: Account) => session === added.session;
  const next = accounts.findIndex((account) => isOfSession(account) && sortNameOf(account) > sortNameOf(added));
  if (next >= 0) return next;
  const last = accounts.findLastIndex(isOfSession);
  return last < 0 ? accounts.length : last + 1;
}

const sortNameOf = ({ accountName, accountId }: Account) => (accountName ?? accountId).toLowerCase();

const keyOf = ({ session, accountId }: AccountKey, permissionSet = '') => `${session}\n${accountId}\n${permissionSet}`;
