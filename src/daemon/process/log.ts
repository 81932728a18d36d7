// The daemon's log: one line per event, in a file of limited size that only its owner can read.
import { closeSync, existsSync, openSync, renameSync, writeSync } from 'node:fs';
import { formatUtcSeconds, type Clock } from '../../core/clock.ts';
import { escapeControls } from '../../core/text/harmless-text.ts';
import { OPEN_FOR_APPENDING } from '../../platform/files/bounded-read.ts';
import { fstatSync } from '../../platform/files/stat-sync.ts';

/** Limit of the file. With its predecessor `.1` it takes at most two megabytes. */
const MAX_LOG_BYTES = 1024 * 1024;

export type LogLevel = 'info' | 'warn' | 'error';

export interface Log {
  (level: LogLevel, message: string): void;
}

export interface LogFile {
  readonly log: Log;
  /** Continues in a new file if the open one was deleted. */
  restore(): void;
  close(): void;
}

/**
 * Opens the log at `path`. A full log is renamed to `path.1`, and a new one begins.
 * Lines that can't be written are dropped: a disk failure must not keep the daemon from issuing credentials.
 */
export function openLogFile(
  path: string,
  clock: Clock,
  options: { readonly alsoTo?: (line: string) => void; readonly maxBytes?: number } = {},
): LogFile {
  const maxBytes = options.maxBytes ?? MAX_LOG_BYTES;
  let fd = openForAppending(path);
  let size = fd === undefined ? 0 : fstatSync(fd).size;

  function rotate(): void {
    if (fd !== undefined) closeSync(fd);
    try {
      renameSync(path, `${path}.1`);
    } catch {
      // Without the rename the file would grow without limit.
      fd = undefined;
      return;
    }
    fd = openForAppending(path);
    size = 0;
  }

  return {
    log(level, message) {
      // Without control characters each event stays on one line.
      const line = `${formatUtcSeconds(clock.nowMs())} ${level} ${escapeControls(message)}\n`;
      options.alsoTo?.(line);
      if (size + Buffer.byteLength(line) > maxBytes) rotate();
      if (fd === undefined) return;
      try {
        size += writeSync(fd, line);
      } catch {
        // See above.
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
