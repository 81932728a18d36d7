// Finding what a word runs: as a shell does, with a shell's exit codes for what can't be run.
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findProgram } from '../../../src/cli/exec/find-program.ts';
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
const find = (word: string) => findProgram(word, { PATH: `${join(home.path, 'one')}:${join(home.path, 'two')}` });

test('the first one that can be run wins, whatever lies before it', () => {
  write('one/tool', 0o644);
  mkdirSync(join(home.path, 'one', 'other'));
  expect(find('tool')).toEqual({ exitCode: 126, reason: `${home.path}/one/tool is not a program that can be run.` });
  const tool = write('two/tool', 0o755);
  expect(find('tool')).toEqual({ path: tool });
  expect(find(tool)).toEqual({ path: tool });
  expect(find('other')).toMatchObject({ exitCode: 127 });
});

test('what is not there is 127, what is no program 126', () => {
  expect(find('nosuch')).toEqual({ exitCode: 127, reason: 'There is no program "nosuch" in your PATH.' });
  expect(find('')).toMatchObject({ exitCode: 127 });
  expect(find('./nosuch')).toEqual({ exitCode: 127, reason: 'There is no program ./nosuch.' });
  expect(find('/etc')).toEqual({ exitCode: 126, reason: '/etc is not a program that can be run.' });
});

test('without a PATH the usual folders are looked through', () => {
  expect(findProgram('sh', {})).toEqual({ path: expect.stringMatching(/\/sh$/) });
});
