// Runs the checks of `npm run check`, all of them or the ones named, and fails when one of them does.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Each check is a list of commands, run in turn; names without a path are in node_modules/.bin. */
const CHECKS = {
  types: [
    ['tsc', '--noEmit'],
    ['tsc', '-p', 'test/tsconfig.json'],
    ['tsc', '-p', 'src/web/tsconfig.json'],
  ],
  lint: [['oxlint', '.']],
  format: [['oxfmt', '--check', '.']],
  unused: [['knip', '--no-progress']],
  package: [['node', 'test/checks/package.mjs']],
  openapi: [['node', 'test/checks/openapi.mjs']],
  shell: [['node', 'test/checks/shell.mjs']],
  workflows: [['node', 'test/checks/workflows.mjs']],
};

function run([program, ...args]) {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, PATH: `${ROOT}node_modules/.bin:${process.env.PATH}` },
    });
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    child.on('error', (error) => resolve({ ok: false, output: `${program}: ${error.message}\n` }));
    child.on('close', (code) => resolve({ ok: code === 0, output }));
  });
}

async function check(name) {
  const startedAtMs = Date.now();
  const results = [];
  for (const command of CHECKS[name]) results.push(await run(command));
  const failed = results.filter(({ ok }) => !ok);
  const seconds = ((Date.now() - startedAtMs) / 1000).toFixed(1);
  console.log(`${failed.length === 0 ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)`);
  // What a passing check has to say may matter too, as "shellcheck is missing" does; tools in good order say little.
  const worthReading = failed.length > 0 ? failed : results.filter(({ output }) => output.startsWith('note:'));
  for (const { output } of worthReading) console.log(output.trimEnd().replaceAll(/^/gm, '       '));
  return failed.length === 0;
}

const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(CHECKS);
const unknown = names.filter((name) => !Object.hasOwn(CHECKS, name));
if (unknown.length > 0) {
  console.error(`No such check: ${unknown.join(', ')}. There are: ${Object.keys(CHECKS).join(', ')}.`);
  process.exit(2);
}

const passed = [];
for (const name of names) passed.push(await check(name));
process.exitCode = passed.every(Boolean) ? 0 : 1;
