// When a token or a role's credentials are due for renewal.
import { expect, test } from 'vitest';
import { EXPIRY_WINDOW_MS, isDueForRenewal, renewAheadMs } from '../../../src/sso/resilience/renewal.ts';

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
])('%s is renewed a little before it is due, by chance (%i, %i)', (_, expiresAtMs, chance, minutes) => {
  expect(renewAheadMs(0, expiresAtMs, () => chance)).toBe(minutes * 60_000);
});
