// `rolecall daemon start`, `stop`, `restart` and `run`: starts and stops the background service by hand.
import { DaemonUnreachableError } from '../../../core/errors.ts';
import { formatJsonLine } from '../../../core/text/format-json.ts';
import type { Service } from '../../../service/service.ts';
import type { CliContext, DaemonAccess, Dialog, Output, ServiceAccess } from '../../context.ts';
import { requireValidSettings } from '../../require-valid-settings.ts';
import { fetchStatus } from '../../sessions.ts';
import { EXIT_DECLINED, findStatus, mayEndSignIns } from '../../sign-ins-in-memory.ts';
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
  context.stdout.write(
    json === true ? formatJsonLine({ running: true, processId: pid, pid }) : `The daemon is running, pid ${pid}.\n`,
  );
  return 0;
}

/** Returns when the process has ended. */
export async function runDaemonStop(options: JsonOption & YesOption, context: Dialog & StopContext): Promise<number> {
  if (!(await mayEndSignIns('Stopping the daemon', { ...options, command: 'rolecall daemon stop' }, context))) {
    context.stderr.write('The daemon was not stopped.\n');
    return EXIT_DECLINED;
  }
  const pid = await stopDaemon(context);
  if (options.json === true) {
    context.stdout.write(formatJsonLine({ stopped: pid !== undefined, processId: pid ?? null, pid: pid ?? null }));
    return 0;
  }
  context.stdout.write(pid === undefined ? 'No daemon was running.\n' : 'The daemon has stopped.\n');
  return 0;
}

export type RestartContext = StopContext & Pick<CliContext, 'checkSettings'>;

const NOT_RESTARTED = 'The daemon was not restarted.';

/** @throws RolecallError: the new daemon would refuse its settings; the running one is left alone */
export async function runDaemonRestart(
  options: JsonOption & YesOption,
  context: Dialog & RestartContext,
): Promise<number> {
  const service = await findRunningService(context);
  await checkNewSettings(service, context);
  if (!(await mayEndSignIns('Restarting the daemon', { ...options, command: 'rolecall daemon restart' }, context))) {
    context.stderr.write(`${NOT_RESTARTED}\n`);
    return EXIT_DECLINED;
  }
  return replaceDaemon(service, context, options);
}

/** Without a question. @throws as runDaemonRestart */
export async function restartDaemon(context: RestartContext): Promise<number> {
  const service = await findRunningService(context);
  await checkNewSettings(service, context);
  return replaceDaemon(service, context);
}

/** The installed service; undefined without one, or without a manager that could restart it. */
async function findRunningService(context: ServiceAccess): Promise<Service | undefined> {
  if ((await context.findInstalledService()) === undefined) return undefined;
  const service = await context.loadService();
  return (await service.status()).manager === null ? undefined : service;
}

async function checkNewSettings(service: Service | undefined, context: RestartContext): Promise<void> {
  // The service's environment may name another file than this shell's.
  if (service !== undefined && (await findStatus(context))?.files.settings !== context.paths.settingsFile) return;
  await requireValidSettings(NOT_RESTARTED, context);
}

async function replaceDaemon(
  service: Service | undefined,
  context: RestartContext,
  options: JsonOption = {},
): Promise<number> {
  if (service === undefined) {
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
