// Starts the daemon from a client: detached, with an allow-listed environment, and with early failures reported back.
import { spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { errorFromBody, InternalError, type ErrorBody } from '../../core/errors.ts';
import { noDebuggerFlags } from '../process/harden-process.ts';
import { daemonEnvironment, PASSPHRASE_FD_NAME } from './daemon-environment.ts';

/** The first descriptor after the standard streams and Node's IPC channel. */
const PASSPHRASE_FD = 4;

/** A daemon process that this client started. While another daemon holds the lock, it waits for the lock until `release`. */
export interface StartedDaemon {
  /** Why it could not start; undefined while it runs, or if it ended normally. */
  failure(): ErrorBody | undefined;
  /** True once the process has ended. */
  hasEnded(): boolean;
  /** Call it once the client has its answer or has given up: lets this process exit, and ends a daemon that still waits for the lock. */
  release(): void;
}

/** Starts `mainPath` with this Node. The child reports a failed start over its IPC channel, and logs everything to its file. */
export function startDaemonProcess(
  mainPath: string,
  environment: Readonly<Record<string, string | undefined>>,
): StartedDaemon {
  const { passphrase, env } = splitPassphrase(environment);
  const child = spawn(process.execPath, [...noDebuggerFlags(), mainPath], {
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc', ...(passphrase === undefined ? [] : ['pipe' as const])],
    env: passphrase === undefined ? env : { ...env, [PASSPHRASE_FD_NAME]: String(PASSPHRASE_FD) },
    cwd: '/',
  });
  const pipe = child.stdio[PASSPHRASE_FD] as Socket | null | undefined;
  // A daemon that can't start reports why over the IPC channel.
  pipe?.on('error', () => undefined).end(passphrase ?? '');
  let failure: ErrorBody | undefined;
  let hasEnded = false;
  child.on('message', (message) => {
    failure = message as ErrorBody;
  });
  child.on('error', (error) => {
    hasEnded = true;
    failure = {
      code: 'daemon-not-running',
      message: `The daemon can't be started: ${error.message}.`,
      hint: 'rolecall daemon run',
    };
  });
  child.on('exit', (exitCode) => {
    hasEnded = true;
    if (exitCode !== 0) {
      failure ??= {
        code: 'daemon-not-running',
        message: 'The daemon ended while it was starting.',
        hint: 'rolecall daemon run',
      };
    }
  });
  return {
    failure: () => failure,
    hasEnded: () => hasEnded,
    release() {
      pipe?.unref();
      if (child.connected) child.disconnect();
      child.unref();
    },
  };
}

/** Separates the passphrase, which goes through a pipe: /proc shows a daemon's environment for as long as it runs. */
function splitPassphrase(environment: Readonly<Record<string, string | undefined>>): {
  readonly passphrase: string | undefined;
  readonly env: Record<string, string>;
} {
  const { ROLECALL_PASSPHRASE: passphrase, [PASSPHRASE_FD_NAME]: _foreign, ...env } = daemonEnvironment(environment);
  // An empty pipe tells the daemon that its client was killed.
  return { passphrase: passphrase === '' ? undefined : passphrase, env };
}

/** The error that a daemon with this environment would report for its settings. It takes no lock and exits at once. */
export async function checkDaemonSettings(
  mainPath: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<ErrorBody | undefined> {
  return (await askDaemonProgram(mainPath, '--check-settings', environment)) as ErrorBody | undefined;
}

/**
 * What `--describe-settings` answers in the daemon's environment. It takes no lock and exits at once.
 * @throws RolecallError: the error that a daemon would report for its settings
 */
export async function describeDaemonSettings(
  mainPath: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<unknown> {
  const answer = await askDaemonProgram(mainPath, '--describe-settings', environment);
  if (typeof answer === 'object' && answer !== null && 'settings' in answer) return answer.settings;
  throw answer === undefined
    ? new InternalError('internal', 'The settings could not be read.')
    : errorFromBody(answer as ErrorBody);
}

/** The message that the daemon's program sends with `flag`; undefined if it sends none. */
function askDaemonProgram(
  mainPath: string,
  flag: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...noDebuggerFlags(), mainPath, flag], {
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      env: splitPassphrase(environment).env,
      cwd: '/',
    });
    let answer: unknown;
    child.on('message', (message) => {
      answer = message;
    });
    child.on('error', reject);
    child.on('close', () => resolve(answer));
  });
}
