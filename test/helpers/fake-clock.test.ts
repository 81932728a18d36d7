// Tests the fake clock, on which all time-dependent tests rely.
import { describe, expect, it } from 'vitest';
import { createFakeClock, FAKE_NOW_MS } from './fake-clock.ts';

describe('fake clock', () => {
  it('stands still at the given moment until it is advanced', async () => {
    const clock = createFakeClock(1000);
    await clock.settle();
    expect(clock.nowMs()).toBe(1000);
    await clock.advance(250);
    expect(clock.nowMs()).toBe(1250);
    expect(createFakeClock().nowMs()).toBe(FAKE_NOW_MS);
  });

  it('wakes a sleep when its time has come and not a millisecond before', async () => {
    const clock = createFakeClock(0);
    const log: string[] = [];
    void clock.sleep(100).then(() => log.push('woke'));
    expect(clock.pendingSleeps()).toBe(1);
    await clock.advance(99);
    expect(log).toEqual([]);
    await clock.advance(1);
    expect(log).toEqual(['woke']);
    expect(clock.pendingSleeps()).toBe(0);
  });

  it('wakes sleeps in order of due time, then of the call, each seeing its own moment', async () => {
    const clock = createFakeClock(0);
    const log: string[] = [];
    const note = (name: string) => () => log.push(`${name}@${clock.nowMs()}`);
    void clock.sleep(300).then(note('late'));
    void clock.sleep(100).then(note('first of two'));
    void clock.sleep(100).then(note('second of two'));
    await clock.advance(1000);
    expect(log).toEqual(['first of two@100', 'second of two@100', 'late@300']);
    expect(clock.nowMs()).toBe(1000);
  });

  it('lets a long promise chain settle before the next sleep is woken', async () => {
    const clock = createFakeClock(0);
    const log: string[] = [];
    const chain = async () => {
      await clock.sleep(100);
      for (let step = 0; step < 50; step += 1) await Promise.resolve();
      log.push(`chain@${clock.nowMs()}`);
    };
    void chain();
    void clock.sleep(101).then(() => log.push('next'));
    await clock.advance(200);
    expect(log).toEqual(['chain@100', 'next']);
  });

  it('counts the sleeps that begin while it advances', async () => {
    const clock = createFakeClock(0);
    const ticks: number[] = [];
    const stop = new AbortController();
    const loop = async () => {
      for (;;) {
        await clock.sleep(10, stop.signal);
        ticks.push(clock.nowMs());
      }
    };
    const ended = loop().catch((thrown: unknown) => thrown);
    await clock.advance(35);
    expect(ticks).toEqual([10, 20, 30]);
    stop.abort('enough');
    expect(await ended).toBe('enough');
    expect(clock.pendingSleeps()).toBe(0);
  });

  it('gives work that is begun right before advancing its chance to fall asleep', async () => {
    const clock = createFakeClock(0);
    const log: number[] = [];
    const work = async () => {
      await Promise.resolve();
      await clock.sleep(5);
      log.push(clock.nowMs());
    };
    void work();
    await clock.advance(5);
    expect(log).toEqual([5]);
  });

  it('takes a sleep of nothing or less as due at once', async () => {
    const clock = createFakeClock(7);
    const log: number[] = [];
    void clock.sleep(0).then(() => log.push(clock.nowMs()));
    void clock.sleep(-5).then(() => log.push(clock.nowMs()));
    await clock.advance(0);
    expect(log).toEqual([7, 7]);
  });

  it('rejects with the reason of a signal that aborts before or during the sleep', async () => {
    const clock = createFakeClock(0);
    const early = new Error('early');
    await expect(clock.sleep(10, AbortSignal.abort(early))).rejects.toBe(early);

    const controller = new AbortController();
    const slept = clock.sleep(10, controller.signal);
    controller.abort(new Error('during'));
    await expect(slept).rejects.toThrow('during');
    expect(clock.pendingSleeps()).toBe(0);
    await clock.advance(10);
  });

  it('jumps the wall clock without waking anybody', async () => {
    const clock = createFakeClock(0);
    const log: number[] = [];
    void clock.sleep(100).then(() => log.push(clock.nowMs()));
    clock.jump(3_600_000);
    expect(clock.nowMs()).toBe(3_600_000);
    await clock.advance(99);
    expect(log).toEqual([]);
    await clock.advance(1);
    expect(log).toEqual([3_600_100]);
    clock.jump(-3_600_000);
    expect(clock.nowMs()).toBe(100);
  });

  it('refuses to go backwards, and to spin for ever on sleeps of nothing', async () => {
    const clock = createFakeClock(0);
    await expect(clock.advance(-1)).rejects.toThrow(RangeError);
    await expect(clock.advance(Number.NaN)).rejects.toThrow(RangeError);

    const stop = new AbortController();
    const spin = async () => {
      for (;;) await clock.sleep(0, stop.signal);
    };
    const ended = spin().catch((thrown: unknown) => thrown);
    await expect(clock.advance(1)).rejects.toThrow('more than 100000 sleeps came due within 1 ms');
    stop.abort('enough');
    expect(await ended).toBe('enough');
  });
});
