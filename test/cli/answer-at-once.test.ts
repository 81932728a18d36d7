// The line for a prompt and the help, which a process prints before it loads the rest, into files and pipes.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { formatOverview, MAX_COLUMNS } from '../../src/cli/print-overview.ts';
import { resolvePaths } from '../../src/local-api/paths.ts';
import { ROLECALL, runRolecall } from '../helpers/run-process.ts';
import { createTemporaryHome, type TemporaryHome } from '../helpers/temporary-home.ts';

const PROMPT = ['status', '--format', 'prompt'];

let home: TemporaryHome;
let environment: Record<string, string>;

beforeEach(() => {
  home = createTemporaryHome();
  environment = { PATH: process.env['PATH'] ?? '', HOME: home.path, XDG_RUNTIME_DIR: home.path };
});
afterEach(() => home.remove());

function writePromptFile(text: string): void {
  const sources = {
    environment,
    homeDirectory: home.path,
    platform: process.platform,
    userId: process.getuid?.() ?? 0,
  };
  const path = join(resolvePaths(sources).switchDirectory, 'prompt');
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** The command in a pipeline with `reader`, run by a shell. */
const inPipe = (args: readonly string[], reader: string) =>
  execFileSync('/bin/sh', ['-c', `"$0" "$@" | ${reader}`, process.execPath, ROLECALL, ...args], {
    env: environment,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });

test('prints the line that the daemon keeps, and the help', async () => {
  writePromptFile('prod.Admin ok\n');
  expect(await runRolecall(PROMPT, { environment })).toEqual({ exitCode: 0, stdout: 'prod.Admin ok\n', stderr: '' });
  const help = { exitCode: 0, stdout: formatOverview(MAX_COLUMNS), stderr: '' };
  expect(await runRolecall(['--help'], { environment })).toEqual(help);
  expect(await runRolecall([], { environment })).toEqual(help);
});

test('prints no line that a shell could evaluate, and none without a daemon', async () => {
  const nothing = { exitCode: 0, stdout: '', stderr: '' };
  expect(await runRolecall(PROMPT, { environment })).toEqual(nothing);
  writePromptFile('$(id) ok\n');
  expect(await runRolecall(PROMPT, { environment })).toEqual(nothing);
});

test('prints all of the help into a file, a pipe and a slow pipe', () => {
  const help = formatOverview(MAX_COLUMNS);
  expect(inPipe(['--help'], 'cat')).toBe(help);
  expect(inPipe(['--help'], '(sleep 0.1; cat)')).toBe(help);
  const script = 'set -e; "$0" "$1" --help >"$2"; cat "$2"';
  const path = join(home.path, 'help.txt');
  const run = spawnSync('/bin/sh', ['-c', script, process.execPath, ROLECALL, path], { encoding: 'utf8' });
  expect(run).toMatchObject({ status: 0, stdout: help });
});

test('a reader that has gone is no failure', () => {
  const script = '{ "$0" "$1" --help; echo "exit $?" >&2; } | true';
  const run = spawnSync('/bin/sh', ['-c', script, process.execPath, ROLECALL], { encoding: 'utf8' });
  expect(run.stderr).toBe('exit 0\n');
});
