// Warnings before a session ends: 30 and 10 minutes ahead, each once.
import { expect, test } from 'vitest';
import type { SsoSession } from '../../../src/core/model.ts';
import { createNotifier } from '../../../src/daemon/notifications/notifier.ts';
import { createSessionWarnings, type SessionEnd } from '../../../src/daemon/sign-in/session-warnings.ts';
import { createFakeClock, FAKE_NOW_MS } from '../../helpers/fake-clock.ts';
import { createRecordingDesktop } from '../../helpers/recording-desktop.ts';
import { createRig, SESSION } from '../../helpers/rig.ts';
import { waitFor } from '../../helpers/wait-for.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

function build(lengthMs: number, sessionName = 'work') {
  const session: SsoSession = {
    sessionName,
    startUrl: 'https://d-1234567890.awsapps.com/start',
    region: 'us-east-1',
    registrationScopes: [],
  };
  const clock = createFakeClock();
  const desktop = createRecordingDesktop();
  const notifier = createNotifier({ backend: desktop.notifications, clock, log: () => undefined });
  const state: { end: SessionEnd | undefined } = {
    end: { signedInAtMs: FAKE_NOW_MS, endsAtMs: FAKE_NOW_MS + lengthMs },
  };
  const warnings = createSessionWarnings({
    sessions: async () => [session],
    findEnd: async () => state.end,
    notifier,
    clock,
    log: () => undefined,
  });
  return {
    clock,
    desktop,
    state,
    /** Lets time pass as the ticker sees it. */
    async pass(durationMs: number) {
      for (let passedMs = 0; passedMs < durationMs; passedMs += 15_000) {
        await clock.advance(15_000);
        await warnings.check();
      }
    },
    check: () => warnings.check(),
    titles: () => desktop.shown.map(({ title }) => title),
  };
}

test('warns 30 and 10 minutes before the end of a ten-hour session, with the command to run', async () => {
  const { desktop, pass, titles } = build(10 * HOUR_MS);
  await pass(10 * HOUR_MS - 30 * MINUTE_MS - 15_000);
  expect(titles()).toEqual([]);
  await pass(15_000);
  expect(desktop.shown).toEqual([
    {
      title: 'Your sign-in to work ends in 30 minutes',
      body: 'Programs that run longer lose their credentials. At a convenient moment, run: rolecall login --fresh work',
      isWithdrawn: false,
    },
  ]);
  await pass(2 * HOUR_MS);
  expect(titles()).toEqual(['Your sign-in to work ends in 30 minutes', 'Your sign-in to work ends in 10 minutes']);
});

test('a new sign-in removes the warning, and the new session gets its own', async () => {
  const { clock, desktop, pass, state, titles } = build(2 * HOUR_MS);
  await pass(95 * MINUTE_MS);
  expect(titles()).toHaveLength(1);
  state.end = { signedInAtMs: clock.nowMs(), endsAtMs: clock.nowMs() + 2 * HOUR_MS };
  await pass(60 * MINUTE_MS);
  expect(desktop.shown).toMatchObject([{ isWithdrawn: true }]);
  await pass(60 * MINUTE_MS);
  expect(titles()).toHaveLength(3);
});

test('a later end neither removes nor repeats a warning', async () => {
  const { pass, state, titles } = build(2 * HOUR_MS);
  await pass(91 * MINUTE_MS);
  state.end = { signedInAtMs: FAKE_NOW_MS, endsAtMs: FAKE_NOW_MS + 3 * HOUR_MS };
  await pass(60 * MINUTE_MS);
  expect(titles()).toEqual(['Your sign-in to work ends in 30 minutes']);
  await pass(60 * MINUTE_MS);
  expect(titles()).toEqual(['Your sign-in to work ends in 30 minutes', 'Your sign-in to work ends in 10 minutes']);
});

test('a laptop that wakes eight minutes before the end shows one warning, and one that wakes after the end shows none', async () => {
  const early = build(10 * HOUR_MS);
  early.clock.jump(10 * HOUR_MS - 8 * MINUTE_MS);
  await early.pass(HOUR_MS);
  expect(early.titles()).toEqual(['Your sign-in to work ends in 8 minutes']);
  const late = build(10 * HOUR_MS);
  late.clock.jump(11 * HOUR_MS);
  await late.pass(HOUR_MS);
  expect(late.titles()).toEqual([]);
});

test('does not warn when the end is unknown or the session is short', async () => {
  const unknown = build(10 * HOUR_MS);
  unknown.state.end = undefined;
  await unknown.pass(11 * HOUR_MS);
  expect(unknown.titles()).toEqual([]);
  const short = build(20 * MINUTE_MS);
  await short.pass(30 * MINUTE_MS);
  expect(short.titles()).toEqual([]);
});

test('a name that a shell would read as something else is not in the command', async () => {
  const { clock, desktop, check } = build(10 * HOUR_MS, '$(touch pwned) --fresh');
  clock.jump(10 * HOUR_MS - 30 * MINUTE_MS);
  await check();
  expect(desktop.shown[0]?.body).toMatch(/run: rolecall login --fresh$/);
});

test('the daemon uses the length from the settings, and stops warning after a sign-out', async () => {
  const clock = createFakeClock();
  const desktop = createRecordingDesktop();
  const rig = await createRig({
    clock,
    desktop,
    emulator: { clock },
    settings: `[session.${SESSION}]\nsession_hours = 2\n`,
  });
  try {
    await rig.client.call('startSignIn', { session: SESSION, body: {} });
    await waitFor('the sign-in', async () => {
      await clock.advance(1000);
      return (await rig.client.call('signIn', { session: SESSION }))?.setup?.state === 'done';
    });
    // The sign-in and its list took as much of the clock as the machine needed for them.
    const [session] = (await rig.client.call('status', {})).sessions;
    await clock.advance(Date.parse(session?.sessionExpiresAt ?? '') - clock.nowMs() - 31 * MINUTE_MS);
    expect(desktop.shown).toEqual([]);
    await clock.advance(2 * MINUTE_MS);
    await waitFor('the warning', () => desktop.shown.length === 1);
    // The config file is read in real time, while the clock goes on.
    expect(desktop.shown[0]?.title).toMatch(/^Your sign-in to my-sso-session ends in (29|30) minutes$/);
    await rig.client.call('signOut', { session: SESSION });
    await clock.advance(HOUR_MS);
    await waitFor('the warning to go', () => desktop.shown[0]?.isWithdrawn);
    expect(desktop.shown).toHaveLength(1);
  } finally {
    await rig.remove();
  }
});
