// The package as it is published, put together in a folder: compiled, with man pages and the versions that were reviewed.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { formatCommandPage, formatDaemonPage } from './man-pages.mjs';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** What only those need who work on rolecall itself. */
const NOT_PUBLISHED = ['scripts', 'devDependencies', 'overrides'];
const MAN_PAGES = ['man/rolecall.1', 'man/rolecalld.8'];

/**
 * A new folder with the package in it; remove it when done.
 * Not in place: that would pull `dist` from under a daemon that runs from it. Below node_modules, where what is compiled
 * finds what it imports.
 */
export async function stagePackage() {
  const cache = join(ROOT, 'node_modules', '.cache');
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'rolecall-package-'));
  try {
    await fill(folder);
    return folder;
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

async function fill(folder) {
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const folders = manifest.files.map((name) => (name.includes('*') ? dirname(name) : name));
  const copied = ['README.md', 'LICENSE', ...folders].filter((name) => name !== 'dist');
  for (const name of copied.filter((one) => existsSync(join(ROOT, one)))) {
    cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  }
  const tsc = join(ROOT, 'node_modules', '.bin', 'tsc');
  const { status } = spawnSync(tsc, ['--outDir', join(folder, 'dist')], { cwd: ROOT, stdio: 'inherit' });
  if (status !== 0) throw new Error('the package does not compile');
  writeFileSync(join(folder, 'package.json'), formatJson(publishedManifest(manifest)));
  writeFileSync(join(folder, 'npm-shrinkwrap.json'), formatJson(publishedLock(manifest)));
  await writeManPages(folder, manifest.version);
}

function publishedManifest(manifest) {
  const kept = Object.entries(manifest).filter(([name]) => !NOT_PUBLISHED.includes(name));
  return { ...Object.fromEntries(kept), files: [...manifest.files, 'man', 'npm-shrinkwrap.json'], man: MAN_PAGES };
}

/**
 * The lock file without what only development needs. npm lets no package but the outermost have `overrides`; the versions
 * that ours lead to are in here.
 */
function publishedLock(manifest) {
  const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'));
  const { devDependencies: _development, ...root } = lock.packages[''];
  if (root.version !== manifest.version) throw new Error('package-lock.json is of another version: npm install');
  const needed = Object.entries(lock.packages).filter(([path, entry]) => path !== '' && entry.dev !== true);
  return { ...lock, packages: { '': root, ...Object.fromEntries(needed) } };
}

async function writeManPages(folder, version) {
  const load = (path) => import(pathToFileURL(join(folder, 'dist', path)).href);
  const { loadProgram } = await load('cli/parser.js');
  const { COMMANDS } = await load('cli/program.js');
  const { ERROR_TABLE } = await load('core/errors.js');
  const quiet = { write: () => true };
  const program = await loadProgram(COMMANDS, { stdout: quiet, stderr: quiet });
  const [commandPage, daemonPage] = MAN_PAGES.map((name) => join(folder, name));
  mkdirSync(join(folder, 'man'));
  writeFileSync(commandPage, formatCommandPage({ program, errorTable: ERROR_TABLE, version }));
  writeFileSync(daemonPage, formatDaemonPage({ version }));
}

const formatJson = (document) => `${JSON.stringify(document, null, 2)}\n`;
