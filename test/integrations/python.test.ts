// Runs the tests of integrations/python, and the examples of its page, with the system's Python, against a real daemon and a real emulator.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createSignedInRig, type Rig } from '../helpers/rig.ts';
import { ROLECALL, runProcess } from '../helpers/run-process.ts';
import { systemPartByCheck } from '../helpers/system.ts';

const page = readFileSync(new URL('../../docs/integrations.md', import.meta.url), 'utf8');
/** A block of the page by the words after its three backquotes. */
const blockOf = (words: string) => page.split(`\`\`\`${words}\n`)[1]?.split('```')[0] ?? '';
const PYTHON = '/usr/bin/python3';
const folder = fileURLToPath(new URL('../../integrations/python', import.meta.url));

const hasPytest = systemPartByCheck('pytest and boto3', `${PYTHON} -c 'import pytest, boto3'`, () => {
  if (spawnSync(PYTHON, ['-c', 'import pytest, boto3'], { env: {} }).status !== 0) throw new Error('not there');
});

let rig: Rig;
let environment: Record<string, string>;
beforeAll(async () => {
  rig = await createSignedInRig();
  const bin = join(rig.home.path, 'own-bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'rolecall'), `#!/bin/sh\nexec '${process.execPath}' '${ROLECALL}' "$@"\n`, { mode: 0o755 });
  environment = {
    ...rig.environment,
    PATH: `${bin}:${rig.environment['PATH']}`,
    PYTHONPATH: folder,
    PYTHONDONTWRITEBYTECODE: '1',
    PYTHONWARNINGS: 'error::ResourceWarning',
  };
});
afterAll(() => rig.remove());

test.skipIf(!hasPytest)('the Python client and the pytest fixture do what their tests say', async () => {
  const example = join(rig.home.path, 'test_example.py');
  writeFileSync(example, blockOf('python pytest'));
  const options = [
    '-p',
    'no:cacheprovider',
    '-p',
    'rolecall.pytest_plugin',
    '-q',
    '--rootdir',
    folder,
    '--import-mode',
    'importlib',
  ];
  const { exitCode, stdout, stderr } = await runProcess(
    PYTHON,
    ['-m', 'pytest', ...options, join(folder, 'tests'), example],
    {
      environment,
    },
  );
  expect({ exitCode, output: `${stdout}${stderr}` }).toEqual({
    exitCode: 0,
    output: expect.stringMatching(/^[\s\S]*\n[1-9][0-9]+ passed.*\n$/),
  });
});

test.skipIf(!hasPytest)('the example of the page prints what the page says', async () => {
  const text = blockOf('python run');
  const { exitCode, stdout, stderr } = await runProcess(PYTHON, ['-c', text], { environment });
  const shown = [...text.matchAll(/^# → (.*)$/gm)].map(([, line]) => line);
  expect(shown.length).toBeGreaterThan(3);
  expect({ exitCode, lines: stdout.trimEnd().split('\n'), stderr }).toEqual({ exitCode: 0, lines: shown, stderr: '' });
});

test('the page has a section for each integration, and copies what exists', () => {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const copied = [...page.matchAll(/\bintegrations\/[\w./*-]+/g)].map(([path]) => path);
  const folders = new Set(copied.map((path) => path.split('/')[1] ?? ''));
  // Files for releases are in `packages`, and those of docs/emulator.md in `emulator`.
  const there = readdirSync(join(root, 'integrations')).filter((name) => !['emulator', 'packages'].includes(name));
  expect([...folders].toSorted()).toEqual(there.toSorted());
  expect(copied.filter((path) => !existsSync(join(root, path.replace('/*.sh', ''))))).toEqual([]);
});
