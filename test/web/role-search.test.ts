// Finding roles on the page: every word, anywhere, whatever its case and accents, and no more work than needed.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RoleDocument } from '../../src/local-api/schemas.ts';
import { parseWords } from '../../src/core/search/search-words.js';
import { createRoleSearch, doubtOf, markMatches } from '../../src/web/search/role-search.js';

function role(changes: Partial<RoleDocument> = {}): RoleDocument {
  return {
    session: 'work',
    label: 'Work',
    accountId: '111111111111',
    accountName: 'taylor',
    permissionSet: 'Admin',
    profile: 'taylor.Admin',
    protected: false,
    pinned: false,
    score: 0,
    ...changes,
  };
}

const ROLES = [
  role(),
  role({ accountId: '222222222222', accountName: 'Zürich Produktion', permissionSet: 'ReadOnly', profile: 'zrh' }),
  role({ accountId: '123456789012', accountName: null, permissionSet: 'Billing', profile: null }),
  role({ session: 'lab', label: 'Lab', accountId: '333333333333', accountName: '<b>$(x)</b>' }),
];
const idsFound = (query: string, session: string | null = null) => {
  const { roles, isNear } = createRoleSearch(ROLES).find(query, session);
  return { ids: roles.map(({ accountId }) => accountId.slice(0, 3)), isNear };
};

describe('a query', () => {
  test.each([
    ['', ['111', '222', '123', '333']],
    ['   ', ['111', '222', '123', '333']],
    ['taylor admin', ['111', '333']],
    ['ADMIN tay', ['111', '333']],
    ['zurich', ['222']],
    ['ZÜRICH read', ['222']],
    ['1234-5678-9012', ['123']],
    ['billing', ['123']],
    ['lab', ['333']],
    ['<b>$(x)', ['333']],
    ['work read', ['222']],
  ])('%j finds by every word', (query, ids) => {
    expect(idsFound(query)).toEqual({ ids, isNear: false });
  });

  test('looks in one session alone when asked to', () => {
    expect(idsFound('admin', 'lab')).toEqual({ ids: ['333'], isNear: false });
    expect(idsFound('billing', 'lab')).toEqual({ ids: [], isNear: false });
  });

  test('that nothing matches finds what has its letters in their order, and says so', () => {
    expect(idsFound('zrhprd')).toEqual({ ids: ['222'], isNear: true });
    expect(idsFound('qqq')).toEqual({ ids: [], isNear: false });
  });

  test('finds the same whether it was typed letter by letter or at once, in any session', () => {
    const letter = fc.constantFrom('a', 'd', 'm', 'i', 'n', ' ', '1', '2', '-', 'l', 'z', 'ü');
    const session = fc.constantFrom(null, 'work', 'lab');
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string({ unit: letter, maxLength: 6 }), session)), (queries) => {
        const search = createRoleSearch(ROLES);
        for (const [query, wanted] of queries) {
          for (let end = 0; end <= query.length; end += 1) search.find(query.slice(0, end), wanted);
          expect(search.find(query, wanted)).toEqual(createRoleSearch(ROLES).find(query, wanted));
        }
      }),
    );
  });
});

describe('Enter in the search takes the first role', () => {
  const ADMIN = role({ accountName: 'taylor', permissionSet: 'Admin', accountId: '220711112222' });
  test.each([
    ['that words name', ADMIN, 'taylor adm', undefined],
    ['not when it is protected', { ...ADMIN, protected: true }, 'taylor adm', 'protected'],
    ['not when only its account id was typed', ADMIN, '220711112222', 'id'],
    ['not when only a part of its account id leads to it', ADMIN, '1111 adm', 'id'],
    ['when its account id and name were typed', ADMIN, '220711 tay', undefined],
  ])('%s', (_, first, query, doubt) => {
    expect(doubtOf(first, query, false)).toBe(doubt);
    expect(doubtOf(first, query, true)).toBe('near');
  });
});

test('what words name comes first, whatever was used more', () => {
  const roles = [
    role({ accountName: 'Identity-prod-06', accountId: '070000000000', score: 9 }),
    role({ accountName: 'Identity-nonprod-07', pinned: true }),
    role({ accountName: 'Identity-prod-07' }),
  ];
  const { roles: found } = createRoleSearch(roles).find('ident prod 07', null);
  expect(found.map(({ accountName }) => accountName)).toEqual([
    'Identity-prod-07',
    'Identity-nonprod-07',
    'Identity-prod-06',
  ]);
});

describe('the marks', () => {
  const marked = (text: string, query: string) =>
    markMatches(text, parseWords(query))
      .map(({ text: piece, isMatch }) => (isMatch ? `[${piece}]` : piece))
      .join('');

  test.each([
    ['taylor', 'TAY', '[tay]lor'],
    ['banana', 'ana', 'b[anana]'],
    ['professional-af', 'pro af', '[pro]fessional-[af]'],
    ['taylor', '', 'taylor'],
    ['<img src=x>', 'img', '<[img] src=x>'],
    ['Zürich', 'zur', '[Zür]ich'],
    ['\ufb01nance', 'fin', '\ufb01nance'],
  ])('of %j searched by %j', (text, query, expected) => {
    expect(marked(text, query)).toBe(expected);
  });

  test('never change the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (text, query) => {
        const pieces = markMatches(text, parseWords(query));
        expect(pieces.map((piece) => piece.text).join('')).toBe(text);
      }),
    );
  });
});
