// The audit log: who got which credentials and when. One JSON document per line, without secrets and without names from AWS.
import type { Clock } from '../../core/clock.ts';
import { UnavailableError, type ErrorBody, type RolecallError } from '../../core/errors.ts';
import type { Problems } from '../../core/problems.ts';
import { chainHeadPath } from '../../platform/files/chain-head-file.ts';
import { toFileError } from '../../platform/files/file-error.ts';
import { createAuditFile } from './audit-file.ts';
import { createAuditBudget, type BudgetedRecord } from './audit-budget.ts';
import { formatAuditLine, toAuditLine, type AuditRecord } from './audit-record.ts';

/** Counted records to be written: of the hours that are over, or with `isLast` all. */
export type AuditSource = (isLast: boolean) => readonly BudgetedRecord<AuditRecord>[];

export interface AuditLog {
  /** `audit = "required"`: what leaves the daemon has to be on disk before. */
  readonly isRequired: boolean;
  /** Returns at once. The line is written soon after, or a problem in the status says why not. */
  record(record: AuditRecord): void;
  /**
   * For what leaves the daemon. If the log is required, resolves when the line is on disk, and records a refusal if it can't
   * be; else like `record`. @throws UnavailableError audit-unavailable
   */
  recordServing(record: AuditRecord): Promise<void>;
  /** Whether the log is required, and the last line could not be written. */
  isBlocked(): boolean;
  /** Asks `source` for its counted records from time to time, and before each line. */
  addSource(source: AuditSource): void;
  /** Retries lines that could not be written, and resolves once that is done or has failed again. */
  flush(): Promise<void>;
  /** Like `flush`, and also writes what has only been counted so far. */
  close(): Promise<void>;
}

/**
 * Events that a program can cause at will have a budget of lines, so that they can't push sign-ins out of the file.
 * Refusals have a budget of their own, because another user may cause them.
 */
function groupOf({ event, role, surface, code, federated }: AuditRecord): string | undefined {
  switch (event) {
    case 'credentials-issued':
    case 'console-opened':
    case 'grant-issued':
    case 'grant-revoked':
    case 'grant-ended':
      // Programs are limited, and roles are those that are assigned.
      return JSON.stringify([event, surface, role, federated]);
    case 'credentials-refused':
      return `${event} ${code ?? ''}`;
    case 'current-role-cleared':
    case 'current-role-switched':
      return 'switches';
    case 'approval-asked':
    case 'approval-expired':
    case 'approval-refused':
    case 'locked':
    case 'passkey-refused':
    case 'unlocked':
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
  /** Nothing is served while lines can't be written. */
  readonly isRequired?: boolean;
}): AuditLog {
  const { path, problems, isRequired = false } = deps;
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
  /** Of the last attempt to write. */
  let failure: RolecallError | undefined;
  const sources: AuditSource[] = [];
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
          failure = undefined;
          problems.clear(PROBLEM_KEY);
        } catch (error) {
          lostCount += lost;
          wait([...records, ...waiting]);
          failure = toFileError(error, path, 'written');
          problems.raise(PROBLEM_KEY, describeProblem(failure));
          return;
        }
      }
    } finally {
      isWriting = false;
    }
  }

  function describeProblem(error: RolecallError): ErrorBody {
    const { message, ...body } = error.toBody();
    return {
      ...body,
      message: isRequired ? `${message} Until it can, no credentials are served (audit = "required").` : message,
    };
  }

  /** Records in the place of `record` that it was refused. */
  function refuse({ role, surface, processId, program }: AuditRecord, cause: RolecallError): UnavailableError {
    const code = 'audit-unavailable';
    const refusal: AuditRecord = { event: 'credentials-refused', role, surface, processId, program, code };
    add(budget.admit(refusal));
    // Only a line that gets written shows that the log can be written again, so one always waits, also beyond the budget.
    if (waiting.length === 0) wait([{ record: refusal, atMs: deps.clock.nowMs(), count: 1 }]);
    return new UnavailableError(code, `No credentials are served without the audit log. ${cause.message}`, {
      cause,
      hint: cause.hint,
    });
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

  const releaseCounted = (isLast: boolean) => add(sources.flatMap((source) => source(isLast)));

  function record(added: AuditRecord): void {
    releaseCounted(false);
    add(budget.admit(added));
    void writeWaiting();
  }

  return {
    isRequired,
    record,
    async recordServing(added) {
      if (!isRequired) {
        record(added);
        return;
      }
      // After a failure there is always a line that waits.
      if (failure !== undefined) await writeWaiting();
      if (failure !== undefined) throw refuse(added, failure);
      record(added);
      await writeWaiting();
      if (failure === undefined) return;
      const others = waiting.filter((line) => line.record !== added);
      // One that was only counted has used up no line.
      if (others.length < waiting.length) budget.giveBack(added);
      waiting = others;
      throw refuse(added, failure);
    },
    isBlocked: () => isRequired && failure !== undefined,
    addSource: (source) => void sources.push(source),
    flush() {
      releaseCounted(false);
      add(budget.release(false));
      return writeWaiting();
    },
    close() {
      releaseCounted(true);
      add(budget.release(true));
      return writeWaiting();
    },
  };
}
