// Runs the examples of docs/client.md exactly as printed, as a project that has rolecall installed, and compares the output with the page.
import { mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createSignedInRig, type Rig } from '../helpers/rig.ts';
import { runProcess } from '../helpers/run-process.ts';
import { asPattern, findExamples } from './examples.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const page = readFileSync(join(root, 'docs', 'client.md'), 'utf8');
const examples = findExamples(page);

let rig: Rig;
let project: string;
beforeAll(async () => {
  rig = await createSignedInRig();
  project = mkdtempSync(join(rig.home.path, 'project-'));
  mkdirSync(join(project, 'node_modules'));
  symlinkSync(root, join(project, 'node_modules', 'rolecall'));
  symlinkSync(join(root, 'node_modules', '@aws-sdk'), join(project, 'node_modules', '@aws-sdk'));
});
afterAll(() => rig.remove());

const run = (name: string, text: string) => {
  writeFileSync(join(project, name), text);
  return runProcess(process.execPath, [join(project, name)], { environment: rig.environment, cwd: project });
};

test('has examples, each with its output', () => {
  expect(examples.length).toBeGreaterThan(6);
  expect(examples.filter(({ shown }) => shown.length === 0)).toEqual([]);
});

// One after another, as a reader would: the sign-in and the lock are the daemon's.
test.each(examples)('$name', async ({ text, shown }) => {
  const { exitCode, stdout, stderr } = await run('example.mjs', text);
  expect({ exitCode, lines: stdout.trimEnd().split('\n'), stderr }).toEqual({
    exitCode: 0,
    lines: shown.map(asPattern),
    stderr: expect.any(String),
  });
});

test('works from CommonJS, by require() and by import()', async () => {
  const text = `const { createClient } = require('rolecall/client');
createClient().status().then(async ({ sessions }) => {
  const { RolecallError } = await import('rolecall/client');
  console.log(sessions[0].state, RolecallError === require('rolecall/client').RolecallError);
});`;
  expect(await run('example.cjs', text)).toMatchObject({ exitCode: 0, stdout: 'live true\n' });
});
