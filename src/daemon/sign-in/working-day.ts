// The working day of the machine's time zone: from 06:00 to 18:00, by the clock on the wall.
import { once } from '../../core/async/once.ts';

export interface WorkingDay {
  /** Whether both times are within the same working day. */
  hasBoth(firstMs: number, secondMs: number): boolean;
  /** The local date, such as `2026-11-24`. */
  dateOf(ms: number): string;
  /** The local time, such as `09:05`. */
  timeOf(ms: number): string;
}

/** Earlier than nearly everybody starts, so that a session that ends at night is not offered before the morning. */
const START = '06:00';
const END = '18:00';

/** `timeZone` is an IANA name; without it the time zone of this process. */
export function createWorkingDay(timeZone?: string): WorkingDay {
  // Loaded late, because most daemons never ask.
  const format = once(
    () =>
      new Intl.DateTimeFormat('en-GB', {
        year: 'numeric',
        month: '2-digit',
        day: '2-digit',
        hour: '2-digit',
        minute: '2-digit',
        hourCycle: 'h23',
        ...(timeZone === undefined ? {} : { timeZone }),
      }),
  );
  function split(ms: number): { readonly date: string; readonly time: string } {
    const parts = new Map(
      format()
        .formatToParts(ms)
        .map(({ type, value }) => [type, value]),
    );
    const join = (types: readonly Intl.DateTimeFormatPartTypes[], separator: string) =>
      types.map((type) => parts.get(type) ?? '').join(separator);
    return { date: join(['year', 'month', 'day'], '-'), time: join(['hour', 'minute'], ':') };
  }
  return {
    hasBoth(firstMs, secondMs) {
      const [first, second] = [split(firstMs), split(secondMs)];
      return first.date === second.date && [first, second].every(({ time }) => time >= START && time < END);
    },
    dateOf: (ms) => split(ms).date,
    timeOf: (ms) => split(ms).time,
  };
}
