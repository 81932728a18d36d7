// Checks the hash chain of a log that may be written to meanwhile.
import { setTimeout as sleep } from 'node:timers/promises';
import { createChainCheck, type ChainReport, type LinePlace } from './chain-check.ts';
import { readChainHead } from './chain-head-file.ts';
import { closeLogFiles, openLogFiles, readLogLines } from './log-files.ts';

export interface LogCheck extends ChainReport {
  /** The files that were read, oldest first. */
  readonly paths: readonly string[];
}

const MAX_ATTEMPTS = 3;
/** Longer than a write takes. */
const WRITE_MS = 100;

/** Checks all lines. If the result is not clean, the writer may have been at work, so it looks again before it says so. */
export async function checkLog(
  path: string,
  {
    onLine = () => undefined,
    pause = sleep,
  }: {
    readonly onLine?: (text: string, place: LinePlace, attempt: number) => void;
    readonly pause?: (durationMs: number) => Promise<unknown>;
  } = {},
): Promise<LogCheck> {
  for (let attempt = 1; ; attempt += 1) {
    // Before the lines: those that are written meanwhile only come on top.
    const expected = await readChainHead(path);
    const files = await openLogFiles(path);
    try {
      const check = createChainCheck(expected);
      for await (const { text, path: filePath, number } of readLogLines(files)) {
        const place = { path: filePath, number };
        check.add(text, place);
        onLine(text, place, attempt);
      }
      const report = check.end();
      const isClean = report.fault === undefined && report.torn === 0;
      if (isClean || attempt === MAX_ATTEMPTS) return { ...report, paths: files.map((file) => file.path) };
    } finally {
      await closeLogFiles(files);
    }
    await pause(WRITE_MS);
  }
}
