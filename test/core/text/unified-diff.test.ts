// The diff must be one that the real `patch` takes, for any two texts, and quick on a very long file.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { unifiedDiff } from '../../../src/core/text/unified-diff.ts';
import { createTemporaryHome } from '../../helpers/temporary-home.ts';

it('is empty for equal texts', () => {
  expect(unifiedDiff('a\n', 'a\n', 'config')).toBe('');
});

it('shows what changed with three lines around it', () => {
  const before = ['1', '2', '3', '4', '5', '6', '7', '8', ''].join('\n');
  expect(unifiedDiff(before, before.replace('5\n', 'five\n'), '/home/t/.aws/config')).toBe(
    [
      '--- /home/t/.aws/config',
      '+++ /home/t/.aws/config',
      '@@ -2,7 +2,7 @@',
      ' 2',
      ' 3',
      ' 4',
      '-5',
      '+five',
      ' 6',
      ' 7',
      ' 8',
      '',
    ].join('\n'),
  );
});

it('joins near changes and parts distant ones', () => {
  const lines = Array.from({ length: 30 }, (_, index) => `${index}\n`);
  const changed = lines.map((line, index) => ([3, 8, 25].includes(index) ? `x${line}` : line));
  const hunks = unifiedDiff(lines.join(''), changed.join(''), 'c')
    .split('\n')
    .filter((line) => line.startsWith('@@'));
  expect(hunks).toEqual(['@@ -1,12 +1,12 @@', '@@ -23,7 +23,7 @@']);
});

it('says where a last line has no newline, and names the line before an empty side', () => {
  expect(unifiedDiff('', 'a', 'c')).toBe('--- c\n+++ c\n@@ -0,0 +1,1 @@\n+a\n\\ No newline at end of file\n');
  expect(unifiedDiff('a', 'a\nb\n', 'c')).toBe(
    '--- c\n+++ c\n@@ -1,1 +1,2 @@\n-a\n\\ No newline at end of file\n+a\n+b\n',
  );
});

it('keeps unchanged profiles between an added and a removed one', () => {
  const profile = (name: string) => `[profile ${name}]\nregion = us-east-1\ncredential_process = /x --role ${name}\n`;
  const diff = unifiedDiff(
    ['a', 'b', 'c', 'd', 'e'].map(profile).join(''),
    ['b', 'c', 'd', 'dd', 'e'].map(profile).join(''),
    'c',
  );
  const changed = diff.split('\n').filter((line) => /^[+-](?![+-]{2})/u.test(line));
  expect(changed).toHaveLength(6);
});

it.skipIf(!existsSync('/usr/bin/patch'))('is applied by the real patch', async () => {
  const home = createTemporaryHome();
  const line = fc.constantFrom('a', 'b', 'c', 'region = us-east-1', '[profile x]', '', '\r');
  const text = fc
    .tuple(fc.array(line, { maxLength: 16 }), fc.boolean())
    .map(([lines, hasEnd]) => lines.join('\n') + (hasEnd && lines.length > 0 ? '\n' : ''));
  const path = join(home.path, 'config');
  fc.assert(
    fc.property(text, text, (before, after) => {
      fc.pre(before !== after);
      writeFileSync(path, before);
      execFileSync('/usr/bin/patch', ['--binary', '--silent', path], { input: unifiedDiff(before, after, 'config') });
      // patch removes a file that it has emptied.
      expect(existsSync(path) ? readFileSync(path, 'utf8') : '').toBe(after);
    }),
    { numRuns: 150 },
  );
  await home.remove();
});
