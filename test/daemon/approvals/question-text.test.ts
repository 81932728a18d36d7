// The text of a question: complete, and whatever names and paths contain, they stay text on their own line.
import { expect, test } from 'vitest';
import { describeQuestion, nameQuestion } from '../../../src/daemon/approvals/question-text.ts';
import type { ApprovalDocument } from '../../../src/local-api/schemas.ts';
import { aChain } from '../../helpers/documents.ts';
import { FAKE_NOW_MS } from '../../helpers/fake-clock.ts';

const APPROVAL: ApprovalDocument = {
  id: '0123456789abcdef',
  state: 'pending',
  subject: 'role',
  session: 'work',
  accountId: '111111111111',
  accountName: 'Production',
  permissionSet: 'AdministratorAccess',
  label: null,
  approve: 'click',
  surface: 'socket',
  program: {
    processId: 4711,
    executable: '/usr/bin/python3.13',
    script: '/home/taylor/infra/deploy.py',
    workingDirectory: '/home/taylor/infra',
    terminal: '/dev/pts/3',
    sessionId: 4700,
    parents: [
      { processId: 4700, executable: '/usr/bin/bash' },
      { processId: 9, executable: '/usr/bin/tmux' },
    ],
    agent: null,
    isVerified: true,
  },
  callers: 20,
  askedAt: new Date(FAKE_NOW_MS).toISOString(),
  expiresAt: new Date(FAKE_NOW_MS + 120_000).toISOString(),
  rememberMinutes: 15,
  for: 'role',
  places: ['screen'],
  problem: null,
};

test('says what for, who asks, where, since when, and how long it is remembered', () => {
  expect(describeQuestion(APPROVAL, FAKE_NOW_MS + 12_300)).toEqual({
    heading: 'rolecall: allow credentials for this role?',
    lines: [
      'Account: 111111111111',
      'Account name: “Production”',
      'Permission set: AdministratorAccess',
      'Session: work',
      '',
      'Asked by: “/usr/bin/python3.13”, process 4711',
      'Script: “/home/taylor/infra/deploy.py”',
      'Folder: “/home/taylor/infra”',
      'Terminal: /dev/pts/3',
      'Started by: bash < tmux',
      'Through: the command line',
      'Asked: 12 s ago, 20 requests wait',
      'If allowed: 15 min, for every program',
    ],
  });
});

test('says of a chained role which role is assumed, and whose credentials do it', () => {
  const { permissionSet, chain } = aChain({}, { sourceProfile: 'build”\nAccount: 1\u202e' });
  const approval = { ...APPROVAL, permissionSet, chain };
  expect(describeQuestion(approval, FAKE_NOW_MS).lines.slice(0, 6)).toEqual([
    'Account: 111111111111',
    'Account name: “Production”',
    'Role: arn:aws:iam::222222222222:role/ci/deploy',
    'Assumed by: “build" Account: 1”',
    'Session: work',
    '',
  ]);
  expect(nameQuestion(approval)).toBe('deploy via build” Account: 1 in 111111111111');
  const { chain: _gone, ...unknown } = approval;
  expect([describeQuestion(unknown, FAKE_NOW_MS).lines[2], nameQuestion(unknown)]).toEqual([
    'Permission set: prod.deploy',
    'prod.deploy in 111111111111',
  ]);
});

test('says what is unknown, what is only claimed, and that a coding agent asks', () => {
  const { program } = APPROVAL;
  if (program === null) throw new Error('no program');
  const lines = (change: Partial<ApprovalDocument>) => describeQuestion({ ...APPROVAL, ...change }, FAKE_NOW_MS).lines;
  expect(lines({ program: null, accountName: null, rememberMinutes: 0, callers: 1 })).toEqual([
    'Account: 111111111111',
    'Account name: unknown',
    'Permission set: AdministratorAccess',
    'Session: work',
    '',
    'Asked by: unknown',
    'Through: the command line',
    'Asked: just now',
    'If allowed: only for these requests',
  ]);
  const claimed = { ...program, isVerified: false, agent: 'Claude Code', terminal: null, workingDirectory: null };
  expect(lines({ program: claimed, for: 'program' })).toEqual(
    expect.arrayContaining([
      'Asked by: “/usr/bin/python3.13”, process 4711, as it says itself',
      'Coding agent: Claude Code',
      'Folder: unknown',
      'Terminal: none',
      'If allowed: 15 min, for this program',
    ]),
  );
});

test.each(['unlock', 'add-passkey', 'remove-passkey'] as const)('asks about %s', (subject) => {
  const nothing = { session: null, accountId: null, accountName: null, permissionSet: null };
  const label = subject === 'unlock' ? null : 'YubiKey\n“x”';
  const approval = { ...APPROVAL, ...nothing, subject, label, rememberMinutes: null, for: null, program: null };
  const { heading, lines } = describeQuestion(approval, FAKE_NOW_MS);
  expect(heading).toMatch(/^rolecall: .*\?$/);
  expect(lines).toEqual([
    ...(label === null ? [] : ['Name: “YubiKey "x"”']),
    '',
    'Asked by: unknown',
    'Through: the command line',
    'Asked: just now, 20 requests wait',
  ]);
});

test.each([
  ['another line', 'x\nAccount: 222222222222', '“x Account: 222222222222”'],
  ['another line by many spaces', `x${' '.repeat(80)}Account: 2`, '“x Account: 2”'],
  ['the other direction', 'x\u202e222\u2066y', '“x222y”'],
  ['markup and shortcuts', '<b>_Prod</b> &amp; %0A \\n $(id)', '“<b>_Prod</b> &amp; %0A \\n $(id)”'],
  ['the end of the quotes', 'x” Permission set: “y', '“x" Permission set: "y”'],
  ['an escape sequence', 'x\u001b[2Jy\u009b31mz', '“x [2Jy 31mz”'],
  ['letters below other letters', `a${'\u0301'.repeat(50)}b`, '“a\u0301\u0301b”'],
  ['300 characters', `${'a'.repeat(150)}${'b'.repeat(150)}`, `“${'a'.repeat(30)}…${'b'.repeat(29)}”`],
  ['300 emoji', '😀'.repeat(300), `“${'😀'.repeat(30)}…${'😀'.repeat(29)}”`],
  ['half a character', 'x\ud83dy', '“x\ufffdy”'],
])('a name that contains %s stays text', (_, accountName, shown) => {
  const { lines } = describeQuestion({ ...APPROVAL, accountName }, FAKE_NOW_MS);
  expect(lines[1]).toBe(`Account name: ${shown}`);
  expect(lines.length).toBe(13);
});
