// The audit log: who got which credentials and when. One JSON document per line, without secrets and without names from AWS.
import { open, rename } from 'node:fs/promises';
import type { Clock } from '../../core/clock.ts';
import type { Problems } from '../../core/problems.ts';
import { toFileError } from '../../platform/files/file-error.ts';
import { createAuditBudget, type BudgetedRecord } from './audit-budget.ts';
import { formatAuditLine, toAuditLine, type AuditRecord } from './audit-record.ts';
import { OPEN_FOR_APPENDING } from '../../platform/files/bounded-read.ts';
import { MAX_LOG_BYTES } from '../process/log.ts';

export interface AuditLog {
  /** Returns at once. The line is written soon after, or a problem in the status says why not. */
  record(record: AuditRecord): void;
  /** Retries lines that could not be written, and resolves once that is done or has failed again. */
  flush(): Promise<void>;
  /** Like `flush`, and also writes what has only been counted so far. */
  close(): Promise<void>;
}

/**
 * Events that a program can cause at will have a budget of lines, so that they can't push sign-ins out of the file.
 * Refusals have a budget of their own, because another user may cause them.
 */
function groupOf({ event }: AuditRecord): string | undefined {
  switch (event) {
    case 'current-role-cleared':
    case 'current-role-switched':
      return 'switches';
    case 'web-code-exchanged':
    case 'web-code-refused':
      return event;
    default:
      return undefined;
  }
}

/** Lines kept while the disk accepts none. The oldest are dropped first. */
const MAX_WAITING_LINES = 1000;

const PROBLEM_KEY = 'audit log';

/** Opens the audit log at `path`, with the size limit of the daemon's log. */
export function createAuditLog(deps: {
  readonly path: string;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly problems: Pick<Problems, 'raise' | 'clear'>;
  readonly maxBytes?: number;
}): AuditLog {
  const { path, problems } = deps;
  const maxBytes = deps.maxBytes ?? MAX_LOG_BYTES;
  const budget = createAuditBudget({ groupOf, clock: deps.clock });
  let waiting: readonly string[] = [];
  let isWriting = false;
  let written: Promise<void> = Promise.resolve();

  async function writeAll(): Promise<void> {
    try {
      while (waiting.length > 0) {
        const lines = waiting;
        waiting = [];
        try {
          await append(path, lines.join(''), maxBytes);
          problems.clear(PROBLEM_KEY);
        } catch (error) {
          waiting = [...lines, ...waiting].slice(-MAX_WAITING_LINES);
          problems.raise(PROBLEM_KEY, toFileError(error, path, 'written').toBody());
          return;
        }
      }
    } finally {
      isWriting = false;
    }
  }

  function writeWaiting(): Promise<void> {
    if (!isWriting) {
      isWriting = true;
      written = writeAll();
    }
    return written;
  }

  function add(records: readonly BudgetedRecord<AuditRecord>[]): void {
    if (records.length > 0) waiting = [...waiting, ...records.map(formatLine)].slice(-MAX_WAITING_LINES);
  }

  return {
    record(record) {
      add(budget.admit(record));
      void writeWaiting();
    },
    flush() {
      add(budget.release(false));
      return writeWaiting();
    },
    close() {
      add(budget.release(true));
      return writeWaiting();
    },
  };
}

const formatLine = (record: BudgetedRecord<AuditRecord>) => `${formatAuditLine(toAuditLine(record))}\n`;

async function append(path: string, text: string, maxBytes: number): Promise<void> {
  const { size } = await appendWithin(path, text, maxBytes);
  if (size === undefined) return;
  await rename(path, `${path}.1`);
  await appendWithin(path, text, Infinity);
}

/** Writes all of `text` or nothing. Returns the size of the file if `text` would exceed the limit. */
async function appendWithin(path: string, text: string, maxBytes: number): Promise<{ size?: number }> {
  const file = await open(path, OPEN_FOR_APPENDING, 0o600);
  try {
    const { size } = await file.stat();
    if (size > 0 && size + Buffer.byteLength(text) > maxBytes) return { size };
    try {
      await file.appendFile(text);
      return {};
    } catch (error) {
      // Part of a line would make the next line unreadable.
      await file.truncate(size).catch(() => undefined);
      throw error;
    }
  } finally {
    await file.close();
  }
}
