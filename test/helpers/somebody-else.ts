// A program of another user of the machine, which takes root to start.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { systemPartByCheck } from './system.ts';

/** `nobody`, as every system has it. */
export const SOMEBODY_ELSE = 65_534;

export const canBeSomebodyElse = systemPartByCheck('another user', 'these tests do not run as root', () => {
  if (process.getuid?.() !== 0) throw new Error('not root');
});

/** What the script prints, run by Node as another user who has neither our environment nor our directory. */
export async function runAsSomebodyElse(script: string, args: readonly string[]): Promise<string> {
  const options = { uid: SOMEBODY_ELSE, gid: SOMEBODY_ELSE, cwd: '/', env: {}, timeout: 60_000 };
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', script, '--', ...args], options);
  return stdout;
}
