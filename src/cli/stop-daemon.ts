// Stopping the daemon, however it was started, and waiting until its process has ended.
import { DaemonUnreachableError } from '../core/errors.ts';
import { quoteForShell } from '../core/text/quote-for-shell.ts';
import { forbidRestart } from '../platform/port-keeper/keeper-requests.ts';
import { readLockHolder } from '../platform/service/lock-holder.ts';
import {
  identifyProcess,
  isStillRunning,
  signalProcess,
  type ProcessIdentity,
} from '../platform/process/process-identity.ts';
import type { ServiceStatus } from '../service/service.ts';
import type { CliContext } from './context.ts';

const STOP_DEADLINE_MS = 15_000;
const POLL_MS = 20;
/** A daemon gives its answers first, which may take it five seconds, and then writes its tokens. */
const TERM_DEADLINE_MS = 15_000;
const KILL_DEADLINE_MS = 5000;

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
    // One that is only slow ends in order by the signal too.
    const options = { autostart: false, timeoutMs: STOP_DEADLINE_MS, failsOnSilence: true, signal: context.signal };
    ({ pid } = await context.client.call('stop', {}, options));
    // Another one may wait for its lock, started in place of one that was killed.
    forbidRestart(context.paths.keptPortPipe);
  } catch (error) {
    if (!(error instanceof DaemonUnreachableError) || error.code === 'foreign-socket') throw error;
    forbidRestart(context.paths.keptPortPipe);
    const holder = readLockHolder(context.paths.lockFile);
    if (error.code === 'daemon-not-running') {
      return holder && endBySignal(holder, `does not listen at ${context.paths.socketPath}`, context);
    }
    if (holder !== undefined) return endBySignal(holder, 'does not answer', context);
    throw new DaemonUnreachableError('daemon-not-answering', error.message, {
      // Nobody knows its pid, but only it has its lock file open.
      hint: `fuser -k -KILL ${quoteForShell(context.paths.lockFile)}`,
      cause: error,
    });
  }
  const daemon = identifyProcess(pid);
  if (daemon === undefined || (await hasEndedWithin(STOP_DEADLINE_MS, daemon, context))) return pid;
  throw new DaemonUnreachableError('daemon-not-answering', `The daemon, pid ${pid}, has not ended.`, {
    hint: `kill ${pid}`,
  });
}

/** Ends a daemon that does not answer, in order if it still can: a suspended one is woken up for that. */
async function endBySignal(holder: ProcessIdentity, why: string, context: CliContext): Promise<number> {
  const { processId } = holder;
  context.stderr.write(`Note: the daemon (pid ${processId}) ${why}; it is ended by a signal.\n`);
  signalProcess(holder, 'SIGTERM');
  signalProcess(holder, 'SIGCONT');
  if (await hasEndedWithin(TERM_DEADLINE_MS, holder, context)) return processId;
  signalProcess(holder, 'SIGKILL');
  if (await hasEndedWithin(KILL_DEADLINE_MS, holder, context)) return processId;
  throw new DaemonUnreachableError('daemon-not-answering', `The daemon, pid ${processId}, can't be killed.`, {
    hint: `ps -o pid,stat,wchan,command -p ${processId}`,
  });
}

async function hasEndedWithin(
  durationMs: number,
  daemon: ProcessIdentity,
  { clock, signal }: CliContext,
): Promise<boolean> {
  const deadlineMs = clock.nowMs() + durationMs;
  while (isStillRunning(daemon)) {
    if (clock.nowMs() > deadlineMs) return false;
    await clock.sleep(POLL_MS, signal);
  }
  return true;
}
