// `rolecall daemon start`, `stop`, `restart` and `run`: the background service by hand.
import { DaemonUnreachableError } from '../../../core/errors.ts';
import type { CliContext } from '../../context.ts';
import { fetchStatus } from '../../sessions.ts';
import { stopDaemon } from '../../stop-daemon.ts';

export async function runDaemonStart(context: CliContext): Promise<number> {
  const status = await fetchStatus(context);
  context.stdout.write(`The daemon is running, pid ${status.pid}.\n`);
  return 0;
}

/** Returns when the process has ended. */
export async function runDaemonStop(context: CliContext): Promise<number> {
  const pid = await stopDaemon(context);
  context.stdout.write(pid === undefined ? 'No daemon was running.\n' : 'The daemon has stopped.\n');
  return 0;
}

export async function runDaemonRestart(context: CliContext): Promise<number> {
  const service = (await context.findInstalledService()) === undefined ? undefined : await context.loadService();
  if (service === undefined || (await service.status()).manager === null) {
    await stopDaemon(context);
    return runDaemonStart(context);
  }
  // Its callers wait at the socket meanwhile, instead of finding none.
  await service.restart();
  context.stderr.write(
    'Note: the service keeps the environment that it was installed with; to give it that of this shell: rolecall service install\n',
  );
  return runDaemonStart(context);
}

/** @throws DaemonUnreachableError daemon-not-running: the service owns the socket, and a second daemon has none */
export async function runDaemonInForeground(context: CliContext): Promise<number> {
  const service = (await context.findInstalledService()) === undefined ? undefined : await context.loadService();
  if ((await service?.status())?.socketState === 'active') {
    throw new DaemonUnreachableError(
      'daemon-not-running',
      'The service listens at the socket, so no other daemon can.',
      {
        hint: 'rolecall daemon stop',
      },
    );
  }
  return context.runProgram('daemon', ['--foreground']);
}
