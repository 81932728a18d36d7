// What the daemon makes of the files that it was started from.
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

test('our own version is no change, however often it is seen', () => {
  expect(watch(['1.0.0', '1.0.0', '1.0.0'])).toEqual([undefined, undefined, undefined]);
});

test('another version, newer or older, is one once npm has had time for the rest', () => {
  expect(watch(['1.0.0', '1.1.0', '1.1.0'])).toEqual([undefined, undefined, 'replaced']);
  expect(watch(['0.9.0', '0.9.0'])).toEqual([undefined, 'replaced']);
  expect(watch(['1.1.0', '1.2.0', '1.2.0'])).toEqual([undefined, undefined, 'replaced']);
  expect(watch(['1.1.0', '1.0.0', '1.0.0'])).toEqual([undefined, undefined, undefined]);
});

test('an installation that is away for a moment is being replaced, and one that stays away is gone', () => {
  expect(watch([undefined, undefined, '1.1.0', '1.1.0'])).toEqual([undefined, undefined, undefined, 'replaced']);
  expect(watch([undefined, undefined, undefined, undefined, undefined])).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
    'gone',
  ]);
});
