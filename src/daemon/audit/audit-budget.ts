// Bounds the audit lines of what a program can do thousands of times: so many an hour, then one line that says how many.
import type { Clock } from '../../core/clock.ts';

/** Lines of one group and hour that are written as they come; the rest of them is counted. */
export const MAX_LINES_PER_HOUR = 20;
export const HOUR_MS = 3_600_000;

export interface BudgetedRecord<R> {
  readonly record: R;
  readonly atMs: number;
  /** How many records this one stands for, itself included. */
  readonly count: number;
}

export interface AuditBudget<R> {
  /** What is to be written now, in its order. */
  admit(record: R): readonly BudgetedRecord<R>[];
  /** What has been held back by groups whose hour is over; with `isLast` that of all groups. */
  release(isLast: boolean): readonly BudgetedRecord<R>[];
}

interface Hour<R> {
  readonly startedAtMs: number;
  lines: number;
  held: BudgetedRecord<R> | undefined;
}

/** `groupOf` names the group whose budget a record is counted on; undefined: it is always written. */
export function createAuditBudget<R>(deps: {
  readonly groupOf: (record: R) => string | undefined;
  readonly clock: Pick<Clock, 'nowMs'>;
}): AuditBudget<R> {
  const hours = new Map<string, Hour<R>>();

  function release(isLast: boolean): readonly BudgetedRecord<R>[] {
    const nowMs = deps.clock.nowMs();
    const released: BudgetedRecord<R>[] = [];
    for (const [group, { startedAtMs, held }] of hours) {
      // A clock that was set back tells nothing.
      if (!isLast && Math.abs(nowMs - startedAtMs) < HOUR_MS) continue;
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
    release,
  };
}
