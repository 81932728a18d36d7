// Work that is done at the first call, and what later calls get.
import { describe, expect, it } from 'vitest';
import { once, onceFulfilled, oncePerKey, oncePerObject } from '../../../src/core/async/once.ts';

describe('once', () => {
  it('calls the function at the first call, with its arguments, and returns that result ever after', () => {
    const calls: string[] = [];
    const greet = once((name: string) => {
      calls.push(name);
      return `hello ${name}`;
    });
    expect([greet('first'), greet('second')]).toEqual(['hello first', 'hello first']);
    expect(calls).toEqual(['first']);
  });

  it('does not call the function again from within itself', () => {
    let calls = 0;
    const stop = once(() => {
      calls += 1;
      stop();
    });
    stop();
    expect(calls).toBe(1);
  });

  it('keeps a rejected promise', async () => {
    let calls = 0;
    const ask = once(() => {
      calls += 1;
      return Promise.reject(new Error('no'));
    });
    await expect(ask()).rejects.toThrow('no');
    await expect(ask()).rejects.toThrow('no');
    expect(calls).toBe(1);
  });
});

describe('onceFulfilled', () => {
  it('shares one load among concurrent callers, and keeps what it gave', async () => {
    let loads = 0;
    const load = onceFulfilled(async () => {
      await Promise.resolve();
      loads += 1;
      return loads;
    });
    expect(await Promise.all([load(), load()])).toEqual([1, 1]);
    expect(await load()).toBe(1);
  });

  it('loads again after a failure', async () => {
    let loads = 0;
    const load = onceFulfilled(async () => {
      loads += 1;
      if (loads === 1) throw new Error('gone');
      return loads;
    });
    await expect(load()).rejects.toThrow('gone');
    expect(await load()).toBe(2);
  });
});

describe('oncePerKey', () => {
  it('calls the function once for each key, and again after it threw', () => {
    const calls: string[] = [];
    const get = oncePerKey((key) => {
      calls.push(key);
      if (calls.length === 1) throw new Error('not yet');
      return { key };
    });
    expect(() => get('a')).toThrow('not yet');
    expect(get('a')).toBe(get('a'));
    expect(get('b')).not.toBe(get('a'));
    expect(calls).toEqual(['a', 'a', 'b']);
  });
});

describe('oncePerObject', () => {
  it('calls the function once for each object, however alike they are', () => {
    const calls: object[] = [];
    const get = oncePerObject((key: { readonly name: string }) => {
      calls.push(key);
      return { of: key.name };
    });
    const [one, other] = [{ name: 'a' }, { name: 'a' }];
    expect(get(one)).toBe(get(one));
    expect(get(other)).not.toBe(get(one));
    expect(calls).toEqual([one, other]);
  });
});
