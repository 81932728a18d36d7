// GET /v1/events: tells everybody who listens what has changed, as soon as it is known, and stays within bounds.
import type { ServerResponse } from 'node:http';
import type { Clock } from '../../core/clock.ts';
import { coalesced } from '../../core/async/coalesced.ts';
import { UnavailableError } from '../../core/errors.ts';
import type { SurfaceName } from '../../local-api/routes.ts';
import type { Changes } from '../process/changes.ts';
import { createEventRing, formatEvent } from './event-ring.ts';
import type { Log } from '../process/log.ts';
import { findChanges, tellEverything, type Snapshot } from './status-changes.ts';
import type { Handlers } from '../http/surface.ts';

export interface EventFeed {
  readonly handlers: Pick<Handlers, 'events'>;
  /** Ends every stream at once, and each that would begin; resolves when nothing is being looked at any more. */
  close(): Promise<void>;
}

const MAX_LISTENERS = 64;
/** A listener that leaves more than this unread, beside the largest thing that it was told, is not reading. */
const MAX_UNREAD_BYTES = 1024 * 1024;
/** For what nobody announces: a session that ends, callers that wait. Nothing is looked at while nobody listens. */
const SNAPSHOT_INTERVAL_MS = 1000;
/** Keeps a connection from being taken for a dead one. */
const HEARTBEAT_MS = 15_000;

export function createEventFeed(deps: {
  /** Rejects when nothing can be told right now; the next look tells it. */
  readonly takeSnapshot: () => Promise<Snapshot>;
  /** Takes in what others leave in files; run before the looks that nobody asked for. */
  readonly collect: () => Promise<unknown>;
  readonly changes: Pick<Changes, 'subscribe'>;
  readonly startedAtMs: number;
  readonly clock: Clock;
  readonly log: Log;
}): EventFeed {
  const { clock } = deps;
  const ring = createEventRing(deps.startedAtMs);
  const listeners = new Set<ServerResponse>();
  /** By listener: how long the longest text was that it was given in one piece. */
  const longest = new WeakMap<ServerResponse, number>();
  /** Those that are about to listen are counted as well. */
  const taken = new Map<SurfaceName, number>();
  let told: Snapshot | undefined;
  let watching: AbortController | undefined;
  let isClosed = false;

  const tell = coalesced(async () => {
    if (isClosed) return;
    const now = await deps.takeSnapshot();
    const events = told === undefined ? [] : findChanges(told, now);
    told = now;
    for (const { type, data } of events) {
      const text = ring.add(type, data);
      for (const listener of listeners) write(listener, text);
    }
  });

  /** Hangs up on who does not read: the events of a day must not pile up here for a program that was stopped. */
  function write(listener: ServerResponse, text: string): void {
    const longestBytes = longest.get(listener) ?? 0;
    if (listener.writableLength <= MAX_UNREAD_BYTES + longestBytes) {
      longest.set(listener, Math.max(longestBytes, Buffer.byteLength(text)));
      listener.write(text);
      return;
    }
    if (listener.destroyed) return;
    deps.log('warn', 'events: a listener that does not read was hung up on');
    listener.destroy();
  }

  async function tellOrLog(): Promise<void> {
    try {
      await tell();
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
      // Nobody listens any more.
    }
  }

  function beginWatching(): void {
    watching = new AbortController();
    void repeat(SNAPSHOT_INTERVAL_MS, watching.signal, async () => {
      await deps.collect();
      await tellOrLog();
    });
    void repeat(HEARTBEAT_MS, watching.signal, () => {
      for (const listener of listeners) write(listener, ': ping\n\n');
    });
  }

  function leave(surface: SurfaceName): void {
    taken.set(surface, (taken.get(surface) ?? 1) - 1);
    if (listeners.size > 0) return;
    watching?.abort(new Error('nobody listens'));
    watching = undefined;
  }

  function attach(response: ServerResponse, surface: SurfaceName, lastEventId: string | undefined): void {
    if (response.destroyed || response.closed || isClosed || told === undefined) {
      leave(surface);
      response.end();
      return;
    }
    response.once('close', () => {
      listeners.delete(response);
      leave(surface);
    });
    const missed = ring.since(lastEventId);
    // A comment says that nothing was missed, so that whoever comes back is not left in doubt.
    write(response, ': listening\n\n');
    const texts = missed ?? tellEverything(told).map(({ type, data }) => formatEvent(ring.latestId(), type, data));
    for (const text of texts) write(response, text);
    listeners.add(response);
    if (watching === undefined) beginWatching();
  }

  deps.changes.subscribe(() => {
    if (listeners.size > 0) void tellOrLog();
  });

  return {
    handlers: {
      async events(_input, { surface, lastEventId }) {
        const others = taken.get(surface) ?? 0;
        if (others >= MAX_LISTENERS) {
          throw new UnavailableError('too-many-listeners', `There are ${MAX_LISTENERS} listeners to events already.`);
        }
        taken.set(surface, others + 1);
        try {
          // What changed while nobody listened is told first, so that whoever comes back misses nothing.
          await deps.collect();
          await tell();
        } catch (error) {
          leave(surface);
          throw error;
        }
        return (response) => attach(response, surface, lastEventId);
      },
    },
    async close() {
      isClosed = true;
      // Who does not read would not read the end either.
      for (const listener of listeners) if (listener.writableLength > 0) listener.destroy();
      for (const listener of listeners) listener.end();
      await tellOrLog();
    },
  };
}
