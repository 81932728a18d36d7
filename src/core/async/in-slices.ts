// Long lists without long pauses: a few thousand rows of work must not keep anybody's keys waiting.
import { setImmediate as nextTurn } from 'node:timers/promises';

/** A millisecond or two of the usual work. */
const SLICE = 250;

/** Runs `work` on every item in order; between slices, and after the last, everybody else gets a turn. */
export async function inSlices<T>(items: readonly T[], work: (item: T) => void): Promise<void> {
  for (let start = 0; start < items.length; start += SLICE) {
    for (const item of items.slice(start, start + SLICE)) work(item);
    await nextTurn();
  }
}
