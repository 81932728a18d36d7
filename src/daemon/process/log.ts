// The daemon's log: one line an event, in a file of bounded size that only its owner can read.
import { closeSync, existsSync, openSync, renameSync, writeSync } from 'node:fs';
import { formatUtcSeconds, type Clock } from '../../core/clock.ts';
import { escapeControls } from '../../core/text/harmless-text.ts';
import { OPEN_FOR_APPENDING } from '../../platform/files/bounded-read.ts';
import { fstatSync } from '../../platform/files/stat-sync.ts';

/** The file has one predecessor, `.1`: two megabytes at most. */
export const MAX_LOG_BYTES = 1024 * 1024;

export type LogLevel = 'info' | 'warn' | 'error';

export interface Log {
  (level: LogLevel, message: string): void;
}

export interface LogFile {
  readonly log: Log;
  /** Goes on in a new file when somebody deleted the one that is open. */
  restore(): void;
  close(): void;
}

/**
 * Opens the log at `path`; when it is full it becomes `path.1` and a new one begins.
 * A log that can't be written is silent: no disk trouble may stop the handing out of credentials.
 */
export function openLogFile(
  path: string,
  clock: Clock,
  options: { readonly alsoTo?: (line: string) => void; readonly largestBytes?: number } = {},
): LogFile {
  const largestBytes = options.largestBytes ?? MAX_LOG_BYTES;
  let fd = openForAppending(path);
  let size = fd === undefined ? 0 : fstatSync(fd).size;

  function rotate(): void {
    if (fd !== undefined) closeSync(fd);
    try {
      renameSync(path, `${path}.1`);
    } catch {
      // Without the rename the file would grow on; better to be silent.
      fd = undefined;
      return;
    }
    fd = openForAppending(path);
    size = 0;
  }

  return {
    log(level, message) {
      // One event, one line, whatever is in it.
      const line = `${formatUtcSeconds(clock.nowMs())} ${level} ${escapeControls(message)}\n`;
      options.alsoTo?.(line);
      if (size + Buffer.byteLength(line) > largestBytes) rotate();
      if (fd === undefined) return;
      try {
        size += writeSync(fd, line);
      } catch {
        // A full disk: see above.
      }
    },
    restore() {
      if (existsSync(path)) return;
      if (fd !== undefined) closeSync(fd);
      fd = openForAppending(path);
      size = 0;
    },
    close() {
      if (fd !== undefined) closeSync(fd);
      fd = undefined;
    },
  };
}

function openForAppending(path: string): number | undefined {
  try {
    return openSync(path, OPEN_FOR_APPENDING, 0o600);
  } catch {
    return undefined;
  }
}
