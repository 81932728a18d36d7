// Runs ssh as a child: to its end with captured output, or as the user's session on this terminal.
import { spawn, spawnSync } from 'node:child_process';
import { constants as system } from 'node:os';

export interface SshProgram {
  readonly path: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Of ssh when it has failed itself, or was interrupted; every other code is that of the program on the far host. */
export const EXIT_OF_SSH = 255;

/** ssh has failed and has said why on standard error; the command ends with the same exit code. */
export class SshExit extends Error {
  readonly exitCode: number;

  constructor(exitCode: number) {
    super(`ssh ended with ${exitCode}`);
    this.exitCode = exitCode;
  }
}

export interface SshRun {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

const MAX_OUTPUT_CHARACTERS = 256 * 1024;

export function runSsh(program: SshProgram, args: readonly string[], signal: AbortSignal): Promise<SshRun> {
  return new Promise((resolve, reject) => {
    const child = spawn(program.path, args, {
      env: program.environment,
      stdio: ['ignore', 'pipe', 'pipe'],
      signal,
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (stdout.length < MAX_OUTPUT_CHARACTERS) stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      if (stderr.length < MAX_OUTPUT_CHARACTERS) stderr += text;
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ exitCode: code ?? EXIT_OF_SSH, stdout, stderr }));
  });
}

/** Runs ssh on the streams of this process; 128+n after signal n. Aborting `signal` ends it. */
export function runSession(
  program: SshProgram,
  args: readonly string[],
  signal: AbortSignal,
  isTerminal: boolean,
): Promise<number> {
  const modes = isTerminal ? terminalModes() : undefined;
  return new Promise((resolve, reject) => {
    const child = spawn(program.path, args, { env: program.environment, stdio: 'inherit' });
    const onAbort = () => void child.kill('SIGTERM');
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    child.on('error', reject);
    child.on('exit', (code, name) => {
      signal.removeEventListener('abort', onAbort);
      // ssh restores the terminal itself, unless it was killed.
      if (name !== null && modes !== undefined) setTerminalModes(modes);
      resolve(code ?? 128 + (name === null ? 0 : system.signals[name]));
    });
  });
}

/** The modes of the terminal on standard input, for `setTerminalModes`. */
function terminalModes(): string | undefined {
  const { status, stdout } = spawnSync('stty', ['-g'], { stdio: ['inherit', 'pipe', 'ignore'], encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

function setTerminalModes(modes: string): void {
  spawnSync('stty', [modes], { stdio: ['inherit', 'ignore', 'ignore'] });
}
