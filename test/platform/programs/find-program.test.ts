// Where programs that we run by name may come from: the user's own folders and the system's, and no project.
import { chmodSync, chownSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  findProgram,
  findSystemProgram,
  trustedPath,
  type ProgramSearch,
} from '../../../src/platform/programs/find-program.ts';
import { canBeSomebodyElse, SOMEBODY_ELSE } from '../../helpers/somebody-else.ts';
import { createTemporaryHome, type TemporaryHome } from '../../helpers/temporary-home.ts';

const SYSTEM = '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin';
let home: TemporaryHome;
beforeAll(() => {
  home = createTemporaryHome();
});
afterAll(() => home.remove());

const at = (...names: string[]) => join(home.path, ...names);

function search(...folders: readonly string[]): ProgramSearch {
  return {
    environment: { PATH: folders.join(':') },
    homeDirectory: home.path,
    userId: process.getuid?.() ?? -1,
    platform: 'linux',
  };
}

/** A folder with the program `opener` in it. */
function folderWithProgram(...names: string[]): string {
  const folder = at(...names);
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  writeFileSync(join(folder, 'opener'), '#!/bin/sh\n', { mode: 0o755 });
  return folder;
}

const mark = (...names: string[]) => mkdirSync(at(...names), { recursive: true });

test('searches the user’s folders in the order of PATH, then the system’s', () => {
  const [one, two] = [folderWithProgram('.local', 'bin'), folderWithProgram('bin')];
  expect(findProgram('opener', search(two, one))).toBe(join(two, 'opener'));
  expect(findProgram('opener', search('/nowhere', one, two))).toBe(join(one, 'opener'));
  expect(trustedPath(search(one, '/usr/bin', two))).toBe(`${one}:/usr/bin:${two}:/usr/local/bin:/bin:/usr/sbin:/sbin`);
  expect(findProgram('sh', search())).toMatch(/^\/(usr\/)?bin\/sh$/);
  expect(findProgram('sh', search(), { pathOnly: true })).toBeUndefined();
  expect(findProgram('no-such-program', search(one))).toBeUndefined();
});

test('skips folders and files that are not executable', () => {
  const folder = at('plain');
  mkdirSync(join(folder, 'opener'), { recursive: true });
  writeFileSync(join(folder, 'other'), '', { mode: 0o644 });
  expect(findProgram('opener', search(folder))).toBeUndefined();
  expect(findProgram('other', search(folder))).toBeUndefined();
});

test('skips working trees and node_modules, also behind a symbolic link', () => {
  mark('work', 'project', '.git');
  const inside = folderWithProgram('work', 'project', 'tools', 'bin');
  mark('checkout', '.git');
  const top = folderWithProgram('checkout', 'bin');
  const modules = folderWithProgram('unpacked', 'node_modules', '.bin');
  const link = at('link');
  symlinkSync(inside, link);
  for (const folder of [inside, top, modules, link]) {
    expect({ folder, found: findProgram('opener', search(folder)) }).toEqual({ folder, found: undefined });
    expect(trustedPath(search(folder))).toBe(SYSTEM);
  }
});

test('searches a home that is a working tree, and a tool that was cloned to a hidden folder in it', () => {
  const own = folderWithProgram('own', 'bin');
  const cloned = folderWithProgram('.fzf', 'bin');
  mark('.git');
  mark('.fzf', '.git');
  expect(findProgram('opener', search(own))).toBe(join(own, 'opener'));
  expect(findProgram('opener', search(cloned))).toBe(join(cloned, 'opener'));
  const checkout = folderWithProgram('.cache', 'checkout', 'bin');
  mark('.cache', 'checkout', '.git');
  expect(findProgram('opener', search(checkout))).toBeUndefined();
});

test('skips relative folders', () => {
  const own = folderWithProgram('relative', 'bin');
  const before = process.cwd();
  process.chdir(dirname(own));
  try {
    for (const folder of ['', '.', 'bin', './bin']) {
      expect(findProgram('opener', search(folder, '/usr/bin'))).toBeUndefined();
      expect(
        trustedPath(search(folder))
          .split(':')
          .every((each) => each.startsWith('/')),
      ).toBe(true);
    }
  } finally {
    process.chdir(before);
  }
});

test('skips folders that others can write to, or whose parents they can', () => {
  const folder = folderWithProgram('shared', 'bin');
  for (const path of [folder, dirname(folder)]) {
    chmodSync(path, 0o777);
    expect(findProgram('opener', search(folder))).toBeUndefined();
    chmodSync(path, 0o755);
    expect(findProgram('opener', search(folder))).toBe(join(folder, 'opener'));
  }
  expect(trustedPath(search('/tmp'))).toBe(SYSTEM);
});

test.skipIf(!canBeSomebodyElse)('not in folders of another user, and not where another group can write', () => {
  const folder = folderWithProgram('theirs', 'bin');
  for (const path of [folder, dirname(folder)]) {
    chownSync(path, SOMEBODY_ELSE, 0);
    expect(findProgram('opener', search(folder))).toBeUndefined();
    chownSync(path, 0, 0);
  }
  chmodSync(folder, 0o775);
  expect(findProgram('opener', search(folder))).toBe(join(folder, 'opener'));
  chownSync(folder, 0, SOMEBODY_ELSE);
  expect(findProgram('opener', search(folder))).toBeUndefined();
});

test.skipIf(!canBeSomebodyElse)('skips a folder whose group has the user’s number but also other members', () => {
  const folder = folderWithProgram('crowded', 'bin');
  // `nogroup` has the number of `nobody`, and is the group of other users too.
  chownSync(folder, SOMEBODY_ELSE, SOMEBODY_ELSE);
  const asNobody = { ...search(folder), userId: SOMEBODY_ELSE };
  chmodSync(folder, 0o755);
  expect(findProgram('opener', asNobody)).toBe(join(folder, 'opener'));
  chmodSync(folder, 0o775);
  expect(findProgram('opener', asNobody)).toBeUndefined();
});

test('a program of the system is one that the user can’t replace', () => {
  expect(findSystemProgram('sh', search())).toMatch(/^\/(usr\/)?bin\/sh$/);
  const own = folderWithProgram('own', 'bin');
  chmodSync(own, 0o775);
  symlinkSync('/bin/sh', join(own, 'true'));
  const user = { ...search(own), userId: SOMEBODY_ELSE };
  expect(findSystemProgram('opener', user)).toBeUndefined();
  // A link of the user to a program of root, which answers something else.
  expect(findSystemProgram('true', user)).toMatch(/^\/(usr\/)?bin\/true$/);
});

test.skipIf(!canBeSomebodyElse)('a program of the system is in no folder of the user', async () => {
  const place = createTemporaryHome();
  try {
    chmodSync(place.path, 0o755);
    const folder = join(place.path, 'bin');
    mkdirSync(folder, { mode: 0o755 });
    writeFileSync(join(folder, 'opener'), '#!/bin/sh\n', { mode: 0o755 });
    const user = { ...search(folder), userId: SOMEBODY_ELSE };
    expect(findSystemProgram('opener', user)).toBe(join(folder, 'opener'));
    chownSync(place.path, SOMEBODY_ELSE, SOMEBODY_ELSE);
    expect(findSystemProgram('opener', user)).toBeUndefined();
  } finally {
    await place.remove();
  }
});
