// Starts the daemon through its installed service. Kept apart from finding the service, which is all that `rolecall status` needs.
import { spawn } from 'node:child_process';
import { basename } from 'node:path';
import { trustedPath } from '../programs/find-program.ts';
import {
  SYSTEMD_SERVICE,
  SYSTEMD_SOCKET,
  type InstalledService,
  type ServiceSurroundings,
} from './installed-service.ts';
import type { StartedDaemon } from './start-daemon.ts';

/**
 * The environment for `systemctl` and `launchctl`, with only trusted folders in PATH. `systemctl --user` needs
 * XDG_RUNTIME_DIR, which cron and ssh do not set: `systemRuntimeDirectory` is used then.
 */
export function managerEnvironment(
  surroundings: ServiceSurroundings,
  systemRuntimeDirectory: string | undefined,
): Record<string, string> {
  const { environment } = surroundings;
  const runtimeDirectory = environment['XDG_RUNTIME_DIR'] ?? systemRuntimeDirectory;
  const kept: Record<string, string> = { PATH: trustedPath(surroundings) };
  for (const name of ['HOME', 'LANG', 'XDG_CONFIG_HOME', 'DBUS_SESSION_BUS_ADDRESS']) {
    const value = environment[name];
    if (value !== undefined) kept[name] = value;
  }
  return runtimeDirectory === undefined ? kept : { ...kept, XDG_RUNTIME_DIR: runtimeDirectory };
}

/** The commands that start the service, in order. launchd's first one may fail with "already loaded". */
function startCommands({ manager, file }: InstalledService, userId: number): readonly (readonly string[])[] {
  if (manager === 'launchd') {
    return [
      ['launchctl', 'bootstrap', `gui/${userId}`, file],
      ['launchctl', 'kickstart', `gui/${userId}/${basename(file, '.plist')}`],
    ];
  }
  return [
    // systemd refuses to start a unit that failed too often until its counter is reset.
    ['systemctl', '--user', '--quiet', 'reset-failed', SYSTEMD_SOCKET, SYSTEMD_SERVICE],
    ['systemctl', '--user', 'start', SYSTEMD_SOCKET],
  ];
}

/**
 * Starts the daemon through the installed service. Where no service manager runs (a container with this HOME, a session
 * without one), starts it with `startDirectly`; the service takes over from that daemon when it starts.
 */
export function startInstalledService(
  service: InstalledService,
  deps: {
    readonly surroundings: ServiceSurroundings;
    /** `/run/user/UID`, if there is one. */
    readonly systemRuntimeDirectory: string | undefined;
    readonly startDirectly: () => StartedDaemon;
  },
): StartedDaemon {
  const { surroundings, startDirectly } = deps;
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
    const child = spawn(program, args, {
      stdio: 'ignore',
      env: managerEnvironment(surroundings, deps.systemRuntimeDirectory),
    });
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
