// Runs the demo's child processes: commands to their end, and the emulator until the demo is over.
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface Finished {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Both streams in the order of arrival. */
  readonly output: string;
  readonly durationMs: number;
}

export interface RunOptions {
  readonly environment: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** Runs a program to its end. @throws the signal's reason when it is aborted */
export function runToEnd(command: readonly string[], options: RunOptions): Promise<Finished> {
  const [program = '', ...args] = command;
  return new Promise((resolve, reject) => {
    const startedAt = performance.now();
    const child = spawn(program, args, {
      env: options.environment,
      stdio: ['ignore', 'pipe', 'pipe'],
      signal: options.signal,
    });
    let stdout = '';
    let stderr = '';
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      output += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
      output += text;
    });
    child.on('error', reject);
    child.on('close', (code) =>
      resolve({ exitCode: code ?? 1, stdout, stderr, output, durationMs: performance.now() - startedAt }),
    );
  });
}

/** The output of `rolecall emulator --json`. */
export interface EmulatorAddress {
  readonly url: string;
  readonly startUrl: string;
  readonly region: string;
  readonly portalUrl: string;
  readonly deviceUrl: string;
  readonly controlToken: string;
  readonly user: string;
  readonly environment: Readonly<Record<string, string>>;
}

export interface EmulatorProcess {
  readonly address: EmulatorAddress;
  readonly pid: number;
  /** Lets it continue after the demo. */
  release(): void;
  stop(): Promise<void>;
}

/** Starts the emulator in a process group of its own, so that Ctrl-C reaches the demo first. */
export async function startEmulator(mainPath: string, signal: AbortSignal): Promise<EmulatorProcess> {
  const child = spawn(process.execPath, [mainPath, '--auto-approve', '--json'], {
    env: {},
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const stop = async () => {
    child.kill('SIGTERM');
    await ended;
  };
  try {
    const address = JSON.parse(await firstLine(child, signal)) as EmulatorAddress;
    return {
      address,
      pid: child.pid ?? 0,
      stop,
      release() {
        child.stdout.destroy();
        child.unref();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function firstLine(child: ChildProcess, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the emulator ended with ${code ?? 'a signal'} during its start`)));
    if (child.stdout !== null) createInterface({ input: child.stdout }).once('line', resolve);
  });
}
