// Profile names: template, characters, equal names and issued names, independent of the order of the roles.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { NameableRole } from '../../../src/aws-config/profiles/profile-names.ts';
import {
  nameProfiles,
  parseNameTemplate,
  reduceName,
  roleKey,
} from '../../../src/aws-config/profiles/profile-names.ts';

const DEFAULT = '{account_name}.{permission_set}';

function role(overrides: Partial<NameableRole> = {}): NameableRole {
  return { sessionName: 's', accountId: '111111111111', permissionSet: 'Admin', accountName: 'taylor', ...overrides };
}

function name(
  roles: readonly NameableRole[],
  template = DEFAULT,
  issued: ReadonlyMap<string, string> = new Map(),
): string[] {
  const names = nameProfiles({ template: parseNameTemplate(template), roles, issued });
  return roles.map((each) => names.get(roleKey(each)) ?? '');
}

describe('characters', () => {
  it.each([
    ['taylor', 'taylor'],
    ['A & B', 'A-B'],
    ['  (Prod)  ', 'Prod'],
    ['a.b_c@d/e-f', 'a.b_c@d/e-f'],
    ['Zürich Büro', 'Z-rich-B-ro'],
    ['it\'s "$(rm -rf /)" ]\n', 'it-s-rm--rf-/'],
    ['🚀', ''],
    ['', ''],
  ])('%j is reduced to %j', (text, reduced) => {
    expect(reduceName(text)).toBe(reduced);
  });

  it('that are valid in a permission set but not in a profile name become dashes too', () => {
    expect(name([role({ permissionSet: 'Power+User=EU,1' })])).toEqual(['taylor.Power-User-EU-1']);
  });

  it.each([[''], ['🚀'], ['   ']])(
    'of an account called %j are all removed, so the account id is used',
    (accountName) => {
      expect(name([role({ accountName })])).toEqual(['111111111111.Admin']);
    },
  );

  it('always result in a name', () => {
    expect(name([role({ permissionSet: '+' })])).toEqual(['taylor.permission-set']);
    expect(name([role()], '')).toEqual(['111111111111']);
    expect(name([role({ sessionName: '日本' })], '{session}')).toEqual(['id-cf2abf0c5be3']);
  });
});

describe('the template', () => {
  it('knows four placeholders', () => {
    expect(
      name([role({ sessionName: 'Corp Ü' })], 'aws/{session}/{account_id}/{account_name}:{permission_set}'),
    ).toEqual(['aws/Corp/111111111111/taylor-Admin']);
  });

  it.each(['{account}', '{account_name', 'x}', '{}', '{ account_name }'])(
    '%j is refused with the known ones',
    (template) => {
      expect(() => parseNameTemplate(template)).toThrow(
        expect.objectContaining({
          code: 'settings-invalid',
          message: `"${template}" in the setting profiles.name is not a placeholder. Valid: {account_name}, {account_id}, {permission_set}, {session}.`,
        }),
      );
    },
  );
});

describe('equal names', () => {
  it('all get the account id after the account name', () => {
    const roles = [
      role({ accountName: 'prod' }),
      role({ accountName: 'Prod!', accountId: '222222222222' }),
      role({ accountName: 'taylor', accountId: '444444444444' }),
      role({ accountName: 'prod', accountId: '333333333333' }),
    ];
    expect(name(roles)).toEqual(['prod-111111111111.Admin', 'Prod.Admin', 'taylor.Admin', 'prod-333333333333.Admin']);
  });

  it('of one account in two sessions get the session too', () => {
    expect(name([role(), role({ sessionName: 'other one' })])).toEqual([
      'taylor-111111111111.Admin-s',
      'taylor-111111111111.Admin-other-one',
    ]);
  });

  it('of two permission sets that differ only in replaced characters get a hash', () => {
    const names = name([role({ permissionSet: 'a+b' }), role({ permissionSet: 'a=b' })]);
    expect(names).toEqual([
      expect.stringMatching(/^taylor-111111111111\.a-b-s-[0-9a-f]{12}$/u),
      expect.stringMatching(/^taylor-111111111111\.a-b-s-[0-9a-f]{12}$/u),
    ]);
    expect(new Set(names).size).toBe(2);
  });

  it('are made unique with any template', () => {
    const two = [role(), role({ accountId: '222222222222' })];
    expect(name(two, '{permission_set}')).toEqual(['Admin-111111111111', 'Admin-222222222222']);
    const sessions = [role(), role({ sessionName: 't' })];
    expect(name(sessions, '{account_id}.{permission_set}')).toEqual(['111111111111.Admin-s', '111111111111.Admin-t']);
    expect(name(two, '{session}')).toEqual(['s-111111111111', 's-222222222222']);
  });

  it.each(['current', 'default', '__proto__'])('are not the reserved name %s', (accountName) => {
    expect(name([role({ accountName })], '{account_name}')).toEqual([
      `${accountName}-111111111111`.replace(/^-+/u, ''),
    ]);
  });

  it('are independent of the order, unique, and use only characters that every client reads', () => {
    const anyRole = fc.record({
      sessionName: fc.constantFrom('s', 't', 'Corp Ü', 'Corp-'),
      accountId: fc.constantFrom('111111111111', '222222222222', '000000000003'),
      permissionSet: fc.constantFrom('Admin', 'a+b', 'a=b', 'a-b'),
      accountName: fc.constantFrom('', 'prod', 'prod-111111111111', '111111111111', 'current', '🚀', 'pröd'),
    });
    fc.assert(
      fc.property(
        fc.uniqueArray(anyRole, { selector: roleKey, maxLength: 24 }),
        fc.constantFrom(DEFAULT, '{account_name}', '{account_id}', 'x'),
        (roles, template) => {
          const names = name(roles, template);
          expect(new Set(names).size).toBe(roles.length);
          for (const each of names) expect(each).toMatch(/^[A-Za-z0-9_.@/-]+$/u);
          expect(name(roles.toReversed(), template).toReversed()).toEqual(names);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('issued names', () => {
  it('are kept, and a new role of the same name gets another one', () => {
    const [first, second] = [role(), role({ accountId: '222222222222' })];
    const issued = new Map([[roleKey(first), 'taylor.Admin']]);
    expect(name([second, first], DEFAULT, issued)).toEqual(['taylor-222222222222.Admin', 'taylor.Admin']);
  });

  it('that rolecall could not have issued are ignored', () => {
    for (const impossible of ['two words', 'current', '']) {
      expect(name([role()], DEFAULT, new Map([[roleKey(role()), impossible]]))).toEqual(['taylor.Admin']);
    }
  });

  it('go to one role only', () => {
    const [first, second] = [role(), role({ accountId: '222222222222', accountName: 'b' })];
    const issued = new Map([first, second].map((each) => [roleKey(each), 'x']));
    expect(name([first, second], DEFAULT, issued)).toEqual(['x', 'b.Admin']);
  });
});
