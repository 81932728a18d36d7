// The status in one line for status bars and prompts. They call it often and may evaluate what it prints.
import { DaemonUnreachableError } from '../../../core/errors.ts';
import type { StatusDocument } from '../../../local-api/schemas.ts';
import type { CliContext } from '../../context.ts';
import { readPromptFile } from './prompt-file.ts';

export type LineFormat = 'waybar' | 'tmux' | 'prompt';

const TIMEOUT_MS = 2000;

/** Does not start a daemon. Without one it succeeds and prints nothing, except for Waybar. */
export async function printStatusLine(
  format: LineFormat,
  context: Pick<CliContext, 'client' | 'clock' | 'paths' | 'signal' | 'stdout'>,
): Promise<number> {
  const kept = format === 'prompt' ? readPromptFile(context.paths.switchDirectory) : undefined;
  if (kept !== undefined) {
    context.stdout.write(kept);
    return 0;
  }
  const options = { signal: context.signal, timeoutMs: TIMEOUT_MS, autostart: false };
  let status: StatusDocument | undefined;
  try {
    status = await context.client.call('status', {}, options);
  } catch (error) {
    if (!(error instanceof DaemonUnreachableError)) throw error;
  }
  const line = await formatStatusLine(format, status, context.clock.nowMs());
  context.stdout.write(line === '' ? '' : `${line}\n`);
  return 0;
}

/** One line without a newline; `status` is undefined while no daemon runs. */
export async function formatStatusLine(
  format: LineFormat,
  status: StatusDocument | undefined,
  nowMs: number,
): Promise<string> {
  // Loaded on demand: every loaded file delays a prompt.
  const { formatPrompt, formatTmux, formatWaybar, nameCurrent } = await import('./bar-line.ts');
  const name = status === undefined ? undefined : nameCurrent(status.current);
  if (format === 'prompt') return formatPrompt(name ?? '-', status, nowMs);
  return format === 'tmux' ? formatTmux(name ?? '-', status, nowMs) : formatWaybar(name ?? '', status, nowMs);
}
