// One short run of a program with a deadline, and what it printed.
import type { spawn } from 'node:child_process';
import { withTimeout } from '../../core/async/with-timeout.ts';
import type { Clock } from '../../core/clock.ts';

export interface OneRun {
  /** Undefined when it was killed, could not be started, or took too long. */
  readonly exitCode: number | undefined;
  readonly stdout: string;
}

/** Runs to the end or to the deadline, at which the program is killed; never rejects. */
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
  // It may end without having read what it was given.
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
