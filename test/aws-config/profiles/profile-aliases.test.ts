// Aliases in the plan: which roles get one, which do not and why; the role's own name never changes.
import { describe, expect, test } from 'vitest';
import { BLOCK_END, BLOCK_START } from '../../../src/aws-config/document/managed-block.ts';
import type { PlanSketch } from '../builders.ts';
import { catalog, COMMAND, planFor, sessionSection } from '../builders.ts';

const ALPHA = { accountId: '111111111111', accountName: 'alpha', permissionSets: ['Admin', 'Read'] };
const BETA = { accountId: '222222222222', accountName: 'beta', permissionSets: ['Admin'] };

/** A plan in which roles have these aliases, by "account id permission set". */
function planWith(aliases: Readonly<Record<string, string>>, text = sessionSection(), sketch: PlanSketch = {}) {
  return planFor(text, {
    catalogs: catalog([ALPHA, BETA]),
    ...sketch,
    settings: {
      aliasFor: ({ accountId, permissionSet }) => aliases[`${accountId} ${permissionSet}`] ?? aliases['*'],
      ...sketch.settings,
    },
  });
}

describe('an alias', () => {
  test('is an additional profile of the same role', () => {
    const plan = planWith({ '222222222222 Admin': 'aa-billing' });
    expect(plan.text.slice(plan.text.indexOf('[profile aa'), plan.text.indexOf('[profile alpha.Admin]'))).toBe(
      `[profile aa-billing]\n# alias of beta.Admin\nregion = us-east-1\ncredential_process = ${COMMAND} --session my-sso-session --account 222222222222 --role Admin\n`,
    );
    expect(plan.profiles.map(({ profileName, aliases }) => [profileName, aliases])).toEqual([
      ['alpha.Admin', undefined],
      ['alpha.Read', undefined],
      ['beta.Admin', ['aa-billing']],
    ]);
    expect(plan.added.map(({ profileName }) => profileName)).toEqual([
      'aa-billing',
      'alpha.Admin',
      'alpha.Read',
      'beta.Admin',
    ]);
    expect(plan.issuedNames.profiles.map(({ profileName }) => profileName)).not.toContain('aa-billing');
  });

  test('never becomes the role name, even if it comes first in the file, and a second sync changes nothing', () => {
    const first = planWith({ '222222222222 Admin': 'aa-billing' });
    const second = planWith({ '222222222222 Admin': 'aa-billing' }, first.text);
    expect({ text: second.text, diff: second.diff }).toEqual({ text: first.text, diff: '' });
    expect([second.added, second.changed, second.removed]).toEqual([[], [], []]);
    const without = planWith({}, first.text);
    expect(without.profiles.map(({ profileName }) => profileName)).toEqual(['alpha.Admin', 'alpha.Read', 'beta.Admin']);
    expect(without.removed.map(({ profileName }) => profileName)).toEqual(['aa-billing']);
  });

  test('is removed with its role, and kept while it is unknown whether the role is gone', () => {
    const { text } = planWith({ '222222222222 Admin': '{account_name}-b' });
    expect(text).toContain('[profile beta-b]');
    const aliases = { '222222222222 Admin': '{account_name}-b' };
    const unknown = planWith(aliases, text, { catalogs: new Map() });
    expect(unknown.text).toBe(text);
    const gone = planWith(aliases, text, { catalogs: catalog([ALPHA]) });
    expect(gone.removed.map(({ profileName }) => profileName)).toEqual(['beta-b', 'beta.Admin']);
  });

  test('may be a template with the same placeholders as names', () => {
    const { profiles } = planWith({ '*': 'x/{account_id}/{permission_set}' });
    expect(profiles.map(({ aliases }) => aliases)).toEqual([
      ['x/111111111111/Admin'],
      ['x/111111111111/Read'],
      ['x/222222222222/Admin'],
    ]);
    expect(() => planWith({ '*': '{account}' })).toThrow('"{account}" in the setting role.alias is not a placeholder');
  });

  test.each([
    [
      'a hand-written profile',
      { '222222222222 Admin': 'mine' },
      [{ profileName: 'mine', reason: 'hand-written', line: 5 }],
    ],
    [
      'the name of another role',
      { '222222222222 Admin': 'alpha.Read' },
      [{ profileName: 'alpha.Read', reason: 'taken' }],
    ],
    ['`current`', { '222222222222 Admin': 'current' }, [{ profileName: 'current', reason: 'taken' }]],
    ['`default`', { '222222222222 Admin': 'default' }, [{ profileName: 'default', reason: 'taken' }]],
    ['several roles at once', { '*': 'billing' }, [{ profileName: 'billing', reason: 'ambiguous' }]],
    ['the name that the role has', { '222222222222 Admin': 'beta.Admin' }, []],
    ['nothing that a name may hold', { '222222222222 Admin': '!!' }, []],
  ] as const)('that is %s goes to no role and changes nothing else', (_, aliases, skipped) => {
    const text = `${sessionSection()}[profile mine]\nregion = eu-west-1\n`;
    const plan = planWith(aliases, text);
    expect(plan.skipped).toEqual(skipped);
    expect(plan.text).toBe(planWith({}, text).text);
  });

  test('is reduced to safe characters like all names', () => {
    const plan = planWith({ '222222222222 Admin': 'my $(billing)]\n[x' });
    expect(plan.text).toContain('\n[profile my-billing-x]\n');
  });

  test('is written even if a hand-written profile has the role’s own name', () => {
    const text = `${sessionSection()}[profile beta.Admin]\nregion = eu-west-1\n`;
    const plan = planWith({ '222222222222 Admin': 'billing' }, text);
    expect(plan.added.map(({ profileName }) => profileName)).toEqual(['alpha.Admin', 'alpha.Read', 'billing']);
    expect(planWith({ '222222222222 Admin': 'billing' }, plan.text).diff).toBe('');
    expect(planWith({ '222222222222 Admin': 'billing' }, plan.text, { catalogs: new Map() }).diff).toBe('');
  });

  test('is marked by a comment without ":" and "="', () => {
    const { text } = planWith({ '222222222222 Admin': 'billing' });
    const block = text.slice(text.indexOf(BLOCK_START), text.indexOf(BLOCK_END));
    expect(/# alias of .*/.exec(block)?.[0]).not.toMatch(/[:=]/);
  });

  test('can be excluded by a glob', () => {
    const plan = planWith({ '222222222222 Admin': 'sandbox-1' }, sessionSection(), {
      settings: { exclude: ['sandbox-*'] },
    });
    expect(plan.added.map(({ profileName }) => profileName)).toEqual(['alpha.Admin', 'alpha.Read', 'beta.Admin']);
  });
});
