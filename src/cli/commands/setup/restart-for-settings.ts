// The daemon started anew without a word: settings are read at its start, and a person has just changed them.
import type { CliContext } from '../../context.ts';

export async function restartForSettings(context: CliContext): Promise<void> {
  const { runDaemonRestart } = await import('../daemon/run.ts');
  await runDaemonRestart({ ...context, stdout: { write: () => true } });
}
