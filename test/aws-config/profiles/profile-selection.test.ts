// `write = "used"` and `auto` in the plan: which roles have a profile in the file, and which only a name.
import { describe, expect, test } from 'vitest';
import { MAX_PROFILES_FOR_ALL, type ProfileSelection } from '../../../src/aws-config/profiles/profile-selection.ts';
import { catalog, namesOf, planFor, sessionSection, type PlanSketch } from '../builders.ts';

const ALPHA = { accountId: '111111111111', accountName: 'alpha', permissionSets: ['Admin', 'Read'] };
const BETA = { accountId: '222222222222', accountName: 'beta', permissionSets: ['Admin'] };

function planOf(selection: Partial<ProfileSelection>, text = sessionSection(), sketch: PlanSketch = {}) {
  return planFor(text, {
    catalogs: catalog([ALPHA, BETA]),
    ...sketch,
    settings: {
      selection: { write: 'used', include: [], isPinned: () => false, isUsed: () => false, ...selection },
      ...sketch.settings,
    },
  });
}

describe('write = "used"', () => {
  test('writes no unused profile, but names all of them', () => {
    const plan = planOf({});
    expect([namesOf(plan), plan.unwritten.map(({ profileName }) => profileName), plan.writes]).toEqual([
      [],
      ['alpha.Admin', 'alpha.Read', 'beta.Admin'],
      'used',
    ]);
    // The follower of the current role is always written.
    expect(plan.text).toContain('[profile current]');
    expect(plan.text).not.toContain('alpha');
  });

  test.each([
    ['used', { isUsed: ({ permissionSet }) => permissionSet === 'Read' }, ['alpha.Read']],
    ['used by name', { isUsed: (_, names) => names.includes('beta.Admin') }, ['beta.Admin']],
    ['pinned', { isPinned: ({ accountId }) => accountId === '222222222222' }, ['beta.Admin']],
    ['included', { include: ['*.Read', 'bet?.*'] }, ['alpha.Read', 'beta.Admin']],
  ] satisfies [string, Partial<ProfileSelection>, string[]][])('writes roles that are %s', (_, selection, written) => {
    expect(namesOf(planOf(selection))).toEqual(written);
  });

  test('removes unused profiles from a file with all profiles and keeps used ones', () => {
    const all = planFor(sessionSection(), { catalogs: catalog([ALPHA, BETA]) });
    const used = planOf({ isUsed: ({ permissionSet }) => permissionSet === 'Read' }, all.text);
    expect([namesOf(used), used.removed.map(({ profileName }) => profileName)]).toEqual([
      ['alpha.Read'],
      ['alpha.Admin', 'beta.Admin'],
    ]);
  });

  test('keeps native profiles, whose use cannot be observed', () => {
    const all = planFor(sessionSection(), { catalogs: catalog([ALPHA, BETA]), settings: { style: 'sso' } });
    const used = planOf({}, all.text, { settings: { style: 'sso' } });
    expect(used.diff).toBe('');
  });

  test('uses the name that was issued before the profile existed', () => {
    const named = planOf({}, sessionSection(), { catalogs: catalog([ALPHA]) });
    const previousNames = { template: named.issuedNames.template, profiles: named.unwritten };
    // An account of the same name appears: new names get the account id, this one stays.
    const namesake = { accountId: '999999999999', accountName: 'alpha', permissionSets: ['Admin'] };
    const plan = planOf({ isUsed: () => true }, named.text, { catalogs: catalog([ALPHA, namesake]), previousNames });
    expect(namesOf(plan)).toEqual(['alpha-999999999999.Admin', 'alpha.Admin', 'alpha.Read']);
  });

  test('always writes an alias without placeholders and its profile, and one from a template only when used', () => {
    const aliasFor = ({ accountId }: { readonly accountId: string }) =>
      accountId === '222222222222' ? 'billing' : '{permission_set}-of-{account_name}';
    const selection = { write: 'used', include: ['Read-of-*'], isPinned: () => false, isUsed: () => false } as const;
    const plan = planOf({}, sessionSection(), { settings: { aliasFor, selection } });
    const names = (profiles: typeof plan.profiles) =>
      profiles.map(({ profileName, aliases }) => [profileName, aliases]);
    expect([names(plan.profiles), names(plan.unwritten)]).toEqual([
      [
        ['alpha.Read', ['Read-of-alpha']],
        ['beta.Admin', ['billing']],
      ],
      [['alpha.Admin', ['Admin-of-alpha']]],
    ]);
  });
});

describe('write = "auto"', () => {
  const accounts = (count: number) =>
    catalog([{ accountName: 'a', permissionSets: Array.from({ length: count }, (_, index) => `P${index}`) }]);

  test('writes all profiles up to a limit, and only used ones above it', () => {
    const few = planOf({ write: 'auto' }, sessionSection(), { catalogs: accounts(MAX_PROFILES_FOR_ALL) });
    expect([few.profiles.length, few.unwritten.length, few.writes]).toEqual([MAX_PROFILES_FOR_ALL, 0, 'all']);
    const many = planOf({ write: 'auto' }, sessionSection(), { catalogs: accounts(MAX_PROFILES_FOR_ALL + 1) });
    expect([many.profiles.length, many.unwritten.length, many.writes]).toEqual([0, MAX_PROFILES_FOR_ALL + 1, 'used']);
  });

  test('does not count excluded profiles', () => {
    const plan = planOf({ write: 'auto' }, sessionSection(), {
      catalogs: accounts(MAX_PROFILES_FOR_ALL + 1),
      settings: {
        exclude: ['a.P0'],
        selection: { write: 'auto', include: [], isPinned: () => false, isUsed: () => false },
      },
    });
    expect([plan.profiles.length, plan.writes]).toEqual([MAX_PROFILES_FOR_ALL, 'all']);
  });
});
