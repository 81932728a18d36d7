// Which role search words mean, on every surface: never a role other than the one they name.
import { describe, expect, test } from 'vitest';
import { createAccountsSearch } from '../../../src/cli/commands/ls/search-accounts.ts';
import { decideRole, doubtOf } from '../../../src/cli/picker/decide-role.ts';
import { createRoleIndex } from '../../../src/core/search/role-index.js';
import type { RoleDocument } from '../../../src/local-api/schemas.ts';
import { createRoleSearch } from '../../../src/web/search/role-search.js';
import { createOracle, createQuery, createRealisticRoles, toAccounts } from '../../helpers/realistic-roles.ts';
import { createRandom } from '../../helpers/seeded-random.ts';
import { role } from './roles.ts';

const QUERIES = Number(process.env['ROLECALL_TEST_QUERIES'] ?? 4000);
/** The page and `ls` have the index of the picker: a long run asks them each time too. */
const OTHERS_EVERY = QUERIES >= 10_000 ? 1 : 10;

const hasProfile = ({ profile }: RoleDocument) => profile !== null;
const decide = (roles: readonly RoleDocument[], query: string, isUsable = hasProfile) =>
  decideRole(roles, createRoleIndex(roles), query, isUsable);

describe('words', () => {
  const IDENTITY = [
    role('Identity-prod-06', 'AdministratorAccess', { accountId: '220711112222', protected: true }),
    role('Identity-prod-06', 'ReadOnly', { accountId: '220711112222' }),
    role('Identity-prod-07', 'AdministratorAccess', { accountId: '333333333333', protected: true }),
    role('Identity-nonprod-07', 'ReadOnly', { accountId: '074444444444' }),
    role('Payments', 'ReadOnly', { accountId: '555500000000' }),
    role('Payments', 'ReadOnlyPlus', { accountId: '555500000000' }),
  ];
  const outcome = (query: string, roles = IDENTITY, isUsable = hasProfile) => {
    const decision = decide(roles, query, isUsable);
    if (decision.kind === 'none') return 'none';
    if (decision.kind === 'several') return decision.positions.map((position) => roles[position]?.profile);
    const doubt = decision.kind === 'one' ? decision.doubt : 'unusable';
    return doubt === undefined ? decision.role.profile : `${decision.role.profile}: ${doubt}`;
  };

  test.each([
    ['its name', 'ident prod 07 adm', 'Identity-prod-07.AdministratorAccess: protected'],
    ['a name before the piece of one', 'ident prod 06 read', 'Identity-prod-06.ReadOnly'],
    ['the piece of a name', 'dentity nonprod', 'Identity-nonprod-07.ReadOnly'],
    ['nothing by two digits inside of an id', 'ident 11', 'none'],
    ['nothing by a part of a number', 'ident prod 7', 'none'],
    ['a role by the beginning of its id', 'ident 0744', 'Identity-nonprod-07.ReadOnly'],
    ['a role by two digits of its id alone', '22 read', 'Identity-prod-06.ReadOnly: id'],
    ['a role by two digits of its id and a name', 'ident 22 read', 'Identity-prod-06.ReadOnly: id'],
    ['a role by four digits of its id and its permission set', '1111 read', 'Identity-prod-06.ReadOnly: id'],
    ['a role by its whole id alone', '074444444444', 'Identity-nonprod-07.ReadOnly: id'],
    ['a role by its whole id and a word', '074444444444 read', 'Identity-nonprod-07.ReadOnly'],
    ['a role by id and permission set in full', '555500000000 readonly', 'Payments.ReadOnly'],
    [
      'a protected one by id and permission set in full',
      '220711112222 AdministratorAccess',
      'Identity-prod-06.AdministratorAccess',
    ],
    [
      'a protected one by id and a part of the set',
      '220711112222 adm',
      'Identity-prod-06.AdministratorAccess: protected',
    ],
    ['a protected one by its profile', 'Identity-prod-06.AdministratorAccess', 'Identity-prod-06.AdministratorAccess'],
    ['all that it fits', 'payments read', ['Payments.ReadOnly', 'Payments.ReadOnlyPlus']],
  ])('mean %s', (_, query, expected) => {
    expect(outcome(query)).toEqual(expected);
  });

  test('mean a role without a profile rather than another role', () => {
    const roles = [role('Shop prod', 'ReadOnly', { profile: null }), role('Workshop prod', 'ReadOnly')];
    expect(outcome('shop prod', roles)).toBe('null: unusable');
    expect(outcome('shop prod', roles, () => true)).toBe(null);
    // Of two equally good matches the usable one wins.
    expect(outcome('shop prod', [...roles, role('Shop prod', 'ReadOnlyPlus')])).toBe('Shop-prod.ReadOnlyPlus');
  });

  test('typed in fzf need a confirmation when a number matches only the account id', () => {
    expect(
      [IDENTITY[0], IDENTITY[1], IDENTITY[2]].map(
        (one) => one && doubtOf({ ...one, protected: false }, "'ident 07 ^adm"),
      ),
    ).toEqual(['id', 'id', undefined]);
  });
});

describe.each(['random', 'zeros'] as const)('among 833 roles with ids of %s digits', (ids) => {
  test(
    'no surface takes, or shows first, another role than those that the words name',
    { timeout: 60_000 + 10 * QUERIES },
    () => {
      const random = createRandom(ids === 'zeros' ? 2 : 1);
      const roles = createRealisticRoles(833, { random, ids });
      const findNamed = createOracle(roles);
      const index = createRoleIndex(roles);
      const page = createRoleSearch(roles);
      const findInAccounts = createAccountsSearch(toAccounts(roles), roles);
      const seen = { named: 0, one: 0, several: 0, none: 0, unusable: 0, others: 0 };
      for (let number = 0; number < QUERIES / 2; number += 1) {
        const query = createQuery(roles, random);
        const named = findNamed(query);
        const expectNamed = (surface: string, role: RoleDocument | undefined) => {
          if (named.size === 0 || (role !== undefined && named.has(role))) return;
          expect({ surface, query, role }).toEqual({ surface, query, role: [...named][0] });
        };
        if (named.size > 0) seen.named += 1;
        const found = index.search(query);
        for (const isUsable of [hasProfile, () => true]) {
          const decision = decideRole(roles, { ...index, search: () => found }, query, isUsable);
          seen[decision.kind] += 1;
          if (decision.kind !== 'several') expectNamed('use', 'role' in decision ? decision.role : undefined);
        }
        expectNamed('picker', roles[found.positions[0] ?? -1]);
        if (number % OTHERS_EVERY > 0) continue;
        seen.others += 1;
        expectNamed('page', page.find(query, null).roles[0]);
        const [account] = findInAccounts(query).accounts;
        const isFirst = (role: RoleDocument) =>
          role.accountId === account?.accountId && role.permissionSet === account.permissionSets[0];
        expectNamed('ls', roles.find(isFirst));
      }
      // Every outcome occurred often enough.
      for (const [kind, count] of Object.entries(seen)) {
        expect({ kind, isSeen: count > 5 }).toEqual({ kind, isSeen: true });
      }
    },
  );
});
