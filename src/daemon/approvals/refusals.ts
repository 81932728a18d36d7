// Recent refusals: the same question is refused at once for a while, so that nobody is asked until they give in.
import type { Clock } from '../../core/clock.ts';
import { isOver, momentOf, type Moment } from '../../core/moments.ts';

export interface Refusals {
  add(key: string, id: string): void;
  /** The id of the refused approval if it still counts. */
  find(key: string, mayAskAgain: boolean): string | undefined;
  /** Whether so much was refused in the last minute, whatever it was, that nobody is asked at the moment. */
  isFlooded(): boolean;
  forget(key: string): void;
}

/** As long as the same question is refused without being asked. */
const COOL_DOWN_MS = 60_000;
/** So often in a row a command may ask again at once. A program can run the command too. */
const MAX_ASKED_AGAIN = 2;
/** Refusals within the cool-down, of all questions together. */
const MAX_IN_COOL_DOWN = 5;
const MAX_ENTRIES = 256;

export function createRefusals(clock: Clock): Refusals {
  const refusals = new Map<string, { readonly id: string; readonly at: Moment; readonly inARow: number }>();
  return {
    add(key, id) {
      const inARow = (refusals.get(key)?.inARow ?? 0) + 1;
      refusals.delete(key);
      refusals.set(key, { id, at: momentOf(clock), inARow });
      const oldest = refusals.size > MAX_ENTRIES ? refusals.keys().next().value : undefined;
      if (oldest !== undefined) refusals.delete(oldest);
    },
    find(key, mayAskAgain) {
      const last = refusals.get(key);
      if (last === undefined) return undefined;
      if (!isOver(clock, last.at, COOL_DOWN_MS)) {
        return mayAskAgain && last.inARow <= MAX_ASKED_AGAIN ? undefined : last.id;
      }
      if (isOver(clock, last.at, 10 * COOL_DOWN_MS)) refusals.delete(key);
      return undefined;
    },
    isFlooded: () =>
      [...refusals.values()].filter(({ at }) => !isOver(clock, at, COOL_DOWN_MS)).length >= MAX_IN_COOL_DOWN,
    forget: (key) => void refusals.delete(key),
  };
}
