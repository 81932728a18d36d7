// `rolecall daemon start|stop|restart|run`.
import { DaemonUnreachableError } from '../../core/errors.ts';
import type { CliContext } from '../context.ts';

const STOP_DEADLINE_MS = 15_000;
const POLL_MS = 20;

export async function runDaemonStart(context: CliContext): Promise<number> {
  const status = await context.client.call('status', {});
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
    ({ pid } = await context.client.call('stop', {}, { autostart: false, timeoutMs: STOP_DEADLINE_MS }));
  } catch (error) {
    if (error instanceof DaemonUnreachableError && error.message.includes('not running')) return undefined;
    throw error;
  }
  const deadlineMs = context.clock.nowMs() + STOP_DEADLINE_MS;
  while (isAlive(pid)) {
    if (context.clock.nowMs() > deadlineMs) {
      throw new DaemonUnreachableError('daemon-not-running', `The daemon, pid ${pid}, has not ended.`, {
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
    return true;
  } catch {
    return false;
  }
}
