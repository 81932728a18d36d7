// Long work in steps: the same result with and without breaks, and other work in between.
import { expect, test } from 'vitest';
import { forEachInSlices, runSteps, runStepsYielding, type Steps } from '../../../src/core/async/steps.ts';

function* add(numbers: readonly number[], onStep: () => void = () => undefined): Steps<number> {
  let sum = 0;
  for (const number of numbers) {
    if (Number.isNaN(number)) throw new Error('not a number');
    sum += number;
    onStep();
    yield;
  }
  return sum;
}

test('returns the result of the work, with or without breaks', async () => {
  expect(runSteps(add([1, 2, 3]))).toBe(6);
  expect(await runStepsYielding(add([1, 2, 3]))).toBe(6);
  expect(await runStepsYielding(add([]))).toBe(0);
});

test('throws what the work throws', async () => {
  expect(() => runSteps(add([1, Number.NaN]))).toThrow('not a number');
  await expect(runStepsYielding(add([1, Number.NaN]))).rejects.toThrow('not a number');
});

test('lets other work run after each step', async () => {
  const order: string[] = [];
  const other = (async () => {
    for (let turn = 0; turn < 3; turn += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      order.push('other');
    }
  })();
  await runStepsYielding(add([1, 2, 3], () => order.push('step')));
  await other;
  expect(order.slice(0, 4)).toEqual(['step', 'other', 'step', 'other']);
});

test('forEachInSlices works through the items in order, and yields after every 250', async () => {
  const items = Array.from({ length: 600 }, (_, index) => index);
  const seen: number[] = [];
  const seenAtYields: number[] = [];
  const work = forEachInSlices(items, (item) => seen.push(item));
  for (let turn = 0; turn < 3; turn += 1) {
    seenAtYields.push(seen.length);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await work;
  expect(seenAtYields).toEqual([250, 500, 600]);
  expect(seen).toEqual(items);
});
