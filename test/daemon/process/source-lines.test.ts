// Stack traces of the published bundle, in lines of the sources.
import { join } from 'node:path';
import { expect, test } from 'vitest';
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
