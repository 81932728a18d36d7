// Makes what Homebrew, the AUR and nix install: one archive for each platform with nothing left to download, and their package
// files with the archives' checksums: `npm run release:platforms -- FOLDER`. Needs a registry for the keychain's binaries.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { bundledPaths, ROOT } from './stage-package.mjs';
import { renderPackageFiles } from './package-files.mjs';

/** The platforms as Node names them, and the name of the keychain package with their binary. */
const PLATFORMS = {
  'linux-x64': 'linux-x64-gnu',
  'linux-arm64': 'linux-arm64-gnu',
  'darwin-x64': 'darwin-x64',
  'darwin-arm64': 'darwin-arm64',
};
const KEYRING = '@napi-rs/keyring';

const destination = resolve(process.argv[2] ?? '.');
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'));
const scratch = mkdtempSync(join(tmpdir(), 'rolecall-platforms-'));
try {
  // Fails if the installed packages are not those of the lock file.
  bundledPaths(manifest.version);
  const packed = execFileSync(process.execPath, [join(ROOT, '.ci', 'pack.mjs'), scratch], { encoding: 'utf8' });
  const common = packed.trim().split('\n').at(-1);
  const keyring = fetchPackage(KEYRING);
  const archives = {};
  for (const [platform, suffix] of Object.entries(PLATFORMS)) {
    archives[platform] = makeArchive(platform, [common, keyring, fetchPackage(`${KEYRING}-${suffix}`)]);
  }
  const files = renderPackageFiles({ manifest, archives });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(destination, name), text);
  const sums = Object.values(archives).map(({ name, sha256 }) => `${sha256}  ${name}\n`);
  writeFileSync(join(destination, 'SHA256SUMS'), sums.join(''));
  for (const name of [...Object.values(archives).map(({ name }) => name), ...Object.keys(files), 'SHA256SUMS']) {
    console.log(join(destination, name));
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

/**
 * The archive of a package in the version of the lock file.
 * @throws Error: its content is not what the lock file says
 */
function fetchPackage(name) {
  const { version, integrity } = lock.packages[`node_modules/${name}`];
  const args = ['pack', `${name}@${version}`, '--json', '--ignore-scripts', '--pack-destination', scratch];
  const [{ filename }] = JSON.parse(
    execFileSync('npm', args, { cwd: scratch, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }),
  );
  const path = join(scratch, basename(filename));
  const digest = `sha512-${createHash('sha512').update(readFileSync(path)).digest('base64')}`;
  if (digest !== integrity) throw new Error(`${name}@${version} is not the package of package-lock.json: ${digest}`);
  return { name, path };
}

/** The same bytes for the same content, whoever makes it and when. */
function makeArchive(platform, [common, ...packages]) {
  const folderName = `rolecall-${manifest.version}`;
  const folder = join(scratch, platform);
  mkdirSync(folder);
  execFileSync('tar', ['-xzf', common, '-C', folder]);
  renameSync(join(folder, 'package'), join(folder, folderName));
  for (const { name, path } of packages) {
    const target = join(folder, folderName, 'node_modules', name);
    mkdirSync(target, { recursive: true });
    execFileSync('tar', ['-xzf', path, '-C', target, '--strip-components=1']);
  }
  dropForeignBinaries(join(folder, folderName), platform);
  const name = `${folderName}-${platform}.tar.gz`;
  const options = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner', '--mode=go=u,go-w'];
  const tar = execFileSync('tar', [...options, '-C', folder, '-cf', '-', folderName], { maxBuffer: 1e9 });
  const bytes = execFileSync('gzip', ['-9n'], { input: tar, maxBuffer: 1e9 });
  writeFileSync(join(destination, name), bytes);
  rmSync(folder, { recursive: true });
  return { name, sha256: createHash('sha256').update(bytes).digest('hex') };
}

function dropForeignBinaries(folder, platform) {
  const prebuilds = join(folder, 'node_modules', 'fs-native-extensions', 'prebuilds');
  const names = readdirSync(prebuilds);
  if (!names.includes(platform)) throw new Error(`fs-native-extensions has no binary for ${platform}`);
  for (const name of names.filter((one) => one !== platform)) rmSync(join(prebuilds, name), { recursive: true });
}
