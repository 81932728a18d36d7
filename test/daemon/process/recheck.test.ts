// Problems that a person may have fixed are checked again before they are shown, for at most a second.
import { expect, test } from 'vitest';
import { createProblems } from '../../../src/core/problems.ts';
import { createRecheck } from '../../../src/daemon/process/recheck.ts';
import { createFakeClock } from '../../helpers/fake-clock.ts';

test('runs only the checks of raised problems, and survives one that fails or hangs', async () => {
  const problems = createProblems();
  const clock = createFakeClock();
  const recheck = createRecheck({ problems, clock });
  const ran: string[] = [];
  recheck.add(['file-not-writable'], async () => {
    ran.push('file');
    problems.clear('disk');
  });
  recheck.add(['secret-store-locked'], async () => void ran.push('store'));
  recheck.add(['file-not-writable'], () => Promise.reject(new Error('again')));
  await recheck.run();
  expect(ran).toEqual([]);
  problems.raise('disk', { code: 'file-not-writable', message: 'Full.', hint: 'df -h' });
  await recheck.run();
  expect([ran, problems.list()]).toEqual([['file'], []]);

  recheck.add(['web-unavailable'], () => new Promise(() => undefined));
  problems.raise('web', { code: 'web-unavailable', message: 'No.', hint: 'rolecall doctor' });
  const done = recheck.run();
  await clock.advance(1000);
  await done;
});
