// The service under systemd: two user units and a file with their environment.
import { existsSync, rmdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { UnavailableError } from '../core/errors.ts';
import { ENDPOINT_NAMES, UNSET_FOR_SERVICE } from '../platform/service/daemon-environment.ts';
import {
  findInstalledService,
  findStaleness,
  SYSTEMD_SERVICE,
  SYSTEMD_SOCKET,
  systemdDirectories,
} from '../platform/service/installed-service.ts';
import { systemRuntimeDirectory } from '../local-api/paths.ts';
import { managerEnvironment } from '../platform/service/start-installed-service.ts';
import { readBoundedFileSync } from '../platform/files/bounded-read.ts';
import { writePrivateFile } from '../platform/files/private-file.ts';
import type { ProgramRun, Service, ServiceDeps, ServiceProblem } from './service.ts';
import { describeStaleness, refuseOwnSocket, STOPPED } from './service-problems.ts';
import { serviceEnvironment } from './service-environment.ts';
import { fillSystemdService, fillSystemdSocket, formatEnvironmentFile } from './templates.ts';

const MAX_UNIT_BYTES = 1024 * 1024;
const UNITS = [SYSTEMD_SOCKET, SYSTEMD_SERVICE] as const;
/** Where `systemctl enable` links the units from. */
const TARGETS = ['sockets.target.wants', 'graphical-session.target.wants'] as const;

export function createSystemdService(deps: ServiceDeps): Service {
  const environmentPath = join(deps.paths.stateDirectory, 'service.env');

  function run(...command: readonly string[]): Promise<ProgramRun> {
    return deps.run(command, managerEnvironment(deps, systemRuntimeDirectory(deps.userId)));
  }

  async function systemctl(...args: readonly string[]): Promise<void> {
    const { exitCode, stderr } = await run('systemctl', '--user', ...args);
    if (exitCode === 0) return;
    throw new UnavailableError(
      'no-service-manager',
      `systemctl ${args.join(' ')} failed: ${stderr.trim().replaceAll(/\s+/g, ' ') || `exit code ${exitCode}`}`,
      { hint: 'rolecall service logs' },
    );
  }

  /** The folders from which the manager reads units. @throws UnavailableError no-service-manager */
  async function unitPath(): Promise<readonly string[]> {
    const { exitCode, stdout } = await run('systemctl', '--user', 'show', '--property=UnitPath', '--value');
    if (exitCode !== 0) {
      throw new UnavailableError(
        'no-service-manager',
        'No systemd user manager is running, so there is no service. The first command that needs the daemon starts it.',
        { hint: 'rolecall daemon start' },
      );
    }
    return stdout.trim().split(/\s+/);
  }

  async function chooseDirectory(): Promise<string> {
    const read = await unitPath();
    const candidates = systemdDirectories(deps);
    const chosen = candidates.find((directory) => read.includes(directory));
    if (chosen !== undefined) return chosen;
    throw new UnavailableError(
      'no-service-manager',
      `The systemd of this login reads no units from ${candidates.join(' or ')}: it belongs to another home.`,
      { hint: 'systemctl --user show --property=UnitPath' },
    );
  }

  async function writeFiles(directory: string): Promise<{ files: string[]; variables: string[] }> {
    const environment = serviceEnvironment(deps.environment);
    const values = {
      nodePath: deps.nodePath,
      mainPath: deps.mainPath,
      serviceEnvironmentPath: environmentPath,
      ownEnvironmentPath: join(dirname(deps.paths.settingsFile), 'environment'),
    };
    const aliasPath = deps.paths.socketCandidates.at(-1) ?? deps.paths.socketPath;
    const texts = new Map([
      [join(directory, SYSTEMD_SOCKET), fillSystemdSocket(aliasPath)],
      [join(directory, SYSTEMD_SERVICE), fillSystemdService(values)],
      [environmentPath, formatEnvironmentFile(environment)],
    ]);
    // systemd may read them at any time, and a proxy's URL in them may hold a password.
    for (const [path, text] of texts) await writePrivateFile(path, text);
    return { files: [...texts.keys()], variables: Object.keys(environment) };
  }

  async function findDroppedVariables(): Promise<readonly string[]> {
    const { stdout } = await run('systemctl', '--user', 'show-environment');
    const fromShell = readIfThere(environmentPath) ?? '';
    const dropped: readonly string[] = [
      ...UNSET_FOR_SERVICE,
      ...ENDPOINT_NAMES.filter((name) => !fromShell.includes(`${name}=`)),
    ];
    return stdout.split('\n').flatMap((line) => {
      const [name = '', value = ''] = line.split('=', 2);
      return dropped.includes(name) && value !== '' ? [name] : [];
    });
  }

  return {
    async install(stopDaemon) {
      refuseOwnSocket(deps.environment);
      const directory = await chooseDirectory();
      await stopDaemon();
      // An earlier installation may listen elsewhere, and a running socket unit keeps its old configuration.
      if (findInstalledService(deps) !== undefined) await run('systemctl', '--user', 'stop', ...UNITS);
      const written = await writeFiles(directory);
      await systemctl('daemon-reload');
      await run('systemctl', '--user', '--quiet', 'reset-failed', ...UNITS);
      await systemctl('--quiet', 'enable', ...UNITS);
      await systemctl('start', SYSTEMD_SOCKET);
      return written;
    },

    async uninstall() {
      // `disable --now` stops nothing if systemd has not booted the machine, even if it is the user's manager.
      await run('systemctl', '--user', 'stop', ...UNITS);
      await run('systemctl', '--user', '--quiet', 'disable', ...UNITS);
      const directories = systemdDirectories(deps);
      const files = [
        ...directories.flatMap((directory) => UNITS.map((unit) => join(directory, unit))),
        ...directories.flatMap((directory) => [
          join(directory, TARGETS[0], SYSTEMD_SOCKET),
          join(directory, TARGETS[1], SYSTEMD_SERVICE),
        ]),
        environmentPath,
      ].filter((path) => existsSync(path));
      for (const path of files) rmSync(path);
      for (const directory of directories) {
        const made = [...TARGETS.map((target) => join(directory, target)), directory, dirname(directory)];
        for (const path of made) removeIfEmpty(path);
      }
      await run('systemctl', '--user', 'daemon-reload');
      await run('systemctl', '--user', '--quiet', 'reset-failed', ...UNITS);
      return files;
    },

    async status() {
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
        droppedVariables: isInstalled && hasManager ? await findDroppedVariables() : [],
        problems: isInstalled
          ? findProblems({ staleness: findStaleness(installed, deps.version), hasManager, socket, service })
          : [],
      };
    },

    async stop() {
      await unitPath();
      // The socket with it, or the next request would start it again.
      await systemctl('stop', ...UNITS);
    },

    async restart() {
      await unitPath();
      await run('systemctl', '--user', '--quiet', 'reset-failed', ...UNITS);
      await systemctl('start', SYSTEMD_SOCKET);
      await systemctl('restart', SYSTEMD_SERVICE);
    },

    async repair() {
      const kept = readIfThere(environmentPath);
      await writeFiles(await chooseDirectory());
      await systemctl('daemon-reload');
      // Keeps the variables of the shell that installed it, instead of those of this shell.
      if (kept !== undefined) await writePrivateFile(environmentPath, kept);
    },

    async logCommand({ lines, follow }) {
      const journal = ['journalctl', '--user', '--quiet', '--unit', SYSTEMD_SERVICE, '--unit', SYSTEMD_SOCKET];
      const { exitCode, stdout } = await run(...journal, '--lines=1');
      if (exitCode !== 0 || stdout.trim() === '') return undefined;
      return [...journal, `--lines=${lines}`, '--output=short-iso', '--no-pager', ...(follow ? ['--follow'] : [])];
    },
  };
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

function readIfThere(path: string): string | undefined {
  try {
    return readBoundedFileSync(path, MAX_UNIT_BYTES);
  } catch {
    return undefined;
  }
}

function removeIfEmpty(directory: string): void {
  try {
    rmdirSync(directory);
  } catch {
    // Not there, or somebody else's files are in it.
  }
}
