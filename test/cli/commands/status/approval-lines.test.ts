// What `rolecall status` says of pending approvals.
import { expect, test } from 'vitest';
import { formatWaiting } from '../../../../src/cli/commands/status/approval-lines.ts';
import { anApproval, aProgram, HOSTILE_NAMES, NOW_MS } from '../../../helpers/documents.ts';

const format = (...approvals: Parameters<typeof formatWaiting>[0]) =>
  formatWaiting(approvals, {
    stdout: { write: () => true },
    environment: {},
    clock: { nowMs: () => NOW_MS, sleep: () => Promise.resolve() },
  });

test('says what is asked for, by whom, how long there is left, and where to answer', () => {
  expect(format(anApproval({ callers: 20 }))).toBe(
    '! Approval needed: billing  333333333333  Admin, asked by /home/taylor/payments/deploy.py (pid 4242), 20 requests, 1 min left.\n' +
      '  Answer on the page with your passkey: rolecall web\n\n',
  );
  const click = { approve: 'click', program: null } as const;
  expect(format(anApproval({ ...click, places: ['screen', 'terminal'] }))).toBe(
    '! Approval needed: billing  333333333333  Admin, 1 min left.\n' +
      '  Answer the dialog on your screen, or answer in another terminal\n\n',
  );
  const problem = { code: 'approval-refused', message: 'Nothing can ask a person.', hint: 'rolecall doctor' };
  expect(format(anApproval({ ...click, subject: 'unlock', accountId: null, places: [], problem }))).toBe(
    '! Approval needed: unlock rolecall, 1 min left.\n  Nothing can ask a person. Run: rolecall doctor\n\n',
  );
});

test('shows three, counts the rest, and nothing without any', () => {
  const five = Array.from({ length: 5 }, (_, index) => anApproval({ id: `${index}` }));
  expect(format(...five).match(/Approval needed/g)).toHaveLength(3);
  expect(format(...five)).toMatch(/\n! 2 more approvals\n {2}Run: rolecall web\n\n$/);
  expect(format()).toBe('');
});

test('has no control character of a name or path', () => {
  for (const name of HOSTILE_NAMES) {
    const program = aProgram({ script: name, executable: name });
    const text = format(anApproval({ accountName: name, permissionSet: name, label: name, program }));
    expect(text.replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/);
    expect(text.split('\n')).toHaveLength(4);
  }
});
