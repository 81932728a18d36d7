// Noticing that the files which the daemon was started from were replaced or removed.
import { expect, test } from 'vitest';
import { createInstallationWatch } from '../../../src/daemon/process/installation-watch.ts';

/** What the watch reports for each version that it sees. */
function watch(seen: readonly (string | undefined)[]): readonly (string | undefined)[] {
  const left = [...seen];
  const { check } = createInstallationWatch('1.0.0', () => {
    const version = left.shift();
    if (version === undefined) throw new Error('ENOENT');
    return version;
  });
  return seen.map(() => check());
}

test("the daemon's own version is never a change", () => {
  expect(watch(['1.0.0', '1.0.0', '1.0.0'])).toEqual([undefined, undefined, undefined]);
});

test('reports another version, newer or older, once npm had time to finish', () => {
  expect(watch(['1.0.0', '1.1.0', '1.1.0'])).toEqual([undefined, undefined, 'replaced']);
  expect(watch(['0.9.0', '0.9.0'])).toEqual([undefined, 'replaced']);
  expect(watch(['1.1.0', '1.2.0', '1.2.0'])).toEqual([undefined, undefined, 'replaced']);
  expect(watch(['1.1.0', '1.0.0', '1.0.0'])).toEqual([undefined, undefined, undefined]);
});

test('takes a briefly missing installation for a replacement, and a lasting one for a removal', () => {
  expect(watch([undefined, undefined, '1.1.0', '1.1.0'])).toEqual([undefined, undefined, undefined, 'replaced']);
  expect(watch([undefined, undefined, undefined, undefined, undefined])).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
    'gone',
  ]);
});
