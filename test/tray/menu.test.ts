// The tray menu as data: entries, their order, and the action of each click.
import { describe, expect, test } from 'vitest';
import { buildMenu } from '../../src/tray/menu.ts';
import type { MenuItem } from '../../src/tray/menu-item.ts';
import { EMPTY_VIEW } from '../../src/tray/tray-view.ts';
import {
  aChain,
  anApproval,
  aProgram,
  aRole,
  aSession,
  aStatus,
  CURRENT,
  HOSTILE_NAMES,
  NOW_MS,
} from '../helpers/documents.ts';
import { aView } from './views.ts';

/** One line per entry: children indented, groups separated by a line, clickable entries with their action. */
function describeMenu(view: Parameters<typeof buildMenu>[0]): string[] {
  const markOf = ({ chosen }: MenuItem) => (chosen === undefined ? '' : { true: '(*) ', false: '( ) ' }[`${chosen}`]);
  const line = (item: MenuItem, indent: string): string[] => [
    `${indent}${markOf(item)}${item.label}${item.action === undefined ? '' : ` -> ${item.action.does}`}`,
    ...(item.children ?? []).flatMap((child) => line(child, `${indent}  `)),
  ];
  return buildMenu(view, NOW_MS).flatMap((group, index) => [
    ...(index === 0 ? [] : ['---']),
    ...group.flatMap((item) => line(item, '')),
  ]);
}

describe('the menu', () => {
  test('has the current role, sessions with time left, pinned and used roles, search and Quit', () => {
    expect(describeMenu(aView())).toEqual([
      'Current: taylor  111111111111  Admin',
      'Open the AWS console -> console',
      '---',
      'Signed in: my-sso-session, 5 h 12 min left',
      '  Sign in again… -> sign-in',
      '  Sign out -> sign-out',
      '---',
      '( ) ⚠ billing  333333333333  Admin -> use',
      '(*) taylor  111111111111  Admin -> use',
      '( ) audit  222222222222  ReadOnly -> use',
      '( ) 444444444444  Admin -> use',
      'Open the page… -> open-page',
      '---',
      'Lock -> lock',
      'Quit -> quit',
    ]);
  });

  test('has chained roles by role and source, and the command that opens the console of the current one', () => {
    const allRoles = [aRole(), aChain({ pinned: true, protected: true }, { sourceProfile: 'a\n\u202eb' })];
    const { permissionSet, chain, accountName, accountId } = aChain();
    const current = { ...CURRENT, permissionSet, chain, accountName, accountId, profile: null };
    const lines = describeMenu(aView({ allRoles, status: aStatus({ current }) }));
    expect([...lines.slice(0, 2), ...lines.filter((line) => line.startsWith('('))]).toEqual([
      'Current: prod  222222222222  deploy via taylor.Admin',
      'Console: rolecall console prod.deploy',
      '(*) ⚠ prod  222222222222  deploy via a b -> use',
      '( ) taylor  111111111111  Admin -> use',
    ]);
    const approvals = [anApproval({ permissionSet, chain, accountName, accountId })];
    expect(describeMenu(aView({ approvals }))[0]).toBe(
      'Approval needed: prod  222222222222  deploy via taylor.Admin, asked by python3.13 deploy.py',
    );
  });

  test('shows at most twelve of a thousand roles, pinned ones first, and links to the rest', () => {
    const allRoles = Array.from({ length: 1000 }, (_, index) =>
      aRole({ accountId: String(index).padStart(12, '0'), score: index % 100 === 7 ? index : 0, pinned: index > 995 }),
    );
    const lines = describeMenu(aView({ allRoles })).filter((line) => line.includes('->'));
    expect(lines.slice(3, 8)).toEqual([
      '( ) taylor  000000000996  Admin -> use',
      '( ) taylor  000000000997  Admin -> use',
      '( ) taylor  000000000998  Admin -> use',
      '( ) taylor  000000000999  Admin -> use',
      '( ) taylor  000000000907  Admin -> use',
    ]);
    expect(lines.slice(-4)).toEqual([
      '( ) taylor  000000000207  Admin -> use',
      'Search all 1000 roles… -> open-page',
      'Lock -> lock',
      'Quit -> quit',
    ]);
    expect(lines.filter((line) => line.endsWith('-> use'))).toHaveLength(12);
  });

  test('offers a sign-in when it is needed, and before a session ends', () => {
    const sessions = [
      aSession({ session: 'one', state: 'expired' }),
      aSession({ session: 'two', sessionExpiresAt: '2026-11-24T08:20:00Z' }),
      aSession({ session: 'three', state: 'signed-out', label: 'Work' }),
    ];
    const lines = describeMenu(aView({ status: aStatus({ sessions, current: null }), allRoles: [] }));
    expect(lines).toEqual([
      'No current role',
      '---',
      'Sign-in has ended: one',
      'Sign in to one… -> sign-in',
      'Signed in: two, 20 min left',
      'Sign in again… -> sign-in',
      'Sign out -> sign-out',
      'Signed out: Work',
      'Sign in to Work… -> sign-in',
      '---',
      'Open the page… -> open-page',
      '---',
      'Lock -> lock',
      'Quit -> quit',
    ]);
  });

  test('shows the code while a sign-in is pending, also when the session is live', () => {
    const signIns = { 'my-sso-session': { state: 'pending', userCode: 'KQTB-XWHD' } } as const;
    for (const state of ['pending', 'live'] as const) {
      const view = aView({ status: aStatus({ sessions: [aSession({ state })], current: null }), signIns });
      expect(describeMenu(view).slice(3, 6)).toEqual([
        'Code: KQTB-XWHD',
        'Open the sign-in page again -> sign-in',
        'Cancel this sign-in -> cancel-sign-in',
      ]);
    }
  });

  test('offers a code while a sign-in without one is pending', () => {
    const openUri = 'https://oidc.us-east-1.amazonaws.com/authorize?state=x';
    const signIns = { 'my-sso-session': { state: 'pending', flow: 'pkce', openUri } } as const;
    const view = aView({ status: aStatus({ sessions: [aSession({ state: 'pending' })], current: null }), signIns });
    expect(describeMenu(view).slice(2, 6)).toEqual([
      'Waiting for approval: my-sso-session',
      'Open the sign-in page again -> sign-in',
      'Use a code instead -> sign-in',
      'Cancel this sign-in -> cancel-sign-in',
    ]);
    const offer = buildMenu(view, NOW_MS)
      .flat()
      .find(({ label }) => label === 'Use a code instead');
    expect(offer?.action).toEqual({ does: 'sign-in', session: 'my-sso-session', force: true, flow: 'device' });
  });

  test('shows problems with their commands, except those in a session’s own line', () => {
    const problems = Array.from({ length: 7 }, (_, index) => ({
      code: index === 0 ? 'sign-in-expired' : 'secret-store-locked',
      message: `The keychain ${index} is locked.`,
      hint: `rolecall status ${index}`,
    }));
    const lines = describeMenu(aView({ status: aStatus({ problems }) }));
    expect(lines.slice(-15)).toEqual([
      '---',
      ...[1, 2, 3, 4, 5].flatMap((index) => [`⚠ The keychain ${index} is locked.`, `Run: rolecall status ${index}`]),
      '… and 1 more: rolecall status',
      '---',
      'Lock -> lock',
      'Quit -> quit',
    ]);
  });

  test('shortens long labels', () => {
    const problems = [
      { code: 'settings-invalid', message: `It is ${'very '.repeat(50)}long.`, hint: 'rolecall status' },
    ];
    const lines = describeMenu(aView({ status: aStatus({ problems }) }));
    const label = lines.find((each) => each.startsWith('⚠ It'));
    expect(label).toHaveLength(80);
    expect(label).toMatch(/ very.*…$/);
  });

  test('shortens long names in the middle, and no two entries look alike', () => {
    const allRoles = ['one', 'two'].map((word, index) =>
      aRole({
        accountName: `${'Acme '.repeat(10)}${word} ${'Production '.repeat(5)}`,
        accountId: `10000000000${index}`,
      }),
    );
    const uses = describeMenu(aView({ allRoles })).filter((each) => each.endsWith('-> use'));
    const names = uses.map((each) => each.slice(4, each.indexOf('  1000')));
    expect(names).toEqual([
      'Acme Acme Acme Acm…me Acme Acme Acme one…duction Production',
      'Acme Acme Acme Acm…me Acme Acme Acme two…duction Production',
    ]);
  });

  test('shows the error of a failed click first', () => {
    const notice = { code: 'account-not-found', message: 'You have no Admin there.', hint: 'rolecall ls --refresh' };
    expect(describeMenu(aView({ notice })).slice(0, 3)).toEqual([
      '⚠ You have no Admin there. -> forget-notice',
      'Run: rolecall ls --refresh',
      '---',
    ]);
  });

  test('leads to each question that waits, or refuses it, and approves none', () => {
    const approvals = [
      anApproval(),
      anApproval({ id: '00000000000000b2', approve: 'click', places: ['screen', 'terminal'], program: null }),
      anApproval({ id: '00000000000000c3', subject: 'unlock', approve: 'click', places: ['terminal'] }),
      anApproval({ id: '00000000000000d4' }),
    ];
    const view = aView({ status: aStatus({ approvals: 4 }), approvals });
    expect(describeMenu(view).slice(0, 11)).toEqual([
      'Approval needed: billing  333333333333  Admin, asked by python3.13 deploy.py',
      'Approve on the page… -> open-passkey-page',
      'Refuse -> refuse',
      'Approval needed: billing  333333333333  Admin',
      'Answer the dialog on your screen, or see it on the page… -> open-page',
      'Refuse -> refuse',
      'Approval needed: unlock rolecall, asked by python3.13 deploy.py',
      'See on the page where to answer… -> open-page',
      'Refuse -> refuse',
      '… and 1 more: rolecall approvals',
      '---',
    ]);
    const refusals = buildMenu(view, NOW_MS)
      .flat()
      .flatMap(({ action }) => (action?.does === 'refuse' ? [action.approval] : []));
    expect(refusals).toEqual(['00000000000000a1', '00000000000000b2', '00000000000000c3']);
  });

  test('shows a lock with its reason, and unlocks', () => {
    const lock = { isLocked: true, since: '2026-11-24T07:48:00Z', reason: 'screen', scope: 'all' } as const;
    expect(describeMenu(aView({ status: aStatus({ lock }) })).slice(0, 3)).toEqual([
      'Locked for 12 min, with the screen',
      'Unlock… -> unlock',
      '---',
    ]);
    const protectedOnly = { ...lock, reason: 'command', scope: 'protected' } as const;
    const lines = describeMenu(aView({ status: aStatus({ lock: protectedOnly }) }));
    expect(lines[0]).toBe('Protected roles are locked for 12 min');
    expect(lines).not.toContain('Lock -> lock');
  });

  test('offers to start the daemon when none is running', () => {
    expect(describeMenu(EMPTY_VIEW)).toEqual([
      'The rolecall daemon is not running',
      'Start the daemon -> start-daemon',
      '---',
      'Quit -> quit',
    ]);
  });

  test('shows the session of a role only when there are several', () => {
    const status = aStatus({ sessions: [aSession(), aSession({ session: 'other' })] });
    const allRoles = [aRole({ label: 'Work' }), aRole({ session: 'other', label: 'Other' })];
    const uses = describeMenu(aView({ status, allRoles })).filter((line) => line.endsWith('-> use'));
    expect(uses).toEqual([
      '(*) taylor  111111111111  Admin  Work -> use',
      '( ) taylor  111111111111  Admin  Other -> use',
    ]);
  });

  test('a click on a role selects exactly that session, account and permission set', () => {
    const items = buildMenu(aView(), NOW_MS).flat();
    expect(items.find(({ label }) => label.startsWith('audit'))).toEqual({
      key: 'role my-sso-session 222222222222 ReadOnly',
      label: 'audit  222222222222  ReadOnly',
      chosen: false,
      action: {
        does: 'use',
        role: {
          session: 'my-sso-session',
          accountId: '222222222222',
          permissionSet: 'ReadOnly',
          profile: 'audit.ReadOnly',
        },
      },
    });
    const { session, accountId, permissionSet, profile } = CURRENT;
    expect(items.find(({ key }) => key === 'console')?.action).toEqual({
      does: 'console',
      role: { session, accountId, permissionSet, profile },
    });
  });

  test('has one line per entry for any account name, and unique keys', () => {
    const allRoles = HOSTILE_NAMES.map((accountName, index) =>
      aRole({ accountName, accountId: `${100000000000 + index}` }),
    );
    const items = buildMenu(aView({ allRoles }), NOW_MS).flat();
    expect(items.filter(({ action }) => action?.does === 'use')).toHaveLength(HOSTILE_NAMES.length);
    const asked = HOSTILE_NAMES.flatMap((name, index) => {
      const program = aProgram({ script: `/tmp/${name}` });
      const approvals = [anApproval({ id: `${index}`, accountName: name, permissionSet: name, program })];
      return buildMenu(aView({ approvals }), NOW_MS).flat();
    });
    expect(asked.filter(({ action }) => action?.does === 'refuse')).toHaveLength(HOSTILE_NAMES.length);
    for (const { label } of [...items, ...asked]) {
      expect(label).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/);
    }
    const keys = items.flatMap((item) => [item.key, ...(item.children ?? []).map(({ key }) => key)]);
    expect(new Set(keys).size).toBe(keys.length);
  });
});
