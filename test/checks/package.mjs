// Compiles and packs rolecall as npm would publish it, beside the checkout's own dist, and has publint judge it.
import { execFileSync } from 'node:child_process';
import { accessSync, constants, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { ROOT, stagePackage } from '../../.ci/stage-package.mjs';

const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

/** What npm would put into the archive. */
function listPacked(folder) {
  const options = { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] };
  const [{ files }] = JSON.parse(execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], options));
  return files.map(({ path }) => path);
}

const folder = await stagePackage();
const faults = [];
try {
  const packed = listPacked(folder);
  const programs = Object.values(manifest.bin);
  // What the daemon serves: the folder as it is, without what only the type checker reads.
  const pageFiles = readdirSync(join(ROOT, 'src/web'))
    .filter((name) => !/\.(json|ts)$/.test(name))
    .map((name) => `src/web/${name}`);
  // What the shims load, which publint does not follow.
  const needed = [
    'LICENSE',
    'README.md',
    'CHANGELOG.md',
    'dist/cli/main.js',
    'dist/daemon/main.js',
    'launchd/rolecall.daemon.plist',
    'man/rolecall.1',
    'man/rolecalld.8',
    'npm-shrinkwrap.json',
    'systemd/rolecall.service',
    'systemd/rolecall.socket',
    ...programs,
    ...pageFiles,
  ];
  const missing = needed.filter((path) => !packed.includes(path));
  const foreign = packed.filter(
    (path) => /^(src|test|\.ci)\/|\.test\.|\.map$|\.tsbuildinfo$/.test(path) && !pageFiles.includes(path),
  );
  faults.push(...missing.map((path) => `${path} is not in the package`));
  faults.push(...foreign.map((path) => `${path} does not belong in the package`));
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
