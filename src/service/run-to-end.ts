// Runs a program of the system until it ends, and collects its output.
import { spawn } from 'node:child_process';
import type { ProgramRun } from './service.ts';

/** systemd allows ninety seconds for a stop; no command of ours takes a third of that. */
const DEADLINE_MS = 30_000;
const EXIT_NOT_FOUND = 127;

export function runToEnd(
  command: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<ProgramRun> {
  const [program = '', ...args] = command;
  return new Promise((resolve) => {
    const child = spawn(program, args, { env: environment, stdio: ['ignore', 'pipe', 'pipe'], timeout: DEADLINE_MS });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', (error) => resolve({ exitCode: EXIT_NOT_FOUND, stdout: '', stderr: error.message }));
    child.on('close', (exitCode) => resolve({ exitCode: exitCode ?? 1, stdout, stderr }));
  });
}
