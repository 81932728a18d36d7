// What a query finds, in which order, and how fast among twenty thousand roles.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRoleIndex, findMarks } from '../../../src/cli/picker/rank-roles.ts';
import { role, ROLES } from './roles.ts';

const found = (query: string, roles = ROLES) =>
  Array.from(createRoleIndex(roles).search(query), (position) => {
    const { accountName, permissionSet } = roles[position] ?? {};
    return `${accountName ?? 'nameless'} ${permissionSet ?? ''}`;
  });

describe('search', () => {
  test('without a word lists every role: pinned, then by use, then in the order of the list', () => {
    expect(found('')).toEqual([
      'Payments Production ReadOnly',
      'nameless ReadOnly',
      'Payments Staging ReadOnly',
      'Log Archive ReadOnly',
      'Payments Production AdministratorAccess',
      '検証環境 ReadOnly',
    ]);
  });

  test.each([
    ['by account name', 'log', ['Log Archive ReadOnly']],
    ['by account id', '2222', ['Payments Production ReadOnly', 'Payments Production AdministratorAccess']],
    ['by permission set', 'administrator', ['Payments Production AdministratorAccess']],
    ['by profile', '111111111111.ReadOnly', ['nameless ReadOnly']],
    ['by session label', 'client', ['検証環境 ReadOnly']],
    ['by every word, in any order and case', 'READ prod', ['Payments Production ReadOnly']],
    ['by letters with gaps', 'pymntstg', ['Payments Staging ReadOnly']],
    ['in another script', '環境', ['検証環境 ReadOnly']],
    ['nothing that is not there', 'zzz', []],
  ])('finds %s', (_, query, expected) => {
    expect(found(query).slice(0, expected.length === 0 ? 99 : expected.length)).toEqual(expected);
  });

  test('puts a whole word before the start of one, that before its middle, and letters with gaps last', () => {
    const roles = [role('d-e-v', 'A'), role('mydev', 'A'), role('devices', 'A'), role('dev', 'A')];
    expect(found('dev', roles)).toEqual(['dev A', 'devices A', 'mydev A', 'd-e-v A']);
  });

  test('of equal matches puts the one used more first', () => {
    const roles = [role('one dev', 'A'), role('two dev', 'A', { score: 5 }), role('three dev', 'A', { score: 1 })];
    expect(found('dev', roles)).toEqual(['two dev A', 'three dev A', 'one dev A']);
  });

  test('finds a role by any piece of what it shows', () => {
    fc.assert(
      fc.property(fc.constantFrom(...ROLES), fc.nat(), fc.integer({ min: 1, max: 9 }), (wanted, at, length) => {
        const text = `${wanted.accountName ?? ''} ${wanted.accountId} ${wanted.permissionSet} ${wanted.profile ?? ''}`;
        const query = text.slice(at % text.length, (at % text.length) + length);
        expect(Array.from(createRoleIndex(ROLES).search(query), (position) => ROLES[position])).toContain(wanted);
      }),
    );
  });
});

describe('contain', () => {
  test('takes pieces as they are, never letters with gaps', () => {
    const index = createRoleIndex(ROLES);
    expect(index.contain('payments prod')).toEqual([2, 1]);
    expect(index.contain('pymntstg')).toEqual([]);
  });
});

test('an index that is prepared in parts finds the same as one that was not', () => {
  const roles = Array.from({ length: 5000 }, (_, number) => role(`account ${number}`, 'ReadOnly'));
  const prepared = createRoleIndex(roles);
  let parts = 0;
  while (prepared.prepare()) parts += 1;
  expect(parts).toBeGreaterThan(1);
  for (const query of ['', '4999', 'acc 42', 'zzz']) {
    expect(Array.from(prepared.search(query))).toEqual(Array.from(createRoleIndex(roles).search(query)));
  }
});

describe('marks', () => {
  const positions = (texts: readonly string[], query: string) =>
    findMarks(texts, query).map((marks) => [...marks].toSorted((a, b) => a - b));

  test('stand where a word is in one piece, in every column', () => {
    expect(positions(['Admin box', 'Admin'], 'adm')).toEqual([
      [0, 1, 2],
      [0, 1, 2],
    ]);
  });

  test('stand at single letters only where no column has the word in one piece', () => {
    expect(positions(['a-d-m', 'Admin'], 'adm')).toEqual([[], [0, 1, 2]]);
    expect(positions(['a-d-m', 'other'], 'adm')).toEqual([[0, 2, 4], []]);
  });

  test('are left out where a small letter is two', () => {
    expect(positions(['İstanbul'], 'stan')).toEqual([[]]);
  });
});
