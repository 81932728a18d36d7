// The status in one line, for bars and prompts, which ask all the time, show what they are given and may well run it.
import { join } from 'node:path';
import { DaemonUnreachableError } from '../../../core/errors.ts';
import { INERT_CHARACTERS, INERT_WORD } from '../../../core/text/harmless-text.ts';
import type { CurrentRoleDocument, StatusDocument } from '../../../local-api/schemas.ts';
import { readBoundedFileSync } from '../../../platform/files/bounded-read.ts';
import type { CliContext } from '../../context.ts';

export type LineFormat = 'waybar' | 'tmux' | 'prompt';

const TIMEOUT_MS = 2000;
const MAX_LINE_BYTES = 64 * 1024;
/** What the daemon keeps for prompts: a name that is inert, and a word. */
const KEPT_LINE = new RegExp(`^[${INERT_CHARACTERS}]+ [a-z-]+\n$`);

/** Starts no daemon and does not wait for one; without one there is no failure and, but for Waybar, nothing to show. */
export async function printStatusLine(format: LineFormat, context: CliContext): Promise<number> {
  const kept = format === 'prompt' ? readKeptLine(context.paths.switchDirectory) : undefined;
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

/** The line that a running daemon keeps for prompts; undefined when it has not come to it yet, or has ended. */
function readKeptLine(switchDirectory: string): string | undefined {
  try {
    const line = readBoundedFileSync(join(switchDirectory, 'prompt'), MAX_LINE_BYTES);
    return KEPT_LINE.test(line) ? line : undefined;
  } catch {
    return undefined;
  }
}

/** One line without its end; `undefined` while no daemon runs. */
export async function formatStatusLine(
  format: LineFormat,
  status: StatusDocument | undefined,
  nowMs: number,
): Promise<string> {
  const name = status === undefined ? undefined : nameCurrent(status.current);
  // Loaded only here: whoever waits for a prompt waits for every file that is read.
  const { formatPrompt, formatTmux, formatWaybar } = await import('./bar-line.ts');
  if (format === 'prompt') return formatPrompt(name ?? '-', status, nowMs);
  return format === 'tmux' ? formatTmux(name ?? '-', status, nowMs) : formatWaybar(name ?? '', status, nowMs);
}

/** By its profile where that is inert, else by account and permission set, which AWS lets be nothing else. */
function nameCurrent(current: CurrentRoleDocument | null): string | undefined {
  if (current === null) return undefined;
  const names = [current.profile ?? '', `${current.accountId}/${current.permissionSet}`];
  return names.find((name) => INERT_WORD.test(name));
}
