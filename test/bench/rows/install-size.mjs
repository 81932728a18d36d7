// What an installation takes: our own package, and all that it brings along.
import { lstatSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { stagePackage } from '../../../.ci/stage-package.mjs';
import { ROOT, runProgram } from '../programs.mjs';

const MIB = 1024 * 1024;

export async function measureInstallSize(scene) {
  const { environment } = scene.createHome();
  const npm = join(dirname(process.execPath), 'npm');
  const archive = await packedSize(npm, environment);
  const listed = await runProgram([npm, 'ls', '--omit=dev', '--all', '--parseable'], environment);
  // The first one is the checkout itself.
  const folders = listed.trim().split('\n').slice(1);
  return [
    {
      name: 'package',
      how: `rolecall's own files: ${archive.entryCount}, unpacked; packed they are ${Math.round(archive.size / 1024)} KiB.`,
      unit: 'MiB',
      measured: archive.unpackedSize / MIB,
    },
    {
      name: 'packages installed with it',
      how: 'as `npm ls --omit=dev --all` counts them on this platform.',
      unit: '',
      measured: folders.length,
    },
    {
      name: 'their size',
      how: `the bytes of their files below ${folders.every((path) => path.startsWith(ROOT)) ? '`node_modules`' : 'their folders'}.`,
      unit: 'MiB',
      measured: folders.reduce((sum, folder) => sum + sizeOfPackage(folder), 0) / MIB,
    },
  ];
}

/** Of the archive as it is published, without writing it. */
async function packedSize(npm, environment) {
  const folder = await stagePackage();
  try {
    const args = ['pack', folder, '--dry-run', '--json', '--ignore-scripts'];
    const [archive] = JSON.parse(await runProgram([npm, ...args], environment));
    return archive;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
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
