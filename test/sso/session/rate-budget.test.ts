// The rate budget: even spacing, urgent calls, clocks that jump.
import { describe, expect, it } from 'vitest';
import { createRateBudget, type RateBudget } from '../../../src/sso/session/portal-call.ts';
import { createFakeClock, FAKE_NOW_MS, type FakeClock } from '../../helpers/fake-clock.ts';

interface Rig {
  readonly clock: FakeClock;
  readonly budget: RateBudget;
  /** Asks for so many slots at once; the moments at which they came end up in `takenMs`. */
  take(count: number): void;
  readonly takenMs: number[];
}

function createRig(callsPerSecond = 10): Rig {
  const clock = createFakeClock();
  const budget = createRateBudget({ clock, callsPerSecond });
  const takenMs: number[] = [];
  return {
    clock,
    budget,
    takenMs,
    take(count) {
      for (let index = 0; index < count; index += 1) {
        void budget.take().then(() => takenMs.push(clock.nowMs() - FAKE_NOW_MS));
      }
    },
  };
}

describe('rate budget', () => {
  it('lets the first call through at once and spaces the others evenly', async () => {
    const { clock, take, takenMs } = createRig();
    take(5);
    await clock.advance(10_000);
    expect(takenMs).toEqual([0, 100, 200, 300, 400]);
  });

  it('accumulates nothing while idle: no burst after a quiet hour', async () => {
    const { clock, take, takenMs } = createRig();
    take(1);
    await clock.advance(3_600_000);
    take(3);
    await clock.advance(1000);
    expect(takenMs).toEqual([0, 3_600_000, 3_600_100, 3_600_200]);
  });

  it('delays later calls for urgent ones', async () => {
    const { budget, clock, take, takenMs } = createRig();
    for (let index = 0; index < 5; index += 1) budget.spend();
    take(2);
    await clock.advance(10_000);
    expect(takenMs).toEqual([500, 600]);
  });

  it('does not wait for hours when the clock is set back', async () => {
    const { budget, clock, take } = createRig();
    take(3);
    clock.jump(-7 * 3_600_000);
    let waitedMs: number | undefined;
    const fromMs = clock.nowMs();
    void budget.take().then(() => {
      waitedMs = clock.nowMs() - fromMs;
    });
    await clock.advance(5000);
    expect(waitedMs).toBe(300);
  });
});
