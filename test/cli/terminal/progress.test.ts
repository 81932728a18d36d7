// The progress line fits its line, and says how to stop as long as there is room.
import { expect, test } from 'vitest';
import { createProgressLine, LEAVES_IT_TO_THE_DAEMON } from '../../../src/cli/terminal/progress.ts';

function show(columns: number, isTTY = true) {
  let written = '';
  const stderr = { isTTY, columns, write: (text: string) => (written += text) };
  createProgressLine({ stderr }).show('Listing permission sets, 120 of 833 accounts …', LEAVES_IT_TO_THE_DAEMON);
  return written.replace('\r\u001b[K', '');
}

test('a progress line says how to stop, and never takes two lines', () => {
  expect([100, 80, 66, 60, 40].map((columns) => show(columns))).toEqual([
    'Listing permission sets, 120 of 833 accounts …  Ctrl-C leaves it to the daemon',
    'Listing permission sets, 120 of 833 accounts …  Ctrl-C leaves it to the daemon',
    'Listing permission sets, 120 of 833 accounts …  Ctrl-C: leave',
    'Listing permission sets, 120 of 833 accounts …  Ctrl-C',
    'Listing permission…0 of 833 accounts …',
  ]);
});

test('without a terminal it is only the text', () => {
  expect(show(80, false)).toBe('Listing permission sets, 120 of 833 accounts …\n');
});
