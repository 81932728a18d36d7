// How much a person is told: one notification a matter, few in all, and harmless text in each.
import { describe, expect, test } from 'vitest';
import { createNotifier, type Notifier } from '../../../src/daemon/notifications/notifier.ts';
import { createFakeClock, type FakeClock } from '../../helpers/fake-clock.ts';
import { createRecordingDesktop, type RecordingDesktop } from '../../helpers/recording-desktop.ts';

const MINUTE_MS = 60_000;

function build(options: Parameters<typeof createRecordingDesktop>[0] = {}): {
  clock: FakeClock;
  desktop: RecordingDesktop;
  notifier: Notifier;
  lines: string[];
} {
  const clock = createFakeClock();
  const desktop = createRecordingDesktop(options);
  const lines: string[] = [];
  const log = (level: string, message: string) => void lines.push(`${level} ${message}`);
  return { clock, desktop, notifier: createNotifier({ backend: desktop.notifications, clock, log }), lines };
}

const about = (key: string) => ({ key, title: `about ${key}`, body: 'Run: rolecall login' });

test('a burst about one matter is one notification', async () => {
  const { desktop, notifier } = build();
  const told = await Promise.all(Array.from({ length: 300 }, () => notifier.notify(about('a'))));
  expect(told.filter(Boolean)).toHaveLength(1);
  expect(desktop.shown).toEqual([{ title: 'about a', body: 'Run: rolecall login', isWithdrawn: false }]);
});

test('a matter that stays open is told again after 10 minutes, then 20, 40 and so on up to 4 hours, in place of the earlier one', async () => {
  const { clock, desktop, notifier } = build();
  const toldAtMinutes: number[] = [];
  for (let minute = 0; minute <= 24 * 60; minute += 1) {
    if (await notifier.notify(about('a'))) toldAtMinutes.push(minute);
    await clock.advance(MINUTE_MS);
  }
  expect(toldAtMinutes).toEqual([0, 10, 30, 70, 150, 310, 550, 790, 1030, 1270]);
  expect(desktop.shown.map(({ isWithdrawn }) => isWithdrawn)).toEqual([
    ...Array.from({ length: 9 }, () => true),
    false,
  ]);
});

test('a matter that is resolved goes from the screen, and one like it is told at once', async () => {
  const { desktop, notifier } = build();
  await notifier.notify(about('a'));
  notifier.resolve('a');
  expect(desktop.shown.map(({ isWithdrawn }) => isWithdrawn)).toEqual([true]);
  expect(await notifier.notify(about('a'))).toBe(true);
});

test('one that is resolved while it is on its way does not stay on the screen', async () => {
  const { desktop, notifier } = build();
  const telling = notifier.notify(about('a'));
  notifier.resolve('a');
  await telling;
  expect(desktop.shown).toMatchObject([{ isWithdrawn: true }]);
});

test('of many matters five a minute are told, and the answer to a click in any case', async () => {
  const { clock, desktop, notifier } = build();
  for (let index = 0; index < 20; index += 1) await notifier.notify(about(`matter ${index}`));
  expect(desktop.shown).toHaveLength(5);
  expect(await notifier.notify({ ...about('code'), isAnswer: true })).toBe(true);
  expect(await notifier.notify({ ...about('code'), isAnswer: true })).toBe(true);
  await clock.advance(MINUTE_MS);
  expect(await notifier.notify(about('later'))).toBe(true);
});

test('a clock that was set back silences nobody', async () => {
  const { clock, notifier } = build();
  await notifier.notify(about('a'));
  clock.jump(-24 * 60 * MINUTE_MS);
  expect(await notifier.notify(about('a'))).toBe(true);
});

test('what the desktop does not take is logged, and not tried again with every caller', async () => {
  let tries = 0;
  const { notifier, lines } = build({
    shows: () => {
      tries += 1;
      return false;
    },
  });
  expect(await notifier.notify(about('a'))).toBe(false);
  expect(await notifier.notify(about('a'))).toBe(false);
  expect(tries).toBe(1);
  expect(lines).toEqual(['warn the notification server could not show a notification']);
});

test('without a desktop nothing happens; after the end nothing does either', async () => {
  const { clock, desktop, notifier } = build();
  const silent = createNotifier({ backend: undefined, clock, log: () => undefined });
  expect(silent.isAble).toBe(false);
  expect(await silent.notify(about('a'))).toBe(false);
  await notifier.notify(about('a'));
  notifier.close();
  expect(desktop.shown).toMatchObject([{ isWithdrawn: true }]);
  expect(await notifier.notify(about('b'))).toBe(false);
});

describe('the text', () => {
  test.each([
    ['controls', 'a\u0000b\u001b[31mc\r\nd\u0085e', 'a b [31mc d e'],
    ['marks that turn the direction', 'dev\u202Enoitcudorp\u2066x\u200F', 'devnoitcudorpx'],
    ['half a character', 'a\ud800b', 'a\ufffdb'],
    ['line separators', 'a\u2028b\u2029c', 'a b c'],
  ])('loses %s', async (_, hostile, harmless) => {
    const { desktop, notifier } = build();
    await notifier.notify({ key: 'a', title: hostile, body: hostile });
    expect(desktop.shown).toMatchObject([{ title: harmless, body: harmless }]);
  });

  test('is cut, between characters', async () => {
    const { desktop, notifier } = build();
    await notifier.notify({ key: 'a', title: '🦀'.repeat(1000), body: 'x'.repeat(100_000) });
    expect(desktop.shown).toMatchObject([{ title: `${'🦀'.repeat(99)}…`, body: `${'x'.repeat(399)}…` }]);
  });
});
