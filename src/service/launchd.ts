// The service under launchd: a LaunchAgent of the user.
import { existsSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { UnavailableError } from '../core/errors.ts';
import {
  EARLIER_LAUNCHD_LABELS,
  findInstalledService,
  LAUNCHD_LABEL,
  launchAgentFile,
} from '../platform/service/installed-service.ts';
import { findStaleness } from '../platform/service/service-staleness.ts';
import { systemRuntimeDirectory } from '../local-api/paths.ts';
import { managerEnvironment } from '../platform/service/start-installed-service.ts';
import { writePrivateFile } from '../platform/files/private-file.ts';
import type { ProgramRun, Service, ServiceDeps } from './service.ts';
import { describeStaleness, refuseOwnSocket, STOPPED } from './service-problems.ts';
import { serviceEnvironment } from './service-environment.ts';
import { fillLaunchAgent } from './templates.ts';

export function createLaunchdService(deps: ServiceDeps): Service {
  const file = launchAgentFile(deps.homeDirectory, LAUNCHD_LABEL);
  const earlierFiles = EARLIER_LAUNCHD_LABELS.map((label) => launchAgentFile(deps.homeDirectory, label));
  const errorLogPath = join(deps.paths.stateDirectory, 'launchd.log');
  const domain = `gui/${deps.userId}`;
  const targetOf = (agentFile: string) => `${domain}/${basename(agentFile, '.plist')}`;

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

  /** Also the agent of an older version. */
  async function unload(): Promise<void> {
    const loadable = [file, ...earlierFiles.filter((path) => existsSync(path))];
    for (const path of loadable) await run('launchctl', 'bootout', targetOf(path));
  }

  /** Also removes the agent of an older version, which would start a second daemon at the next login. */
  async function write(): Promise<{ files: string[]; variables: string[] }> {
    const environment = serviceEnvironment(deps.environment);
    const { nodePath, mainPath } = deps;
    // launchd may read it at any time, and a proxy's URL in it may hold a password.
    await writePrivateFile(file, fillLaunchAgent({ nodePath, mainPath, environment, errorLogPath }));
    for (const path of earlierFiles) rmSync(path, { force: true });
    return { files: [file], variables: Object.keys(environment) };
  }

  return {
    async install(stopDaemon) {
      refuseOwnSocket(deps.environment);
      await stopDaemon();
      await unload();
      const written = await write();
      await launchctl('bootstrap', domain, file);
      return written;
    },

    async uninstall() {
      await unload();
      const files = [file, ...earlierFiles, errorLogPath].filter((path) => existsSync(path));
      for (const path of files) rmSync(path);
      return files;
    },

    async status() {
      const installed = findInstalledService(deps);
      const { exitCode, stdout } = await run('launchctl', 'print', targetOf(installed?.file ?? file));
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
      await unload();
    },

    async restart() {
      const loaded = findInstalledService(deps)?.file ?? file;
      await run('launchctl', 'bootstrap', domain, loaded);
      await launchctl('kickstart', '-k', targetOf(loaded));
    },

    async repair() {
      await unload();
      await write();
    },

    async logCommand() {
      return undefined;
    },
  };
}
