// Bringing up to date: one run at a time, and one more for everybody who asked meanwhile.
import { expect, test } from 'vitest';
import { coalesced } from '../../../src/core/async/coalesced.ts';

function createWork() {
  const ends: ((error?: Error) => void)[] = [];
  const run = coalesced(
    () =>
      new Promise<void>((resolve, reject) => ends.push((error) => (error === undefined ? resolve() : reject(error)))),
  );
  return { run, ends };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('calls while a run is under way share one more run, which begins when that one has ended', async () => {
  const { run, ends } = createWork();
  const first = run();
  const [second, third] = [run(), run()];
  expect(second).toBe(third);
  await turn();
  expect(ends).toHaveLength(1);
  ends[0]?.();
  await first;
  await turn();
  expect(ends).toHaveLength(2);
  const fourth = run();
  ends[1]?.();
  await second;
  await turn();
  expect(ends).toHaveLength(3);
  ends[2]?.();
  await fourth;
  await turn();
  expect(ends).toHaveLength(3);
});

test('a failure is told to those of its run, and the next run is made all the same', async () => {
  const { run, ends } = createWork();
  const first = run();
  const second = run();
  ends[0]?.(new Error('once'));
  await expect(first).rejects.toThrow('once');
  await turn();
  ends[1]?.();
  await expect(second).resolves.toBeUndefined();
});
