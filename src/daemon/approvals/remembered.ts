// What earlier approvals still allow: everybody for some minutes, and one later request each. In memory only.
import type { Clock } from '../../core/clock.ts';
import { isOver, momentOf, type Moment } from '../../core/moments.ts';

export interface RememberedApprovals {
  /** `tickets`: how many callers come back for what they asked, each once. */
  add(key: string, approval: { readonly id: string; readonly forMs: number; readonly tickets: number }): void;
  /** The id of the approval that still counts for everybody. */
  find(key: string): string | undefined;
  /** As `find`, else uses up the ticket of one caller. */
  take(key: string): string | undefined;
  /** `match` gets the key. */
  forget(match: (key: string) => boolean): void;
}

/** How soon a caller has to come back. */
const TICKET_MS = 60_000;
const MAX_TICKETS = 100;

export function createRememberedApprovals(clock: Clock): RememberedApprovals {
  const remembered = new Map<
    string,
    { readonly id: string; readonly at: Moment; readonly forMs: number; tickets: number }
  >();

  function find(key: string): string | undefined {
    const found = remembered.get(key);
    if (found === undefined) return undefined;
    if (!isOver(clock, found.at, found.forMs)) return found.id;
    if (isOver(clock, found.at, TICKET_MS)) remembered.delete(key);
    return undefined;
  }

  return {
    add(key, { id, forMs, tickets }) {
      remembered.set(key, { id, at: momentOf(clock), forMs, tickets: Math.min(tickets, MAX_TICKETS) });
    },
    find,
    take(key) {
      const id = find(key);
      if (id !== undefined) return id;
      const found = remembered.get(key);
      if (found === undefined || found.tickets === 0) return undefined;
      found.tickets -= 1;
      return found.id;
    },
    forget(match) {
      for (const key of remembered.keys()) if (match(key)) remembered.delete(key);
    },
  };
}
