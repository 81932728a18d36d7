// How long nobody has acted: by the wall clock, so that sleep counts, and with logind's IdleHint where a desktop sets it.
import { describe, expect, it } from 'vitest';
import { createIdleWatch } from '../../../src/daemon/lock/idle.ts';
import { createFakeClock } from '../../helpers/fake-clock.ts';

const MINUTE_MS = 60_000;

function createWorld() {
  const clock = createFakeClock();
  return { clock, idle: createIdleWatch(clock) };
}

describe('without a desktop', () => {
  it('counts from the last act of a person', async () => {
    const { clock, idle } = createWorld();
    await clock.advance(10 * MINUTE_MS);
    expect(idle.idleMs()).toBe(10 * MINUTE_MS);
    idle.personActs();
    await clock.advance(MINUTE_MS);
    expect(idle.idleMs()).toBe(MINUTE_MS);
  });

  it('counts the time that the machine slept', async () => {
    const { clock, idle } = createWorld();
    clock.jump(480 * MINUTE_MS);
    expect(idle.idleMs()).toBe(480 * MINUTE_MS);
  });

  it('goes on counting when the clock is set back', async () => {
    const { clock, idle } = createWorld();
    await clock.advance(5 * MINUTE_MS);
    clock.jump(-60 * MINUTE_MS);
    await clock.advance(5 * MINUTE_MS);
    expect(idle.idleMs()).toBe(10 * MINUTE_MS);
    idle.personActs();
    expect(idle.idleMs()).toBe(0);
  });
});

describe('with logind', () => {
  it('does not believe an IdleHint that was never true: many desktops never set it', async () => {
    const { clock, idle } = createWorld();
    idle.noteDesktop({ isIdle: false });
    await clock.advance(20 * MINUTE_MS);
    expect(idle.idleMs()).toBe(20 * MINUTE_MS);
  });

  it('counts from when the desktop became idle', async () => {
    const { clock, idle } = createWorld();
    await clock.advance(20 * MINUTE_MS);
    idle.noteDesktop({ isIdle: true, idleSinceMs: clock.nowMs() - 5 * MINUTE_MS });
    expect(idle.idleMs()).toBe(5 * MINUTE_MS);
    idle.noteDesktop({ isIdle: true, idleSinceMs: 0 });
    expect(idle.idleMs()).toBe(5 * MINUTE_MS);
  });

  it('takes a desktop in use as an act, at each tick', async () => {
    const { clock, idle } = createWorld();
    idle.noteDesktop({ isIdle: true });
    await clock.advance(10 * MINUTE_MS);
    idle.noteDesktop({ isIdle: false });
    for (let minute = 0; minute < 60; minute += 1) {
      await clock.advance(MINUTE_MS);
      expect(idle.idleMs()).toBe(MINUTE_MS);
    }
    clock.jump(300 * MINUTE_MS);
    expect(idle.idleMs()).toBe(300 * MINUTE_MS);
  });

  it('forgets the desktop when logind is gone', async () => {
    const { clock, idle } = createWorld();
    idle.noteDesktop({ isIdle: true });
    idle.noteDesktop({ isIdle: false });
    idle.noteDesktop(undefined);
    await clock.advance(10 * MINUTE_MS);
    await clock.advance(10 * MINUTE_MS);
    expect(idle.idleMs()).toBe(20 * MINUTE_MS);
  });
});
