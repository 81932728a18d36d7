// The audit log: who was given what and when, one JSON document a line, without a secret or a name of AWS's in it.
import { open, rename } from 'node:fs/promises';
import { formatUtcSeconds, type Clock } from '../../core/clock.ts';
import type { Role } from '../../core/model.ts';
import type { Problems } from '../../core/problems.ts';
import type { SurfaceName } from '../../local-api/routes.ts';
import { toFileError } from '../../platform/files/file-error.ts';
import { createAuditBudget, type BudgetedRecord } from './audit-budget.ts';
import { escapeControls } from '../../core/text/harmless-text.ts';
import { OPEN_FOR_APPENDING } from '../../platform/files/bounded-read.ts';
import { MAX_LOG_BYTES } from '../process/log.ts';

/** Where it was asked for; `daemon` is what nobody asked for just then. */
export type Actor = SurfaceName | 'daemon';

export interface AuditRecord {
  readonly event:
    | 'console-opened'
    | 'container-port-lost'
    | 'credentials-issued'
    | 'current-role-cleared'
    | 'current-role-switched'
    | 'daemon-started'
    | 'daemon-stopped'
    | 'grant-ended'
    | 'grant-issued'
    | 'grant-revoked'
    | 'profiles-written'
    | 'settings-written'
    | 'sign-in-approved'
    | 'sign-in-denied'
    | 'sign-in-expired'
    | 'signed-out'
    | 'team-taken'
    | 'web-code-exchanged'
    | 'web-code-refused';
  readonly surface: Actor;
  /** `current`: whichever is the current one, by the time that it is used. */
  readonly role?: Role | 'current';
  /** Of what concerns all roles of it. */
  readonly sessionName?: string;
  /** Of a console: by a URL that signs in whoever opens it. */
  readonly federated?: boolean;
  /** The caller, or the process that it asked for; most callers do not say. */
  readonly processId?: number | undefined;
}

export interface AuditLog {
  /** Returns at once; the line is in the file soon after, or a problem in the status says why not. */
  record(record: AuditRecord): void;
  /** Tries again what could not be written; resolves once all that can be is. */
  flush(): Promise<void>;
  /** As `flush`, and writes what has only been counted so far. */
  close(): Promise<void>;
}

/**
 * What a program can do as often as it likes has a budget of lines, so that it can't push sign-ins out of the file.
 * Refusals have one of their own: whoever is refused may be another user.
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

/** Of a disk that takes none for now; the oldest go first. */
const MOST_WAITING_LINES = 1000;

const PROBLEM_KEY = 'audit log';

/** The log in `path`, bounded as the daemon's own. */
export function createAuditLog(deps: {
  readonly path: string;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly problems: Pick<Problems, 'raise' | 'clear'>;
  readonly largestBytes?: number;
}): AuditLog {
  const { path, problems } = deps;
  const largestBytes = deps.largestBytes ?? MAX_LOG_BYTES;
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
          await append(path, lines.join(''), largestBytes);
          problems.clear(PROBLEM_KEY);
        } catch (error) {
          waiting = [...lines, ...waiting].slice(-MOST_WAITING_LINES);
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
    if (records.length > 0) waiting = [...waiting, ...records.map(formatLine)].slice(-MOST_WAITING_LINES);
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

function formatLine({ record, atMs, count }: BudgetedRecord<AuditRecord>): string {
  const { event, surface, role, sessionName, federated, processId } = record;
  const isNamed = role !== undefined && role !== 'current';
  const line = {
    at: formatUtcSeconds(atMs),
    event,
    session: isNamed ? role.sessionName : sessionName,
    accountId: isNamed ? role.accountId : undefined,
    permissionSet: isNamed ? role.permissionSet : undefined,
    current: role === 'current' ? true : undefined,
    federated,
    surface,
    processId,
    // The last one of so many, which have no line of their own.
    count: count === 1 ? undefined : count,
  };
  return `${escapeControls(JSON.stringify(line))}\n`;
}

async function append(path: string, text: string, largestBytes: number): Promise<void> {
  const { size } = await appendWithin(path, text, largestBytes);
  if (size === undefined) return;
  await rename(path, `${path}.1`);
  await appendWithin(path, text, Infinity);
}

/** Writes all of `text` or nothing; a size says that it would have been too much. */
async function appendWithin(path: string, text: string, largestBytes: number): Promise<{ size?: number }> {
  const file = await open(path, OPEN_FOR_APPENDING, 0o600);
  try {
    const { size } = await file.stat();
    if (size > 0 && size + Buffer.byteLength(text) > largestBytes) return { size };
    try {
      await file.appendFile(text);
      return {};
    } catch (error) {
      // Half a line would spoil the next one.
      await file.truncate(size).catch(() => undefined);
      throw error;
    }
  } finally {
    await file.close();
  }
}
