// The system clock: the machine's time, sleeps that can be cancelled, and the format of an expiry.
import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { createSystemClock, formatUtcSeconds, hasElapsed } from '../../src/core/clock.ts';

describe('system clock', () => {
  it('returns the wall clock in milliseconds', () => {
    const beforeMs = Date.now();
    const nowMs = createSystemClock().nowMs();
    expect(nowMs).toBeGreaterThanOrEqual(beforeMs);
    expect(nowMs).toBeLessThanOrEqual(Date.now());
  });

  it('sleeps for the time asked for and leaves no listener behind', async () => {
    const { signal } = new AbortController();
    const startedAtMs = performance.now();
    await createSystemClock().sleep(30, signal);
    expect(performance.now() - startedAtMs).toBeGreaterThanOrEqual(29);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('never wakes up early, or callers would still be in the pause that they waited for', async () => {
    const clock = createSystemClock();
    const sleeps = Array.from({ length: 500 }, async (_, index) => {
      await clock.sleep(index / 3);
      const startedAtMs = clock.nowMs();
      const durationMs = (index % 20) + (index % 7) / 7;
      await clock.sleep(durationMs);
      return clock.nowMs() - startedAtMs - durationMs;
    });
    expect(Math.min(...(await Promise.all(sleeps)))).toBeGreaterThanOrEqual(0);
  });

  it('sleeps long for a duration beyond the range of timers', async () => {
    const controller = new AbortController();
    const slept = createSystemClock().sleep(2 ** 31, controller.signal);
    await createSystemClock().sleep(20);
    controller.abort(new Error('still asleep'));
    await expect(slept).rejects.toThrow('still asleep');
  });

  it('rejects at once with the reason of an already aborted signal', async () => {
    const reason = new Error('shutting down');
    await expect(createSystemClock().sleep(60_000, AbortSignal.abort(reason))).rejects.toBe(reason);
  });

  it('rejects with the reason when the signal aborts during the sleep', async () => {
    const controller = new AbortController();
    const slept = createSystemClock().sleep(60_000, controller.signal);
    const reason = new Error('logged out');
    controller.abort(reason);
    await expect(slept).rejects.toBe(reason);
  });

  it('keeps the process alive during a sleep', async () => {
    const timersAlive = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const controller = new AbortController();
    const beforeCount = timersAlive();
    const awake = createSystemClock().sleep(60_000, controller.signal);
    expect(timersAlive()).toBe(beforeCount + 1);
    controller.abort(new Error('done'));
    await Promise.allSettled([awake]);
  });
});

describe('hasElapsed', () => {
  it('is true from the end of the duration on, and after the clock was set back by as much', () => {
    const hasHourElapsedAt = (nowMs: number) => hasElapsed({ nowMs: () => nowMs }, 10_000_000, 3_600_000);
    expect([13_599_999, 13_600_000].map(hasHourElapsedAt)).toEqual([false, true]);
    expect([6_400_001, 6_400_000].map(hasHourElapsedAt)).toEqual([false, true]);
  });
});

describe('formatUtcSeconds', () => {
  it('formats whole seconds in UTC with a Z, never rounded up past the expiry', () => {
    expect(formatUtcSeconds(Date.UTC(2026, 10, 24, 6, 30, 0, 0))).toBe('2026-11-24T06:30:00Z');
    expect(formatUtcSeconds(Date.UTC(2026, 10, 24, 6, 30, 0, 999))).toBe('2026-11-24T06:30:00Z');
    expect(formatUtcSeconds(0)).toBe('1970-01-01T00:00:00Z');
  });
});
