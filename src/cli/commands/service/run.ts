// `rolecall service install`, `uninstall`, `status` and `logs`: runs the daemon as a user service.
import { existsSync } from 'node:fs';
import { DaemonUnreachableError, UsageError } from '../../../core/errors.ts';
import { formatJson, formatJsonLine } from '../../../core/text/format-json.ts';
import { trustedPath, type ProgramSearch } from '../../../platform/programs/find-program.ts';
import type { StatusDocument } from '../../../local-api/schemas.ts';
import type { ServiceStatus } from '../../../service/service.ts';
import type { CliContext, DaemonAccess, Dialog, Output, Places, ServiceAccess } from '../../context.ts';
import { requireValidSettings } from '../../require-valid-settings.ts';
import { EXIT_DECLINED, mayEndSignIns } from '../../sign-ins-in-memory.ts';
import { createPainter, formatTable, printText, harmless, shortenPath } from '../../terminal/render.ts';
import { stopDaemon, type StopContext } from '../../stop-daemon.ts';
import type { YesOption } from '../../yes-option.ts';

export interface ServiceOptions {
  readonly json?: boolean;
}

export interface ServiceLogsOptions {
  readonly lines: string;
  readonly follow?: boolean;
}

/** How long a new daemon may take to answer, also on a busy machine. */
const VERIFY_TIMEOUT_MS = 30_000;
const POLL_MS = 50;

export async function runServiceInstall(
  options: ServiceOptions & YesOption,
  context: Dialog & StopContext & Pick<CliContext, 'checkSettings'>,
): Promise<number> {
  const service = await context.loadService();
  const isPossible = (await service.status()).manager !== null;
  if (isPossible) await requireValidSettings('The service was not installed.', context);
  if (
    isPossible &&
    !(await mayEndSignIns(
      'Installing the service restarts the daemon and',
      { ...options, command: 'rolecall service install' },
      context,
    ))
  ) {
    context.stderr.write('The service was not installed.\n');
    return EXIT_DECLINED;
  }
  const { files, variables } = await service.install(() => stopDaemon(context));
  const say = createReport(options, context);
  for (const file of files) say(`Wrote ${shortenPath(file, context.homeDirectory)}\n`);
  if (variables.length > 0) {
    say(`The service uses these variables of this shell: ${variables.join(', ')}.\n`);
  }
  if ((context.environment['ROLECALL_PASSPHRASE'] ?? '') !== '') {
    context.stderr.write('Note: ROLECALL_PASSPHRASE is a secret and was not stored for the service.\n');
  }
  const { pid, problems } = await waitForAnswer(context);
  const after = await service.status();
  if (after.pid !== pid) {
    throw new DaemonUnreachableError(
      'daemon-not-answering',
      `Another daemon (pid ${pid}) answers instead of the service's.`,
      {
        hint: 'rolecall service status',
      },
    );
  }
  say(`The service is installed and running, pid ${pid}. ${describeStart(after)}\n`);
  if (options.json === true) {
    context.stdout.write(formatJsonLine({ installed: true, processId: pid, pid, files, variables }));
  }
  for (const { message, hint } of problems) {
    context.stderr.write(`Note: ${harmless(message)} Run: ${harmless(hint)}\n`);
  }
  return 0;
}

/** Prints lines for people; with --json none. */
function createReport({ json }: ServiceOptions, { stdout }: Pick<Output, 'stdout'>): (text: string) => void {
  return (text) => {
    if (json !== true) stdout.write(text);
  };
}

/** Waits for launchd's daemon to create its socket; systemd's exists immediately. @throws DaemonUnreachableError */
async function waitForAnswer(context: DaemonAccess & Pick<CliContext, 'clock'>): Promise<StatusDocument> {
  const { clock, signal } = context;
  const endMs = clock.nowMs() + VERIFY_TIMEOUT_MS;
  for (;;) {
    try {
      const timeoutMs = Math.max(1, endMs - clock.nowMs());
      return await context.client.call('status', {}, { signal, timeoutMs, autostart: false });
    } catch (error) {
      const isAbsent = error instanceof DaemonUnreachableError && error.code === 'daemon-not-running';
      if (!isAbsent || clock.nowMs() > endMs) throw error;
      await clock.sleep(POLL_MS, signal);
    }
  }
}

export async function runServiceUninstall(
  options: ServiceOptions & YesOption,
  context: DaemonAccess & Dialog & Output & Places & ServiceAccess,
): Promise<number> {
  const service = await context.loadService();
  const { pid: servicePid } = await service.status();
  // A daemon that was started by a command goes on.
  const isService = ({ pid }: StatusDocument) => pid === servicePid;
  if (
    !(await mayEndSignIns(
      'Uninstalling the service stops the daemon and',
      { ...options, command: 'rolecall service uninstall' },
      context,
      isService,
    ))
  ) {
    context.stderr.write('The service was not uninstalled.\n');
    return EXIT_DECLINED;
  }
  const files = await service.uninstall();
  const say = createReport(options, context);
  for (const file of files) say(`Removed ${shortenPath(file, context.homeDirectory)}\n`);
  say(
    files.length === 0
      ? 'No service was installed.\n'
      : 'Removed the service. The first command that needs the daemon now starts it.\n',
  );
  if (options.json === true) context.stdout.write(formatJsonLine({ installed: false, removed: files }));
  return 0;
}

export async function runServiceStatus(
  options: ServiceOptions,
  context: Output & Places & ServiceAccess,
): Promise<number> {
  const status = await (await context.loadService()).status();
  if (options.json === true) {
    context.stdout.write(formatJson({ ...status, processId: status.pid }));
    return 0;
  }
  const paint = createPainter(context.stdout, context.environment);
  const rows = [
    ['Service', describeInstallation(status)],
    ...(status.installed && status.manager !== null ? [['Now', describeNow(status)]] : []),
    ...status.files.map((file, index) => [
      index === 0 ? 'Files' : '',
      harmless(shortenPath(file, context.homeDirectory)),
    ]),
  ];
  await printText(formatTable(rows.map(([label = '', value = '']) => [paint('dim', label), value])), context);
  for (const { message, hint } of status.problems) {
    await printText(
      `\n${paint('yellow', '!')} ${harmless(message)}\n  Run: ${paint('bold', harmless(hint))}\n`,
      context,
    );
  }
  return 0;
}

function describeInstallation(status: ServiceStatus): string {
  if (status.installed) {
    return status.manager === null
      ? 'installed, but its service manager is not running'
      : `installed, managed by ${status.manager}`;
  }
  const instead = 'the first command that needs the daemon starts it';
  return status.manager === null
    ? `not installed, and there is no service manager for it: ${instead}`
    : `not installed: ${instead}. To start it with your desktop: rolecall service install`;
}

function describeNow({ socketState, daemonState, pid }: ServiceStatus): string {
  if (pid !== null) return `running, pid ${pid}`;
  if (socketState === 'active') return 'listening; the first request starts the daemon';
  return daemonState === 'inactive' ? 'stopped' : harmless(daemonState ?? 'unknown');
}

function describeStart({ socketState }: ServiceStatus): string {
  return socketState === null
    ? 'It starts when you log in.'
    : 'It starts with your desktop, or with the first request.';
}

/** @throws UsageError usage: --lines is not a number */
export async function runServiceLogs(
  options: ServiceLogsOptions,
  context: Output & Places & ProgramSearch & ServiceAccess & Pick<CliContext, 'runInPlace'>,
): Promise<number> {
  const lines = Number(options.lines);
  if (!/^\d{1,6}$/.test(options.lines)) {
    throw new UsageError('usage', `--lines must be a number, not "${options.lines}".`, {
      hint: 'rolecall service logs --help',
    });
  }
  const follow = options.follow === true;
  const journal = await (await context.loadService()).logCommand({ lines, follow });
  const { logFile } = context.paths;
  if (journal === undefined && !existsSync(logFile)) {
    context.stderr.write(
      `There is no log yet, neither of a service nor in ${shortenPath(logFile, context.homeDirectory)}.\n`,
    );
    return 0;
  }
  const [program = '', ...args] = journal ?? ['tail', '-n', String(lines), ...(follow ? ['-F'] : []), logFile];
  const environment = Object.fromEntries(
    Object.entries(context.environment).filter((pair): pair is [string, string] => pair[1] !== undefined),
  );
  return context.runInPlace({
    command: [program, ...args],
    environment: { ...environment, PATH: trustedPath(context) },
  });
}
