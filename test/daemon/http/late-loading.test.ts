// Late loading: on first use or after the first answer, once, and again after a failure.
import { expect, test } from 'vitest';
import type { Caller } from '../../../src/daemon/http/caller.ts';
import { createLateLoading } from '../../../src/daemon/http/late-loading.ts';

const CALLER = {} as Caller;

test('loads nothing before it is needed, and then once', async () => {
  const loads: string[] = [];
  const late = createLateLoading();
  const get = late.defer(async () => {
    loads.push('part');
    return { answer: 42 };
  });
  expect(loads).toEqual([]);
  const [first, second] = await Promise.all([get(), get()]);
  expect(first).toEqual({ answer: 42 });
  expect(second).toBe(first);
  await late.warm();
  expect(loads).toEqual(['part']);
});

test('warm() loads what was not needed so far', async () => {
  const loads: string[] = [];
  const late = createLateLoading();
  late.defer(async () => void loads.push('first'));
  late.defer(async () => void loads.push('second'));
  await late.warm();
  await late.warm();
  expect(loads).toEqual(['first', 'second']);
});

test('reports a failed load, and repeats it for the next caller', async () => {
  let attempts = 0;
  const late = createLateLoading();
  const get = late.defer(async () => {
    attempts += 1;
    if (attempts === 1) throw new Error('the disk was away');
    return attempts;
  });
  await expect(get()).rejects.toThrow('the disk was away');
  expect(await get()).toBe(2);
  expect(await get()).toBe(2);
});

test('deferred handlers have their names at once, and pass on input, caller, answer and error', async () => {
  const asked: unknown[] = [];
  const handlers = createLateLoading().deferHandlers(['startUrl', 'profiles'], async () => ({
    async startUrl(input, caller) {
      asked.push(input, caller);
      return { startUrl: 'https://example.com/start', isAws: false, region: null, regionIs: null };
    },
    profiles: () => Promise.reject(new Error('not now')),
  }));
  expect(Object.keys(handlers)).toEqual(['startUrl', 'profiles']);
  const input = { query: { text: 'example.com' } };
  expect(await handlers.startUrl(input, CALLER)).toEqual({
    startUrl: 'https://example.com/start',
    isAws: false,
    region: null,
    regionIs: null,
  });
  expect(asked).toEqual([input, CALLER]);
  await expect(handlers.profiles({}, CALLER)).rejects.toThrow('not now');
});
