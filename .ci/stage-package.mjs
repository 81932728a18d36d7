// The package as it is published, put together in a folder: compiled, with man pages.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { makeLinksAbsolute } from './absolute-links.mjs';
import { addDeclarations } from './add-declarations.mjs';
import { formatCommandPage, formatDaemonPage } from './man-pages.mjs';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** What only those need who work on rolecall itself. */
const NOT_PUBLISHED = ['scripts', 'devDependencies', 'overrides'];
const MAN_PAGES = ['man/rolecall.1', 'man/rolecalld.8'];

/**
 * A new folder with our own part of the package in it; remove it when done.
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
  const readme = makeLinksAbsolute(
    readFileSync(join(ROOT, 'README.md'), 'utf8'),
    manifest.repository.url.replace(/^git\+/, '').replace(/\.git$/, ''),
    `v${manifest.version}`,
  );
  writeFileSync(join(folder, 'README.md'), readme);
  const tsc = join(ROOT, 'node_modules', '.bin', 'tsc');
  const { status } = spawnSync(tsc, ['--outDir', join(folder, 'dist')], { cwd: ROOT, stdio: 'inherit' });
  if (status !== 0) throw new Error('the package does not compile');
  addDeclarations(ROOT, folder, manifest);
  writeFileSync(join(folder, 'package.json'), formatJson(publishedManifest(manifest)));
  await writeManPages(folder, manifest.version);
}

function publishedManifest(manifest) {
  const kept = Object.entries(manifest).filter(([name]) => !NOT_PUBLISHED.includes(name));
  return {
    ...Object.fromEntries(kept),
    bundleDependencies: bundledPaths(manifest.version).filter(isAtTop).map(nameOf),
    files: [...manifest.files, 'man'],
    man: MAN_PAGES,
  };
}

/**
 * Where the packages are that the archive contains, as package-lock.json says. With ranges in package.json alone, npm would
 * install other versions than the reviewed ones: it ignores a shrinkwrap in an archive. Packages with a binary for each platform
 * come from the registry; their versions are exact.
 * @throws Error: an installed package is not of the locked version
 */
export function bundledPaths(version) {
  const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'));
  if (lock.version !== version) throw new Error('package-lock.json is of another version: npm install');
  const bundled = Object.entries(lock.packages).filter(
    ([path, entry]) => path !== '' && !entry.dev && !entry.optional && entry.optionalDependencies === undefined,
  );
  for (const [path, locked] of bundled) {
    const installed = JSON.parse(readFileSync(join(ROOT, path, 'package.json'), 'utf8'));
    if (installed.version !== locked.version) throw new Error(`${path} is not ${locked.version}: npm ci`);
  }
  return bundled.map(([path]) => path);
}

const isAtTop = (path) => path.lastIndexOf('node_modules/') === 0;
const nameOf = (path) => path.slice('node_modules/'.length);

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
