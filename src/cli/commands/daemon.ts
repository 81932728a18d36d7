// `rolecall daemon start`, `stop` and `restart`: the background service by hand.
import { readFileSync } from 'node:fs';
import { DaemonUnreachableError } from '../../core/errors.ts';
import type { CliContext } from '../context.ts';
import { quoteForShell } from '../../core/quote-for-shell.ts';
import { fetchStatus } from '../sessions.ts';

const STOP_DEADLINE_MS = 15_000;
const POLL_MS = 20;

export async function runDaemonStart(context: CliContext): Promise<number> {
  const status = await fetchStatus(context);
  context.stdout.write(`The daemon is running, pid ${status.pid}.\n`);
  return 0;
}

/** Returns when the process has ended. */
export async function runDaemonStop(context: CliContext): Promise<number> {
  const pid = await stop(context);
  context.stdout.write(pid === undefined ? 'No daemon was running.\n' : 'The daemon has stopped.\n');
  return 0;
}

export async function runDaemonRestart(context: CliContext): Promise<number> {
  await stop(context);
  return runDaemonStart(context);
}

async function stop(context: CliContext): Promise<number | undefined> {
  let pid: number;
  try {
    const options = { autostart: false, timeoutMs: STOP_DEADLINE_MS, signal: context.signal };
    ({ pid } = await context.client.call('stop', {}, options));
  } catch (error) {
    if (error instanceof DaemonUnreachableError && error.code === 'daemon-not-running') return undefined;
    if (error instanceof DaemonUnreachableError) {
      throw new DaemonUnreachableError('daemon-not-answering', error.message, {
        // It does not say its pid, but only it has its lock file open.
        hint: `fuser -k -KILL ${quoteForShell(context.paths.lockFile)}`,
        cause: error,
      });
    }
    throw error;
  }
  const deadlineMs = context.clock.nowMs() + STOP_DEADLINE_MS;
  while (isAlive(pid)) {
    if (context.clock.nowMs() > deadlineMs) {
      throw new DaemonUnreachableError('daemon-not-answering', `The daemon, pid ${pid}, has not ended.`, {
        hint: `kill ${pid}`,
      });
    }
    await context.clock.sleep(POLL_MS, context.signal);
  }
  return pid;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  // In a container nobody may ever collect what is left of a process that has ended.
  return !isZombie(pid);
}

function isZombie(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z');
  } catch {
    return false;
  }
}
