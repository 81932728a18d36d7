// That `use`, `ls`, the picker, the page and the tray show the same roles in the same order.
import { describe, expect, test } from 'vitest';
import { createAccountsSearch } from '../../../src/cli/commands/ls/search-accounts.ts';
import { decideRole } from '../../../src/cli/picker/decide-role.ts';
import { createPickerState } from '../../../src/cli/picker/picker-state.ts';
import { createRoleIndex } from '../../../src/core/search/role-index.js';
import { BY_ID } from '../../../src/core/search/role-match.js';
import type { RoleDocument } from '../../../src/local-api/schemas.ts';
import { chooseRoles } from '../../../src/tray/choose-roles.ts';
import { createRoleSearch } from '../../../src/web/search/role-search.js';
import { createQuery, createRealisticRoles, toAccounts } from '../../helpers/realistic-roles.ts';
import { createRandom } from '../../helpers/seeded-random.ts';

const random = createRandom(7);
const roles = createRealisticRoles(833, { random, ids: 'random' });
const nameOf = ({ session, accountId, permissionSet }: Pick<RoleDocument, 'session' | 'accountId' | 'permissionSet'>) =>
  `${session} ${accountId} ${permissionSet}`;
const named = (positions: ArrayLike<number>) =>
  Array.from(positions, (position) => nameOf(roles[position] as RoleDocument));

describe('one ranking', () => {
  test('orders the roles of the same words in the same way for use, picker, ls and page', () => {
    const index = createRoleIndex(roles);
    const page = createRoleSearch(roles);
    const ls = createAccountsSearch(toAccounts(roles), roles);
    let seen = 0;
    for (let number = 0; number < 200; number += 1) {
      const query = createQuery(roles, random);
      const { count } = index.search(query);
      // Only lists in which a person chooses go on with letters that have gaps.
      const picker = named(createPickerState(query, (words) => index.search(words).positions).found).slice(
        0,
        count(BY_ID),
      );
      const decision = decideRole(roles, index, query, () => true);
      const use = decision.kind === 'several' ? named(decision.positions) : picker;
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
    expect(seen).toBeGreaterThan(50);
  });

  test('without words puts pinned and used roles first in the picker and in the tray', () => {
    const picker = named(createPickerState('', (words) => createRoleIndex(roles).search(words).positions).found);
    expect(chooseRoles(roles).map(nameOf)).toEqual(picker.slice(0, 12));
    const few = roles.slice(0, 9);
    const { positions } = createRoleIndex(few).search('');
    expect(chooseRoles(few)).toEqual(Array.from(positions, (position) => few[position]));
  });
});
