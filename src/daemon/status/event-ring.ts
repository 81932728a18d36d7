// The last events with their ids, so that a client whose connection was cut misses none of them.

export interface EventRing {
  /** The event in the spelling of server-sent events, kept for those that come back. */
  add(type: string, data: unknown): string;
  /** The id of the latest event, or of none yet. */
  latestId(): string;
  /** What came after `id`, oldest first; undefined for an id that is not ours, or too old to know. */
  since(id: string | undefined): readonly string[] | undefined;
}

const MAX_EVENTS = 256;

/** Ids are `<startedAtMs>-<n>`: those of an earlier daemon are no ids of this one. */
export function createEventRing(startedAtMs: number): EventRing {
  const kept: string[] = [];
  /** Of the latest event; the first one is 1. */
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

/** JSON has no line breaks, so the data is one line. */
export function formatEvent(id: string, type: string, data: unknown): string {
  return `id: ${id}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
}
