// `rolecall daemon start`, `stop`, `restart` and `run`: starts and stops the background service by hand.
import { DaemonUnreachableError } from '../../../core/errors.ts';
import { formatJsonLine } from '../../../core/text/format-json.ts';
import type { CliContext, DaemonAccess, Dialog, Output, ServiceAccess } from '../../context.ts';
import { fetchStatus } from '../../sessions.ts';
import { EXIT_DECLINED, mayEndSignIns } from '../../sign-ins-in-memory.ts';
import { stopDaemon, type StopContext } from '../../stop-daemon.ts';
import type { YesOption } from '../../yes-option.ts';

export interface JsonOption {
  readonly json?: boolean;
}

export async function runDaemonStart(
  { json }: JsonOption,
  context: DaemonAccess & Pick<Output, 'stdout'>,
): Promise<number> {
  // The user asked for it, so ROLECALL_NO_AUTOSTART does not count.
  const { pid } = await fetchStatus(context, { autostart: true });
  context.stdout.write(json === true ? formatJsonLine({ running: true, pid }) : `The daemon is running, pid ${pid}.\n`);
  return 0;
}

/** Returns when the process has ended. */
export async function runDaemonStop(options: JsonOption & YesOption, context: Dialog & StopContext): Promise<number> {
  if (!(await mayEndSignIns('Stopping the daemon', options, context))) {
    context.stderr.write('The daemon was not stopped.\n');
    return EXIT_DECLINED;
  }
  const pid = await stopDaemon(context);
  if (options.json === true) {
    context.stdout.write(formatJsonLine({ stopped: pid !== undefined, pid: pid ?? null }));
    return 0;
  }
  context.stdout.write(pid === undefined ? 'No daemon was running.\n' : 'The daemon has stopped.\n');
  return 0;
}

export async function runDaemonRestart(
  options: JsonOption & YesOption,
  context: Dialog & StopContext,
): Promise<number> {
  if (!(await mayEndSignIns('Restarting the daemon', options, context))) {
    context.stderr.write('The daemon was not restarted.\n');
    return EXIT_DECLINED;
  }
  return restartDaemon(context, options);
}

/** Without a question. */
export async function restartDaemon(context: StopContext, options: JsonOption = {}): Promise<number> {
  const service = (await context.findInstalledService()) === undefined ? undefined : await context.loadService();
  if (service === undefined || (await service.status()).manager === null) {
    await stopDaemon(context);
    return runDaemonStart(options, context);
  }
  // The service keeps the socket open, so callers wait instead of failing.
  await service.restart();
  context.stderr.write(
    "Note: the service keeps the environment it was installed with. To use this shell's environment: rolecall service install\n",
  );
  return runDaemonStart(options, context);
}

/** @throws DaemonUnreachableError daemon-not-running: the service owns the socket, so another daemon cannot listen */
export async function runDaemonInForeground(context: ServiceAccess & Pick<CliContext, 'runProgram'>): Promise<number> {
  const service = (await context.findInstalledService()) === undefined ? undefined : await context.loadService();
  if ((await service?.status())?.socketState === 'active') {
    throw new DaemonUnreachableError('daemon-not-running', 'The service already listens at the socket.', {
      hint: 'rolecall daemon stop',
    });
  }
  return context.runProgram('daemon', ['--foreground']);
}
