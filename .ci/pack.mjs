// Makes the archive that is published, in the folder given or the current one, and prints its path: `npm run release:pack`.
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { stagePackage } from './stage-package.mjs';

const destination = resolve(process.argv[2] ?? '.');
const folder = await stagePackage();
try {
  const options = { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] };
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', destination];
  const [{ filename }] = JSON.parse(execFileSync('npm', args, options));
  console.log(join(destination, filename));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
