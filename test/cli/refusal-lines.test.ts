// Refusals in words: who, when by this machine's clock, and one line for all that met the same.
import { expect, test } from 'vitest';
import { groupRefusals } from '../../src/cli/refusal-lines.ts';
import { formatMoment } from '../../src/core/text/format-duration.ts';
import type { RoleRefusalDocument } from '../../src/local-api/schemas.ts';

const refusal = (changes: Partial<RoleRefusalDocument> = {}): RoleRefusalDocument => ({
  at: '2026-11-24T06:30:00Z',
  code: 'sign-in-required',
  message: 'You are not signed in.',
  hint: 'rolecall login',
  profile: 'taylor.Admin',
  session: 'work',
  accountId: '111111111111',
  permissionSet: 'Admin',
  ...changes,
});
const nowMs = Date.parse('2026-11-24T07:30:00Z');

test('profiles with the same refusal share a line', () => {
  const lines = groupRefusals(
    [
      refusal(),
      refusal({ profile: 'b' }),
      refusal({ profile: 'c', message: 'No.' }),
      refusal({ profile: 'evil\u001b[2J', message: 'Evil.' }),
    ],
    nowMs,
  );
  const time = formatMoment('2026-11-24T06:30:00Z', nowMs);
  expect(lines.map(({ who }) => who)).toEqual([
    `${time} taylor.Admin and 1 other profile`,
    `${time} c`,
    `${time} evil\ufffd[2J`,
  ]);
});

test('prints local time, with the date if it was another day', () => {
  const local = new Date(2026, 10, 24, 9, 5);
  const at = local.toISOString();
  expect(formatMoment(at, local.getTime() + 60_000)).toBe('09:05');
  expect(formatMoment(at, local.getTime() + 25 * 60 * 60_000)).toBe('2026-11-24 09:05');
});
