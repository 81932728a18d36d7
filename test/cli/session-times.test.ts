// The times of a sign-in and its keys as people read them: local, with the distance, and right with a wrong clock.
import { describe, expect, test } from 'vitest';
import { describeKeys, describeRetry, describeSignIn, describeTimes } from '../../src/cli/session-times.ts';
import { formatMoment } from '../../src/core/text/format-duration.ts';

const MINUTE_MS = 60_000;
const NOW_MS = Date.parse('2026-11-24T09:05:00Z');
const utc = (minutes: number) => `${new Date(NOW_MS + minutes * MINUTE_MS).toISOString().slice(0, 19)}Z`;
const shown = (minutes: number) => formatMoment(utc(minutes), NOW_MS);
const PRESENT = { nowMs: NOW_MS };
const SESSION = {
  session: 'work',
  startUrl: 'https://d-1234567890.awsapps.com/start',
  region: 'us-east-1',
  state: 'live',
  catalog: null,
  listing: null,
} as const;

describe('a sign-in', () => {
  test.each([
    ['configured', `until ${shown(130)} (in 2 h 10 min)`],
    ['observed', `until about ${shown(130)} (in 2 h 10 min, as last time)`],
  ] as const)('whose end is %s says since when and until when', (sessionEndIs, until) => {
    const signIn = { signedInAt: utc(-90), sessionExpiresAt: utc(130), sessionEndIs };
    expect(describeSignIn(signIn, PRESENT)).toBe(`since ${shown(-90)}, ${until}`);
  });

  test('says that its end is unknown, or that it should have ended', () => {
    expect(describeSignIn({ signedInAt: utc(-90) }, PRESENT)).toBe(`since ${shown(-90)}, end unknown`);
    expect(describeSignIn({ signedInAt: utc(-90), sessionExpiresAt: utc(-10) }, PRESENT)).toBe(
      `since ${shown(-90)}, expected to end at ${shown(-10)} (10 min ago)`,
    );
  });

  test('is shown by the clock of this machine, also if that is wrong', () => {
    // AWS's clock shows two hours less, so the end is further away than it seems.
    const present = { nowMs: NOW_MS, clockAheadSeconds: 7200 };
    expect(describeSignIn({ sessionExpiresAt: utc(30), sessionEndIs: 'configured' }, present)).toBe(
      `until ${shown(150)} (in 2 h 30 min)`,
    );
  });
});

describe('keys', () => {
  const use = (permissionSet: string, minutes: number) =>
    ({ accountId: '111111111111', permissionSet, state: 'fresh', expiresAt: utc(minutes) }) as const;

  test('are counted while they are valid and in use; the first end and the next refresh are named', () => {
    const roles = [use('A', 50), use('B', 35), use('Old', -1), { ...use('Idle', 5), state: 'unused' as const }];
    expect(describeKeys({ roles, nextRefreshAt: utc(15) }, PRESENT)).toBe(
      `keys of 2 roles until ${shown(35)} (in 35 min), next refresh at ${shown(15)}`,
    );
    expect(describeKeys({ roles: [use('A', 5)], nextRefreshAt: utc(-1) }, PRESENT)).toBe(
      `keys of 1 role until ${shown(5)} (in 5 min), refresh due`,
    );
    expect(describeKeys({ roles: [use('Old', -1)] }, PRESENT)).toBeUndefined();
  });
});

test('the next try names its time and its reason, also one from a newer daemon', () => {
  const say = (reason: string, at?: string) =>
    describeRetry(
      { reason: reason as 'outage', message: 'Told as a problem.', ...(at === undefined ? {} : { at }) },
      PRESENT,
    );
  expect([
    say('outage', utc(2)),
    say('server-pause', utc(4)),
    say('back-off', utc(1)),
    say('outage'),
    say('secret-store'),
    say('gremlins', utc(2)),
  ]).toEqual([
    `next try at ${shown(2)} (in 2 min): Identity Center fails`,
    `next try at ${shown(4)} (in 4 min): Identity Center asked for a pause`,
    `next try at ${shown(1)} (in 1 min): the last refresh failed`,
    'next try at the next request: Identity Center fails',
    'next try when the secret store works: the token cannot be read',
    `next try at ${shown(2)} (in 2 min): gremlins`,
  ]);
});

test('every line fits 80 columns, also with dates', () => {
  const days = 3 * 24 * 60;
  const roles = Array.from({ length: 100 }, (_, index) => ({
    accountId: '111111111111',
    permissionSet: `Set-${index}`,
    state: 'fresh' as const,
    expiresAt: utc(700),
  }));
  const lines = describeTimes(
    {
      ...SESSION,
      tokenFileProfiles: [],
      signedInAt: utc(-days),
      sessionExpiresAt: utc(days),
      sessionEndIs: 'observed',
      roles,
      nextRefreshAt: utc(680),
      nextRetry: { reason: 'server-pause', message: 'HTTP 429', at: utc(4) },
    },
    PRESENT,
  );
  expect(lines).toHaveLength(3);
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(78);
});
