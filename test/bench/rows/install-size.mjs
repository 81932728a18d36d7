// What `npm install --global` lays down: our own package with the bundle, and the packages with machine code.
import { lstatSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, runProgram } from '../programs.mjs';

const MIB = 1024 * 1024;
/** Comes from the registry, with the binary for this platform; the archive has everything else. */
const KEYRING = /^keyring(?:-|$)/;

export async function measureInstallSize(scene) {
  const { environment, path } = scene.createHome();
  const packed = await runProgram([process.execPath, join(ROOT, '.ci', 'pack.mjs'), path], {
    ...environment,
    PATH: process.env.PATH,
  });
  const archive = packed.trim().split('\n').at(-1);
  const unpacked = join(path, 'unpacked');
  mkdirSync(unpacked);
  await runProgram(['tar', '-xzf', archive, '-C', unpacked, '--strip-components=1'], environment);
  const keyring = join(ROOT, 'node_modules', '@napi-rs');
  const folders = [
    unpacked,
    ...readdirSync(join(unpacked, 'node_modules')).map((name) => join(unpacked, 'node_modules', name)),
    ...readdirSync(keyring).flatMap((name) => (KEYRING.test(name) ? [join(keyring, name)] : [])),
  ];
  const fileCount = readdirSync(unpacked, { recursive: true, withFileTypes: true }).filter((one) =>
    one.isFile(),
  ).length;
  return [
    {
      name: 'archive',
      how: `what npm downloads of rolecall: ${fileCount} files.`,
      unit: 'KiB',
      measured: lstatSync(archive).size / 1024,
    },
    {
      name: 'installed packages',
      how: 'rolecall itself, and the packages with machine code for this platform with what they need.',
      unit: '',
      floorName: 'what is allowed',
      floor: 12,
      measured: folders.length,
      bound: 1,
    },
    {
      name: 'installed size',
      how: 'the bytes of all their files, as `npm install --global` lays them down.',
      unit: 'MiB',
      floorName: 'what is allowed',
      floor: 8,
      measured: folders.reduce((sum, folder) => sum + sizeOfPackage(folder), 0) / MIB,
      bound: 1,
    },
  ];
}

/** Bytes of a package's own files; packages inside it are listed by themselves. */
function sizeOfPackage(folder) {
  let bytes = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.name === 'node_modules') continue;
    const path = join(folder, entry.name);
    bytes += entry.isDirectory() ? sizeOfPackage(path) : lstatSync(path).size;
  }
  return bytes;
}
