// Stops the daemon, however it was started, and waits until its process has ended.
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
import type { CliContext, DaemonAccess, Output, Places, ServiceAccess } from './context.ts';

export type StopContext = DaemonAccess & Output & Places & ServiceAccess & Pick<CliContext, 'clock'>;

const STOP_DEADLINE_MS = 15_000;
const POLL_MS = 20;
/** A daemon first answers pending requests, for up to five seconds, and then writes its tokens. */
const TERM_DEADLINE_MS = 15_000;
const KILL_DEADLINE_MS = 5000;

/**
 * The pid of the daemon that was stopped, or undefined if none was running.
 * Also closes the socket of an installed service, because the next request would start the daemon again.
 * @throws DaemonUnreachableError daemon-not-answering: with a command that kills it
 */
export async function stopDaemon(context: StopContext): Promise<number | undefined> {
  const service = (await context.findInstalledService()) === undefined ? undefined : await context.loadService();
  const status = await service?.status();
  if (service === undefined || status === undefined || !isUp(status)) return stopByRequest(context);
  await service.stop();
  // A daemon that was started while no service manager was running does not belong to the service.
  return (await stopByRequest(context)) ?? status.pid ?? undefined;
}

function isUp({ manager, socketState, daemonState }: ServiceStatus): boolean {
  return manager !== null && [socketState, daemonState].some((state) => state !== null && !DOWN.includes(state));
}

/** States of systemd and launchd. */
const DOWN: readonly string[] = ['inactive', 'failed', 'not loaded'];

async function stopByRequest(context: StopContext): Promise<number | undefined> {
  let pid: number;
  try {
    // A daemon that is only slow also stops cleanly on the signal below.
    const options = { autostart: false, timeoutMs: STOP_DEADLINE_MS, failsOnSilence: true, signal: context.signal };
    ({ pid } = await context.client.call('stop', {}, options));
    // The port keeper may already have started another daemon, which waits for the lock.
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
      // Its pid is unknown, but only the daemon has the lock file open.
      hint: `fuser -k -KILL ${quoteForShell(context.paths.lockFile)}`,
      cause: error,
    });
  }
  const daemon = identifyProcess(pid);
  if (daemon === undefined || (await hasEndedWithin(STOP_DEADLINE_MS, daemon, context))) return pid;
  // Everything is written, but a process cannot exit while a call to the keychain is pending, for example behind its dialog.
  // SIGTERM does not help then.
  const holder = readLockHolder(context.paths.lockFile);
  if (holder?.processId === pid) {
    return endBySignal(holder, 'has stopped, but its process has not ended', context, ['SIGKILL']);
  }
  throw new DaemonUnreachableError('daemon-not-answering', `The daemon (pid ${pid}) has not stopped.`, {
    hint: `kill ${pid}`,
  });
}

/** Ends a daemon that does not answer: first with SIGTERM (and SIGCONT, in case it is suspended), then with SIGKILL. */
async function endBySignal(
  holder: ProcessIdentity,
  why: string,
  context: StopContext,
  signals: readonly ('SIGTERM' | 'SIGKILL')[] = ['SIGTERM', 'SIGKILL'],
): Promise<number> {
  const { processId } = holder;
  context.stderr.write(`Note: the daemon (pid ${processId}) ${why}. Stopping it with a signal.\n`);
  for (const signal of signals) {
    signalProcess(holder, signal);
    signalProcess(holder, 'SIGCONT');
    const deadlineMs = signal === 'SIGTERM' ? TERM_DEADLINE_MS : KILL_DEADLINE_MS;
    if (await hasEndedWithin(deadlineMs, holder, context)) return processId;
  }
  throw new DaemonUnreachableError('daemon-not-answering', `The daemon (pid ${processId}) cannot be killed.`, {
    hint: `ps -o pid,stat,wchan,command -p ${processId}`,
  });
}

async function hasEndedWithin(
  durationMs: number,
  daemon: ProcessIdentity,
  { clock, signal }: Pick<StopContext, 'clock' | 'signal'>,
): Promise<boolean> {
  const deadlineMs = clock.nowMs() + durationMs;
  while (isStillRunning(daemon)) {
    if (clock.nowMs() > deadlineMs) return false;
    await clock.sleep(POLL_MS, signal);
  }
  return true;
}
