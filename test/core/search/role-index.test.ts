// What a query finds, in which order, and how fast among twenty thousand roles.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRoleIndex } from '../../../src/core/search/role-index.js';
import { findMarks } from '../../../src/core/search/role-marks.js';
import { BY_ID, INSIDE, NAMED, NEAR, PARTED, STARTED } from '../../../src/core/search/role-match.js';
import { parseWords } from '../../../src/core/search/search-words.js';
import { role, ROLES } from '../../cli/picker/roles.ts';
import { aChain, aRole } from '../../helpers/documents.ts';

const found = (query: string, roles = ROLES) =>
  Array.from(createRoleIndex(roles).search(query).positions, (position) => {
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

  test('ranks whole words before word starts, those before parts inside a word, and letters with gaps last', () => {
    const roles = [role('d-e-v', 'A'), role('mydev', 'A'), role('devices', 'A'), role('dev', 'A')];
    expect(found('dev', roles)).toEqual(['dev A', 'devices A', 'mydev A', 'd-e-v A']);
  });

  test('ranks the more used of equal matches first', () => {
    const roles = [role('one dev', 'A'), role('two dev', 'A', { score: 5 }), role('three dev', 'A', { score: 1 })];
    expect(found('dev', roles)).toEqual(['two dev A', 'three dev A', 'one dev A']);
  });

  test('finds a role by any part of its names', () => {
    fc.assert(
      fc.property(fc.constantFrom(...ROLES), fc.nat(), fc.integer({ min: 1, max: 9 }), (wanted, at, length) => {
        const text = `${wanted.accountName ?? ''} ${wanted.permissionSet} ${wanted.profile?.split('.')[1] ?? ''}`;
        const query = text.slice(at % text.length, (at % text.length) + length);
        const { positions } = createRoleIndex(ROLES).search(query);
        expect(Array.from(positions, (position) => ROLES[position])).toContain(wanted);
      }),
    );
  });
});

describe('the level of a match', () => {
  test('distinguishes whole words from letters with gaps', () => {
    const search = (query: string) => {
      const { positions, count } = createRoleIndex(ROLES).search(query);
      return Array.from(positions).slice(0, count(BY_ID));
    };
    expect(search('payments prod')).toEqual([2, 1]);
    expect(search('pymntstg')).toEqual([]);
  });

  const LEVELS = [NAMED, PARTED, STARTED, INSIDE, BY_ID, NEAR];
  const levelOf = (
    query: string,
    given: Parameters<typeof role>[2] = {},
    accountName: string | null = 'Shop prod 06',
  ) => {
    const { count } = createRoleIndex([
      role(accountName, 'AWSAdministratorAccess', { accountId: '220711112222', label: 'Work', ...given }),
    ]).search(query);
    return LEVELS.find((level) => count(level) === 1);
  };

  test.each([
    ['words of the account name', 'shop 06', NAMED],
    ['words of account and permission set', 'PROD aws', NAMED],
    ['a word that its capital starts', 'access', PARTED],
    ['what follows the capitals of an abbreviation', 'adm', PARTED],
    ['a word of the label', 'work prod', STARTED],
    ['the whole account id', '220711112222', STARTED],
    ['the whole account id as AWS shows it', '2207-1111-2222', STARTED],
    ['a piece from inside a word', 'shop dministrator', INSIDE],
    ['the beginning of the account id', 'prod 22', BY_ID],
    ['the beginning of the account id as AWS shows it', '2207-11', BY_ID],
    ['four digits of the account id', 'prod 1111', BY_ID],
    ['two digits of the account id', 'prod 07', undefined],
    ['three digits at its end', '222', undefined],
    ['digits with gaps', '202222', undefined],
    ['a part of a number in a name', 'shop 6', undefined],
    ['letters with gaps', 'shpprd', NEAR],
    ['a word that is nowhere', 'shop qqq', undefined],
  ])('of %s', (_, query, level) => {
    expect(levelOf(query)).toBe(level);
  });

  test('of an account id in a profile name is that of the id', () => {
    const profile = 'Shop-220711112222.Admin';
    expect(
      ['07', '22', '1111', '220711112222', 'shop-22', 'shop-220711112222', profile].map((query) =>
        levelOf(query, { profile }),
      ),
    ).toEqual([undefined, BY_ID, BY_ID, STARTED, BY_ID, STARTED, STARTED]);
    expect(levelOf('220711112222.AWS', { profile: '220711112222.AWSAdministratorAccess' }, null)).toBe(STARTED);
  });

  test('is that of the name if a name contains the digits of an id', () => {
    expect(levelOf('22', {}, 'Team 220711112222')).toBe(NAMED);
    expect(levelOf('07', {}, 'Team 220711112222')).toBe(undefined);
  });
});

describe('a chained role', () => {
  const source = aRole({ accountName: 'build', permissionSet: 'Admin' });
  const chain = aChain({ accountName: 'Shop prod' }, { sourceProfile: 'build-111111111111.Admin' });
  const levels = (query: string, roles = [source, chain]) => {
    const { positions, count } = createRoleIndex(roles).search(query);
    return Array.from(positions, (position, place) => [
      roles[position]?.permissionSet,
      [NAMED, PARTED, STARTED, INSIDE, BY_ID, NEAR].find((level) => count(level) > place),
    ]);
  };

  test.each([
    ['the name of the role', 'deploy', [['chain:prod.deploy', NAMED]]],
    ['account and role', 'shop deploy', [['chain:prod.deploy', NAMED]]],
    ['the name of its profile', 'prod.deploy', [['chain:prod.deploy', STARTED]]],
    ['its title', 'deploy via build', [['chain:prod.deploy', INSIDE]]],
    ['its account id', '222222222222', [['chain:prod.deploy', STARTED]]],
    ['the account id of its source, but for the source itself', '111111111111', [['Admin', STARTED]]],
    ['four digits of that id, but for the source itself', '1111', [['Admin', BY_ID]]],
    ['what nobody sees', 'chain:', []],
  ])('is found by %s', (_, query, expected) => {
    expect(levels(query)).toEqual(expected);
  });

  test('is worse than its source for words of the source, so that these words still mean the source', () => {
    const expected = [
      ['Admin', NAMED],
      ['chain:prod.deploy', INSIDE],
    ];
    expect([levels('build admin'), levels('build')]).toEqual([expected, expected]);
  });
});

test('an index that was prepared in parts finds the same as one that was not', () => {
  const roles = Array.from({ length: 5000 }, (_, number) => role(`account ${number}`, 'ReadOnly'));
  const prepared = createRoleIndex(roles);
  let parts = 0;
  while (prepared.prepare()) parts += 1;
  expect(parts).toBeGreaterThan(1);
  for (const query of ['', '4999', 'acc 42', 'zzz']) {
    expect(Array.from(prepared.search(query).positions)).toEqual(
      Array.from(createRoleIndex(roles).search(query).positions),
    );
  }
});

describe('marks', () => {
  const positions = (texts: readonly string[], query: string) =>
    findMarks(
      texts.map((text) => ({ text, isId: /^\d+$/u.test(text) })),
      parseWords(query),
      { marksLetters: true },
    ).map((marks) => [...marks].toSorted((a, b) => a - b));

  test('are at whole words, in every column', () => {
    expect(positions(['Admin box', 'Admin'], 'adm')).toEqual([
      [0, 1, 2],
      [0, 1, 2],
    ]);
  });

  test('are at single letters only if no column contains the whole word', () => {
    expect(positions(['a-d-m', 'Admin'], 'adm')).toEqual([[], [0, 1, 2]]);
    expect(positions(['a-d-m', 'other'], 'adm')).toEqual([[0, 2, 4], []]);
  });

  test('are left out if folding turns one letter into two', () => {
    expect(positions(['İstanbul'], 'stan')).toEqual([[1, 2, 3, 4]]);
    expect(positions(['\ufb01nance'], 'nan')).toEqual([[]]);
  });

  test('are in an account id only if it was searched', () => {
    expect(positions(['220711112222', 'prod 07'], '07')).toEqual([[], [5, 6]]);
    expect(positions(['220711112222', 'prod 22'], '22')).toEqual([
      [0, 1],
      [5, 6],
    ]);
    expect(positions(['220711112222'], '2207-1111-2222')).toEqual([[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]]);
  });
});
