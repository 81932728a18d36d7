// The open event streams, with limits on their number per surface and on their unread bytes.
import type { ServerResponse } from 'node:http';
import { UnavailableError } from '../../core/errors.ts';
import type { SurfaceName } from '../../local-api/routes.ts';
import type { Log } from '../process/log.ts';

export interface EventListeners {
  /** Reserves a place for a stream about to be opened. @throws UnavailableError too-many-listeners */
  reserve(surface: SurfaceName): void;
  /** Gives up a reserved place. */
  release(surface: SurfaceName): void;
  /** Opens the stream in a reserved place and sends `texts`; the place is released when the stream closes. */
  open(response: ServerResponse, surface: SurfaceName, texts: readonly string[]): void;
  isEmpty(): boolean;
  /** Sends to all streams; disconnects those that do not read. */
  send(text: string): void;
  /** Ends all streams. */
  close(): void;
}

const MAX_LISTENERS = 64;
/** A listener with more unread bytes than this plus its largest event is disconnected. */
const MAX_UNREAD_BYTES = 1024 * 1024;

/** `onEmpty` is called when the last stream has closed. */
export function createEventListeners(deps: { readonly onEmpty: () => void; readonly log: Log }): EventListeners {
  const listeners = new Set<ServerResponse>();
  /** By listener: bytes of the longest text written at once. */
  const longest = new WeakMap<ServerResponse, number>();
  /** By surface, including reserved places. */
  const counts = new Map<SurfaceName, number>();

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

  function release(surface: SurfaceName): void {
    counts.set(surface, (counts.get(surface) ?? 1) - 1);
    if (listeners.size === 0) deps.onEmpty();
  }

  return {
    reserve(surface) {
      const others = counts.get(surface) ?? 0;
      if (others >= MAX_LISTENERS) {
        throw new UnavailableError('too-many-listeners', `${MAX_LISTENERS} clients are already listening to events.`);
      }
      counts.set(surface, others + 1);
    },
    release,
    open(response, surface, texts) {
      response.once('close', () => {
        listeners.delete(response);
        release(surface);
      });
      for (const text of texts) write(response, text);
      listeners.add(response);
    },
    isEmpty: () => listeners.size === 0,
    send(text) {
      for (const listener of listeners) write(listener, text);
    },
    close() {
      // A listener that does not read would not notice `end`.
      for (const listener of listeners) if (listener.writableLength > 0) listener.destroy();
      for (const listener of listeners) listener.end();
    },
  };
}
