// The flag --version: prints the versions of this command, of Node, and of the daemon if one runs.
import { DaemonUnreachableError } from '../../../core/errors.ts';
import { formatJsonLine } from '../../../core/text/format-json.ts';
import { loadVersion } from '../../../local-api/version.ts';
import type { CliContext, DaemonAccess } from '../../context.ts';
import { formatTable, harmless } from '../../terminal/render.ts';

/** A daemon answers in a millisecond; this does not wait for one that hangs. */
const TIMEOUT_MS = 2000;

export async function runVersion(
  { json }: { readonly json: boolean },
  context: DaemonAccess & Pick<CliContext, 'stdout' | 'nodeVersion'>,
): Promise<number> {
  const daemon = await findDaemon(context);
  if (json) {
    const version = loadVersion();
    const found = typeof daemon === 'object' ? { ...daemon, processId: daemon.pid } : null;
    context.stdout.write(formatJsonLine({ version, rolecall: version, node: context.nodeVersion, daemon: found }));
    return 0;
  }
  const rows = [
    ['rolecall', loadVersion()],
    ['node', context.nodeVersion],
    ['daemon', typeof daemon === 'object' ? `${harmless(daemon.version)}, pid ${daemon.pid}` : daemon],
  ];
  context.stdout.write(formatTable(rows));
  return 0;
}

/** Starts no daemon, and does not replace an older one. */
async function findDaemon(
  context: DaemonAccess,
): Promise<{ readonly version: string; readonly pid: number } | 'not running' | 'does not answer'> {
  try {
    const options = { autostart: false, timeoutMs: TIMEOUT_MS, signal: context.signal };
    const { version, pid } = await context.client.call('status', {}, options);
    return { version, pid };
  } catch (error) {
    const isAbsent = error instanceof DaemonUnreachableError && error.code === 'daemon-not-running';
    return isAbsent ? 'not running' : 'does not answer';
  }
}
