// Which rows are drawn, where the list scrolls to, and where keys lead, for lists of any length.
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { rowAfterKey, rowsInSight, scrollToRow } from '../../src/web/grid/row-window.js';

const views = fc.record({
  scrollTop: fc.integer({ min: 0, max: 1_000_000 }),
  height: fc.integer({ min: 1, max: 2000 }),
  rowHeight: fc.constantFrom(44, 64),
  rowCount: fc.integer({ min: 0, max: 20_000 }),
});

test('every row in sight is drawn, and never more than a screen and some', () => {
  fc.assert(
    fc.property(views, (view) => {
      const { first, end } = rowsInSight(view);
      expect(first).toBeGreaterThanOrEqual(0);
      expect(end).toBeLessThanOrEqual(view.rowCount);
      expect(end - first).toBeLessThanOrEqual(view.height / view.rowHeight + 14);
      for (let y = view.scrollTop; y < view.scrollTop + view.height; y += 7) {
        const row = Math.floor(y / view.rowHeight);
        if (row < view.rowCount) expect(row >= first && row < end).toBe(true);
      }
    }),
  );
});

test('a selected row is brought into sight whole, and a row in sight moves nothing', () => {
  fc.assert(
    fc.property(views, fc.integer({ min: 0, max: 20_000 }), (view, index) => {
      fc.pre(view.height >= view.rowHeight);
      const scrollTop = scrollToRow(index, view);
      expect(scrollTop).toBeLessThanOrEqual(index * view.rowHeight);
      expect(scrollTop + view.height).toBeGreaterThanOrEqual((index + 1) * view.rowHeight);
      expect(scrollToRow(index, { ...view, scrollTop })).toBe(scrollTop);
    }),
  );
});

test.each([
  ['ArrowDown', -1, 0],
  ['ArrowDown', 0, 1],
  ['ArrowDown', 99, 99],
  ['ArrowUp', -1, 99],
  ['ArrowUp', 0, 0],
  ['PageDown', -1, 10],
  ['PageDown', 95, 99],
  ['PageUp', 5, 0],
  ['Home', 50, 0],
  ['End', 50, 99],
  ['a', 50, undefined],
])('%s at row %j leads to %j', (key, index, expected) => {
  expect(rowAfterKey(key, { index, rowCount: 100, pageRows: 10 })).toBe(expected);
});

test('no key leads anywhere in an empty list', () => {
  expect(rowAfterKey('ArrowDown', { index: -1, rowCount: 0, pageRows: 10 })).toBeUndefined();
});
