// Versions in npm's order.
import { expect, test } from 'vitest';
import { compareVersions } from '../../src/core/compare-versions.ts';

test('from the oldest to the newest, invalid versions first', () => {
  const inOrder = [
    'nonsense',
    '0.1.0-alpha',
    '0.1.0-alpha.1',
    '0.1.0-alpha.beta',
    '0.1.0-beta',
    '0.1.0-beta.2',
    '0.1.0-beta.11',
    '0.1.0-rc.1',
    '0.1.0',
    '0.1.2',
    '0.1.10',
    '0.2.0-rc.1',
    '0.2.0',
    '1.0.0',
    '10.0.0',
  ];
  for (const [index, older] of inOrder.entries()) {
    for (const [other, newer] of inOrder.entries()) {
      expect([older, newer, Math.sign(compareVersions(older, newer))]).toEqual([
        older,
        newer,
        Math.sign(index - other),
      ]);
    }
  }
});

test('build metadata does not make a version newer', () => {
  expect(compareVersions('1.2.3+build.7', '1.2.3')).toBe(0);
});
