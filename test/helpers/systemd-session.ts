// A real `systemd --user` for one test home, as a login starts it, on a machine without one.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { runProcess, type ProcessRun } from './run-process.ts';
import type { TemporaryHome } from './temporary-home.ts';
import { waitFor } from './wait-for.ts';

const MANAGER = '/usr/lib/systemd/systemd';

/** @throws Error when this machine can't run one: it takes root, for the control groups are mounted anew. */
export function checkSystemdSession(): void {
  for (const program of [MANAGER, '/usr/bin/systemctl', '/usr/bin/unshare']) accessSync(program, constants.X_OK);
  if (process.getuid?.() !== 0) throw new Error('only root can mount the control groups');
}

/** `/run/systemd/system` says to systemd's programs that it runs; a mount of its own, so that it says so to nobody else. */
const IN_ITS_OWN_MOUNTS = `
set -e
umount -R -l /sys/fs/cgroup || true
mount -t cgroup2 none /sys/fs/cgroup
mkdir -p "/sys/fs/cgroup/user.slice/$1" /run/systemd
echo $$ > "/sys/fs/cgroup/user.slice/$1/cgroup.procs"
mount -t tmpfs none /run/systemd
mkdir /run/systemd/system
`;
const START = `${IN_ITS_OWN_MOUNTS}exec ${MANAGER} --user --log-target=console --log-level=notice`;
const CLEAN_UP = `
umount -R -l /sys/fs/cgroup; mount -t cgroup2 none /sys/fs/cgroup
find "/sys/fs/cgroup/user.slice/$1" -depth -type d -exec rmdir {} +`;

export interface SystemdSession {
  /** What finds this manager and no other; the home's own environment is in it. */
  readonly environment: Readonly<Record<string, string>>;
  systemctl(...args: readonly string[]): Promise<ProcessRun>;
  /** One property of a unit. */
  show(unit: string, property: string): Promise<string>;
  /** What the manager has said. */
  log(): string;
  /** Ends the manager and all that it runs. */
  stop(): Promise<void>;
}

export async function startSystemdSession(home: TemporaryHome): Promise<SystemdSession> {
  const runtimeDirectory = join(home.path, 'run');
  const environment = {
    ...home.environment,
    DBUS_SESSION_BUS_ADDRESS: `unix:path=${join(runtimeDirectory, 'bus')}`,
  };
  // A manager has none of what a shell's start files say.
  const own = { HOME: home.path, XDG_RUNTIME_DIR: runtimeDirectory, PATH: '/usr/bin:/bin', LANG: 'C.UTF-8' };
  const group = `rolecall-test-${process.pid}`;
  const manager = spawn('/usr/bin/unshare', ['-m', '/bin/bash', '-c', START, 'bash', group], {
    env: own,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  manager.stdout.setEncoding('utf8').on('data', (text: string) => (log += text));
  manager.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));

  const systemctl = (...args: readonly string[]) =>
    runProcess('/usr/bin/systemctl', ['--user', ...args], { environment });
  try {
    await waitFor(
      'the user manager to run',
      async () => {
        if (manager.exitCode !== null) throw new Error(`the manager has ended: ${log}`);
        // `is-system-running` would say "offline" for any manager on a machine whose init is another program.
        const { stdout, stderr } = await systemctl('show', '--property=SystemState', '--value');
        if (['running', 'degraded'].includes(stdout.trim())) return true;
        throw new Error(`${stdout}${stderr}${log}`);
      },
      { deadlineMs: 90_000 },
    );
  } catch (error) {
    await end(manager);
    throw error;
  }

  return {
    environment,
    systemctl,
    async show(unit, property) {
      return (await systemctl('show', unit, `--property=${property}`, '--value')).stdout.trim();
    },
    log: () => log,
    async stop() {
      await end(manager);
      await runProcess('/usr/bin/unshare', ['-m', '/bin/bash', '-c', CLEAN_UP, 'bash', group], { environment: own });
    },
  };
}

async function end(manager: ChildProcess): Promise<void> {
  if (manager.exitCode !== null || manager.signalCode !== null) return;
  const ended = once(manager, 'exit');
  manager.kill('SIGTERM');
  const tooLate = setTimeout(() => manager.kill('SIGKILL'), 15_000);
  await ended;
  clearTimeout(tooLate);
}
