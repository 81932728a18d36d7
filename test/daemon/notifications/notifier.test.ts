// The notifier: one notification per topic, rate limits, and sanitized text.
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

test('shows one notification for a burst about one topic', async () => {
  const { desktop, notifier } = build();
  const shown = await Promise.all(Array.from({ length: 300 }, () => notifier.notify(about('a'))));
  expect(shown.filter(Boolean)).toHaveLength(1);
  expect(desktop.shown).toEqual([{ title: 'about a', body: 'Run: rolecall login', isWithdrawn: false }]);
});

test('repeats an unresolved topic after 10 minutes, then 20, 40 and so on up to 4 hours, replacing the earlier notification', async () => {
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

test('withdraws a resolved topic and shows it at once when it comes up again', async () => {
  const { desktop, notifier } = build();
  await notifier.notify(about('a'));
  notifier.resolve('a');
  expect(desktop.shown.map(({ isWithdrawn }) => isWithdrawn)).toEqual([true]);
  expect(await notifier.notify(about('a'))).toBe(true);
});

test('withdraws a notification that is resolved while it is in flight', async () => {
  const { desktop, notifier } = build();
  const telling = notifier.notify(about('a'));
  notifier.resolve('a');
  await telling;
  expect(desktop.shown).toMatchObject([{ isWithdrawn: true }]);
});

test('shows at most five topics a minute, but always the answer to a click', async () => {
  const { clock, desktop, notifier } = build();
  for (let index = 0; index < 20; index += 1) await notifier.notify(about(`matter ${index}`));
  expect(desktop.shown).toHaveLength(5);
  expect(await notifier.notify({ ...about('code'), isAnswer: true })).toBe(true);
  expect(await notifier.notify({ ...about('code'), isAnswer: true })).toBe(true);
  await clock.advance(MINUTE_MS);
  expect(await notifier.notify(about('later'))).toBe(true);
});

test('keeps showing notifications after the clock is set back', async () => {
  const { clock, notifier } = build();
  await notifier.notify(about('a'));
  clock.jump(-24 * 60 * MINUTE_MS);
  expect(await notifier.notify(about('a'))).toBe(true);
});

test('logs a notification that the desktop rejects and does not retry it with every caller', async () => {
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
  expect(lines).toEqual(['warn could not show a notification with the notification server']);
});

test('does nothing without a desktop, and nothing after close', async () => {
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
  ])('is stripped of %s', async (_, hostile, harmless) => {
    const { desktop, notifier } = build();
    await notifier.notify({ key: 'a', title: hostile, body: hostile });
    expect(desktop.shown).toMatchObject([{ title: harmless, body: harmless }]);
  });

  test('is truncated between characters', async () => {
    const { desktop, notifier } = build();
    await notifier.notify({ key: 'a', title: '🦀'.repeat(1000), body: 'x'.repeat(100_000) });
    expect(desktop.shown).toMatchObject([{ title: `${'🦀'.repeat(99)}…`, body: `${'x'.repeat(399)}…` }]);
  });
});
