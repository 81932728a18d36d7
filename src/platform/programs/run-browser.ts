// Starts the browser that a session's command names: without a shell, on its own, and heard only while it may fail at once.
import { spawn } from 'node:child_process';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { BrowserFailure } from '../../core/text/browser-command.ts';

/** A browser that runs for so long has started; one that hands over to another that is open ends well before. */
const SETTLE_MS = 1000;

/**
 * Resolves once the program runs, or has ended well.
 * @throws BrowserFailure: there is no such program, it is a relative path, or it ended with an error at once
 */
export async function runBrowser(
  [program, ...args]: readonly [string, ...string[]],
  environment: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  // No shell is there to do this.
  const path = program.startsWith('~/') ? join(environment['HOME'] ?? homedir(), program.slice(2)) : program;
  // It would depend on where we stand, which may be anybody's project.
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
  if (code === 'ENOENT') return `there is no program ${program}`;
  return code === 'EACCES' ? `${program} may not be run` : message;
}
