// Makes the archive that is published, in the folder given or the current one, and prints its path: `npm run release:pack`.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { bundledPaths, ROOT, stagePackage } from './stage-package.mjs';

/**
 * Parts of a bundled package that do not run here: rolecall is for Linux and macOS. Packages inside it are in the lock file
 * themselves, if they are needed.
 */
const NOT_BUNDLED =
  /^(?:\.|(?:node_modules|docs|examples|benchmarks?|tests?|include|src|prebuilds\/(?:android|ios|win32)-[^/]+)(?:\/|$))|\.(?:[cm]?ts|map)$/;

const destination = resolve(process.argv[2] ?? '.');
const scratch = mkdtempSync(join(tmpdir(), 'rolecall-pack-'));
try {
  const own = await packOwnPart(scratch);
  execFileSync('tar', ['-xzf', own, '-C', scratch]);
  bundleDependencies(join(scratch, 'package'));
  const archive = join(destination, own.slice(scratch.length + 1));
  // Not by `npm pack`, which takes ten times as long with the bundled packages.
  execFileSync('tar', ['-czf', archive, '-C', scratch, 'package']);
  console.log(archive);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

/** The path of the archive that npm makes of our own files. */
async function packOwnPart(target) {
  const folder = await stagePackage();
  try {
    const options = { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] };
    const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', target];
    const [{ filename }] = JSON.parse(execFileSync('npm', args, options));
    return join(target, filename);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function bundleDependencies(folder) {
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  for (const path of bundledPaths(version)) {
    const source = join(ROOT, path);
    const isNeeded = (file) => !NOT_BUNDLED.test(relative(source, file));
    cpSync(source, join(folder, path), { recursive: true, filter: isNeeded });
  }
}
