// The node:http server of a surface: its limits and its connections, and what Node would answer without asking the guard.
import { createServer, STATUS_CODES, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Clock } from '../../core/clock.ts';
import { UnavailableError, UsageError, type RolecallError } from '../../core/errors.ts';
import type { SurfaceName } from '../../local-api/routes.ts';
import type { Log } from '../process/log.ts';
import type { ConnectionRules } from './connection-rules.ts';
import { guardConnections } from './connections.ts';
import { formatError, type DescribeError } from './error-answer.ts';
import { readGuarded, type Guard } from './guard.ts';
import { runInOrder } from './request-order.ts';

/** From the first byte of a request to its last. An answer may take any time. */
const REQUEST_DEADLINE_MS = 30_000;
/** How late a missed deadline may be noticed. */
const MAX_DEADLINE_CHECK_MS = 1000;
/** How long an idle connection stays open. Node's own is 5 s. */
const KEEP_ALIVE_MS = 72_000;
const BUSY_RETRY_AFTER_MS = 1000;
/** How long a peer has to read an answer to something that was no request. */
const FAREWELL_MS = 2000;

export interface HttpServerDeps {
  /** `callback`: the port of one sign-in, which is no surface. */
  readonly surface: SurfaceName | 'callback';
  readonly guard: Guard;
  readonly describeError: DescribeError;
  readonly connectionRules: ConnectionRules;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly log: Log;
}

export interface HttpServer {
  /** Has no `clientError` listener that answers: the surface adds its own. */
  readonly server: Server;
  /** Calls `listener` for each request, for those of one connection one at a time. */
  onRequest(listener: RequestListener): void;
  /** Answers bytes that Node can't parse as a request. */
  readonly onClientError: (error: Error, socket: Duplex) => void;
  /** Accepts no new connection, and resolves once each accepted one has its answer. */
  drain(): Promise<void>;
  /** Closes every connection. */
  close(): void;
}

export function createHttpServer(deps: HttpServerDeps): HttpServer {
  const server = createServer({
    // Node would answer a request without a Host itself, before the guard and without our headers.
    requireHostHeader: false,
    headersTimeout: deps.connectionRules.headersDeadlineMs,
    connectionsCheckingInterval: Math.min(MAX_DEADLINE_CHECK_MS, deps.connectionRules.headersDeadlineMs),
    requestTimeout: REQUEST_DEADLINE_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
  });
  // No limit but that of their bytes: Node would leave out the headers after the 2000th, and the guard would not see them.
  server.maxHeadersCount = 0;
  const refuse = (socket: Duplex, error: RolecallError) => answerOnSocket(socket, error, deps.describeError);
  const connections = guardConnections(server, {
    rules: deps.connectionRules,
    refuse: (socket) => refuse(socket, tooManyConnections()),
    name: deps.surface,
    clock: deps.clock,
    log: deps.log,
  });
  // Without these listeners Node answers `Expect` with a bare 417 and closes the connection of a CONNECT.
  server.on('checkExpectation', (request, response) => server.emit('request', request, response));
  server.on('connect', (request: IncomingMessage, socket: Duplex) =>
    refuse(socket, deps.guard(readGuarded(request)) ?? invalidRequest('This server is not a proxy.')),
  );
  return {
    server,
    onRequest: (listener) => void server.on('request', runInOrder(listener)),
    onClientError(error, socket) {
      const isLate = (error as NodeJS.ErrnoException).code === 'ERR_HTTP_REQUEST_TIMEOUT';
      refuse(socket, invalidRequest(isLate ? 'The request did not arrive in time.' : 'The request is not valid HTTP.'));
    },
    async drain() {
      server.close();
      await connections.answered();
    },
    close() {
      server.close();
      connections.destroyAll();
    },
  };
}

/** For a socket without a request that could be answered. Nothing that it sent is repeated. */
function answerOnSocket(socket: Duplex, error: RolecallError, describe: DescribeError): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const { status, headers, body } = formatError(error, { accept: undefined, describe });
  const lines = Object.entries({ ...headers, connection: 'close' }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body.toString()}`);
  // Reads and ignores what still arrives: closing with unread data causes a reset, which could discard our answer.
  socket.resume();
  const farewell = setTimeout(() => socket.destroy(), FAREWELL_MS);
  farewell.unref();
  socket.once('close', () => clearTimeout(farewell));
}

export function invalidRequest(message: string): UsageError {
  return new UsageError('invalid-request', message);
}

function tooManyConnections(): UnavailableError {
  return new UnavailableError('too-many-connections', 'Too many connections are open, and all of them are in use.', {
    retryAfterMs: BUSY_RETRY_AFTER_MS,
  });
}
