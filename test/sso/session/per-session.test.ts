// Timed work on several sessions: a slow or failing one does not delay the others.
import { expect, test } from 'vitest';
import { createPerSession } from '../../../src/sso/session/per-session.ts';
import { createFakeClock, FAKE_NOW_MS } from '../../helpers/fake-clock.ts';
import { SESSION, settle } from '../world.ts';

const named = (sessionName: string) => ({ ...SESSION, sessionName });

test('a tick waits one second for a slow session, whose work continues while the others run at every tick', async () => {
  const clock = createFakeClock();
  const begun: string[] = [];
  const runAll = createPerSession({
    clock,
    work({ sessionName }) {
      begun.push(`${sessionName} ${(clock.nowMs() - FAKE_NOW_MS) / 1000}`);
      return sessionName === 'slow' ? clock.sleep(20_000) : Promise.resolve();
    },
    onFailure: () => undefined,
  });
  const sessions = [named('slow'), named('quick')];
  for (let tick = 0; tick < 3; tick += 1) {
    const run = settle(runAll(sessions));
    await clock.advance(999);
    // The others are all that a later tick has to wait for.
    expect(run.isSettled()).toBe(tick === 1);
    await clock.advance(1);
    await run.result();
    await clock.advance(14_000);
  }
  expect(begun).toEqual(['slow 0', 'quick 0', 'quick 15', 'slow 30', 'quick 30']);
});

test('a failure is reported and does not affect the other sessions', async () => {
  const told: string[] = [];
  const done: string[] = [];
  const runAll = createPerSession({
    clock: createFakeClock(),
    async work({ sessionName }) {
      if (sessionName === 'failing') throw new Error('no network');
      done.push(sessionName);
    },
    onFailure: ({ sessionName }, error) => void told.push(`${sessionName}: ${(error as Error).message}`),
  });
  for (let tick = 0; tick < 2; tick += 1) await runAll([named('failing'), named('well')]);
  expect({ told, done }).toEqual({ told: Array(2).fill('failing: no network'), done: ['well', 'well'] });
});
