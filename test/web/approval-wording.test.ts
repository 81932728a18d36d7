// What the page says of an approval: what is asked for, who asks, what it allows, and where to answer.
import { expect, test } from 'vitest';
import {
  announce,
  describeFacts,
  describeParents,
  describePlaces,
  describeSubject,
  formatCountdown,
} from '../../src/web/approvals/approval-wording.js';
import { aChain, anApproval, aProgram, HOSTILE_NAMES, NOW_MS } from '../helpers/documents.ts';

const factsOf = (approval: Parameters<typeof describeFacts>[0]) =>
  Object.fromEntries(describeFacts(approval, NOW_MS).map(({ name, text }) => [name, text]));

test('names a role as every list does, and the other subjects in words', () => {
  expect(describeSubject(anApproval())).toBe('billing 333333333333 Admin');
  expect(describeSubject(anApproval({ accountName: null }))).toBe('333333333333 Admin');
  const other = { accountId: null, accountName: null, permissionSet: null, session: null, label: 'key' } as const;
  expect(describeSubject(anApproval({ ...other, subject: 'unlock' }))).toBe('Unlock rolecall');
  expect(describeSubject(anApproval({ ...other, subject: 'add-passkey' }))).toBe('Add the passkey “key”');
  expect(describeSubject(anApproval({ ...other, subject: 'remove-passkey' }))).toBe('Remove the passkey “key”');
});

test('names a chained role by role and source, and says which role is assumed by which', () => {
  const { permissionSet, chain, accountId, accountName } = aChain();
  const approval = anApproval({ permissionSet, chain, accountId, accountName });
  expect(describeSubject(approval)).toBe('prod 222222222222 deploy via taylor.Admin');
  expect(factsOf(approval)).toMatchObject({
    Role: 'arn:aws:iam::222222222222:role/ci/deploy',
    'Assumed by': 'taylor.Admin',
  });
});

test('says who asks, from where, how many wait, and what an approval allows', () => {
  expect(factsOf(anApproval({ callers: 20, askedAt: '2026-11-20T08:00:00Z' }))).toEqual({
    Program: '/usr/bin/python3.13 /home/taylor/payments/deploy.py',
    Process: '4242, on /dev/pts/3',
    Folder: '/home/taylor/payments',
    Through: 'A profile, or a rolecall command',
    Since: expect.stringMatching(/^2026-11-20 \d\d:\d\d, 20 requests wait$/),
    Allows: 'all programs, for 15 min',
  });
  expect(describeParents(aProgram())).toEqual({
    names: 'bash, systemd',
    lines: ['/usr/bin/bash (4000)', '/usr/lib/systemd/systemd (1)'],
  });
});

test('says what is not known, what nobody checked, and that an agent asks', () => {
  expect(factsOf(anApproval({ program: null }))).toMatchObject({
    Program: 'Unknown. It has ended, or cannot be seen from here.',
  });
  const program = aProgram({
    script: null,
    terminal: null,
    workingDirectory: null,
    agent: 'claude',
    isVerified: false,
  });
  expect(factsOf(anApproval({ program, surface: 'container' }))).toMatchObject({
    Program: '/usr/bin/python3.13',
    Process: '4242, no terminal',
    Agent: 'claude, a coding agent',
    Note: 'The program says this of itself; rolecall could not check it.',
    Through: 'A program under rolecall exec, or in a container',
  });
});

test.each([
  [{ rememberMinutes: 0 }, 'only the request that waits now'],
  [{ rememberMinutes: 0, callers: 3 }, 'only the 3 requests that wait now'],
  [{ rememberMinutes: 5, for: 'program' }, 'this program, for 5 min'],
  [{ subject: 'unlock', rememberMinutes: null, for: null }, undefined],
] as const)('says what an approval allows: %o', (over, allows) => {
  expect(factsOf(anApproval(over))['Allows']).toBe(allows);
});

test('says where a click is asked for, and that this page is not the place', () => {
  const why = 'This page can’t approve it: a program could press its button.';
  const click = (places: ('screen' | 'terminal')[]) => describePlaces({ approve: 'click', places });
  expect(click(['screen', 'terminal'])).toEqual([
    { text: 'Answer in the dialog on your screen.' },
    { text: 'Or in another terminal:', command: 'rolecall approve' },
    { text: why },
  ]);
  expect(click(['terminal'])).toEqual([
    { text: 'Answer in another terminal:', command: 'rolecall approve' },
    { text: why },
  ]);
  expect(click([])).toEqual([{ text: why }]);
  expect(describePlaces({ approve: 'passkey', places: ['page'] })).toEqual([]);
});

test('counts down in seconds, and never below zero', () => {
  expect([119_001, 60_000, 59_000, 1, -5000].map(formatCountdown)).toEqual([
    '2 min 00 s',
    '1 min 00 s',
    '59 s',
    '1 s',
    '0 s',
  ]);
});

test('shows no name or path with control or direction characters, and long paths with both ends', () => {
  for (const name of HOSTILE_NAMES) {
    const program = aProgram({ executable: `/tmp/${name}`, script: name, workingDirectory: name, agent: name });
    const approval = anApproval({ accountName: name, permissionSet: name, program });
    const said = [describeSubject(approval), announce(approval, NOW_MS), ...Object.values(factsOf(approval))];
    for (const text of said) expect(text).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/);
  }
  const { Program = '' } = factsOf(
    anApproval({ program: aProgram({ executable: `/first/${'x'.repeat(500)}/last`, script: null }) }),
  );
  expect(Program).toMatch(/^\/first\/x+…x+\/last$/);
  expect(Program.length).toBeLessThan(161);
});

test('is read out with the time left and the key that leads there', () => {
  expect(announce(anApproval(), NOW_MS)).toBe(
    'Approval needed: billing 333333333333 Admin, asked by deploy.py. 1 min 30 s left. Press A to go there.',
  );
});
