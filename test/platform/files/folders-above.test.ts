// Which folders let another user replace what is below them.
import { chmodSync, chownSync, lchownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findFaultAbove, isMappedUser } from '../../../src/platform/files/folders-above.ts';
import { canBeSomebodyElse, SOMEBODY_ELSE } from '../../helpers/somebody-else.ts';

const me = process.getuid?.() ?? -1;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync('/tmp/rolecall-above-');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Makes `folder/a/b` and gives the path of a state folder in it, which is not there yet. */
function makeState(root = 'a'): string {
  mkdirSync(join(folder, root, 'b'), { recursive: true, mode: 0o700 });
  return join(folder, root, 'b', 'rolecall');
}
const faultOf = (path: string) => findFaultAbove(path, me)?.message;

test('accepts our own folders below /tmp, which is sticky', () => {
  expect(faultOf(makeState())).toBeUndefined();
  expect(faultOf(join(folder, 'missing', 'too', 'rolecall'))).toBeUndefined();
});

test('refuses any parent that everybody may write to, unless it is sticky', () => {
  const path = makeState();
  for (const name of [join(folder, 'a', 'b'), join(folder, 'a'), folder]) {
    chmodSync(name, 0o777);
    expect(findFaultAbove(path, me)).toMatchObject({
      code: 'file-not-writable',
      message: `${path} is not safe to use, because other users could replace it: ${name} is writable by other users.`,
      hint: `chmod go-w ${name}`,
    });
    chmodSync(name, 0o1777);
    expect(faultOf(path)).toBeUndefined();
    chmodSync(name, 0o700);
  }
});

test.skipIf(!canBeSomebodyElse)('a folder of another user is refused at any height, also a sticky one', () => {
  const path = makeState();
  for (const name of [join(folder, 'a', 'b'), join(folder, 'a'), folder]) {
    chownSync(name, SOMEBODY_ELSE, SOMEBODY_ELSE);
    for (const mode of [0o755, 0o1777]) {
      chmodSync(name, mode);
      expect(faultOf(path)).toContain(`${name} belongs to another user (uid ${SOMEBODY_ELSE}).`);
    }
    chownSync(name, me, 0);
    chmodSync(name, 0o700);
  }
});

test.skipIf(me !== 0)('a folder of root is fine for everybody', () => {
  chmodSync(folder, 0o755);
  expect(findFaultAbove(makeState(), SOMEBODY_ELSE)).toBeUndefined();
});

test.skipIf(me !== 0)('a folder that only a group of ours may write to is fine, as with a umask of 002', () => {
  const path = makeState();
  // uid and gid of a user that the system's files do not name, and one that they do: daemon, 1:1.
  for (const user of [61_234, 1]) {
    for (const name of [folder, join(folder, 'a'), join(folder, 'a', 'b')]) {
      chownSync(name, user, user);
      chmodSync(name, 0o775);
    }
    expect({ user, fault: findFaultAbove(path, user) }).toEqual({ user, fault: undefined });
  }
  // nogroup is the group of several users.
  chownSync(folder, 1, SOMEBODY_ELSE);
  expect(findFaultAbove(path, 1)).toMatchObject({
    message: expect.stringContaining(`${folder} is writable by its group (gid ${SOMEBODY_ELSE}).`),
    hint: `chmod go-w ${folder}`,
  });
});

test('follows a link, and checks the folders of the link and of its target', () => {
  const target = makeState('real');
  mkdirSync(join(folder, 'links'), { mode: 0o700 });
  const link = join(folder, 'links', 'state');
  symlinkSync('../real/b', link);
  const path = join(link, 'rolecall');
  expect(faultOf(path)).toBeUndefined();
  for (const name of [join(folder, 'links'), join(folder, 'real')]) {
    chmodSync(name, 0o777);
    expect(faultOf(path)).toContain(`${name} is writable by other users.`);
    chmodSync(name, 0o700);
  }
  expect(faultOf(target)).toBeUndefined();
});

test.skipIf(!canBeSomebodyElse)('a link of another user in a sticky folder is refused', () => {
  makeState('real');
  const sticky = join(folder, 'sticky');
  mkdirSync(sticky);
  chmodSync(sticky, 0o1777);
  const link = join(sticky, 'state');
  symlinkSync('../real/b', link);
  expect(faultOf(join(link, 'rolecall'))).toBeUndefined();
  lchownSync(link, SOMEBODY_ELSE, SOMEBODY_ELSE);
  expect(faultOf(join(link, 'rolecall'))).toContain(`${link} belongs to another user`);
});

test('knows which users a user namespace maps', () => {
  expect(isMappedUser(65_534, '         0          0 4294967295\n')).toBe(true);
  expect(isMappedUser(65_534, '         0       1000          1\n         1     100000      65536\n')).toBe(true);
  expect(isMappedUser(65_534, '      1000       1000          1\n')).toBe(false);
  expect(isMappedUser(65_534, '')).toBe(false);
});
