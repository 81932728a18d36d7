// Offers to renew a session: when they are made, how often, and what a click does.
import { expect, test } from 'vitest';
import type { SsoSession } from '../../../src/core/model.ts';
import { createNotifier } from '../../../src/daemon/notifications/notifier.ts';
import { createRenewalOffers } from '../../../src/daemon/sign-in/renewal-offers.ts';
import { createRenewals } from '../../../src/daemon/sign-in/renewals.ts';
import type { SessionEnd } from '../../../src/daemon/sign-in/session-warnings.ts';
import { createWorkingDay } from '../../../src/daemon/sign-in/working-day.ts';
import type { StateFile } from '../../../src/daemon/state-files/state-file.ts';
import { createFakeClock } from '../../helpers/fake-clock.ts';
import { createRecordingDesktop } from '../../helpers/recording-desktop.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const WORK: SsoSession = {
  sessionName: 'work',
  startUrl: 'https://d-1234567890.awsapps.com/start',
  region: 'us-east-1',
  registrationScopes: [],
};
const at = (time: string) => Date.parse(`2026-11-24T${time}Z`);
const OFFER = {
  title: 'Your sign-in to work ends today at 14:00',
  body: 'To work on without a break, renew it now. Programs keep their credentials meanwhile. Or run: rolecall login --force work',
  action: { label: 'Renew', onClick: expect.any(Function) },
  isWithdrawn: false,
};

/** A file as the daemon would keep it over a restart. */
function createFile(): StateFile {
  let kept: object | undefined;
  return {
    read: async () => kept as Record<string, unknown> | undefined,
    async write(content) {
      kept = content;
      return 'written';
    },
    stamp: async () => '',
    wasDamaged: async () => false,
  };
}

/** A desktop with a locked screen at six in the morning; the session began the evening before and ends at 14:00. */
function build(
  options: {
    readonly end?: SessionEnd | undefined;
    readonly renew?: 'never' | 'ask';
    readonly startsAt?: string;
    readonly file?: StateFile;
  } = {},
) {
  const clock = createFakeClock(at(options.startsAt ?? '06:00'));
  const state = {
    end: 'end' in options ? options.end : { signedInAtMs: at('00:00') - 4 * HOUR_MS, endsAtMs: at('14:00') },
    isAttended: false,
    isPending: false,
    shows: true,
    looks: 0,
    started: [] as unknown[],
  };
  const desktop = createRecordingDesktop({ shows: () => state.shows });
  const renewals = createRenewals({
    settings: { renew: options.renew ?? 'ask', file: {} },
    sessions: async () => [WORK],
    findEnd: async () => state.end,
    isPending: () => state.isPending,
    offers: createRenewalOffers(options.file ?? createFile(), () => undefined),
    notifier: createNotifier({ backend: desktop.notifications, clock, log: () => undefined }),
    async isAttended() {
      state.looks += 1;
      return state.isAttended;
    },
    desktopSignIn: {
      async start(...started) {
        state.started.push(started);
        return true;
      },
    },
    personActs: () => undefined,
    workingDay: createWorkingDay('UTC'),
    announce: () => undefined,
    clock,
    log: () => undefined,
  });
  return {
    clock,
    desktop,
    renewals,
    state,
    titles: () => desktop.shown.map(({ title }) => title),
    /** Lets time pass as the ticker sees it. */
    async pass(durationMs: number) {
      for (let passedMs = 0; passedMs < durationMs; passedMs += 15_000) {
        await clock.advance(15_000);
        await renewals.check();
      }
    },
  };
}

test('offers a renewal when the screen is unlocked in the morning, once, and the button forces a sign-in', async () => {
  const { desktop, pass, renewals, state } = build();
  await pass(2 * HOUR_MS);
  expect(desktop.shown).toEqual([]);
  expect(await renewals.describe(WORK)).toBe('due');
  state.isAttended = true;
  await pass(2 * MINUTE_MS);
  expect(desktop.shown).toEqual([OFFER]);
  expect(await renewals.describe(WORK)).toBe('offered');
  expect(await renewals.take(WORK)).toBe(false);
  for (const isAttended of [false, true]) {
    state.isAttended = isAttended;
    await pass(HOUR_MS);
  }
  expect(desktop.shown).toHaveLength(1);
  expect(desktop.openedPages).toEqual([]);
  expect(state.started).toEqual([]);
  desktop.click();
  await Promise.resolve();
  await Promise.resolve();
  expect(state.started).toEqual([[WORK, { force: true }]]);
});

test('offers it after the machine has woken up, and when the daemon starts', async () => {
  const woken = build();
  woken.state.isAttended = true;
  // The daemon started at six, and there is nothing to offer before ten.
  woken.state.end = { signedInAtMs: at('06:00'), endsAtMs: at('14:00') };
  await woken.pass(5 * HOUR_MS);
  expect(woken.titles()).toEqual([]);
  woken.clock.jump(HOUR_MS);
  await woken.pass(MINUTE_MS);
  expect(woken.titles()).toEqual([OFFER.title]);

  const started = build({ startsAt: '08:30' });
  started.state.isAttended = true;
  await started.pass(MINUTE_MS);
  expect(started.titles()).toEqual([OFFER.title]);
});

test('does not interrupt work: a renewal that becomes due while somebody is working waits', async () => {
  const { pass, renewals, state, titles } = build();
  state.isAttended = true;
  state.end = { signedInAtMs: at('06:00'), endsAtMs: at('14:00') };
  await pass(5 * HOUR_MS);
  expect(await renewals.describe(WORK)).toBe('due');
  expect(titles()).toEqual([]);
  // Lunch.
  state.isAttended = false;
  await pass(HOUR_MS);
  state.isAttended = true;
  await pass(MINUTE_MS + 15_000);
  expect(titles()).toEqual([OFFER.title]);
});

test.each([
  ['no setting asks for it', { renew: 'never' } as const],
  ['the end is unknown', { end: undefined }],
  ['the session is three hours old', { end: { signedInAtMs: at('05:30'), endsAtMs: at('14:00') } }],
  ['it ends in the evening', { end: { signedInAtMs: at('00:00'), endsAtMs: at('18:00') } }],
  ['it ends tomorrow', { end: { signedInAtMs: at('00:00'), endsAtMs: at('14:00') + 24 * HOUR_MS } }],
  ['it has ended', { end: { signedInAtMs: at('00:00'), endsAtMs: at('06:30') } }],
])('offers nothing when %s', async (_, options) => {
  const { pass, renewals, state, titles } = build(options);
  await pass(HOUR_MS);
  state.isAttended = true;
  await pass(HOUR_MS + 29 * MINUTE_MS);
  expect({ shown: titles(), due: await renewals.describe(WORK), taken: await renewals.take(WORK) }).toEqual({
    shown: [],
    due: undefined,
    taken: false,
  });
});

test('offers nothing in the night, and looks at the desktop only when there is something to offer', async () => {
  const { pass, state, titles } = build({ startsAt: '02:00' });
  state.isAttended = true;
  await pass(4 * HOUR_MS - 15_000);
  expect({ shown: titles(), looks: state.looks }).toEqual({ shown: [], looks: 0 });
  await pass(HOUR_MS);
  expect(state.looks).toBeLessThanOrEqual(61);
});

test('waits while a sign-in is pending', async () => {
  const { pass, renewals, state, titles } = build();
  await pass(HOUR_MS);
  Object.assign(state, { isAttended: true, isPending: true });
  await pass(HOUR_MS);
  expect({ shown: titles(), taken: await renewals.take(WORK) }).toEqual({ shown: [], taken: false });
});

test('a new sign-in removes the offer, and a late click on it does nothing', async () => {
  const { clock, desktop, pass, renewals, state } = build();
  await pass(HOUR_MS);
  state.isAttended = true;
  await pass(2 * MINUTE_MS);
  state.end = { signedInAtMs: clock.nowMs(), endsAtMs: clock.nowMs() + 8 * HOUR_MS };
  renewals.settle(WORK.sessionName);
  expect(desktop.shown).toMatchObject([{ isWithdrawn: true }]);
  desktop.click();
  await clock.settle();
  expect(state.started).toEqual([]);
});

test('the end of the session removes the offer', async () => {
  const { desktop, pass, state } = build();
  await pass(HOUR_MS);
  state.isAttended = true;
  await pass(2 * MINUTE_MS);
  state.end = undefined;
  await pass(15_000);
  expect(desktop.shown).toMatchObject([{ isWithdrawn: true }]);
});

test('offers again on the next day', async () => {
  const { clock, pass, state, titles } = build();
  state.isAttended = true;
  await pass(MINUTE_MS);
  clock.jump(24 * HOUR_MS);
  state.end = { signedInAtMs: at('14:00'), endsAtMs: at('14:00') + 24 * HOUR_MS };
  await pass(MINUTE_MS);
  expect(titles()).toEqual([OFFER.title, OFFER.title]);
});

test('an offer that could not be shown is made again', async () => {
  const { pass, renewals, state, titles } = build();
  Object.assign(state, { isAttended: true, shows: false });
  await pass(MINUTE_MS);
  expect([titles(), await renewals.describe(WORK)]).toEqual([[], 'due']);
  state.shows = true;
  await pass(30 * MINUTE_MS);
  expect(await renewals.describe(WORK)).toBe('due');
  for (const isAttended of [false, true]) {
    state.isAttended = isAttended;
    await pass(2 * MINUTE_MS);
  }
  expect(titles()).toEqual([OFFER.title]);
});

test('only one of several terminals gets the offer, and a restarted daemon makes no second one', async () => {
  const file = createFile();
  const { renewals } = build({ file });
  const taken = await Promise.all([renewals.take(WORK), renewals.take(WORK), renewals.take(WORK)]);
  expect(taken.toSorted()).toEqual([false, false, true]);
  const restarted = build({ file });
  restarted.state.isAttended = true;
  await restarted.pass(MINUTE_MS);
  expect([restarted.titles(), await restarted.renewals.describe(WORK)]).toEqual([[], 'offered']);
});
