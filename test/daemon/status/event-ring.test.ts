// The ids of events, and the events that are kept.
import { expect, test } from 'vitest';
import { createEventRing, formatEvent } from '../../../src/daemon/status/event-ring.ts';

const START_MS = 1_764_000_000_000;

function createFullRing(count: number) {
  const ring = createEventRing(START_MS);
  for (let number = 1; number <= count; number += 1) ring.add('current', { number });
  return ring;
}
const event = (number: number) => formatEvent(`${START_MS}-${number}`, 'current', { number });

test('formats any event as four lines', () => {
  expect(formatEvent('1-2', 'current', { name: 'a\nb\r\u2028' })).toBe(
    'id: 1-2\nevent: current\ndata: {"name":"a\\nb\\r\u2028"}\n\n',
  );
});

test('returns the events after an id in order, up to the last 256', () => {
  const ring = createFullRing(300);
  expect(ring.latestId()).toBe(`${START_MS}-300`);
  expect(ring.since(`${START_MS}-298`)).toEqual([event(299), event(300)]);
  expect(ring.since(`${START_MS}-300`)).toEqual([]);
  expect(ring.since(`${START_MS}-44`)).toHaveLength(256);
  expect(ring.since(`${START_MS}-43`)).toBeUndefined();
});

test('gives an id to resume from before the first event', () => {
  const ring = createFullRing(0);
  const id = ring.latestId();
  expect(ring.since(id)).toEqual([]);
  ring.add('current', { number: 1 });
  expect(ring.since(id)).toEqual([event(1)]);
});

test.each([
  undefined,
  '',
  'x',
  `${START_MS - 1}-1`,
  `${START_MS}-4`,
  `${START_MS}-`,
  `${START_MS}--1`,
  `${START_MS}-1 `,
])('does not know the id %j', (id) => {
  expect(createFullRing(3).since(id)).toBeUndefined();
});
