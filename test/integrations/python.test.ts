// Runs the tests of integrations/python with the system's Python, against a real daemon and a real emulator.
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createSignedInRig, type Rig } from '../helpers/rig.ts';
import { ROLECALL, runProcess } from '../helpers/run-process.ts';
import { systemPartByCheck } from '../helpers/system.ts';

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
  const options = ['-p', 'no:cacheprovider', '-p', 'rolecall.pytest_plugin', '-q', '--rootdir', folder];
  const { exitCode, stdout, stderr } = await runProcess(PYTHON, ['-m', 'pytest', ...options, join(folder, 'tests')], {
    environment,
  });
  expect({ exitCode, output: `${stdout}${stderr}` }).toEqual({
    exitCode: 0,
    output: expect.stringMatching(/^[\s\S]*\n[1-9][0-9]+ passed.*\n$/),
  });
});
