// The working day: by the clock on the wall, in time zones with other dates, half hours and daylight saving.
import { expect, test } from 'vitest';
import { createWorkingDay } from '../../../src/daemon/sign-in/working-day.ts';

test.each([
  ['starts at six', 'Europe/Berlin', '2026-11-24T05:00Z', '2026-11-24T10:00Z', true],
  ['and not a minute earlier', 'Europe/Berlin', '2026-11-24T04:59Z', '2026-11-24T10:00Z', false],
  ['lasts until six', 'Europe/Berlin', '2026-11-24T08:00Z', '2026-11-24T16:59Z', true],
  ['and not a minute longer', 'Europe/Berlin', '2026-11-24T08:00Z', '2026-11-24T17:00Z', false],
  ['is over tomorrow', 'UTC', '2026-11-24T09:00Z', '2026-11-25T09:00Z', false],
  ['starts an hour earlier by UTC in summer', 'Europe/Berlin', '2026-07-01T04:00Z', '2026-07-01T15:59Z', true],
  ['starts at six after the clocks went forward', 'Europe/Berlin', '2027-03-28T04:00Z', '2027-03-28T08:00Z', true],
  ['lasts until six after the clocks went back', 'Europe/Berlin', '2026-10-25T05:00Z', '2026-10-25T16:59Z', true],
  ['is another date than in UTC', 'Pacific/Auckland', '2026-11-23T17:00Z', '2026-11-24T04:00Z', true],
  ['has the date of the place', 'America/Los_Angeles', '2026-11-24T23:00Z', '2026-11-25T01:59Z', true],
  ['starts at half past by UTC', 'Asia/Kolkata', '2026-11-24T00:30Z', '2026-11-24T12:29Z', true],
  ['and ends there too', 'Asia/Kolkata', '2026-11-24T00:30Z', '2026-11-24T12:30Z', false],
])('%s (%s)', (_, timeZone, first, second, expected) => {
  expect(createWorkingDay(timeZone).hasBoth(Date.parse(first), Date.parse(second))).toBe(expected);
});

test('writes dates and times so that they compare, in any locale', () => {
  const day = createWorkingDay('Asia/Kolkata');
  const moment = Date.parse('2026-01-02T22:35:59Z');
  expect([day.dateOf(moment), day.timeOf(moment)]).toEqual(['2026-01-03', '04:05']);
  expect(createWorkingDay('UTC').timeOf(Date.parse('2026-01-02T00:00Z'))).toBe('00:00');
});
