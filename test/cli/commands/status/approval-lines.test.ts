// What `rolecall status` says of pending approvals.
import { expect, test } from 'vitest';
import { describeProgram } from '../../../../src/core/program.ts';
import { formatWaiting } from '../../../../src/cli/commands/status/approval-lines.ts';
import { anApproval, aProgram, HOSTILE_NAMES, NOW_MS } from '../../../helpers/documents.ts';

type Lock = Parameters<typeof formatWaiting>[0]['lock'];

const formatAll = (lock: Lock, approvals: Parameters<typeof formatWaiting>[1]) =>
  formatWaiting({ lock: lock ?? null }, approvals, {
    stdout: { write: () => true },
    environment: {},
    clock: { nowMs: () => NOW_MS, sleep: () => Promise.resolve() },
  });
const format = (...approvals: Parameters<typeof formatWaiting>[1]) => formatAll(null, approvals);

test('says what is asked for, by whom, how long there is left, and where to answer', () => {
  expect(format(anApproval({ callers: 20 }))).toBe(
    `! Approval needed: Admin in billing (333333333333), 20 requests, 1 min left
  Asked by: ${describeProgram(aProgram())}
  Answer:   with a passkey on the page (rolecall web)

`,
  );
  const click = { approve: 'click', program: null } as const;
  expect(format(anApproval({ ...click, places: ['screen', 'terminal'] }))).toBe(
    `! Approval needed: Admin in billing (333333333333), 1 min left
  Asked by: unknown
  Answer:   in the question on the screen or in another terminal (rolecall approve)

`,
  );
  const problem = { code: 'approval-refused', message: 'Nothing can ask a person.', hint: 'rolecall doctor' };
  expect(format(anApproval({ ...click, subject: 'unlock', accountId: null, places: [], problem }))).toBe(
    '! Approval needed: Unlocking rolecall, 1 min left\n  Asked by: unknown\n  Answer:   Nothing can ask a person.\n\n',
  );
});

test('says that it is locked, since when, why, and how to unlock', () => {
  const lock = { isLocked: true, since: '2026-11-24T07:48:00Z', reason: 'screen', scope: 'all' } as const;
  expect(formatAll(lock, [])).toBe(
    '! Locked for 12 min, with the screen. Programs get no credentials.\n  Run: rolecall unlock\n\n',
  );
  expect(formatAll({ ...lock, reason: 'command', scope: 'protected' }, [])).toBe(
    '! Protected roles are locked for 12 min.\n  Run: rolecall unlock\n\n',
  );
  expect(formatAll({ ...lock, isLocked: false, since: null, reason: null }, [])).toBe('');
});

test('shows three, counts the rest, and nothing without any', () => {
  const five = Array.from({ length: 5 }, (_, index) => anApproval({ id: `${index}` }));
  expect(format(...five).match(/Approval needed/g)).toHaveLength(3);
  expect(format(...five)).toMatch(/\n! 2 more approvals\n {2}Run: rolecall approvals\n\n$/);
  expect(format()).toBe('');
});

test('has no control character of a name or path', () => {
  for (const name of HOSTILE_NAMES) {
    const program = aProgram({ script: name, executable: name });
    const text = format(anApproval({ accountName: name, permissionSet: name, label: name, program }));
    expect(text.replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/);
    expect(text.split('\n')).toHaveLength(5);
  }
});
