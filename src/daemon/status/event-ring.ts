// Keeps the last events with their ids, so that a client can reconnect without missing any.

export interface EventRing {
  /** Stores the event and returns it in SSE format. */
  add(type: string, data: unknown): string;
  /** The id of the latest event; before the first one, an id that `since` accepts. */
  latestId(): string;
  /** The events after `id`, oldest first; undefined for an unknown id or one that is too old. */
  since(id: string | undefined): readonly string[] | undefined;
}

const MAX_EVENTS = 256;

/** Ids are `<startedAtMs>-<n>`, so ids of an earlier daemon are unknown to this one. */
export function createEventRing(startedAtMs: number): EventRing {
  const kept: string[] = [];
  /** Number of the latest event; the first one is 1. */
  let latest = 0;
  const idOf = (number: number) => `${startedAtMs}-${number}`;

  return {
    add(type, data) {
      latest += 1;
      const text = formatEvent(idOf(latest), type, data);
      kept.push(text);
      if (kept.length > MAX_EVENTS) kept.shift();
      return text;
    },
    latestId: () => idOf(latest),
    since(id) {
      const [, start, number] = /^(\d{1,15})-(\d{1,15})$/.exec(id ?? '') ?? [];
      const missed = latest - Number(number);
      if (Number(start) !== startedAtMs || missed < 0 || missed > kept.length) return undefined;
      return kept.slice(kept.length - missed);
    },
  };
}

/** One event in SSE format; JSON has no line breaks, so `data` is one line. */
export function formatEvent(id: string, type: string, data: unknown): string {
  return `id: ${id}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
}
