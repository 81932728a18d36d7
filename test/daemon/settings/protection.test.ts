// `[[protect]]`: the first rule that matches decides, and a team's rule can't be weakened.
import { describe, expect, test } from 'vitest';
import { createProtection, describeRules, type ApprovalRule } from '../../../src/daemon/settings/protection.ts';
import { parseSettings } from '../../../src/daemon/settings/settings.ts';

const PROD = { sessionName: 'work', accountId: '111111111111', permissionSet: 'AdministratorAccess' };

async function protectionOf(own: string, team?: string) {
  const settings = await parseSettings({
    path: '/h/config.toml',
    text: own,
    environment: {},
    ...(team === undefined ? {} : { team: { path: '/h/team.toml', text: team } }),
  });
  return createProtection(settings);
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
