// Reads the state of the systemd units, and finds what is wrong with them.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readBoundedFileSync } from '../platform/files/bounded-read.ts';
import { ENDPOINT_NAMES, UNSET_FOR_SERVICE } from '../platform/service/daemon-environment.ts';
import { findInstalledService, SYSTEMD_SERVICE, SYSTEMD_SOCKET } from '../platform/service/installed-service.ts';
import { findStaleness } from '../platform/service/service-staleness.ts';
import type { ProgramRun, ServiceDeps, ServiceProblem, ServiceStatus } from './service.ts';
import { describeStaleness, STOPPED } from './service-problems.ts';

const MAX_FILE_BYTES = 1024 * 1024;
/** The units of the service. */
export const UNITS = [SYSTEMD_SOCKET, SYSTEMD_SERVICE] as const;

type Run = (...command: readonly string[]) => Promise<ProgramRun>;

/** The state of the units, also if they are not installed or no systemd runs. */
export async function readSystemdStatus({
  deps,
  run,
  environmentPath,
}: {
  readonly deps: ServiceDeps;
  readonly run: Run;
  readonly environmentPath: string;
}): Promise<ServiceStatus> {
  const installed = findInstalledService(deps);
  const properties = 'Id,ActiveState,SubState,UnitFileState,MainPID,Result,NeedDaemonReload';
  const shown = await run('systemctl', '--user', 'show', `--property=${properties}`, ...UNITS);
  const hasManager = shown.exitCode === 0;
  const units = parseUnits(shown.stdout);
  const [socket, service] = [units.get(SYSTEMD_SOCKET), units.get(SYSTEMD_SERVICE)];
  const pid = Number(service?.['MainPID'] ?? 0);
  const isInstalled = installed !== undefined;
  return {
    manager: hasManager ? 'systemd' : null,
    installed: isInstalled,
    startsWithDesktop: isInstalled && service?.['UnitFileState'] === 'enabled',
    socketState: isInstalled && hasManager ? (socket?.['ActiveState'] ?? null) : null,
    daemonState: isInstalled && hasManager ? (service?.['ActiveState'] ?? null) : null,
    pid: isInstalled && pid > 0 ? pid : null,
    files: isInstalled
      ? [join(dirname(installed.file), SYSTEMD_SOCKET), installed.file, environmentPath].filter((path) =>
          existsSync(path),
        )
      : [],
    droppedVariables: isInstalled && hasManager ? await findDroppedVariables(run, environmentPath) : [],
    problems: isInstalled
      ? findProblems({ staleness: findStaleness(installed, deps.version), hasManager, socket, service })
      : [],
  };
}

/** Variables of the manager that the daemon does not get. */
async function findDroppedVariables(run: Run, environmentPath: string): Promise<readonly string[]> {
  const { stdout } = await run('systemctl', '--user', 'show-environment');
  const fromShell = readIfPresent(environmentPath) ?? '';
  const dropped: readonly string[] = [
    ...UNSET_FOR_SERVICE,
    ...ENDPOINT_NAMES.filter((name) => !fromShell.includes(`${name}=`)),
  ];
  return stdout.split('\n').flatMap((line) => {
    const [name = '', value = ''] = line.split('=', 2);
    return dropped.includes(name) && value !== '' ? [name] : [];
  });
}

type UnitProperties = Readonly<Record<string, string>>;

/** Blocks of `Name=value` lines with an empty line between them. */
function parseUnits(text: string): ReadonlyMap<string, UnitProperties> {
  const blocks = text.split(/\n{2,}/).map((block) => {
    const pairs = block.split('\n').map((line) => /^([^=]+)=(.*)$/.exec(line));
    return Object.fromEntries(pairs.flatMap((pair) => (pair === null ? [] : [[pair[1], pair[2]]]))) as UnitProperties;
  });
  return new Map(blocks.map((block) => [block['Id'] ?? '', block]));
}

function findProblems(found: {
  readonly staleness: string | undefined;
  readonly hasManager: boolean;
  readonly socket: UnitProperties | undefined;
  readonly service: UnitProperties | undefined;
}): ServiceProblem[] {
  const problems: ServiceProblem[] = [];
  if (!found.hasManager) {
    problems.push({
      code: 'service-without-manager',
      message: 'No systemd user manager is running. The first command that needs the daemon starts it directly.',
      hint: 'rolecall daemon start',
    });
  }
  if (found.staleness !== undefined) {
    problems.push(describeStaleness(found.staleness));
  }
  for (const unit of [found.socket, found.service]) {
    if (unit?.['ActiveState'] !== 'failed') continue;
    problems.push({
      code: 'service-failed',
      message: `${unit['Id']} has failed (${unit['Result']}).`,
      hint: 'rolecall service logs',
    });
  }
  if (found.hasManager && found.socket?.['ActiveState'] === 'inactive') {
    problems.push(STOPPED);
  }
  if (found.socket?.['UnitFileState'] === 'disabled') {
    problems.push({
      code: 'service-broken',
      message: 'The service does not start with your login.',
      hint: 'rolecall service install',
    });
  }
  if (found.service?.['NeedDaemonReload'] === 'yes') {
    problems.push({
      code: 'service-broken',
      message: 'The unit was changed, but systemd has not reloaded it.',
      hint: 'systemctl --user daemon-reload',
    });
  }
  return problems;
}

/** The text of a file of the service; undefined if it can't be read. */
export function readIfPresent(path: string): string | undefined {
  try {
    return readBoundedFileSync(path, MAX_FILE_BYTES);
  } catch {
    return undefined;
  }
}
