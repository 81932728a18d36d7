// Limits the audit lines of events that a program can cause thousands of times: a number per hour, then one line with a count.
import { hasElapsed, type Clock } from '../../core/clock.ts';

/** Lines per group and hour that are written at once. Further ones are only counted. */
export const MAX_LINES_PER_HOUR = 20;
export const HOUR_MS = 3_600_000;

export interface BudgetedRecord<R> {
  readonly record: R;
  readonly atMs: number;
  /** How many records this one stands for, including itself. */
  readonly count: number;
}

export interface AuditBudget<R> {
  /** The records to write now, in order. */
  admit(record: R): readonly BudgetedRecord<R>[];
  /** The record was not written after all, so it does not count. */
  giveBack(record: R): void;
  /** The counted records of groups whose hour is over; with `isLast` those of all groups. */
  release(isLast: boolean): readonly BudgetedRecord<R>[];
}

interface Hour<R> {
  readonly startedAtMs: number;
  lines: number;
  held: BudgetedRecord<R> | undefined;
}

/** `groupOf` names the group whose budget a record uses. undefined: the record is always written. */
export function createAuditBudget<R>(deps: {
  readonly groupOf: (record: R) => string | undefined;
  readonly clock: Pick<Clock, 'nowMs'>;
}): AuditBudget<R> {
  const hours = new Map<string, Hour<R>>();

  function release(isLast: boolean): readonly BudgetedRecord<R>[] {
    const released: BudgetedRecord<R>[] = [];
    for (const [group, { startedAtMs, held }] of hours) {
      // Oldest first.
      if (!isLast && !hasElapsed(deps.clock, startedAtMs, HOUR_MS)) break;
      hours.delete(group);
      if (held !== undefined) released.push(held);
    }
    return released;
  }

  return {
    admit(record) {
      const atMs = deps.clock.nowMs();
      const group = deps.groupOf(record);
      const single = { record, atMs, count: 1 };
      if (group === undefined) return [single];
      const released = release(false);
      const hour = hours.get(group) ?? { startedAtMs: atMs, lines: 0, held: undefined };
      hours.set(group, hour);
      if (hour.lines >= MAX_LINES_PER_HOUR) {
        hour.held = { ...single, count: (hour.held?.count ?? 0) + 1 };
        return released;
      }
      hour.lines += 1;
      return [...released, single];
    },
    giveBack(record) {
      const hour = hours.get(deps.groupOf(record) ?? '');
      if (hour !== undefined && hour.lines > 0) hour.lines -= 1;
    },
    release,
  };
}
