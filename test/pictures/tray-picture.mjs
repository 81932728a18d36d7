// The picture of the tray: tray.mjs in a process of its own, which has a display and a panel to end with it.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SCENE = fileURLToPath(new URL('tray.mjs', import.meta.url));

export async function takeTrayPicture(studio) {
  const directory = mkdtempSync(join(tmpdir(), 'rcq-'));
  try {
    const path = join(directory, 'tray.png');
    execFileSync(process.execPath, [SCENE, path], { stdio: 'inherit', timeout: 120_000 });
    studio.keep('tray', readFileSync(path));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
