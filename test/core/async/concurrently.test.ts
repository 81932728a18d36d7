// Work over a list with a limit on concurrency.
import { expect, test } from 'vitest';
import { forEachConcurrently } from '../../../src/core/async/concurrently.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('runs the work for every item, and never more than the limit at once', async () => {
  const done: number[] = [];
  let running = 0;
  let most = 0;
  await forEachConcurrently([1, 2, 3, 4, 5, 6, 7], 3, async (item) => {
    running += 1;
    most = Math.max(most, running);
    await turn();
    running -= 1;
    done.push(item);
  });
  expect(done).toEqual([1, 2, 3, 4, 5, 6, 7]);
  expect(most).toBe(3);
});

test('starts no further items after a failure, and throws it', async () => {
  const started: number[] = [];
  const run = forEachConcurrently([1, 2, 3, 4], 2, async (item) => {
    started.push(item);
    if (item === 1) throw new Error('no network');
    await turn();
  });
  await expect(run).rejects.toThrow('no network');
  await turn();
  expect(started).toEqual([1, 2]);
});
