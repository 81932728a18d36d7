// Generates accounts, permission sets and queries like those of a company with 833 roles; the same for the same seed.
import type { AccountsDocument, RoleDocument } from '../../src/local-api/schemas.ts';
import { aChain, aRole } from './documents.ts';
import type { Random } from './seeded-random.ts';

const below = (random: Random, end: number) => Math.floor(random() * end);
const oneOf = <T>(random: Random, items: readonly T[]): T => items[below(random, items.length)] as T;

const AREAS = [
  'Identity',
  'Payments',
  'Shop',
  'eShop',
  'Log Archive',
  'Data Platform',
  'Network',
  'Audit',
  'CRM',
  'Zürich',
  '検証',
];
const STAGES = ['prod', 'nonprod', 'staging', 'dev', 'sandbox', 'Production'];
const SETS = [
  'AdministratorAccess',
  'AWSAdministratorAccess',
  'AWSReadOnlyAccess',
  'ReadOnly',
  'PowerUserAccess',
  'Billing',
  'deploy-prod',
  'Network_Admin',
  'Support07',
];

/** `ids`: random ones, or with many zeros as new organizations of a test have them. */
export function createRealisticRoles(
  count: number,
  { random, ids }: { readonly random: Random; readonly ids: 'random' | 'zeros' },
): readonly RoleDocument[] {
  const roles: RoleDocument[] = [];
  const seen = new Set<string>();
  while (roles.length < count) {
    const area = oneOf(random, AREAS);
    const stage = oneOf(random, STAGES);
    const serial = String(below(random, 24)).padStart(2, '0');
    const accountName = oneOf(random, [
      `${area}-${stage}-${serial}`,
      `${area} ${stage} ${serial}`,
      `${area} ${stage}`,
      null,
    ]);
    const digits =
      ids === 'zeros'
        ? `${below(random, 10)}0000${String(below(random, 100)).padStart(2, '0')}000${below(random, 10)}${below(random, 10)}`
        : Array.from({ length: 12 }, () => below(random, 10)).join('');
    const accountId = digits.slice(0, 12).padEnd(12, '0');
    if (seen.has(accountId)) continue;
    seen.add(accountId);
    for (const permissionSet of SETS) {
      if (roles.length >= count || random() < 0.6) continue;
      const slug = (accountName ?? accountId).replaceAll(/[^A-Za-z0-9]+/gu, '-');
      // Of accounts with one name, each profile has the id.
      const name = accountName !== null && random() < 0.3 ? `${slug}-${accountId}` : slug;
      const session = oneOf(random, ['work', 'client']);
      roles.push(
        aRole({
          session,
          label: oneOf(random, [session, 'Prod org']),
          accountId,
          accountName,
          permissionSet,
          profile: random() < 0.15 ? null : `${name}.${permissionSet}`,
          protected: permissionSet.includes('Admin'),
          pinned: random() < 0.02,
          score: random() < 0.2 ? random() * 9 : 0,
        }),
      );
    }
  }
  return roles;
}

/** For each role a chained role that starts from it; every third is in another account, which may have no permission set. */
export function createRealisticChains(roles: readonly RoleDocument[]): readonly RoleDocument[] {
  return roles.map(({ session, label, accountId, accountName, permissionSet, profile }, index) => {
    const name = `${index}.deploy`;
    const isElsewhere = index % 3 === 0;
    return aChain(
      {
        session,
        label,
        accountId: isElsewhere ? String(900_000_000_000 + index) : accountId,
        accountName: isElsewhere ? null : accountName,
        permissionSet: `chain:${name}`,
        profile: name,
        score: index % 50 === 0 ? index : 0,
      },
      {
        name,
        roleName: oneOfList(index),
        sourceProfile: profile,
        sourceAccountId: accountId,
        sourcePermissionSet: permissionSet,
      },
    );
  });
}

const oneOfList = (index: number) => ['deploy', 'Terraform-Plan', 'audit'][index % 3] ?? '';

/** Beginnings of words of a role, pieces of words and ids, and digits that may be anything, in any order and case. */
export function createQuery(roles: readonly RoleDocument[], random: Random): string {
  const { accountName, accountId, permissionSet, chain, label } = oneOf(random, roles);
  const names = `${accountName ?? ''} ${chain?.roleName ?? permissionSet} ${random() < 0.1 ? label : ''}`;
  const ofNames = names.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== '');
  const words = Array.from({ length: 1 + below(random, 4) }, () => {
    const kind = random();
    const word = oneOf(random, ofNames);
    const start = kind < 0.75 ? 0 : below(random, word.length);
    if (kind < 0.82) return word.slice(start, start + 1 + below(random, word.length));
    const at = below(random, 12);
    if (kind < 0.9) return accountId.slice(at, at + 1 + below(random, 5));
    return String(below(random, 100)).padStart(2, '0');
  });
  const text = words.filter((word) => word !== '').join(' ');
  return random() < 0.3 ? text.toUpperCase() : text.toLowerCase();
}

/**
 * Finds the roles whose account name and permission set have each word at the start of a word: the oracle of the search,
 * which knows nothing of ids, capitals or pieces of words.
 */
export function createOracle(roles: readonly RoleDocument[]): (query: string) => ReadonlySet<RoleDocument> {
  const plain = (text: string) => text.normalize('NFD').replaceAll(/\p{M}/gu, '').toLowerCase();
  const starts = roles.map(({ accountName, permissionSet }) =>
    plain(`${accountName ?? ''} ${permissionSet}`).split(/[^\p{L}\p{N}]+/u),
  );
  return (query) => {
    const words = plain(query).split(' ');
    const isNamed = (_: RoleDocument, position: number) =>
      words.every((word) => starts[position]?.some((start) => start.startsWith(word)) === true);
    return new Set(roles.filter(isNamed));
  };
}

/** The accounts of GET /v1/accounts, each with its permission sets, and the chained roles. */
export function toAccounts(roles: readonly RoleDocument[]): AccountsDocument {
  const accounts = new Map<string, AccountsDocument['accounts'][number]>();
  const chains: NonNullable<AccountsDocument['chains']> = [];
  for (const { session, accountId, accountName, permissionSet, chain } of roles) {
    if (chain !== undefined) {
      chains.push({ session, accountId, accountName, permissionSet, chain });
      continue;
    }
    const key = `${session} ${accountId}`;
    const before = accounts.get(key)?.permissionSets ?? [];
    const emailAddress = `aws+${accountId}@example.com`;
    accounts.set(key, { session, accountId, accountName, emailAddress, permissionSets: [...before, permissionSet] });
  }
  return {
    asOf: '2026-11-24T08:00:00Z',
    complete: true,
    accounts: [...accounts.values()],
    ...(chains.length === 0 ? {} : { chains }),
  };
}
