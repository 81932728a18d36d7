// The package as it is published, put together in a folder: bundled, with man pages.
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { makeLinksAbsolute } from './absolute-links.mjs';
import { addDeclarations } from './add-declarations.mjs';
import { bundlePage } from './bundle-page.mjs';
import { bundleModules, bundlePrograms, NATIVE_PACKAGES } from './bundle.mjs';
import { describeContents, findPackages, formatLicenses } from './contents.mjs';
import { formatCommandPage, formatDaemonPage } from './man-pages.mjs';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** What only those need who work on rolecall itself. */
const NOT_PUBLISHED = ['scripts', 'devDependencies', 'overrides'];
const LICENSES = 'THIRD-PARTY-LICENSES.txt';
const SBOM = 'sbom.cdx.json';
const MAN_PAGES = ['man/rolecall.1', 'man/rolecalld.8'];

/** Below node_modules, where the programs find the packages with machine code. */
const CACHE = join(ROOT, 'node_modules', '.cache');

/** A new folder with our own part of the package in it; remove it when done. */
export async function stagePackage() {
  mkdirSync(CACHE, { recursive: true });
  const folder = mkdtempSync(join(CACHE, 'rolecall-package-'));
  try {
    await fill(folder);
    return folder;
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

/** The same in a folder that stays, in place of what is there. */
export async function stagePackageAt(folder) {
  const staged = await stagePackage();
  rmSync(folder, { recursive: true, force: true });
  renameSync(staged, folder);
}

async function fill(folder) {
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const folders = manifest.files.map((name) => (name.includes('*') ? dirname(name) : name));
  const copied = ['README.md', 'LICENSE', ...folders].filter((name) => name !== 'dist');
  for (const name of copied.filter((one) => existsSync(join(ROOT, one)))) {
    cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  }
  for (const name of readdirSync(join(folder, 'schemas'))) {
    const path = join(folder, 'schemas', name);
    writeFileSync(path, JSON.stringify(JSON.parse(readFileSync(path, 'utf8'))));
  }
  const readme = makeLinksAbsolute(
    readFileSync(join(ROOT, 'README.md'), 'utf8'),
    manifest.repository.url.replace(/^git\+/, '').replace(/\.git$/, ''),
    `v${manifest.version}`,
  );
  writeFileSync(join(folder, 'README.md'), readme);
  const modules = await bundlePrograms(ROOT, folder);
  writeContents(folder, modules, manifest.version);
  for (const name of ['rolecall.js', 'rolecalld.js']) requireProgram(join(folder, 'bin', name));
  writeFileSync(join(folder, 'bin', 'package.json'), '{ "type": "commonjs" }\n');
  await bundlePage(ROOT, folder);
  addDeclarations(ROOT, folder, manifest);
  writeFileSync(join(folder, 'package.json'), formatJson(publishedManifest(manifest)));
  await writeManPages(folder, manifest.version);
}

/** The licences of what is in the bundle, and the SBOM of all that is installed with rolecall. */
function writeContents(folder, modules, version) {
  const bundled = findPackages(ROOT, modules);
  writeFileSync(join(folder, LICENSES), formatLicenses(ROOT, bundled));
  const contents = [...bundled, ...bundledPaths(version), ...fetchedPaths()].toSorted((a, b) => (a < b ? -1 : 1));
  writeFileSync(join(folder, SBOM), formatJson(describeContents(ROOT, contents)));
}

/** The bundle is CommonJS, so the shim for it is too. */
function requireProgram(path) {
  const text = readFileSync(path, 'utf8');
  const required = text.replace(/await import\((.*)\)/, 'require($1)');
  if (required === text) throw new Error(`${path} imports no program`);
  writeFileSync(path, required);
}

function publishedManifest(manifest) {
  const kept = Object.entries(manifest).filter(([name]) => !NOT_PUBLISHED.includes(name));
  return {
    ...Object.fromEntries(kept),
    dependencies: Object.fromEntries(NATIVE_PACKAGES.map((name) => [name, manifest.dependencies[name]])),
    bundleDependencies: bundledPaths(manifest.version).filter(isAtTop).map(nameOf),
    files: [...manifest.files, 'man', LICENSES, SBOM],
    man: MAN_PAGES,
  };
}

/**
 * Where the packages are that the archive contains beside the bundle, as package-lock.json says: those with machine code, and
 * all that they need. With ranges in package.json alone, npm would install other versions than the reviewed ones: it ignores a
 * shrinkwrap in an archive. Packages with a binary for each platform come from the registry; their versions are exact.
 * @throws Error: an installed package is not of the locked version
 */
export function bundledPaths(version) {
  const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'));
  if (lock.version !== version) throw new Error('package-lock.json is of another version: npm install');
  for (const [path, locked] of Object.entries(lock.packages)) {
    if (path === '' || locked.dev || locked.optional) continue;
    const installed = JSON.parse(readFileSync(join(ROOT, path, 'package.json'), 'utf8'));
    if (installed.version !== locked.version) throw new Error(`${path} is not ${locked.version}: npm ci`);
  }
  const paths = new Set();
  for (const name of NATIVE_PACKAGES) addWithNeeds(name, '', { packages: lock.packages, paths });
  return [...paths].filter((path) => lock.packages[path].optionalDependencies === undefined);
}

/** Where the packages are that the package manager fetches: those with a binary for each platform, as package-lock.json says. */
function fetchedPaths() {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'));
  return NATIVE_PACKAGES.map((name) => `node_modules/${name}`).flatMap((path) => {
    const { optionalDependencies } = packages[path];
    if (optionalDependencies === undefined) return [];
    return [path, ...Object.keys(optionalDependencies).map((name) => `node_modules/${name}`)];
  });
}

/** As Node resolves: the nearest node_modules above the folder `from`. */
function addWithNeeds(name, from, { packages, paths }) {
  let folder = from;
  while (packages[`${folder}node_modules/${name}`] === undefined) {
    if (folder === '') throw new Error(`package-lock.json does not have ${name}`);
    folder = folder.slice(0, Math.max(0, folder.lastIndexOf('node_modules/', folder.length - 2)));
  }
  const path = `${folder}node_modules/${name}`;
  if (paths.has(path)) return;
  paths.add(path);
  for (const need of Object.keys(packages[path].dependencies ?? {})) {
    addWithNeeds(need, `${path}/`, { packages, paths });
  }
}

const isAtTop = (path) => path.lastIndexOf('node_modules/') === 0;
const nameOf = (path) => path.slice('node_modules/'.length);

async function writeManPages(folder, version) {
  // As deep in the package as its programs, which read its version.
  const scratch = join(folder, 'dist', 'man');
  try {
    const load = (module) => import(pathToFileURL(join(scratch, `${module}.js`)).href);
    await bundleModules(ROOT, scratch, ['cli/parser', 'cli/program', 'core/errors']);
    const { loadProgram } = await load('cli/parser');
    const { COMMANDS } = await load('cli/program');
    const { ERROR_TABLE } = await load('core/errors');
    const quiet = { write: () => true };
    const program = await loadProgram(COMMANDS, { stdout: quiet, stderr: quiet });
    const [commandPage, daemonPage] = MAN_PAGES.map((name) => join(folder, name));
    mkdirSync(join(folder, 'man'));
    writeFileSync(commandPage, formatCommandPage({ program, errorTable: ERROR_TABLE, version }));
    writeFileSync(daemonPage, formatDaemonPage({ version }));
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

const formatJson = (document) => `${JSON.stringify(document, null, 2)}\n`;
