// GET /v1/events: sends status changes to all listeners, with limits on listeners and unread bytes.
import type { ServerResponse } from 'node:http';
import type { Clock } from '../../core/clock.ts';
import { coalesced } from '../../core/async/coalesced.ts';
import { UnavailableError } from '../../core/errors.ts';
import type { SurfaceName } from '../../local-api/routes.ts';
import type { Changes } from '../process/changes.ts';
import { createEventRing, formatEvent } from './event-ring.ts';
import type { Log } from '../process/log.ts';
import { findChanges, describeEverything, type Snapshot } from './status-changes.ts';
import type { Handlers } from '../http/surface.ts';

export interface EventFeed {
  readonly handlers: Pick<Handlers, 'events'>;
  /** Ends all streams, including those being opened; resolves when no snapshot is in progress. */
  close(): Promise<void>;
}

const MAX_LISTENERS = 64;
/** A listener with more unread bytes than this plus its largest event is disconnected. */
const MAX_UNREAD_BYTES = 1024 * 1024;
/** Polling interval for changes that nobody announces: sessions that end, waiting callers. Only while someone listens. */
const SNAPSHOT_INTERVAL_MS = 1000;
/** Keeps idle connections from being closed. */
const HEARTBEAT_MS = 15_000;

export function createEventFeed(deps: {
  /** May reject; the next snapshot then reports the changes. */
  readonly takeSnapshot: () => Promise<Snapshot>;
  /** Reads what shells left in the inbox; runs before each polled snapshot. */
  readonly collect: () => Promise<unknown>;
  readonly changes: Pick<Changes, 'subscribe'>;
  readonly startedAtMs: number;
  readonly clock: Clock;
  readonly log: Log;
}): EventFeed {
  const { clock } = deps;
  const ring = createEventRing(deps.startedAtMs);
  const listeners = new Set<ServerResponse>();
  /** By listener: bytes of the longest text written at once. */
  const longest = new WeakMap<ServerResponse, number>();
  /** Listeners by surface, including those still being opened. */
  const listenerCounts = new Map<SurfaceName, number>();
  let latest: Snapshot | undefined;
  let watching: AbortController | undefined;
  let isClosed = false;

  const publish = coalesced(async () => {
    if (isClosed) return;
    const now = await deps.takeSnapshot();
    const events = latest === undefined ? [] : findChanges(latest, now);
    latest = now;
    for (const { type, data } of events) {
      const text = ring.add(type, data);
      for (const listener of listeners) write(listener, text);
    }
  });

  /** Disconnects a listener that does not read: events for a stopped program must not pile up in memory. */
  function write(listener: ServerResponse, text: string): void {
    const longestBytes = longest.get(listener) ?? 0;
    if (listener.writableLength <= MAX_UNREAD_BYTES + longestBytes) {
      longest.set(listener, Math.max(longestBytes, Buffer.byteLength(text)));
      listener.write(text);
      return;
    }
    if (listener.destroyed) return;
    deps.log('warn', 'events: disconnected a listener that does not read');
    listener.destroy();
  }

  async function publishOrLog(): Promise<void> {
    try {
      await publish();
    } catch (error) {
      deps.log('warn', `events: ${(error as Error).message}`);
    }
  }

  async function repeat(pauseMs: number, signal: AbortSignal, work: () => Promise<void> | void): Promise<void> {
    try {
      for (;;) {
        await clock.sleep(pauseMs, signal);
        await work();
      }
    } catch {
      // Aborted: no listeners left.
    }
  }

  function beginWatching(): void {
    watching = new AbortController();
    void repeat(SNAPSHOT_INTERVAL_MS, watching.signal, async () => {
      await deps.collect();
      await publishOrLog();
    });
    void repeat(HEARTBEAT_MS, watching.signal, () => {
      for (const listener of listeners) write(listener, ': ping\n\n');
    });
  }

  function leave(surface: SurfaceName): void {
    listenerCounts.set(surface, (listenerCounts.get(surface) ?? 1) - 1);
    if (listeners.size > 0) return;
    watching?.abort(new Error('no listeners'));
    watching = undefined;
  }

  function attach(response: ServerResponse, surface: SurfaceName, lastEventId: string | undefined): void {
    if (response.destroyed || response.closed || isClosed || latest === undefined) {
      leave(surface);
      response.end();
      return;
    }
    response.once('close', () => {
      listeners.delete(response);
      leave(surface);
    });
    const missed = ring.since(lastEventId);
    // An SSE comment, so that a client that missed nothing still receives something.
    write(response, ': listening\n\n');
    const texts =
      missed ?? describeEverything(latest).map(({ type, data }) => formatEvent(ring.latestId(), type, data));
    for (const text of texts) write(response, text);
    listeners.add(response);
    if (watching === undefined) beginWatching();
  }

  deps.changes.subscribe(() => {
    if (listeners.size > 0) void publishOrLog();
  });

  return {
    handlers: {
      async events(_input, { surface, lastEventId }) {
        const others = listenerCounts.get(surface) ?? 0;
        if (others >= MAX_LISTENERS) {
          throw new UnavailableError('too-many-listeners', `${MAX_LISTENERS} clients are already listening to events.`);
        }
        listenerCounts.set(surface, others + 1);
        try {
          // Record changes from the time without listeners first, so that a reconnecting client gets them.
          await deps.collect();
          await publish();
        } catch (error) {
          leave(surface);
          throw error;
        }
        return (response) => attach(response, surface, lastEventId);
      },
    },
    async close() {
      isClosed = true;
      // A listener that does not read would not notice `end`.
      for (const listener of listeners) if (listener.writableLength > 0) listener.destroy();
      for (const listener of listeners) listener.end();
      await publishOrLog();
    },
  };
}
