// Updates that are requested often: one run at a time, and one more if requested during a run.
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

test('calls during a run share one further run, which starts when the first has ended', async () => {
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

test('a failure reaches the callers of that run, and the next run still happens', async () => {
  const { run, ends } = createWork();
  const first = run();
  const second = run();
  ends[0]?.(new Error('once'));
  await expect(first).rejects.toThrow('once');
  await turn();
  ends[1]?.();
  await expect(second).resolves.toBeUndefined();
});
