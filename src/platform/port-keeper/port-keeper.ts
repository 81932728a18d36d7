// Keeps a listening port while its owner is down, and starts an owner that was killed: a small shell has the descriptor too, so that nobody else can bind the port.
import { spawn } from 'node:child_process';
import { writeSync } from 'node:fs';
import type { Socket } from 'node:net';
import { openKeeperPipes } from './keeper-pipes.ts';
import { fillSecretPipe, forbidRestart, formatStart, type StartCommand } from './keeper-requests.ts';
import { KEEPER_SCRIPT, LASTS, OWNER_FD, RESTART_PAUSES } from './port-keeper-script.ts';
import { lstatIfPresentSync, unlinkIfPresentSync } from '../files/stat-sync.ts';

/** How long a port is kept for a successor. */
const MAX_WAIT_SECONDS = 600;
const READY_DEADLINE_MS = 5000;

/** Whoever has the port open beside its owner. */
export interface PortHolder {
  /** True once it is gone, and the port with it as soon as its owner closes it. */
  hasEnded(): boolean;
  /** The owner will end as planned, and is not to be started again by itself. The port is still kept for a successor. */
  expectEnd(): void;
  /** It lets go of the port, which stays open for as long as its owner has it. */
  end(): void;
}

/** How the keeper starts its owner again after a kill. */
export interface Restart extends StartCommand {
  /** For the daemon that is started; kept in a pipe, out of sight of the shell. */
  readonly secret: string | undefined;
}

/**
 * A keeper that holds the listening socket `fd` from now on, beyond the end of this process.
 * It has no other descriptor of ours, and of the environment `HOME` alone.
 * @throws Error: it could not be started
 */
export async function startPortKeeper(deps: {
  readonly fd: number;
  /** Where the request pipe is made, in a folder that only its owner may enter. */
  readonly pipePath: string;
  readonly homeDirectory: string;
  /** Undefined: an owner that is killed waits for a request, as one does that has ended as planned. */
  readonly restart: Restart | undefined;
  /** Where the keeper says that it has given up. */
  readonly logFile: string;
}): Promise<PortHolder> {
  const { pipePath, restart } = deps;
  const pipes = await openKeeperPipes(pipePath, process.getuid?.() ?? -1);
  const isRestarted = restart !== undefined && fillSecretPipe(pipePath, restart.secret);
  pipes.hideSecret();
  const words = [pipePath, String(MAX_WAIT_SECONDS), RESTART_PAUSES.join(' '), deps.logFile];
  const child = spawn('/bin/sh', ['-c', KEEPER_SCRIPT, 'rolecall-port-keeper', ...words], {
    // A session of its own: what a terminal sends to the owner is not meant for it.
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
  // Its end is the owner's end: held open until then, but no reason to go on running.
  child.stdin?.on('error', () => undefined);
  child.stdin?.write(`${isRestarted ? formatStart(restart) : ''}\n`);
  (child.stdin as Socket | null)?.unref();
  child.unref();
  const pipe = watchPipe(pipePath);
  return {
    // Without its pipe no successor can ask it.
    hasEnded: () => hasEnded || !pipe.isThere(),
    expectEnd: pipe.forbidRestart,
    end() {
      child.kill('SIGKILL');
      pipe.unlink();
    },
  };
}

/** The request pipe as it is now. At its path there may be another keeper's later, which is none of our business. */
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

/** The keeper that has started this process as its child, in place of an owner that was killed. */
export interface RestartingKeeper extends PortHolder {
  /** This process has run for a while: it has not failed to start. */
  reportLasting(): void;
  /** Another owner serves by now, and this process gives up: the keeper ends, and leaves the pipe's path to that one. */
  giveWay(): void;
}

/** `keeperId` is what the keeper has said of itself: should it have ended by now, this process has another parent. */
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
