// Runs real programs as users and SDKs do, with a deadline, and returns their output and exit status.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface ProcessRun {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProcessOptions {
  readonly environment: Readonly<Record<string, string>>;
  readonly deadlineMs?: number;
  readonly cwd?: string;
}

/** `bin/rolecall.js` of this checkout; `npm run build` makes what is behind it. */
export const ROLECALL = fileURLToPath(new URL('../../bin/rolecall.js', import.meta.url));

/** The script that profiles name, as it stands in this checkout. */
export const CREDENTIAL_PROCESS = fileURLToPath(new URL('../../bin/rolecall-credential-process', import.meta.url));

/** Runs a program to its end; 128+n when a signal ended it, the deadline's kill included. */
export function runProcess(command: string, args: readonly string[], options: ProcessOptions): Promise<ProcessRun> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      env: options.environment,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: options.deadlineMs ?? 50_000,
      killSignal: 'SIGKILL',
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', reject);
    child.on('close', (code, signal) =>
      resolve({ exitCode: code ?? (signal === 'SIGKILL' ? 137 : 143), stdout, stderr }),
    );
  });
}

/** Runs the command line of this checkout in a process of its own. */
export function runRolecall(args: readonly string[], options: ProcessOptions): Promise<ProcessRun> {
  return runProcess(process.execPath, [ROLECALL, ...args], options);
}
