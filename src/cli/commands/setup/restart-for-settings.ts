// Restarts the daemon without output, because it reads its settings only at start.
import type { Dialog } from '../../context.ts';
import { mayEndSignIns } from '../../sign-ins-in-memory.ts';
import type { RestartContext } from '../daemon/run.ts';

/** Asks first if that ends a sign-in. */
export async function restartForSettings(context: Dialog & RestartContext): Promise<void> {
  if (!(await mayEndSignIns('The settings apply after a restart of the daemon, which', {}, context))) {
    context.stderr.write('The daemon was not restarted. For the new settings: rolecall daemon restart\n');
    return;
  }
  const { restartDaemon } = await import('../daemon/run.ts');
  await restartDaemon({ ...context, stdout: { write: () => true } });
}
