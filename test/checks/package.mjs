// Compiles and packs rolecall as npm would publish it, beside the checkout's own dist, and has publint, attw and a compiler judge it.
import { checkPackage, Package } from '@arethetypeswrong/core';
import { execFileSync } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { ROOT, stagePackage } from '../../.ci/stage-package.mjs';
import { findTypeFaults } from './consumer.mjs';

const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

/** What must not be in a published file. */
const NOT_TO_PUBLISH = {
  // AWS's own examples end so, and are no keys.
  'an access key id': /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b(?<!EXAMPLE)/u,
  'a private key': /-----BEGIN [A-Z ]*PRIVATE KEY-----/u,
  'a secret access key':
    /(?:secret_?access_?key|SecretAccessKey)["']?\s*[:=]\s*["']?[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+])/iu,
  'a token': /\b(?:eyJ[\w-]{10,}\.[\w-]{10,}\.|aoa[A-Z][\w-]{60,}|npm_[A-Za-z0-9]{36}|gh[opsu]_[A-Za-z0-9]{36})/u,
  // taylor is the user of our examples.
  "a path of somebody's machine": /(?<![\w.~}/-])\/(?:root|Users\/\w+|home\/(?!taylor\b)\w+)\//u,
};

/** A checkout in /src or /app has a path that says nothing. */
const isTelling = (path) => path.split('/').length > 3;

/** "PATH: WHAT" for each. */
function findNotToPublish(files) {
  return files.flatMap(([path, text]) =>
    [
      ...Object.entries(NOT_TO_PUBLISH).flatMap(([what, pattern]) => (pattern.test(text) ? [what] : [])),
      ...(isTelling(ROOT) && text.includes(ROOT) ? ['the path of this checkout'] : []),
    ].map((what) => `${path} holds ${what}`),
  );
}

/** What npm would put into the archive. */
function listPacked(folder) {
  const options = { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] };
  const [{ files }] = JSON.parse(execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], options));
  return files.map(({ path }) => path);
}

/** Links of the published README that lead nowhere on the npm website, or to a file that the repository does not have. */
function findLinkFaults(text) {
  const targets = [...text.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)].map(([, target]) => target);
  if (targets.length < 30) return [`the README has only ${targets.length} links`];
  const own = new RegExp(
    `^https://(?:github|raw\\.githubusercontent)\\.com/rolecall/rolecall/(?:blob/)?v${manifest.version}/`,
  );
  return targets
    .filter((target) =>
      own.test(target) ? !existsSync(join(ROOT, target.replace(own, ''))) : !target.startsWith('https://'),
    )
    .map((target) => `README.md: ${target} leads nowhere`);
}

/** As `attw --profile esm-only`: every supported Node can require() a module, and the resolution of Node 10 knows no exports. */
const NOT_SUPPORTED = ['node10', 'node16-cjs'];

/** What "are the types wrong" finds in the files of a package. */
async function findResolutionFaults(folder, paths) {
  const files = paths.map((path) => [`/node_modules/rolecall/${path}`, readFileSync(join(folder, path))]);
  const analysis = await checkPackage(new Package(Object.fromEntries(files), manifest.name, manifest.version));
  const entries = Object.keys(analysis.entrypoints ?? {});
  if (!entries.includes('./client')) return [`attw sees only ${entries.join(', ')}`];
  return analysis.problems
    .filter(({ resolutionKind }) => !NOT_SUPPORTED.includes(resolutionKind))
    .map(({ kind, entrypoint = '', resolutionKind = '' }) => `attw: ${kind} ${entrypoint} ${resolutionKind}`);
}

const folder = await stagePackage();
const faults = [];
try {
  const packed = listPacked(folder);
  const programs = Object.values(manifest.bin);
  // The page, whose modules are in one script.
  const pageFiles = ['icon.svg', 'page.css', 'page.html', 'page.js'].map((name) => `src/web/${name}`);
  // What editors load by the first line of a settings file.
  const schemas = readdirSync(join(ROOT, 'schemas')).map((name) => `schemas/${name}`);
  // What the shims load, which publint does not follow.
  const needed = [
    'LICENSE',
    'README.md',
    'CHANGELOG.md',
    'THIRD-PARTY-LICENSES.txt',
    'sbom.cdx.json',
    'dist/cli/main.js',
    'dist/daemon/main.js',
    'dist/cli/xdg-open',
    'dist/daemon/xdg-open',
    'dist/tray/xdg-open',
    'launchd/io.github.rolecall.daemon.plist',
    'man/rolecall.1',
    'man/rolecalld.8',
    'systemd/rolecall.service',
    'systemd/rolecall.socket',
    ...programs,
    ...pageFiles,
    ...schemas,
  ];
  const missing = needed.filter((path) => !packed.includes(path));
  const foreign = packed.filter(
    (path) =>
      /^(src|test|\.ci)\/|\.test\.|\.tsbuildinfo$|(^|\/)\.(env|npmrc|git)|\.(pem|key)$/.test(path) &&
      !pageFiles.includes(path),
  );
  faults.push(...missing.map((path) => `${path} is not in the package`));
  faults.push(...foreign.map((path) => `${path} does not belong in the package`));
  // Assembled here, so that a search of the repository does not find these samples.
  const planted = [
    `AKIA${'Q'.repeat(16)}`,
    `-----BEGIN ${['PRIVATE', 'KEY'].join(' ')}-----`,
    `aws_secret_access_key = ${'a1'.repeat(20)}`,
    `eyJ${'a'.repeat(20)}.${'b'.repeat(20)}.c`,
    `load('${['', 'root', 'x', 'y'].join('/')}')`,
  ];
  if (!planted.every((text) => findNotToPublish([['planted', text]]).length > 0)) {
    faults.push('the search for secrets does not find those that it is given');
  }
  faults.push(...findNotToPublish(packed.map((path) => [path, readFileSync(join(folder, path), 'utf8')])));
  for (const path of [...programs, ...packed.filter((one) => one.endsWith('/xdg-open'))]) {
    if (!packed.includes(path)) continue;
    try {
      accessSync(join(folder, path), constants.X_OK);
    } catch {
      faults.push(`${path} is not executable`);
    }
  }
  faults.push(...findLinkFaults(readFileSync(join(folder, 'README.md'), 'utf8')));
  faults.push(...(await findResolutionFaults(folder, packed)), ...findTypeFaults(ROOT, folder));
  const { messages } = await publint({ pkgDir: folder, pack: 'npm', strict: true, level: 'suggestion' });
  faults.push(...messages.map((message) => `publint: ${formatMessage(message, manifest, { color: false })}`));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
for (const fault of faults) console.log(fault);
process.exitCode = faults.length === 0 ? 0 : 1;
