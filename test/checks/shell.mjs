// Runs shellcheck over every shell file of the repository, found by name or by first line.
import { spawnSync } from 'node:child_process';
import { closeSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const NOT_OURS = new Set(['.git', 'node_modules', 'dist', 'coverage']);

/** Without git, so that an unpacked archive can be checked as well. */
function* walk(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory() && !NOT_OURS.has(entry.name)) yield* walk(join(folder, entry.name));
    if (entry.isFile()) yield join(folder, entry.name);
  }
}

function firstLine(path) {
  const buffer = Buffer.alloc(128);
  const file = openSync(path, 'r');
  try {
    return buffer.toString('utf8', 0, readSync(file, buffer)).split('\n')[0];
  } finally {
    closeSync(file);
  }
}

const isShell = (path) => /\.(sh|bash)$/.test(path) || /^#!.*\b(sh|bash|dash|ksh)\b/.test(firstLine(path));

const files = [...walk(ROOT)].filter(isShell).map((path) => path.slice(ROOT.length));
if (!files.includes('.ci/run')) {
  console.error(`The walk did not even find .ci/run; it found: ${files.join(', ') || 'nothing'}.`);
  process.exit(1);
}

const { error, status } = spawnSync('shellcheck', ['--external-sources', ...files], { cwd: ROOT, stdio: 'inherit' });
if (error?.code === 'ENOENT' || error?.code === 'EACCES') {
  const isRequired = process.env.ROLECALL_REQUIRE_SYSTEM === '1';
  console.log(
    `note: shellcheck is not installed, so ${files.length} shell files were not checked (apt install shellcheck)`,
  );
  process.exit(isRequired ? 1 : 0);
}
if (error !== undefined) throw error;
process.exitCode = status ?? 1;
