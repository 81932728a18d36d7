// Finds programs like a shell, with a shell's exit codes when that fails.
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findCommand } from '../../../src/cli/environment/find-command.ts';
import { createTemporaryHome, type TemporaryHome } from '../../helpers/temporary-home.ts';

let home: TemporaryHome;
beforeEach(() => {
  home = createTemporaryHome();
  for (const name of ['one', 'two']) mkdirSync(join(home.path, name));
});
afterEach(() => home.remove());

function write(path: string, mode: number): string {
  writeFileSync(join(home.path, path), '');
  chmodSync(join(home.path, path), mode);
  return join(home.path, path);
}
const find = (word: string) => findCommand(word, { PATH: `${join(home.path, 'one')}:${join(home.path, 'two')}` });

const notExecutable = (path: string) => ({ exitCode: 126, reason: `${path} is not executable.`, path });

test('the first executable file wins', () => {
  write('one/tool', 0o644);
  mkdirSync(join(home.path, 'one', 'other'));
  expect(find('tool')).toEqual(notExecutable(`${home.path}/one/tool`));
  const tool = write('two/tool', 0o755);
  expect(find('tool')).toEqual({ path: tool });
  expect(find(tool)).toEqual({ path: tool });
  expect(find('other')).toMatchObject({ exitCode: 127 });
});

test('127 for what does not exist, 126 for what is not executable', () => {
  expect(find('nosuch')).toEqual({ exitCode: 127, reason: '"nosuch" was not found in your PATH.' });
  expect(find('')).toMatchObject({ exitCode: 127 });
  expect(find('./nosuch')).toEqual({ exitCode: 127, reason: './nosuch does not exist.' });
  expect(find('/etc')).toEqual(notExecutable('/etc'));
});

test('searches the default folders without a PATH', () => {
  expect(findCommand('sh', {})).toEqual({ path: expect.stringMatching(/\/sh$/) });
});

const NOBODY = 65_534;

/** Runs as a user who cannot enter folders of mode 0700 of others, as root can. */
function withoutRoot<T>(work: () => T): T {
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.(NOBODY);
  try {
    return work();
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
}

test('skips folders of PATH that cannot be entered or followed', () => {
  symlinkSync(join(home.path, 'loop'), join(home.path, 'loop'));
  mkdirSync(join(home.path, 'locked'), { mode: 0o000 });
  const folders = ['locked', 'loop', 'x'.repeat(300)].map((name) => join(home.path, name));
  // The temporary folder may be closed to others; /usr/bin is not.
  const search = (word: string) =>
    withoutRoot(() => findCommand(word, { PATH: [...folders, '/usr/bin/env', '/usr/bin'].join(':') }));
  expect(search('env')).toEqual({ path: '/usr/bin/env' });
  expect(search('nosuch')).toEqual({ exitCode: 127, reason: '"nosuch" was not found in your PATH.' });
});

test('126 for a path that cannot be inspected', () => {
  mkdirSync(join(home.path, 'locked'), { mode: 0o000 });
  const path = join(home.path, 'locked', 'tool');
  expect(withoutRoot(() => find(path))).toEqual(notExecutable(path));
  const long = `./${'x'.repeat(300)}`;
  expect(find(long)).toEqual(notExecutable(long));
});
