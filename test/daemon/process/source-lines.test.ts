// Stack traces of the published bundle, in lines of the sources.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { toAscii } from '../../../.ci/ascii-code.mjs';
import { shrinkMap } from '../../../.ci/source-maps.mjs';
import { toSourceLines } from '../../../src/daemon/process/source-lines.ts';
import { writePrivate } from '../../helpers/rig.ts';
import { createTemporaryHome } from '../../helpers/temporary-home.ts';

test('names the sources of positions in the bundle, and leaves all others as they are', async () => {
  const home = createTemporaryHome();
  try {
    // Columns 0 to 9 are line 3 of a.ts, 10 to 19 another package's, those after that line 41 of b.ts.
    const map = { sources: ['a', 'package', 'b'], mappings: 'AAEA,UCFA,UCwCA' };
    const shrunk = shrinkMap(map, (source: string) => (source === 'package' ? undefined : `src/${source}.ts`));
    const folder = join(home.path, 'daemon');
    for (const name of ['daemon/chunk-B_9.js', 'foreign.js']) writePrivate(join(home.path, `${name}.map`), shrunk);

    const chunk = join(folder, 'chunk-B_9.js');
    const stack = (positions: readonly string[]) =>
      [`Error: no ${folder}/`, ...positions.map((position) => `    at work (${position})`)].join('\n');
    const unknown = [
      `${folder}/../foreign.js:1:5`,
      `${home.path}/foreign.js:1:5`,
      `${folder}/none.js:1:5`,
      'node:net:1:5',
    ];
    expect(toSourceLines(stack([`${chunk}:1:5`, `${chunk}:1:15`, `${chunk}:1:30`, ...unknown]), folder)).toBe(
      stack(['src/a.ts:3', `${chunk}:1:15`, 'src/b.ts:41', ...unknown]),
    );
  } finally {
    await home.remove();
  }
});

test('finds the same sources in code that is written without characters beyond ASCII', async () => {
  const home = createTemporaryHome();
  try {
    const { code, columnOf } = toAscii('a="…“";b()\nc()') as {
      readonly code: string;
      readonly columnOf: (line: number, column: number) => number;
    };
    expect(code).toBe(['a="\\u2026\\u201c";b()', 'c()'].join('\n'));
    // Column 0 is line 3 of a.ts, column 7 of the code as it was is line 41 of b.ts, the next line is line 42 of it.
    const map = { sources: ['a', 'b'], mappings: 'AAEA,OCsCA;AACA' };
    const path = join(home.path, 'daemon', 'chunk.js');
    writePrivate(
      `${path}.map`,
      shrinkMap(map, (source: string) => `src/${source}.ts`, columnOf),
    );
    const stack = (positions: readonly string[]) =>
      ['Error: no', ...positions.map((position) => `    at work (${position})`)].join('\n');
    const atB = code.indexOf('b()') + 1;
    expect(
      toSourceLines(
        stack([`${path}:1:1`, `${path}:1:${atB - 1}`, `${path}:1:${atB}`, `${path}:2:1`]),
        join(home.path, 'daemon'),
      ),
    ).toBe(stack(['src/a.ts:3', 'src/a.ts:3', 'src/b.ts:41', 'src/b.ts:42']));
    expect(() => toAscii(String.raw`/\…/`)).toThrow('a backslash');
  } finally {
    await home.remove();
  }
});
