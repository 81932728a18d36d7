// Tasks that must not overlap.
import { expect, test } from 'vitest';
import { createSerialQueue } from '../../../src/core/async/serial-queue.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('each task starts when all earlier ones have settled, and each caller gets its own result', async () => {
  const queue = createSerialQueue();
  const begun: string[] = [];
  const ends: (() => void)[] = [];
  const start = (name: string, failure?: Error) =>
    queue(async () => {
      begun.push(name);
      await new Promise<void>((resolve) => ends.push(resolve));
      if (failure !== undefined) throw failure;
      return name;
    });
  const outcomes = Promise.allSettled([start('first'), start('second', new Error('full disk')), start('third')]);
  await turn();
  expect(begun).toEqual(['first']);
  ends[0]?.();
  await turn();
  expect(begun).toEqual(['first', 'second']);
  ends[1]?.();
  await turn();
  expect(begun).toEqual(['first', 'second', 'third']);
  ends[2]?.();
  expect(await outcomes).toEqual([
    { status: 'fulfilled', value: 'first' },
    { status: 'rejected', reason: new Error('full disk') },
    { status: 'fulfilled', value: 'third' },
  ]);
});

test('work that throws synchronously does not block the queue', async () => {
  const queue = createSerialQueue();
  const failed = queue(() => {
    throw new Error('at once');
  });
  await expect(failed).rejects.toThrow('at once');
  expect(await queue(async () => 'next')).toBe('next');
});
