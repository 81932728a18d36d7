// The audit log: who got which credentials and when. One JSON document per line, without secrets and without names from AWS.
import type { Clock } from '../../core/clock.ts';
import type { Problems } from '../../core/problems.ts';
import { chainHeadPath } from '../../platform/files/chain-head-file.ts';
import { toFileError } from '../../platform/files/file-error.ts';
import { createAuditFile } from './audit-file.ts';
import { createAuditBudget, type BudgetedRecord } from './audit-budget.ts';
import { formatAuditLine, toAuditLine, type AuditRecord } from './audit-record.ts';

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
    case 'approval-asked':
    case 'approval-expired':
    case 'web-code-exchanged':
    case 'web-code-refused':
      return event;
    default:
      return undefined;
  }
}

/** Lines kept while the disk accepts none. The oldest are dropped first. */
const MAX_WAITING_LINES = 1000;

/** Limit of the file, and of its predecessor: together some 50,000 lines. */
const MAX_AUDIT_BYTES = 8 * 1024 * 1024;

const PROBLEM_KEY = 'audit log';
const HEAD_PROBLEM_KEY = 'audit log head';

type Waiting = BudgetedRecord<AuditRecord>;

/** Opens the audit log at `path`. */
export function createAuditLog(deps: {
  readonly path: string;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly problems: Pick<Problems, 'raise' | 'clear'>;
  readonly maxBytes?: number;
}): AuditLog {
  const { path, problems } = deps;
  const budget = createAuditBudget({ groupOf, clock: deps.clock });
  const file = createAuditFile({
    path,
    maxBytes: deps.maxBytes ?? MAX_AUDIT_BYTES,
    onHeadWritten(failure) {
      if (failure === undefined) problems.clear(HEAD_PROBLEM_KEY);
      else problems.raise(HEAD_PROBLEM_KEY, toFileError(failure, chainHeadPath(path), 'written').toBody());
    },
  });
  let waiting: readonly Waiting[] = [];
  let lostCount = 0;
  let isWriting = false;
  let written: Promise<void> = Promise.resolve();

  function wait(records: readonly Waiting[]): void {
    lostCount += Math.max(0, records.length - MAX_WAITING_LINES);
    waiting = records.slice(-MAX_WAITING_LINES);
  }

  async function writeAll(): Promise<void> {
    try {
      while (waiting.length > 0) {
        const records = waiting;
        const lost = lostCount;
        waiting = [];
        lostCount = 0;
        try {
          await file.append([...describeLost(lost), ...records].map((record) => formatAuditLine(toAuditLine(record))));
          problems.clear(PROBLEM_KEY);
        } catch (error) {
          lostCount += lost;
          wait([...records, ...waiting]);
          problems.raise(PROBLEM_KEY, toFileError(error, path, 'written').toBody());
          return;
        }
      }
    } finally {
      isWriting = false;
    }
  }

  /** A line in the place of those that were dropped. */
  function describeLost(count: number): readonly Waiting[] {
    return count === 0 ? [] : [{ record: { event: 'lines-lost', surface: 'daemon' }, atMs: deps.clock.nowMs(), count }];
  }

  function writeWaiting(): Promise<void> {
    if (!isWriting) {
      isWriting = true;
      written = writeAll();
    }
    return written;
  }

  function add(records: readonly Waiting[]): void {
    if (records.length > 0) wait([...waiting, ...records]);
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
