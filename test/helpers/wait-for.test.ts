// Tests that waitFor always ends, and names what it waited for.
import { expect, it } from 'vitest';
import { waitFor } from './wait-for.ts';

it('gives the first truthy answer', async () => {
  let asked = 0;
  const answer = await waitFor('the third answer', () => ((asked += 1) < 3 ? undefined : { asked }), { intervalMs: 1 });
  expect(answer).toEqual({ asked: 3 });
});

it('takes a throwing condition as "not yet"', async () => {
  let asked = 0;
  const condition = async () => {
    asked += 1;
    if (asked < 3) throw new Error('no socket yet');
    return 'up';
  };
  expect(await waitFor('the daemon', condition, { intervalMs: 1 })).toBe('up');
});

it('names what it waited for, with what the condition last threw as the cause', async () => {
  const condition = () => {
    throw new Error('no socket');
  };
  const failed = waitFor('the daemon to answer', condition, { deadlineMs: 30, intervalMs: 5 });
  await expect(failed).rejects.toMatchObject({
    message: 'waited 30 ms for the daemon to answer',
    cause: new Error('no socket'),
  });
});

it('fails at once, with the result, when what should make the condition true has ended', async () => {
  const during = Promise.resolve({ exitCode: 2, stderr: 'no such option' });
  await expect(waitFor('question', () => false, { during })).rejects.toThrow(
    "no question: what should cause it has ended with { exitCode: 2, stderr: 'no such option' }",
  );
  expect(await waitFor('question', () => 'asked', { during })).toBe('asked');
});

it('ends at the deadline even if the condition never answers', async () => {
  const startedAtMs = Date.now();
  const hanging = () => new Promise<boolean>(() => undefined);
  await expect(waitFor('nothing', hanging, { deadlineMs: 30 })).rejects.toThrow('waited 30 ms for nothing');
  expect(Date.now() - startedAtMs).toBeLessThan(20_000);
});
