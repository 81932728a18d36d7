// The service under launchd: a LaunchAgent of the user.
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { UnavailableError } from '../core/errors.ts';
import { findInstalledService, LAUNCHD_LABEL } from '../platform/service/installed-service.ts';
import { findStaleness } from '../platform/service/service-staleness.ts';
import { systemRuntimeDirectory } from '../local-api/paths.ts';
import { managerEnvironment } from '../platform/service/start-installed-service.ts';
import { writePrivateFile } from '../platform/files/private-file.ts';
import type { ProgramRun, Service, ServiceDeps } from './service.ts';
import { describeStaleness, refuseOwnSocket, STOPPED } from './service-problems.ts';
import { serviceEnvironment } from './service-environment.ts';
import { fillLaunchAgent } from './templates.ts';

export function createLaunchdService(deps: ServiceDeps): Service {
  const file = join(deps.homeDirectory, 'Library', 'LaunchAgents', `${LAUNCHD_LABEL}.plist`);
  const errorLogPath = join(deps.paths.stateDirectory, 'launchd.log');
  const domain = `gui/${deps.userId}`;
  const target = `${domain}/${LAUNCHD_LABEL}`;

  function run(...command: readonly string[]): Promise<ProgramRun> {
    return deps.run(command, managerEnvironment(deps, systemRuntimeDirectory(deps.userId)));
  }

  async function launchctl(...args: readonly string[]): Promise<void> {
    const { exitCode, stderr } = await run('launchctl', ...args);
    if (exitCode === 0) return;
    throw new UnavailableError(
      'no-service-manager',
      `launchctl ${args.join(' ')} failed: ${stderr.trim().replaceAll(/\s+/g, ' ') || `exit code ${exitCode}`}`,
      { hint: 'rolecall daemon start' },
    );
  }

  async function write(): Promise<{ files: string[]; variables: string[] }> {
    const environment = serviceEnvironment(deps.environment);
    const { nodePath, mainPath } = deps;
    // launchd may read it at any time, and a proxy's URL in it may hold a password.
    await writePrivateFile(file, fillLaunchAgent({ nodePath, mainPath, environment, errorLogPath }));
    return { files: [file], variables: Object.keys(environment) };
  }

  return {
    async install(stopDaemon) {
      refuseOwnSocket(deps.environment);
      await stopDaemon();
      await run('launchctl', 'bootout', target);
      const written = await write();
      await launchctl('bootstrap', domain, file);
      return written;
    },

    async uninstall() {
      await run('launchctl', 'bootout', target);
      const files = [file, errorLogPath].filter((path) => existsSync(path));
      for (const path of files) rmSync(path);
      return files;
    },

    async status() {
      const installed = findInstalledService(deps);
      const { exitCode, stdout } = await run('launchctl', 'print', target);
      const isLoaded = exitCode === 0;
      const [, printedState = 'not running'] = /^\s*state = (.+)$/m.exec(stdout) ?? [];
      const [, pid] = /^\s*pid = (\d+)$/m.exec(stdout) ?? [];
      const state = isLoaded ? printedState : 'not loaded';
      const staleness = installed === undefined ? undefined : findStaleness(installed, deps.version);
      return {
        manager: 'launchd',
        installed: installed !== undefined,
        startsWithDesktop: installed !== undefined,
        socketState: null,
        daemonState: installed === undefined ? null : state,
        pid: installed === undefined || pid === undefined ? null : Number(pid),
        files: installed === undefined ? [] : [installed.file],
        droppedVariables: [],
        problems: [
          ...(staleness === undefined ? [] : [describeStaleness(staleness)]),
          ...(installed === undefined || isLoaded ? [] : [STOPPED]),
        ],
      };
    },

    async stop() {
      // Unloaded, so that it stays down whatever the daemon's exit code is. Clients load it again.
      await run('launchctl', 'bootout', target);
    },

    async restart() {
      await run('launchctl', 'bootstrap', domain, file);
      await launchctl('kickstart', '-k', target);
    },

    async repair() {
      await run('launchctl', 'bootout', target);
      await write();
    },

    async logCommand() {
      return undefined;
    },
  };
}
