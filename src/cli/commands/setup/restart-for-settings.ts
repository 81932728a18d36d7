// Restarts the daemon without output, because it reads its settings only at start.
import type { StopContext } from '../../stop-daemon.ts';

export async function restartForSettings(context: StopContext): Promise<void> {
  const { runDaemonRestart } = await import('../daemon/run.ts');
  await runDaemonRestart({ ...context, stdout: { write: () => true } });
}
