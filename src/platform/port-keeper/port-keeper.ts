// Keeps a listening port while its owner is down, and restarts a killed owner. A small shell shares the descriptor, so that no other user can bind the port.
import { spawn } from 'node:child_process';
import { writeSync } from 'node:fs';
import type { Socket } from 'node:net';
import { openKeeperPipes } from './keeper-pipes.ts';
import { fillSecretPipe, forbidRestart, formatStart, type StartCommand } from './keeper-requests.ts';
import { KEEPER_SCRIPT, LASTS, OWNER_FD, RESTART_PAUSES } from './port-keeper-script.ts';
import { lstatIfPresentSync, unlinkIfPresentSync } from '../files/stat-sync.ts';

/** For so long a port is kept for a successor. */
const MAX_WAIT_SECONDS = 600;
const READY_DEADLINE_MS = 5000;

/** Another process that keeps the port open. */
export interface PortHolder {
  /** True once it has ended. The port is then lost as soon as its owner closes it. */
  hasEnded(): boolean;
  /** Announces that the owner is about to exit and must not be restarted. The port is still kept for a successor. */
  expectEnd(): void;
  /** Releases the port, which stays open until its owner closes it. */
  end(): void;
}

/** How the keeper restarts a killed owner. */
export interface Restart extends StartCommand {
  /** For the daemon that is started. It stays in a pipe that the shell does not read. */
  readonly secret: string | undefined;
}

/**
 * Starts a keeper that keeps the listening socket `fd` open from now on, also after this process has ended.
 * It inherits no other descriptor, and only `HOME` of the environment.
 * @throws Error: it could not be started
 */
export async function startPortKeeper(deps: {
  readonly fd: number;
  /** Path of the request pipe to create, in a folder that only its owner may enter. */
  readonly pipePath: string;
  readonly homeDirectory: string;
  /** Undefined: the keeper does not restart a killed owner, and only waits for a request. */
  readonly restart: Restart | undefined;
  /** Where the keeper reports that it has given up. */
  readonly logFile: string;
}): Promise<PortHolder> {
  const { pipePath, restart } = deps;
  const pipes = await openKeeperPipes(pipePath, process.getuid?.() ?? -1);
  const isRestarted = restart !== undefined && fillSecretPipe(pipePath, restart.secret);
  pipes.hideSecret();
  const words = [pipePath, String(MAX_WAIT_SECONDS), RESTART_PAUSES.join(' '), deps.logFile];
  const child = spawn('/bin/sh', ['-c', KEEPER_SCRIPT, 'rolecall-port-keeper', ...words], {
    // In its own session, so that it does not get the owner's signals from a terminal.
    detached: true,
    stdio: ['pipe', 'pipe', 'ignore', deps.fd, pipes.requestFd, 'ignore', pipes.secretFd],
    env: { PATH: '/usr/bin:/bin', HOME: deps.homeDirectory },
    cwd: '/',
  });
  pipes.close();
  let hasEnded = false;
  child.once('exit', () => {
    hasEnded = true;
  });
  const isReady = await new Promise<boolean>((resolve) => {
    const timer = setTimeout(() => resolve(false), READY_DEADLINE_MS);
    const settle = (ready: boolean) => {
      clearTimeout(timer);
      resolve(ready);
    };
    child.stdout?.once('data', () => settle(true));
    child.once('exit', () => settle(false));
    child.once('error', () => settle(false));
  });
  child.stdout?.destroy();
  if (!isReady) {
    child.kill('SIGKILL');
    throw new Error('the program that keeps the port did not start');
  }
  // The keeper notices the owner's end when this is closed. It must not keep this process running.
  child.stdin?.on('error', () => undefined);
  child.stdin?.write(`${isRestarted ? formatStart(restart) : ''}\n`);
  (child.stdin as Socket | null)?.unref();
  child.unref();
  const pipe = watchPipe(pipePath);
  return {
    // Without its pipe no successor can send it a request.
    hasEnded: () => hasEnded || !pipe.isThere(),
    expectEnd: pipe.forbidRestart,
    end() {
      child.kill('SIGKILL');
      pipe.unlink();
    },
  };
}

/** Identifies the request pipe, because the pipe of another keeper may later have the same path. */
function watchPipe(path: string) {
  const identify = () => {
    const found = lstatIfPresentSync(path);
    return found === undefined ? undefined : `${found.dev}:${found.ino}`;
  };
  const identity = identify();
  const isThere = () => identity !== undefined && identify() === identity;
  return {
    isThere,
    forbidRestart: () => {
      if (isThere()) forbidRestart(path);
    },
    unlink: () => {
      if (isThere()) unlinkIfPresentSync(path);
    },
  };
}

/** The keeper that started this process as its child, to replace a killed owner. */
export interface RestartingKeeper extends PortHolder {
  /** Reports that this process has run for a while, so its start did not fail. */
  reportLasting(): void;
  /** Ends the keeper, and leaves the pipe to another owner, which already serves. */
  giveWay(): void;
}

/** `keeperId` is the process id that the keeper passed. If it has ended, this process has another parent. */
export function joinPortKeeper(pipePath: string, keeperId: number): RestartingKeeper {
  const isThere = () => process.ppid === keeperId;
  function giveWay(): void {
    if (isThere()) process.kill(keeperId, 'SIGKILL');
  }
  const pipe = watchPipe(pipePath);
  return {
    hasEnded: () => !isThere() || !pipe.isThere(),
    expectEnd: pipe.forbidRestart,
    reportLasting() {
      try {
        writeSync(OWNER_FD, `${LASTS}\n`);
      } catch {
        // The keeper was killed.
      }
    },
    giveWay,
    end() {
      giveWay();
      pipe.unlink();
    },
  };
}
