// One after the other, in the order in which they were asked for.
import { expect, test } from 'vitest';
import { createTurns } from '../../../src/core/async/serial-queue.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('work begins when all before it has settled, and each caller gets its own outcome', async () => {
  const inTurn = createTurns();
  const begun: string[] = [];
  const ends: (() => void)[] = [];
  const start = (name: string, failure?: Error) =>
    inTurn(async () => {
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

test('work that fails before it waits for anything holds nobody up', async () => {
  const inTurn = createTurns();
  const failed = inTurn(() => {
    throw new Error('at once');
  });
  await expect(failed).rejects.toThrow('at once');
  expect(await inTurn(async () => 'next')).toBe('next');
});
