// `rolecall config check`: whether the settings are valid, and whether the running daemon has read them.
import { errorFromBody, RolecallError, type ErrorBody } from '../../../core/errors.ts';
import { statIfPresentSync } from '../../../platform/files/stat-sync.ts';
import type { CliContext, DaemonAccess, Output, Places } from '../../context.ts';
import { harmless, shortenPath } from '../../terminal/render.ts';
import { formatJsonLine } from '../../../core/text/format-json.ts';

/** A daemon answers in a millisecond; this does not wait for one that hangs. */
const TIMEOUT_MS = 2000;

export type CheckContext = Output & DaemonAccess & Places & Pick<CliContext, 'checkSettings' | 'describeSettings'>;

/** @throws RolecallError: the settings are not valid, or a file cannot be read */
export async function runConfigCheck({ json }: { readonly json?: boolean }, context: CheckContext): Promise<number> {
  const { path, exists, teamPath, problems: ofFiles } = await context.describeSettings();
  // What only a starting daemon checks: the addresses of endpoints.
  const error = await context.checkSettings();
  if (error !== undefined) throw errorFromBody(error);
  const { restartNeeded, problems: ofRules } = await askDaemon(
    [path, ...(teamPath === null ? [] : [teamPath])],
    context,
  );
  const problems = [
    ...ofFiles,
    ...ofRules.filter(({ message }) => !ofFiles.some((other) => other.message === message)),
  ];
  if (json === true) {
    context.stdout.write(formatJsonLine({ path, exists, teamPath, valid: true, restartNeeded, problems }));
    return 0;
  }
  const shown = shortenPath(path, context.homeDirectory);
  context.stdout.write(exists ? `${shown} is valid.\n` : `There is no ${shown}, so every setting has its default.\n`);
  for (const { message, hint } of problems) {
    context.stdout.write(`Warning: ${harmless(message)}\nRun: ${harmless(hint)}\n`);
  }
  if (restartNeeded === true) context.stdout.write(describeRestart());
  return 0;
}

/** What to do after a change. */
export function describeRestart(): string {
  return 'The daemon has not read the change yet. To apply it: rolecall daemon restart\n';
}

/** Whether a file has changed since the daemon started; null if none runs. Starts no daemon. */
export async function isRestartNeeded(files: readonly string[], context: DaemonAccess): Promise<boolean | null> {
  return (await askDaemon(files, context)).restartNeeded;
}

/** Also the rules without effect, which only a daemon with a list of all roles can tell, if it has read the files. */
async function askDaemon(
  files: readonly string[],
  context: DaemonAccess,
): Promise<{ readonly restartNeeded: boolean | null; readonly problems: readonly ErrorBody[] }> {
  try {
    const options = { autostart: false, timeoutMs: TIMEOUT_MS, signal: context.signal };
    const { startedAt, problems } = await context.client.call('status', {}, options);
    // The time is cut to whole seconds. A file of the same second is usually the reason for the start.
    const startedMs = Date.parse(startedAt) + 999;
    // A deleted file also changes its folder, but so does every other file there.
    const restartNeeded = files.some((file) => (statIfPresentSync(file)?.mtimeMs ?? 0) > startedMs);
    const ofRules = problems.flatMap(({ code, message, hint }) =>
      code === 'settings-without-effect' ? [{ code, message, hint }] : [],
    );
    return { restartNeeded, problems: restartNeeded ? [] : ofRules };
  } catch (error) {
    if (error instanceof RolecallError && !context.signal.aborted) return { restartNeeded: null, problems: [] };
    throw error;
  }
}
