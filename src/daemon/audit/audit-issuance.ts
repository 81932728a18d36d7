// Records in the audit log which program got or was refused the credentials of which role: a line per hour, then counts.
import { oncePerObject } from '../../core/async/once.ts';
import type { Clock } from '../../core/clock.ts';
import { toRolecallError } from '../../core/errors.ts';
import type { Role } from '../../core/model.ts';
import type { SurfaceName } from '../../local-api/routes.ts';
import type { AuditProgram } from '../../local-api/schemas/audit.ts';
import { HOUR_MS, type BudgetedRecord } from './audit-budget.ts';
import type { AuditLog } from './audit-log.ts';
import type { AuditRecord } from './audit-record.ts';

/** Who gets credentials. */
export interface AuditRecipient {
  readonly surface: SurfaceName;
  /** The caller, or the process that it acts for. */
  readonly processId?: number | undefined;
  /** Whether `rolecall exec` has confined it, as that said. */
  readonly isConfined?: boolean | undefined;
}

export interface IssuanceLog {
  /** Whether `note` would only count. Otherwise an answer may have to wait until the line is on disk. Cheap. */
  isCovered(role: Role, recipient: AuditRecipient): boolean;
  /**
   * Call for every answer with credentials; a repeat is cheap. A promise with `audit = "required"`, if the answer has to wait
   * for the line. @throws UnavailableError audit-unavailable (the promise)
   */
  note(role: Role, recipient: AuditRecipient): Promise<void> | undefined;
  /** Call for every refusal. `current`: no role is current. */
  refuse(role: Role | 'current', recipient: AuditRecipient, thrown: unknown): void;
}

/** A line of less than an hour ago, and how often the same happened since. */
interface Entry {
  /** Of the last process that was looked up. */
  record: AuditRecord;
  readonly startedAtMs: number;
  lastAtMs: number;
  repeats: number;
}

/** Beyond these, lines are limited only by the budget of the audit log, and processes are looked up again. */
const MAX_ENTRIES = 5000;
const MAX_PROCESSES = 10_000;
/** Of many new processes at once, the others are recorded without their program. */
const MAX_LOOKUPS = 20;

export function createIssuanceLog(deps: {
  readonly audit: Pick<AuditLog, 'record' | 'recordServing' | 'isBlocked' | 'isRequired' | 'addSource'>;
  /** Describes a process; undefined if it has ended. Never called before an answer, unless that waits for its line. */
  readonly findProgram: (processId: number) => Promise<AuditProgram | undefined>;
  readonly clock: Pick<Clock, 'nowMs'>;
}): IssuanceLog {
  const { audit, clock } = deps;
  const entries = new Map<string, Entry>();
  /** By what is known without looking at the process. */
  const byProcess = new Map<string, Entry>();
  const lookups = new Map<number, Promise<AuditProgram | undefined>>();
  /** Hashes a key once for the many requests of a grant, whose recipient and role are the same objects each time. */
  const grantKeyOf = oncePerObject((recipient: AuditRecipient) =>
    oncePerObject((role: Role) => processKeyOf(issuanceOf(role, recipient), recipient)),
  );
  const issuanceKeyOf = (role: Role, recipient: AuditRecipient) =>
    recipient.surface === 'container'
      ? grantKeyOf(recipient)(role)
      : processKeyOf(issuanceOf(role, recipient), recipient);

  /** False as well if the wall clock was set back by an hour. */
  const isRecent = ({ startedAtMs }: Entry, nowMs = clock.nowMs()) => Math.abs(nowMs - startedAtMs) < HOUR_MS;

  function release(isLast: boolean): readonly BudgetedRecord<AuditRecord>[] {
    const released: BudgetedRecord<AuditRecord>[] = [];
    // Oldest first.
    for (const [key, entry] of entries) {
      if (!isLast && isRecent(entry)) break;
      entries.delete(key);
      if (entry.repeats > 0) released.push({ record: entry.record, atMs: entry.lastAtMs, count: entry.repeats });
    }
    if (isLast) byProcess.clear();
    return released;
  }
  audit.addSource(release);

  function repeat(entry: Entry | undefined): boolean {
    if (entry === undefined) return false;
    const nowMs = clock.nowMs();
    if (!isRecent(entry, nowMs)) return false;
    entry.repeats += 1;
    entry.lastAtMs = nowMs;
    return true;
  }

  function remember(processKey: string, key: string, record: AuditRecord): void {
    const { repeats = 0 } = entries.get(key) ?? {};
    entries.delete(key);
    if (entries.size >= MAX_ENTRIES) return;
    const atMs = clock.nowMs();
    const entry = { record, startedAtMs: atMs, lastAtMs: atMs, repeats };
    entries.set(key, entry);
    rememberProcess(processKey, entry);
  }

  function rememberProcess(processKey: string, entry: Entry): void {
    if (byProcess.size >= MAX_PROCESSES) byProcess.clear();
    byProcess.set(processKey, entry);
  }

  async function findProgram(processId: number | undefined): Promise<AuditProgram | undefined> {
    if (processId === undefined) return undefined;
    const pending = lookups.get(processId);
    if (pending !== undefined || lookups.size >= MAX_LOOKUPS) return pending;
    const lookup = deps.findProgram(processId).finally(() => lookups.delete(processId));
    lookups.set(processId, lookup);
    return lookup;
  }

  /** Writes the line, or counts if another process of the program has one. */
  async function record(
    base: AuditRecord,
    processKey: string,
    { isServing, isConfined = false }: { readonly isServing: boolean; readonly isConfined?: boolean | undefined },
  ): Promise<void> {
    const atMs = clock.nowMs();
    const found = await findProgram(base.processId);
    const program = isConfined ? { processId: base.processId, ...found, confined: true } : found;
    const whole = { ...base, program };
    const key = keyOf(base, describeKey(program));
    const known = entries.get(key);
    if (known !== undefined && !(isServing && audit.isBlocked()) && repeat(known)) {
      known.record = whole;
      rememberProcess(processKey, known);
      return;
    }
    if (isServing && audit.isRequired) {
      await audit.recordServing(whole);
      remember(processKey, key, whole);
    } else {
      remember(processKey, key, whole);
      audit.record({ ...whole, atMs });
    }
  }

  return {
    isCovered(role, recipient) {
      if (!audit.isRequired) return true;
      const entry = byProcess.get(issuanceKeyOf(role, recipient));
      return entry !== undefined && isRecent(entry) && !audit.isBlocked();
    },
    note(role, recipient) {
      const processKey = issuanceKeyOf(role, recipient);
      if (!(audit.isRequired && audit.isBlocked()) && repeat(byProcess.get(processKey))) return undefined;
      const { isConfined } = recipient;
      const base = issuanceOf(role, recipient);
      if (audit.isRequired) return record(base, processKey, { isServing: true, isConfined });
      // After the answer.
      setImmediate(() => void record(base, processKey, { isServing: true, isConfined }));
      return undefined;
    },
    refuse(role, recipient, thrown) {
      const { surface, processId, isConfined } = recipient;
      const { code } = toRolecallError(thrown);
      // The audit log has recorded it.
      if (code === 'audit-unavailable') return;
      const base = { event: 'credentials-refused', role, surface, processId, code } as const;
      const processKey = processKeyOf(base, recipient);
      if (repeat(byProcess.get(processKey))) return;
      setImmediate(() => void record(base, processKey, { isServing: false, isConfined }));
    },
  };
}

const issuanceOf = (role: Role, { surface, processId }: AuditRecipient) =>
  ({ event: 'credentials-issued', role, surface, processId }) as const;

function processKeyOf(base: AuditRecord, { processId, isConfined }: AuditRecipient): string {
  return keyOf(base, isConfined === true ? `${processId ?? ''} confined` : processId);
}

function keyOf({ event, role, surface, code }: AuditRecord, program: string | number | undefined): string {
  const name =
    role === undefined || role === 'current' ? '' : `${role.accountId}\n${role.permissionSet}\n${role.sessionName}`;
  return `${event === 'credentials-issued' ? '' : String(code)}\n${surface}\n${name}\n${program ?? ''}`;
}

function describeKey(program: AuditProgram | undefined): string {
  return program === undefined
    ? ''
    : JSON.stringify([program.executable, program.script, program.agent, program.confined]);
}
