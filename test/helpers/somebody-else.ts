// Runs a program as another user; needs root.
import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';
import { systemPartByCheck } from './system.ts';

/** `nobody`, as every system has it. */
export const SOMEBODY_ELSE = 65_534;

/** @throws Error: we are not root, or the other user may not execute this Node, as below a home of mode 0700 */
export function checkSomebodyElse(node: string): void {
  if (process.getuid?.() !== 0) throw new Error('not root');
  execFileSync(node, ['-e', ''], { ...AS_SOMEBODY_ELSE, stdio: 'ignore' });
}

const AS_SOMEBODY_ELSE = { uid: SOMEBODY_ELSE, gid: SOMEBODY_ELSE, cwd: '/', env: {}, timeout: 60_000 } as const;

export const canBeSomebodyElse = systemPartByCheck('another user', `root, and ${process.execPath} for everybody`, () =>
  checkSomebodyElse(process.execPath),
);

/** What the script prints, run by Node as another user who has neither our environment nor our directory. */
export async function runAsSomebodyElse(script: string, args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', script, '--', ...args], AS_SOMEBODY_ELSE);
  return stdout;
}
