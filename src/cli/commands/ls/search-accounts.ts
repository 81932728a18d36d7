// Finds accounts and permission sets by words, in the order of `use`, the picker and the page.
import { createRoleIndex, type RoleIndex } from '../../../core/search/role-index.js';
import { BY_ID } from '../../../core/search/role-match.js';
import type { AccountsDocument, RoleDocument } from '../../../local-api/schemas.ts';

type Account = AccountsDocument['accounts'][number];

/**
 * Searches `document`; `roles` are the same roles with profile, label and use, by which they are ranked too. Best matches
 * come first, so an account appears again where roles of others rank between its own. The email address only counts if
 * nothing else matches.
 */
export function createAccountsSearch(
  document: AccountsDocument,
  roles: readonly RoleDocument[],
): (query: string) => AccountsDocument {
  const accounts = new Map(document.accounts.map((account) => [keyOf(account), account]));
  const listed = roles.filter((role) => accounts.has(keyOf(role)));
  const accountOf = (role: RoleDocument) => accounts.get(keyOf(role)) as Account;
  const index = createRoleIndex(listed);
  const find = ({ search }: RoleIndex, query: string) => {
    const { positions, count } = search(query);
    return Array.from(positions).slice(0, count(BY_ID));
  };
  return (query) => {
    const byName = find(index, query);
    const withEmail = () => listed.map((role) => ({ ...role, emailAddress: accountOf(role).emailAddress }));
    const positions = byName.length > 0 ? byName : find(createRoleIndex(withEmail()), query);
    const found: { account: Account; permissionSets: string[] }[] = [];
    for (const position of positions) {
      const role = listed[position] as RoleDocument;
      const account = accountOf(role);
      const last = found.at(-1);
      if (last?.account === account) last.permissionSets.push(role.permissionSet);
      else found.push({ account, permissionSets: [role.permissionSet] });
    }
    return { ...document, accounts: found.map(({ account, permissionSets }) => ({ ...account, permissionSets })) };
  };
}

/** The document with each account once, in the order of its best role: the form of `--json`. */
export function mergeAccounts(document: AccountsDocument): AccountsDocument {
  const merged = new Map<string, Account>();
  for (const account of document.accounts) {
    const permissionSets = merged.get(keyOf(account))?.permissionSets ?? [];
    merged.set(keyOf(account), { ...account, permissionSets: [...permissionSets, ...account.permissionSets] });
  }
  return { ...document, accounts: [...merged.values()] };
}

function keyOf({ session, accountId }: Pick<Account, 'session' | 'accountId'>): string {
  return `${session}\n${accountId}`;
}
