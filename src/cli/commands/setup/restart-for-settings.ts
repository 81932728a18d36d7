// Restarts the daemon without output, because it reads its settings only at start.
import type { CliContext } from '../../context.ts';

export async function restartForSettings(context: CliContext): Promise<void> {
  const { runDaemonRestart } = await import('../daemon/run.ts');
  await runDaemonRestart({ ...context, stdout: { write: () => true } });
}
