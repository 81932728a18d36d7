// That `use`, `ls`, the picker, the page and the tray show the same roles in the same order.
import { describe, expect, test } from 'vitest';
import { createChainRows } from '../../../src/cli/commands/ls/chain-rows.ts';
import { createAccountsSearch } from '../../../src/cli/commands/ls/search-accounts.ts';
import { decideRole } from '../../../src/cli/picker/decide-role.ts';
import { createPickerState } from '../../../src/cli/picker/picker-state.ts';
import { createRoleIndex } from '../../../src/core/search/role-index.js';
import { BY_ID } from '../../../src/core/search/role-match.js';
import type { RoleDocument } from '../../../src/local-api/schemas.ts';
import { chooseRoles } from '../../../src/tray/choose-roles.ts';
import { createRoleSearch } from '../../../src/web/search/role-search.js';
import { createQuery, createRealisticChains, createRealisticRoles, toAccounts } from '../../helpers/realistic-roles.ts';
import { createRandom } from '../../helpers/seeded-random.ts';

const random = createRandom(7);
const roles = createRealisticRoles(833, { random, ids: 'random' });
const withChains = [...roles, ...createRealisticChains(roles)];
const nameOf = ({ session, accountId, permissionSet }: Pick<RoleDocument, 'session' | 'accountId' | 'permissionSet'>) =>
  `${session} ${accountId} ${permissionSet}`;
const named = (positions: ArrayLike<number>, list = roles) =>
  Array.from(positions, (position) => nameOf(list[position] as RoleDocument));

describe('one ranking', () => {
  test.each([
    ['833 roles', roles, 200],
    ['833 roles and as many chained ones', withChains, 100],
  ])('orders %s by the same words in the same way for use, picker, ls and page', (_, all, rounds) => {
    const index = createRoleIndex(all);
    const page = createRoleSearch(all);
    const ls = createAccountsSearch(createChainRows(toAccounts(all)).document, all);
    let seen = 0;
    for (let number = 0; number < rounds; number += 1) {
      const query = createQuery(all, random);
      const { count } = index.search(query);
      // Only lists in which a person chooses go on with letters that have gaps.
      const picker = named(createPickerState(query, (words) => index.search(words).positions).found, all).slice(
        0,
        count(BY_ID),
      );
      const decision = decideRole(all, index, query, () => true);
      const use = decision.kind === 'several' ? named(decision.positions, all) : picker;
      const { roles: onPage, isNear } = page.find(query, null);
      const listed = ls(query).accounts.flatMap(({ permissionSets, ...account }) =>
        permissionSets.map((permissionSet) => nameOf({ ...account, permissionSet })),
      );
      expect({ query, use, page: isNear ? [] : onPage.map(nameOf), ls: listed }).toEqual({
        query,
        use: picker,
        page: picker,
        ls: picker,
      });
      if (picker.length > 1) seen += 1;
    }
    expect(seen).toBeGreaterThan(rounds / 4);
  });

  test('without words puts pinned and used roles first in the picker and in the tray', () => {
    const picker = named(createPickerState('', (words) => createRoleIndex(roles).search(words).positions).found);
    expect(chooseRoles(roles).map(nameOf)).toEqual(picker.slice(0, 12));
    const few = roles.slice(0, 9);
    const { positions } = createRoleIndex(few).search('');
    expect(chooseRoles(few)).toEqual(Array.from(positions, (position) => few[position]));
  });
});
