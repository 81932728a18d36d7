// The check of the workflows finds the faults that it exists for.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { systemPart } from '../helpers/system.ts';

const CHECK = fileURLToPath(new URL('workflows.mjs', import.meta.url));
async function check(workflow: string, form: string): Promise<{ exitCode: number; faults: string }> {
  const root = await mkdtemp(join(tmpdir(), 'rolecall-workflows-'));
  await mkdir(join(root, '.github', 'workflows'), { recursive: true });
  await mkdir(join(root, '.github', 'ISSUE_TEMPLATE'));
  await writeFile(join(root, '.github', 'workflows', 'a.yml'), workflow);
  await writeFile(join(root, '.github', 'ISSUE_TEMPLATE', 'bug.yml'), form);
  const result = await run(root);
  await rm(root, { recursive: true });
  return result;
}

function run(root: string): Promise<{ exitCode: number; faults: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [CHECK, root], (error, _stdout, stderr) =>
      resolve({ exitCode: error === null ? 0 : Number(error.code), faults: stderr }),
    );
  });
}

const WORKFLOW = `on: push
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - run: echo "\${{ matrix.node }}"
      - rum: echo
      - uses: actions/checkout@v4
      - run: .ci/absent
      - run: echo $HOME
`;
const FORM = `name: Bug
description: A bug
body:
  - type: textarea
    id: what
    attributes:
      placeholder: What happened?
`;

test('names every fault of workflows and issue forms', async () => {
  const { exitCode, faults } = await check(WORKFLOW, FORM);
  expect(exitCode).toBe(1);
  for (const fault of [
    /a\.yml:6:\d+: property "node" is not defined/,
    /a\.yml:7:\d+: .*"rum"/,
    /a\.yml, test: actions\/checkout@v4 is not pinned to a commit/,
    /a\.yml: says no permissions/,
    /a\.yml, test: \.ci\/absent does not exist/,
    /bug\.yml: the field "what" needs type, id and label/,
  ]) {
    expect(faults).toMatch(fault);
  }
});

test.skipIf(!systemPart('shellcheck', '/usr/bin/shellcheck'))('names what shellcheck finds in a script', async () => {
  expect((await check(WORKFLOW, FORM)).faults).toMatch(/a\.yml, test: [\s\S]*SC2086/);
});
