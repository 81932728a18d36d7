// Runs a program with a deadline and returns what it printed.
import type { spawn } from 'node:child_process';
import { withTimeout } from '../../core/async/with-timeout.ts';
import type { Clock } from '../../core/clock.ts';

export interface OneRun {
  /** Undefined when the program was killed, could not be started, or timed out. */
  readonly exitCode: number | undefined;
  readonly stdout: string;
}

/** Kills the program at the deadline. Never rejects. */
export async function runOnce(
  deps: { readonly spawn: typeof spawn; readonly clock: Clock },
  program: string,
  args: readonly string[],
  options: { readonly env: NodeJS.ProcessEnv; readonly deadlineMs: number; readonly input?: string },
): Promise<OneRun> {
  const child = deps.spawn(program, args, { env: options.env, stdio: ['pipe', 'pipe', 'ignore'] });
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  // The program may exit without reading its stdin.
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.input ?? '');
  const exit = new Promise<{ readonly exitCode: number | undefined }>((resolve) => {
    child.once('error', () => resolve({ exitCode: undefined }));
    child.once('close', (code) => resolve({ exitCode: code ?? undefined }));
  });
  const exited = await withTimeout(deps.clock, options.deadlineMs, exit);
  if (exited === undefined) child.kill('SIGKILL');
  return { exitCode: exited?.exitCode, stdout };
}
