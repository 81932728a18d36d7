// Starts the daemon by its installed service; apart from finding it, because `rolecall status` only does that.
import { spawn } from 'node:child_process';
import { trustedPath } from '../platform/process/find-program.ts';
import {
  LAUNCHD_LABEL,
  SYSTEMD_SERVICE,
  SYSTEMD_SOCKET,
  type InstalledService,
  type ServiceSurroundings,
} from '../platform/service/installed-service.ts';
import { systemRuntimeDirectory } from './paths.ts';
import type { StartedDaemon } from './start-daemon.ts';

/** The environment in which `systemctl --user` finds the user's manager: cron and ssh lack the variable. No project's `systemctl` is on its PATH. */
export function managerEnvironment(surroundings: ServiceSurroundings): Record<string, string> {
  const { environment, userId } = surroundings;
  const runtimeDirectory = environment['XDG_RUNTIME_DIR'] ?? systemRuntimeDirectory(userId);
  const kept: Record<string, string> = { PATH: trustedPath(surroundings) };
  for (const name of ['HOME', 'LANG', 'XDG_CONFIG_HOME', 'DBUS_SESSION_BUS_ADDRESS']) {
    const value = environment[name];
    if (value !== undefined) kept[name] = value;
  }
  return runtimeDirectory === undefined ? kept : { ...kept, XDG_RUNTIME_DIR: runtimeDirectory };
}

/** The commands that start it, in turn; of launchd's first one it does not matter that it says "already loaded". */
function startCommands({ manager, file }: InstalledService, userId: number): readonly (readonly string[])[] {
  if (manager === 'launchd') {
    return [
      ['launchctl', 'bootstrap', `gui/${userId}`, file],
      ['launchctl', 'kickstart', `gui/${userId}/${LAUNCHD_LABEL}`],
    ];
  }
  return [
    // A unit that failed too often is not started any more until somebody says that it may.
    ['systemctl', '--user', '--quiet', 'reset-failed', SYSTEMD_SOCKET, SYSTEMD_SERVICE],
    ['systemctl', '--user', 'start', SYSTEMD_SOCKET],
  ];
}

/**
 * Starts the installed service; without a manager to ask (a container with this HOME, a session without one) it is
 * `startDirectly` that starts the daemon, which the service takes over from when it comes up.
 */
export function startInstalledService(
  service: InstalledService,
  surroundings: ServiceSurroundings,
  startDirectly: () => StartedDaemon,
): StartedDaemon {
  const commands = [...startCommands(service, surroundings.userId)];
  let direct: StartedDaemon | undefined;
  let hasEnded = false;
  let isReleased = false;

  function finish(exitCode: number | null): void {
    if (commands.length > 0) return runNext();
    hasEnded = true;
    if (exitCode !== 0 && !isReleased) direct = startDirectly();
  }
  function runNext(): void {
    const [program = '', ...args] = commands.shift() ?? [];
    const child = spawn(program, args, { stdio: 'ignore', env: managerEnvironment(surroundings) });
    child.on('error', () => finish(1));
    child.on('exit', (exitCode) => finish(exitCode));
  }
  runNext();
  return {
    failure: () => direct?.failure(),
    hasEnded: () => direct?.hasEnded() ?? hasEnded,
    release() {
      isReleased = true;
      direct?.release();
    },
  };
}
