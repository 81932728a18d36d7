// Whether a process is in the foreground of its terminal, from the line that Linux has about it.
import { expect, test } from 'vitest';
import { isBackgroundStat, isForegroundStat } from '../../../src/platform/programs/foreground.ts';

const stat = (name: string, group: number, foregroundGroup: number) =>
  `4321 (${name}) R 4000 ${group} 4000 34816 ${foregroundGroup} 4194304 1000 0\n`;

test('a process is in the foreground if its group has the terminal, whatever its name', () => {
  expect(isForegroundStat(stat('node', 4321, 4321))).toBe(true);
  expect(isForegroundStat(stat('node', 4321, 4000))).toBe(false);
  expect(isForegroundStat(stat('a) R 1 (b c', 4321, 4321))).toBe(true);
  // Without a terminal.
  expect(isForegroundStat(stat('node', 4321, -1))).toBe(false);
  expect(isForegroundStat('')).toBe(false);
});

test('a process is in the background if its terminal has another group in the foreground', () => {
  expect(isBackgroundStat('42 (node) S 1 42 40 34816 42 4194304')).toBe(false);
  expect(isBackgroundStat('42 (a) b)) S 1 42 40 34816 43 4194304')).toBe(true);
  expect(isBackgroundStat('42 (node) S 1 42 42 0 -1 4194304')).toBe(false);
});
