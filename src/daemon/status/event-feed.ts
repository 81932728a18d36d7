// GET /v1/events: takes snapshots while someone listens and sends the changes to all listeners.
import type { ServerResponse } from 'node:http';
import type { Clock } from '../../core/clock.ts';
import { coalesced } from '../../core/async/coalesced.ts';
import type { SurfaceName } from '../../local-api/routes.ts';
import type { Changes } from '../process/changes.ts';
import { createEventListeners } from './event-listeners.ts';
import { createEventRing, formatEvent } from './event-ring.ts';
import type { Log } from '../process/log.ts';
import { findChanges, describeEverything, type Snapshot } from './status-changes.ts';
import type { Handlers } from '../http/surface.ts';

export interface EventFeed {
  readonly handlers: Pick<Handlers, 'events'>;
  /** Ends all streams, including those being opened; resolves when no snapshot is in progress. */
  close(): Promise<void>;
}

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
  const ring = createEventRing(deps.startedAtMs);
  const listeners = createEventListeners({ onEmpty: stopWatching, log: deps.log });
  let latest: Snapshot | undefined;
  let watching: AbortController | undefined;
  let isClosed = false;

  const publish = coalesced(async () => {
    if (isClosed) return;
    const now = await deps.takeSnapshot();
    const events = latest === undefined ? [] : findChanges(latest, now);
    latest = now;
    for (const { type, data } of events) {
      listeners.send(ring.add(type, data));
    }
  });

  async function publishOrLog(): Promise<void> {
    try {
      await publish();
    } catch (error) {
      deps.log('warn', `events: ${(error as Error).message}`);
    }
  }

  function beginWatching(): void {
    watching = new AbortController();
    void repeat(deps.clock, SNAPSHOT_INTERVAL_MS, watching.signal, async () => {
      await deps.collect();
      await publishOrLog();
    });
    void repeat(deps.clock, HEARTBEAT_MS, watching.signal, () => {
      listeners.send(': ping\n\n');
    });
  }

  function stopWatching(): void {
    watching?.abort(new Error('no listeners'));
    watching = undefined;
  }

  function attach(response: ServerResponse, surface: SurfaceName, lastEventId: string | undefined): void {
    if (response.destroyed || response.closed || isClosed || latest === undefined) {
      listeners.release(surface);
      response.end();
      return;
    }
    const missed = ring.since(lastEventId);
    const texts =
      missed ?? describeEverything(latest).map(({ type, data }) => formatEvent(ring.latestId(), type, data));
    // An SSE comment first, so that a client that missed nothing still receives something.
    listeners.open(response, surface, [': listening\n\n', ...texts]);
    if (watching === undefined) beginWatching();
  }

  deps.changes.subscribe(() => {
    if (!listeners.isEmpty()) void publishOrLog();
  });

  return {
    handlers: {
      async events(_input, { surface, lastEventId }) {
        listeners.reserve(surface);
        try {
          // Record changes from the time without listeners first, so that a reconnecting client gets them.
          await deps.collect();
          await publish();
        } catch (error) {
          listeners.release(surface);
          throw error;
        }
        return (response) => attach(response, surface, lastEventId);
      },
    },
    async close() {
      isClosed = true;
      listeners.close();
      await publishOrLog();
    },
  };
}

/** Runs `work` after each pause until `signal` aborts. */
async function repeat(
  clock: Clock,
  pauseMs: number,
  signal: AbortSignal,
  work: () => Promise<void> | void,
): Promise<void> {
  try {
    for (;;) {
      await clock.sleep(pauseMs, signal);
      await work();
    }
  } catch {
    // Aborted.
  }
}
