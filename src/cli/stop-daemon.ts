// Stopping the daemon, however it was started, and waiting until its process has ended.
import { readFileSync } from 'node:fs';
import { DaemonUnreachableError } from '../core/errors.ts';
import { quoteForShell } from '../core/quote-for-shell.ts';
import type { ServiceStatus } from '../service/service.ts';
import type { CliContext } from './context.ts';

const STOP_DEADLINE_MS = 15_000;
const POLL_MS = 20;

/**
 * The pid of the daemon that was stopped, or undefined when none was running.
 * The socket of an installed service is closed as well, for the next request would start the daemon again.
 * @throws DaemonUnreachableError daemon-not-answering: with the command that ends it nevertheless
 */
export async function stopDaemon(context: CliContext): Promise<number | undefined> {
  const service = (await context.findInstalledService()) === undefined ? undefined : await context.loadService();
  const status = await service?.status();
  if (service === undefined || status === undefined || !isUp(status)) return stopByRequest(context);
  await service.stop();
  // One that was started directly, while the service's manager was not there, goes by its own request.
  return (await stopByRequest(context)) ?? status.pid ?? undefined;
}

function isUp({ manager, socketState, daemonState }: ServiceStatus): boolean {
  return manager !== null && [socketState, daemonState].some((state) => state !== null && !DOWN.includes(state));
}

/** Of systemd's words and launchd's. */
const DOWN: readonly string[] = ['inactive', 'failed', 'not loaded'];

async function stopByRequest(context: CliContext): Promise<number | undefined> {
  let pid: number;
  try {
    const options = { autostart: false, timeoutMs: STOP_DEADLINE_MS, signal: context.signal };
    ({ pid } = await context.client.call('stop', {}, options));
  } catch (error) {
    if (error instanceof DaemonUnreachableError && error.code === 'daemon-not-running') return undefined;
    if (error instanceof DaemonUnreachableError && error.code !== 'foreign-socket') {
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
