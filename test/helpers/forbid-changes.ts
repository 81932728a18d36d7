// A folder that nobody can change, not even root: gives a test that runs as root a real EPERM.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Whether this user, on the file system of temporary folders, can mark a folder as unchangeable. */
export function canForbidChanges(): boolean {
  const probe = mkdtempSync(join(tmpdir(), 'rolecall-'));
  const isMarked = spawnSync('chattr', ['+i', probe]).status === 0;
  if (isMarked) execFileSync('chattr', ['-i', probe]);
  rmdirSync(probe);
  return isMarked;
}

/** Runs `act` while the folder takes no new, changed or removed entries. */
export async function withoutChanges(folder: string, act: () => Promise<void>): Promise<void> {
  execFileSync('chattr', ['+i', folder]);
  try {
    await act();
  } finally {
    execFileSync('chattr', ['-i', folder]);
  }
}
