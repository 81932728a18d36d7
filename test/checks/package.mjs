// Compiles and packs rolecall as npm would publish it, beside the checkout's own dist, and has publint judge it.
import { execFileSync } from 'node:child_process';
import { accessSync, constants, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

/** A copy, for a build in place would pull dist from under a daemon or a test that runs from it. */
function stage() {
  const cache = join(ROOT, 'node_modules', '.cache');
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'rolecall-package-'));
  for (const name of ['package.json', 'README.md', 'LICENSE', ...manifest.files]) {
    if (name !== 'dist' && existsSync(join(ROOT, name)))
      cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  }
  execFileSync(join(ROOT, 'node_modules', '.bin', 'tsc'), ['--outDir', join(folder, 'dist')], {
    cwd: ROOT,
    stdio: 'inherit',
  });
  return folder;
}

/** What npm would put into the archive. */
function listPacked(folder) {
  const options = { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] };
  const [{ files }] = JSON.parse(execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], options));
  return files.map(({ path }) => path);
}

const folder = stage();
const faults = [];
try {
  const packed = listPacked(folder);
  const programs = Object.values(manifest.bin);
  // What the shims load, which publint does not follow.
  const needed = ['LICENSE', 'README.md', 'CHANGELOG.md', 'dist/cli/main.js', 'dist/daemon/main.js', ...programs];
  for (const path of needed) if (!packed.includes(path)) faults.push(`${path} is not in the package`);
  for (const path of packed)
    if (/^(src|test|\.ci)\//.test(path)) faults.push(`${path} does not belong into the package`);
  for (const path of programs.filter((program) => packed.includes(program))) {
    try {
      accessSync(join(folder, path), constants.X_OK);
    } catch {
      faults.push(`${path} is not executable`);
    }
  }
  const { messages } = await publint({ pkgDir: folder, pack: 'npm', strict: true, level: 'suggestion' });
  faults.push(...messages.map((message) => `publint: ${formatMessage(message, manifest, { color: false })}`));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
for (const fault of faults) console.log(fault);
process.exitCode = faults.length === 0 ? 0 : 1;
