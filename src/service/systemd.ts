// The service under systemd: two user units and a file with their environment.
import { existsSync, rmdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { UnavailableError } from '../core/errors.ts';
import {
  findInstalledService,
  SYSTEMD_SERVICE,
  SYSTEMD_SOCKET,
  systemdDirectories,
} from '../platform/service/installed-service.ts';
import { systemRuntimeDirectory } from '../local-api/paths.ts';
import { managerEnvironment } from '../platform/service/start-installed-service.ts';
import { writePrivateFile } from '../platform/files/private-file.ts';
import type { ProgramRun, Service, ServiceDeps } from './service.ts';
import { refuseOwnSocket } from './service-problems.ts';
import { serviceEnvironment } from './service-environment.ts';
import { readIfPresent, readSystemdStatus, UNITS } from './systemd-status.ts';
import { fillSystemdService, fillSystemdSocket, formatEnvironmentFile } from './templates.ts';

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
      `The systemd user manager reads no units from ${candidates.join(' or ')}: it uses another home directory.`,
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

    status: () => readSystemdStatus({ deps, run, environmentPath }),

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
      const kept = readIfPresent(environmentPath);
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

function removeIfEmpty(directory: string): void {
  try {
    rmdirSync(directory);
  } catch {
    // It does not exist, or is not empty.
  }
}
