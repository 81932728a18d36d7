// The times of a session: since when, until when, its keys, the next refresh, and what delays it.
import { describe, expect, test } from 'vitest';
import type { SessionStatusDocument } from '../../src/local-api/schemas.ts';
import { describeTimes } from '../../src/web/sessions/session-times.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Local noon, so that all times are of one day in every time zone. */
const NOW_MS = new Date(2026, 10, 24, 12).getTime();
const at = (ms: number) => new Date(NOW_MS + ms).toISOString();
const keysOf = (expiresAt: string, state: 'fresh' | 'unused' = 'fresh') =>
  ({ accountId: '111111111111', permissionSet: 'Admin', state, expiresAt }) as const;

function times(changes: Partial<SessionStatusDocument>, clockAheadMs = 0) {
  const session: SessionStatusDocument = {
    session: 'work',
    startUrl: 'https://d-1234567890.awsapps.com/start',
    region: 'us-east-1',
    state: 'live',
    signedInAt: at(-2 * HOUR_MS),
    catalog: null,
    listing: null,
    tokenFileProfiles: [],
    ...changes,
  };
  return describeTimes(session, { nowMs: NOW_MS, clockAheadMs }).map(({ name, text }) => `${name}: ${text}`);
}
const retry = (changes: Partial<NonNullable<SessionStatusDocument['nextRetry']>>) =>
  times({ state: 'expired', nextRetry: { reason: 'outage', message: 'It fails.', ...changes } });

describe('the session', () => {
  test.each([
    ['whose end nobody knows', {}, 'Session: end unknown'],
    ['of a configured end', { sessionExpiresAt: at(8 * HOUR_MS), sessionEndIs: 'configured' }, 'Session: until 20:00'],
    [
      'of a learned end',
      { sessionExpiresAt: at(8 * HOUR_MS), sessionEndIs: 'observed' },
      'Session: until about 20:00, as last time',
    ],
    ['that should be over', { sessionExpiresAt: at(-5 * MINUTE_MS) }, 'Session: expected to end at 11:55 (5 min ago)'],
  ] as const)('%s', (_what, changes, end) => {
    expect(times(changes)).toEqual(['Signed in: since 10:00 (2 h)', end]);
  });

  test('has no times while signed out, but those of its list', () => {
    const catalog = { asOf: at(-HOUR_MS), complete: false, accounts: 1200, permissionSets: 3000 };
    expect(times({ state: 'signed-out', catalog })).toEqual(['Accounts: 1,200, listed 1 h ago, incomplete']);
  });

  test('has its times by this clock, which may be ahead of that of AWS', () => {
    expect(times({ sessionExpiresAt: at(HOUR_MS) }, 10 * MINUTE_MS)).toEqual([
      'Signed in: since 10:10 (1 h 50 min)',
      'Session: until 13:10',
    ]);
  });
});

describe('the keys', () => {
  const live = { state: 'expired' } as const;
  test('are valid until the first of those in use ends', () => {
    const roles = [
      keysOf(at(50 * MINUTE_MS)),
      keysOf(at(20 * MINUTE_MS)),
      keysOf(at(5 * MINUTE_MS), 'unused'),
      keysOf(at(-5 * MINUTE_MS)),
    ];
    expect(times({ ...live, roles })).toEqual(['Keys: 2 roles until 12:20']);
    expect(times({ ...live, roles, nextRefreshAt: at(3 * MINUTE_MS) })).toEqual([
      'Keys: 2 roles until 12:20, next refresh 12:03',
    ]);
    expect(times({ ...live, roles, nextRefreshAt: at(0) })).toEqual(['Keys: 2 roles until 12:20, refresh due']);
  });

  test('are not mentioned when there are none', () => {
    expect(times({ ...live, roles: [], nextRefreshAt: at(3 * MINUTE_MS) })).toEqual([]);
  });
});

describe('the next try', () => {
  test.each([
    [{ at: at(2 * MINUTE_MS) }, 'at 12:02, in 2 min: Identity Center fails'],
    [{ at: at(-1) }, 'now: Identity Center fails'],
    [{ reason: 'server-pause', at: at(MINUTE_MS) }, 'at 12:01, in 1 min: Identity Center asked for a pause'],
    [{ reason: 'back-off' }, 'at the next request: the last refresh failed'],
    [{ reason: 'secret-store' }, 'when the secret store works: the token cannot be read'],
  ] as const)('%j', (changes, text) => {
    expect(retry(changes)).toEqual([`Next try: ${text}`]);
  });
});
