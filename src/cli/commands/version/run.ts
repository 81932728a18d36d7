// What the flag --version says: of this command, of Node, and of the daemon if one runs.
import { DaemonUnreachableError } from '../../../core/errors.ts';
import { loadVersion } from '../../../local-api/version.ts';
import type { CliContext } from '../../context.ts';
import { formatTable, harmless } from '../../terminal/render.ts';

/** A daemon answers in a millisecond; one that hangs is not waited for. */
const TIMEOUT_MS = 2000;

export async function runVersion(context: CliContext): Promise<number> {
  const rows = [
    ['rolecall', loadVersion()],
    ['node', context.nodeVersion],
    ['daemon', await describeDaemon(context)],
  ];
  context.stdout.write(formatTable(rows));
  return 0;
}

/** Asked without starting one, and without sending an older one away. */
async function describeDaemon(context: CliContext): Promise<string> {
  try {
    const options = { autostart: false, timeoutMs: TIMEOUT_MS, signal: context.signal };
    const { version, pid } = await context.client.call('status', {}, options);
    return `${harmless(version)}, pid ${pid}`;
  } catch (error) {
    const isAbsent = error instanceof DaemonUnreachableError && error.code === 'daemon-not-running';
    return isAbsent ? 'not running' : 'gives no answer';
  }
}
