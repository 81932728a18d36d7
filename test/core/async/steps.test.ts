// Long work in steps: the same result at once and in turns, and everybody else in between.
import { expect, test } from 'vitest';
import { doSteps, doStepsInTurns, type Steps } from '../../../src/core/async/steps.ts';

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

test('gives what the work returns, at once or in turns', async () => {
  expect(doSteps(add([1, 2, 3]))).toBe(6);
  expect(await doStepsInTurns(add([1, 2, 3]))).toBe(6);
  expect(await doStepsInTurns(add([]))).toBe(0);
});

test('throws what the work throws', async () => {
  expect(() => doSteps(add([1, Number.NaN]))).toThrow('not a number');
  await expect(doStepsInTurns(add([1, Number.NaN]))).rejects.toThrow('not a number');
});

test('lets others have their turn after each step', async () => {
  const order: string[] = [];
  const other = (async () => {
    for (let turn = 0; turn < 3; turn += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      order.push('other');
    }
  })();
  await doStepsInTurns(add([1, 2, 3], () => order.push('step')));
  await other;
  expect(order.slice(0, 4)).toEqual(['step', 'other', 'step', 'other']);
});
