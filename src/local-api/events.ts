// Reads the daemon's events for a long-running client; reconnects after a lost connection or a restart without missing any.
import type { IncomingMessage } from 'node:http';
import type { Clock } from '../core/clock.ts';
import { errorFromBody, RolecallError, type ErrorBody } from '../core/errors.ts';
import { createEventParser } from '../core/text/event-parser.js';
import { answerIsNotJson, findListening, openStreamOverSocket } from './http-request.ts';
import { ROUTE_ADDRESSES } from './route-addresses.ts';
import type { EventDocument, StatusDocument } from './schemas.ts';

/** An event of the daemon, or a change of the connection to it. */
export type HeardEvent = EventDocument | { readonly type: 'disconnected' | 'connected' };

const MIN_RETRY_DELAY_MS = 50;
const MAX_RETRY_DELAY_MS = 2000;
/** Three heartbeats. A connection that is silent for so long is dead, for example after a laptop has slept. */
const MAX_SILENCE_MS = 45_000;

/**
 * Yields events until `signal` aborts. Never starts a daemon, but waits until one is running again.
 * A `hello` replaces everything known before: see {@link applyEvent}.
 * @throws RolecallError: the daemon refuses the first connection, for example because it has too many
 */
export async function* readEvents(deps: {
  readonly socketCandidates: readonly string[];
  readonly clock: Clock;
  readonly signal: AbortSignal;
}): AsyncGenerator<HeardEvent, void, undefined> {
  const { clock, signal } = deps;
  let lastEventId: string | undefined;
  let pauseMs = MIN_RETRY_DELAY_MS;
  let isLost = false;
  while (!signal.aborted) {
    const connection = new AbortController();
    const end = () => connection.abort(signal.reason);
    signal.addEventListener('abort', end, { once: true });
    try {
      const stream = await connect(deps.socketCandidates, lastEventId, connection.signal);
      if (stream !== undefined) {
        if (isLost) yield { type: 'connected' };
        isLost = false;
        pauseMs = MIN_RETRY_DELAY_MS;
        const heard = watchSilence(clock, connection);
        for await (const { id, document } of readDocuments(stream, heard)) {
          lastEventId = id;
          yield document;
        }
      }
    } catch (error) {
      // After a first event, a refusal is temporary: the daemon is starting, or has too many connections.
      if (error instanceof RolecallError && lastEventId === undefined) throw error;
    } finally {
      signal.removeEventListener('abort', end);
      connection.abort(new Error('the connection is over'));
    }
    if (signal.aborted) return;
    if (!isLost) yield { type: 'disconnected' };
    isLost = true;
    await clock.sleep(pauseMs, signal).catch(() => undefined);
    pauseMs = Math.min(MAX_RETRY_DELAY_MS, pauseMs * 2);
  }
}

/** The status after `event`; undefined before the first `hello`. */
export function applyEvent(status: StatusDocument | undefined, event: HeardEvent): StatusDocument | undefined {
  if (event.type === 'hello') return event.data.status;
  if (status === undefined) return undefined;
  const change = (name: string, part: Partial<StatusDocument['sessions'][number]>) => ({
    ...status,
    sessions: status.sessions.map((session) => (session.session === name ? { ...session, ...part } : session)),
  });
  switch (event.type) {
    case 'session':
      return {
        ...status,
        sessions: status.sessions.map((session) => (session.session === event.data.session ? event.data : session)),
      };
    case 'catalog':
      return change(event.data.session, { catalog: event.data.catalog });
    case 'current':
      return { ...status, current: event.data };
    case 'lock':
      return { ...status, lock: event.data };
    case 'approvals':
      return { ...status, approvals: event.data.approvals.length };
    case 'problems':
      return { ...status, problems: event.data };
    default:
      return status;
  }
}

const TYPES: ReadonlySet<string> = new Set([
  'hello',
  'session',
  'sign-in',
  'catalog',
  'current',
  'problems',
  'lock',
  'approvals',
  'roles',
] satisfies EventDocument['type'][]);

/**
 * The stream from the first candidate at which a process listens.
 * @throws RolecallError: the daemon's refusal; foreign-socket if only another user may listen
 */
async function connect(
  socketCandidates: readonly string[],
  lastEventId: string | undefined,
  signal: AbortSignal,
): Promise<IncomingMessage | undefined> {
  const headers = {
    accept: 'text/event-stream',
    ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
  };
  const { path } = ROUTE_ADDRESSES.events;
  const stream = await findListening(socketCandidates, (socketPath) =>
    openStreamOverSocket({ socketPath, path, headers, signal }),
  );
  if (stream === undefined || stream.statusCode === 200) return stream;
  throw await readRefusal(stream);
}

async function readRefusal(answer: IncomingMessage): Promise<RolecallError> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  try {
    return errorFromBody(JSON.parse(Buffer.concat(chunks).toString('utf8')) as ErrorBody);
  } catch (cause) {
    return answerIsNotJson(cause);
  }
}

/** The events of a stream that have a known type: a newer daemon may send others. */
async function* readDocuments(
  stream: IncomingMessage,
  heard: () => void,
): AsyncGenerator<{ readonly id: string; readonly document: EventDocument }> {
  const parse = createEventParser();
  for await (const text of stream.setEncoding('utf8')) {
    heard();
    for (const { id, type, data } of parse(text as string)) {
      if (TYPES.has(type)) yield { id, document: { type, data: JSON.parse(data) as unknown } as EventDocument };
    }
  }
}

/** Ends a connection on which nothing has arrived for too long by the wall clock. Call the returned function when something arrives. */
function watchSilence(clock: Clock, connection: AbortController): () => void {
  let heardAtMs = clock.nowMs();
  void (async () => {
    while (!connection.signal.aborted) {
      await clock.sleep(MAX_SILENCE_MS / 3, connection.signal);
      if (Math.abs(clock.nowMs() - heardAtMs) > MAX_SILENCE_MS) connection.abort(new Error('silence'));
    }
  })().catch(() => undefined);
  return () => {
    heardAtMs = clock.nowMs();
  };
}
