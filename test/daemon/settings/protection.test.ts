// `[[protect]]`: the first rule that matches decides, and a team's rule can't be weakened.
import { describe, expect, test } from 'vitest';
import { roleOfChain } from '../../../src/core/aws/chain-role.ts';
import type { ChainDefinition } from '../../../src/core/model.ts';
import { createProtection, describeRules, type ApprovalRule } from '../../../src/daemon/settings/protection.ts';
import { parseSettings } from '../../../src/daemon/settings/settings.ts';

const PROD = { sessionName: 'work', accountId: '111111111111', permissionSet: 'AdministratorAccess' };

async function protectionOf(own: string, team?: string, chains: readonly ChainDefinition[] = []) {
  const settings = await parseSettings({
    path: '/h/config.toml',
    text: own,
    environment: {},
    ...(team === undefined ? {} : { team: { path: '/h/team.toml', text: team } }),
  });
  const byName = new Map(chains.map((chain) => [roleOfChain(chain).permissionSet, chain]));
  return createProtection(settings, { find: ({ permissionSet }) => byName.get(permissionSet) });
}

const rule = (approve: string, minutes: number, program = false) =>
  `[[protect]]\npermission_set = "Admin*"\napprove = "${approve}"\nremember_minutes = ${minutes}\n${program ? 'for = "program"\n' : ''}`;

const CLICK: ApprovalRule = { approve: 'click', rememberMinutes: 15, for: 'role' };

describe('a protected role', () => {
  test('needs a click when its rule does not say otherwise', async () => {
    const { asks, isProtected, ruleFor } = await protectionOf('[[protect]]\npermission_set = "Admin*"\n');
    expect([isProtected(PROD), ruleFor(PROD), asks]).toEqual([true, CLICK, true]);
    const other = { ...PROD, permissionSet: 'ReadOnly' };
    expect([isProtected(other), ruleFor(other)]).toEqual([false, undefined]);
  });

  test('is the same role however its permission set is spelled', async () => {
    const { ruleFor } = await protectionOf(rule('click', 15));
    expect(['administratoraccess', 'ADMINX'].map((permissionSet) => ruleFor({ ...PROD, permissionSet }))).toEqual([
      CLICK,
      CLICK,
    ]);
  });

  test('is only marked with approve = "none"', async () => {
    const { asks, isProtected, ruleFor } = await protectionOf(rule('none', 15));
    expect([isProtected(PROD), ruleFor(PROD), asks]).toEqual([true, undefined, false]);
  });

  test('goes by the first rule that matches', async () => {
    const { ruleFor } = await protectionOf(
      `[[protect]]\naccount_id = "1111*"\napprove = "none"\n${rule('passkey', 1)}${rule('click', 2)}`,
    );
    expect(ruleFor(PROD)).toBeUndefined();
    expect(ruleFor({ ...PROD, accountId: '222222222222' })).toEqual({
      approve: 'passkey',
      rememberMinutes: 1,
      for: 'role',
    });
  });

  test.each([
    ['none', 60, 'click', 5, { approve: 'click', rememberMinutes: 5, for: 'role' }],
    ['click', 60, 'passkey', 5, { approve: 'passkey', rememberMinutes: 5, for: 'role' }],
    ['passkey', 5, 'click', 60, { approve: 'passkey', rememberMinutes: 5, for: 'role' }],
    ['click', 5, 'none', 0, { approve: 'click', rememberMinutes: 5, for: 'role' }],
  ] as const)(
    'with %s %i of the user and %s %i of the team gets the stricter of both',
    async (own, a, team, b, both) => {
      const { ruleFor } = await protectionOf(rule(own, a), rule(team, b));
      expect(ruleFor(PROD)).toEqual(both);
    },
  );

  test('is for the program alone if either rule says so, and the team’s rule counts where the user has none', async () => {
    const { ruleFor } = await protectionOf(rule('click', 5), rule('click', 5, true));
    expect(ruleFor(PROD)).toEqual({ approve: 'click', rememberMinutes: 5, for: 'program' });
    const teamOnly = await protectionOf('flow = "auto"\n', rule('passkey', 5));
    expect(teamOnly.ruleFor(PROD)).toEqual({ approve: 'passkey', rememberMinutes: 5, for: 'role' });
  });
});

describe('a chained role', () => {
  const FIRST: ChainDefinition = {
    name: 'first',
    source: { ...PROD, permissionSet: 'ReadOnly' },
    roleArn: 'arn:aws:iam::222222222222:role/ops/Deploy',
    roleSessionName: 'taylor',
    durationSeconds: 3600,
    origin: 'config',
  };
  const SECOND: ChainDefinition = {
    ...FIRST,
    name: 'second',
    source: roleOfChain(FIRST),
    roleArn: 'arn:aws:iam::333333333333:role/Audit',
  };
  const rulesFor = async (own: string, source: typeof PROD = FIRST.source) => {
    const { isProtected, ruleFor } = await protectionOf(own, undefined, [{ ...FIRST, source }, SECOND]);
    const role = roleOfChain(SECOND);
    return [isProtected(role), ruleFor(role)?.approve];
  };

  test.each([
    ['its first source', 'account_id = "111111111111"\npermission_set = "ReadOnly"'],
    ['the role between', 'account_id = "222222222222"'],
    ['the name of the role between', 'permission_set = "deploy"'],
    ['the chain between', 'permission_set = "chain:first"'],
    ['its account', 'account_id = "333333333333"'],
    ['the name of its role', 'permission_set = "Audit"'],
    ['its own name', 'permission_set = "chain:second"'],
  ])('is protected by a rule for %s', async (_what, rule) => {
    expect(await rulesFor(`[[protect]]\n${rule}\n`)).toEqual([true, 'click']);
  });

  test('is not protected by a rule for other roles', async () => {
    const other =
      '[[protect]]\naccount_id = "444444444444"\n[[protect]]\naccount_id = "333333333333"\npermission_set = "ReadOnly"\n';
    expect(await rulesFor(other)).toEqual([false, undefined]);
  });

  test('goes by the strictest of its rules', async () => {
    const rules =
      '[[protect]]\npermission_set = "Audit"\napprove = "click"\nremember_minutes = 5\n' +
      '[[protect]]\npermission_set = "Admin*"\napprove = "passkey"\nremember_minutes = 60\n';
    const { ruleFor } = await protectionOf(rules, undefined, [{ ...FIRST, source: PROD }, SECOND]);
    expect(ruleFor(roleOfChain(SECOND))).toEqual({ approve: 'passkey', rememberMinutes: 5, for: 'role' });
    expect(
      await rulesFor(`[[protect]]\npermission_set = "Audit"\napprove = "none"\n${rule('click', 1)}`, PROD),
    ).toEqual([true, 'click']);
  });

  test('has another version when its definition, or that of its source, changes', async () => {
    const versionOf = async (first: ChainDefinition) =>
      (await protectionOf('', undefined, [first, SECOND])).versionOf(roleOfChain(SECOND));
    const version = await versionOf(FIRST);
    expect(await versionOf({ ...FIRST })).toBe(version);
    expect(await versionOf({ ...FIRST, policy: '{}' })).not.toBe(version);
    expect((await protectionOf('')).versionOf(PROD)).toBe('');
  });
});

describe('the rules in the log', () => {
  const describeOf = async (text: string) =>
    describeRules(await parseSettings({ path: '/h/config.toml', text, environment: {} }));

  test('are one line, and none without rules', async () => {
    expect(await describeOf('')).toBeUndefined();
    expect(await describeOf(`unlock = "click"\n${rule('passkey', 5, true)}${rule('none', 15)}`)).toBe(
      'passkey 5 min program: * * Admin*; none: * * Admin*; click: unlock',
    );
  });

  test('have a hash if they are many, so that each change shows', async () => {
    const [many, changed] = [
      await describeOf(rule('click', 15).repeat(50)),
      await describeOf(rule('click', 15).repeat(49) + rule('click', 16)),
    ];
    expect(many).toMatch(/… \(sha256 [0-9a-f]{16}\)$/);
    expect(many?.length).toBeLessThanOrEqual(500);
    expect(changed).not.toBe(many);
  });
});
