// Runs the browser command of a session without a shell, detached, and reports a failure within the first second.
import { spawn } from 'node:child_process';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { BrowserFailure } from '../../core/text/browser-command.ts';

/** A browser that runs for so long has started. One that hands the page to an open browser exits earlier. */
const SETTLE_MS = 1000;

/**
 * Resolves once the program is running or has exited successfully.
 * @throws BrowserFailure: the program does not exist, its path is relative, or it failed at once
 */
export async function runBrowser(
  [program, ...args]: readonly [string, ...string[]],
  environment: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  // There is no shell that would expand `~`.
  const path = program.startsWith('~/') ? join(environment['HOME'] ?? homedir(), program.slice(2)) : program;
  // It would depend on the working directory, which may be a project of somebody else.
  if (path.includes('/') && !isAbsolute(path)) throw new BrowserFailure(`${program} is a relative path`);
  return new Promise((resolve, reject) => {
    const child = spawn(path, args, { detached: true, stdio: 'ignore', env: { ...environment } });
    const settled = setTimeout(resolve, SETTLE_MS);
    const fail = (reason: string) => {
      clearTimeout(settled);
      reject(new BrowserFailure(reason));
    };
    child.on('error', (error: NodeJS.ErrnoException) => fail(describe(program, error)));
    child.on('exit', (code, signal) => {
      if (code === 0) {
        clearTimeout(settled);
        resolve();
      } else {
        fail(`${program} ended ${code === null ? `by ${signal}` : `with status ${code}`}`);
      }
    });
    child.unref();
  });
}

function describe(program: string, { code, message }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT') return `${program} was not found`;
  return code === 'EACCES' ? `${program} is not executable` : message;
}
