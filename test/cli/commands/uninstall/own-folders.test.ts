// Which files of rolecall's folders `rolecall uninstall` removes, and what it leaves alone.
import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findOwnFolders, readOwnFolder, removeOwnFolder } from '../../../../src/cli/commands/uninstall/own-folders.ts';
import { writePrivate } from '../../../helpers/rig.ts';
import { createTemporaryHome, type TemporaryHome } from '../../../helpers/temporary-home.ts';

let home: TemporaryHome;
beforeEach(() => {
  home = createTemporaryHome();
});
afterEach(() => home.remove());

const userId = process.getuid?.() ?? -1;
const at = (...names: readonly string[]) => join(home.path, ...names);
const state = (...names: readonly string[]) => at('.local', 'state', 'rolecall', ...names);

function foldersOf(platform: NodeJS.Platform, keeps = { settings: false, adoptions: false }, more = {}) {
  const environment = { ...home.environment, ...more };
  return findOwnFolders({ environment, homeDirectory: home.path, platform, userId }, keeps);
}

const inState = () => foldersOf('linux').state.find(({ path }) => path === state()) ?? { path: '', own: /^$/ };

test('the folders do not depend on ROLECALL_SOCKET and ROLECALL_CONFIG, which name files of the user', () => {
  const names = (more: object) =>
    Object.values(foldersOf('linux', undefined, more))
      .flat()
      .map(({ path }) => path);
  expect(names({})).toEqual([
    at('.local', 'share', 'rolecall', 'bin'),
    at('run', 'rolecall'),
    state(),
    at('.config', 'rolecall'),
  ]);
  expect(names({ XDG_DATA_HOME: at('data') })).toEqual([
    at('data', 'rolecall', 'bin'),
    at('.local', 'share', 'rolecall', 'bin'),
    ...names({}).slice(1),
  ]);
  expect(names({ ROLECALL_SOCKET: at('documents', 'd.sock'), ROLECALL_CONFIG: at('documents', 'c.toml') })).toEqual(
    names({}),
  );
});

test('removes what is ours with what is in it, and the folder if nothing else is there', async () => {
  for (const name of [
    'audit.log.1',
    'audit.log.head',
    'secrets.json.room',
    'grants.json.damaged-2026-11-30T091500Z',
    '.current.json.rolecall-12-abc-0123456789ab.tmp',
    join('catalog', 'a.json'),
    join('grants', '12ab', 'token'),
  ]) {
    writePrivate(state(name), 'ours');
  }
  await removeOwnFolder(inState(), userId);
  expect(existsSync(state())).toBe(false);
  await removeOwnFolder(inState(), userId);
});

test('leaves and names what is not ours, and what belongs to another user', async () => {
  writePrivate(state('current.json'), '{}');
  writePrivate(state('notes.txt'), 'mine');
  const foreign = [{ path: state('notes.txt'), reason: "is not rolecall's" }];
  expect(await readOwnFolder(inState(), userId)).toEqual({ own: [state('current.json')], foreign });
  expect(await readOwnFolder(inState(), userId + 1)).toEqual({
    own: [],
    foreign: [{ path: state(), reason: 'belongs to another user' }],
  });
  await removeOwnFolder(inState(), userId);
  expect(readdirSync(state())).toEqual(['notes.txt']);
});

test('removes a link in place of ours, and follows none', async () => {
  writePrivate(at('documents', 'current.json'), 'mine');
  mkdirSync(state(), { recursive: true });
  symlinkSync(at('documents'), state('catalog'));
  await removeOwnFolder(inState(), userId);
  expect(existsSync(state())).toBe(false);

  symlinkSync(at('documents'), state());
  expect(await readOwnFolder(inState(), userId)).toEqual({
    own: [],
    foreign: [{ path: state(), reason: `is a symbolic link to ${at('documents')}` }],
  });
  await removeOwnFolder(inState(), userId);
  expect(readdirSync(at('documents'))).toEqual(['current.json']);

  rmSync(state());
  writePrivate(state(), 'a file');
  expect(await readOwnFolder(inState(), userId)).toEqual({
    own: [],
    foreign: [{ path: state(), reason: 'is not a folder' }],
  });
});

test('keeps settings and adoptions on request, also on macOS, where both are in one folder', async () => {
  const root = at('Library', 'Application Support', 'rolecall');
  const fill = () => {
    for (const name of ['config.toml', 'current.json', join('adoptions', '1.json')]) {
      writePrivate(join(root, name), 'x');
    }
  };
  fill();
  const removeAll = async (keeps: { settings: boolean; adoptions: boolean }) => {
    const { settings, state: states } = foldersOf('darwin', keeps);
    for (const folder of [...settings, ...states]) await removeOwnFolder(folder, userId);
  };
  await removeAll({ settings: true, adoptions: true });
  expect(readdirSync(root)).toEqual(['adoptions', 'config.toml']);
  const [ofState] = foldersOf('darwin', { settings: true, adoptions: true }).state.slice(-1);
  expect(ofState && (await readOwnFolder(ofState, userId))).toEqual({ own: [], foreign: [] });
  fill();
  await removeAll({ settings: false, adoptions: false });
  expect(existsSync(root)).toBe(false);
});
