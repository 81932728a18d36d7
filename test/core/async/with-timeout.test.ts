// Waiting for a promise, with a limit.
import { expect, test } from 'vitest';
import { withTimeout } from '../../../src/core/async/with-timeout.ts';
import { createFakeClock } from '../../helpers/fake-clock.ts';

test('returns the result or throws the failure of work that settles in time, and leaves no timer behind', async () => {
  const clock = createFakeClock();
  expect(await withTimeout(clock, 500, Promise.resolve('keys'))).toBe('keys');
  await expect(withTimeout(clock, 500, Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(clock.pendingSleeps()).toBe(0);
});

test('returns undefined at the timeout, and ignores a failure that comes later', async () => {
  const clock = createFakeClock();
  let fail: (error: Error) => void = () => undefined;
  const answer = withTimeout(clock, 500, new Promise<string>((_resolve, reject) => (fail = reject)));
  await clock.advance(500);
  expect(await answer).toBeUndefined();
  fail(new Error('too late'));
  await clock.settle();
});
