// The server's time from its answers, while this machine's clock is wrong or changed, or the machine sleeps.
import { describe, expect, it } from 'vitest';
import { createServerClock } from '../../src/core/clock.ts';
import { createFakeClock, FAKE_NOW_MS } from '../helpers/fake-clock.ts';

const HOUR_MS = 3_600_000;

function createWorld() {
  const clock = createFakeClock();
  return { clock, server: createServerClock(clock) };
}

describe('the server’s clock', () => {
  it('is the wall clock until the first answer, and while the answers agree with it', () => {
    const { clock, server } = createWorld();
    clock.jump(700);
    expect([server.nowMs(), server.aheadMs()]).toEqual([FAKE_NOW_MS + 700, undefined]);
    // The Date has no milliseconds, and the answer was under way for a while.
    server.observe(FAKE_NOW_MS - 2000, 1900);
    expect([server.nowMs(), server.aheadMs()]).toEqual([FAKE_NOW_MS + 700, 0]);
  });

  it.each([2 * HOUR_MS, -2 * HOUR_MS])('differs from a wall clock that is %d ms ahead by this amount', (aheadMs) => {
    const { clock, server } = createWorld();
    clock.jump(aheadMs);
    server.observe(FAKE_NOW_MS, 0);
    expect(Math.abs(server.nowMs() - FAKE_NOW_MS)).toBeLessThanOrEqual(1000);
    expect(Math.abs((server.aheadMs() ?? 0) - aheadMs)).toBeLessThanOrEqual(1000);
  });

  it('continues when the wall clock is set back', async () => {
    const { clock, server } = createWorld();
    server.observe(FAKE_NOW_MS, 0);
    clock.jump(-2 * HOUR_MS);
    await clock.advance(HOUR_MS);
    expect([server.nowMs(), server.aheadMs()]).toEqual([FAKE_NOW_MS + HOUR_MS, -2 * HOUR_MS]);
  });

  it('continues after a sleep of the machine, with an unknown difference until the next answer', () => {
    const { clock, server } = createWorld();
    server.observe(FAKE_NOW_MS, 0);
    clock.jump(8 * HOUR_MS);
    expect([server.nowMs(), server.aheadMs()]).toEqual([FAKE_NOW_MS + 8 * HOUR_MS, undefined]);
    server.observe(FAKE_NOW_MS + 8 * HOUR_MS, 0);
    expect(server.aheadMs()).toBe(0);
  });

  it('goes back after the wall clock was set forward, when the server answers', () => {
    const { clock, server } = createWorld();
    server.observe(FAKE_NOW_MS, 0);
    clock.jump(2 * HOUR_MS);
    server.observe(FAKE_NOW_MS, 0);
    expect([server.nowMs(), server.aheadMs()]).toEqual([FAKE_NOW_MS + 1000, 2 * HOUR_MS - 1000]);
  });
});
