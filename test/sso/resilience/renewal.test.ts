// When a token or a role's credentials are due for renewal.
import { describe, expect, it, test } from 'vitest';
import {
  countRenewalFailure,
  EXPIRY_WINDOW_MS,
  isDueForRenewal,
  renewAheadMs,
  type RenewalFailures,
} from '../../../src/sso/resilience/renewal.ts';
import { createFakeClock, FAKE_NOW_MS } from '../../helpers/fake-clock.ts';

const HOUR_MS = 3_600_000;

test.each([
  ['an hour long, 20 min and 1 ms left', 0, HOUR_MS, HOUR_MS - EXPIRY_WINDOW_MS - 1, false],
  ['an hour long, 20 min left', 0, HOUR_MS, HOUR_MS - EXPIRY_WINDOW_MS, true],
  ['12 h long, 20 min and 1 ms left', 0, 12 * HOUR_MS, 12 * HOUR_MS - EXPIRY_WINDOW_MS - 1, false],
  ['12 h long, 20 min left', 0, 12 * HOUR_MS, 12 * HOUR_MS - EXPIRY_WINDOW_MS, true],
  ['15 min long, more than a third left', 0, 900_000, 599_999, false],
  ['15 min long, a third left', 0, 900_000, 600_000, true],
  ['expired', 0, HOUR_MS, HOUR_MS + 1, true],
  ['expired before it was issued, as with a clock set wrong', HOUR_MS, 0, HOUR_MS, true],
])('%s', (_, issuedAtMs, expiresAtMs, nowMs, isDue) => {
  expect(isDueForRenewal(nowMs, issuedAtMs, expiresAtMs)).toBe(isDue);
});

test.each([
  ['an hour', HOUR_MS, 0, 39],
  ['an hour', HOUR_MS, 1, 38],
  ['15 minutes', HOUR_MS / 4, 0, 9.75],
  ['15 minutes', HOUR_MS / 4, 1, 9.5],
])('%s is renewed randomly a little before it is due (%i, %i)', (_, expiresAtMs, chance, minutes) => {
  expect(renewAheadMs(0, expiresAtMs, () => chance)).toBe(minutes * 60_000);
});

describe('renewals that fail', () => {
  /** The pauses after so many failures in a row, in milliseconds. */
  function pausesOf(options: { leftMs: number; retryAfterMs?: number; random?: number }): number[] {
    const clock = createFakeClock();
    let failures: RenewalFailures | undefined;
    return Array.from({ length: 4 }, () => {
      const deps = { clock, random: () => options.random ?? 1 };
      failures = countRenewalFailure(failures, deps, FAKE_NOW_MS + options.leftMs, options.retryAfterMs);
      return failures.pause.untilMs - FAKE_NOW_MS;
    });
  }

  it('are retried after half a minute, then each minute, or randomly down to half of that', () => {
    expect(pausesOf({ leftMs: HOUR_MS })).toEqual([30_000, 60_000, 60_000, 60_000]);
    expect(pausesOf({ leftMs: HOUR_MS, random: 0 })).toEqual([15_000, 30_000, 30_000, 30_000]);
    expect(pausesOf({ leftMs: 0 })).toEqual([30_000, 60_000, 60_000, 60_000]);
  });

  it('with little lifetime left are retried after half of it, and never within a second', () => {
    expect(pausesOf({ leftMs: 6000 })).toEqual([3000, 3000, 3000, 3000]);
    expect(pausesOf({ leftMs: 100 })).toEqual([1000, 1000, 1000, 1000]);
  });

  it('are not retried before the time that the server named', () => {
    expect(pausesOf({ leftMs: 6000, retryAfterMs: 90_000 })).toEqual([90_000, 90_000, 90_000, 90_000]);
  });
});
