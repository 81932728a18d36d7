// Many callers cost one run, and a failure is not remembered.
import { describe, expect, it } from 'vitest';
import { createSingleFlight } from '../../../src/core/async/single-flight.ts';

describe('single flight', () => {
  it('gives 200 callers of one key the result of one run', async () => {
    const flight = createSingleFlight<object>();
    let runs = 0;
    const work = async () => {
      runs += 1;
      await Promise.resolve();
      return { run: runs };
    };
    const answers = await Promise.all(Array.from({ length: 200 }, () => flight.run('role', work)));
    expect(runs).toBe(1);
    expect(new Set(answers).size).toBe(1);
  });

  it('shares a failure with the callers of that run and with no later ones', async () => {
    const flight = createSingleFlight<string>();
    const failure = new Error('throttled');
    let runs = 0;
    const work = async () => {
      runs += 1;
      await Promise.resolve();
      if (runs === 1) throw failure;
      return 'keys';
    };
    const outcomes = await Promise.allSettled([flight.run('role', work), flight.run('role', work)]);
    expect(outcomes).toEqual([
      { status: 'rejected', reason: failure },
      { status: 'rejected', reason: failure },
    ]);
    expect(await flight.run('role', work)).toBe('keys');
    expect(runs).toBe(2);
  });

  it('keeps keys apart', async () => {
    const flight = createSingleFlight<string>();
    const answers = await Promise.all([
      flight.run('one', () => Promise.resolve('first')),
      flight.run('other', () => Promise.resolve('second')),
    ]);
    expect(answers).toEqual(['first', 'second']);
  });

  it('starts anew after the run in flight, once for all who ask meanwhile, even if that run fails', async () => {
    const flight = createSingleFlight<string>();
    const started: string[] = [];
    const work = (name: string) => async () => {
      started.push(name);
      await Promise.resolve();
      if (name === 'first') throw new Error('no');
      return name;
    };
    const first = flight.run('role', work('first'));
    const anew = [flight.runAnew('role', work('second')), flight.runAnew('role', work('third'))];
    expect(started).toEqual(['first']);
    await expect(first).rejects.toThrow('no');
    expect(await Promise.all(anew)).toEqual(['second', 'second']);
    expect(await flight.runAnew('role', work('fourth'))).toBe('fourth');
    expect(started).toEqual(['first', 'second', 'fourth']);
  });

  it('tells whether a key is running, and frees it when its run has settled or failed', async () => {
    const flight = createSingleFlight<string>();
    expect(flight.isRunning('role')).toBe(false);
    const good = flight.run('role', () => Promise.resolve('keys'));
    expect([flight.isRunning('role'), flight.isRunning('other')]).toEqual([true, false]);
    await good;
    expect(flight.isRunning('role')).toBe(false);
    await expect(flight.run('role', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(flight.isRunning('role')).toBe(false);
  });
});
