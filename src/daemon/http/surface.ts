// A surface: one Fastify instance made of a guard and the routes that belong on it.
import { fastify, type FastifyInstance } from 'fastify';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Clock } from '../../core/clock.ts';
import { NotFoundError, RefusedError, RolecallError, UnavailableError, UsageError } from '../../core/errors.ts';
import { toFailure } from '../../platform/files/file-error.ts';
import type { Answers, CallableRouteName, InputOf, Route, RouteName, SurfaceName } from '../../local-api/routes.ts';
import { routes } from '../../local-api/routes.ts';
import { createCaller, type Caller } from './caller.ts';
import { guardConnections } from './connections.ts';
import type { ConnectionRules } from './connection-rules.ts';
import { BODY_LIMIT_BYTES, readGuarded, type Guard, type GuardedRequest } from './guard.ts';
import type { InputChecks } from './input-checks.ts';
import type { Log } from '../process/log.ts';
import type { PageFiles } from './page-files.ts';
import { ANSWER_HEADERS, createReplies, sendJson, sendJsonBytes } from './replies.ts';
import { readWrittenAnswer, type WrittenAnswer } from './written-answer.ts';

/** The work behind each route; what it throws becomes the answer by its class. */
export type Handlers = {
  readonly [R in CallableRouteName]: (input: InputOf<R>, caller: Caller) => Promise<Answers[R] | WrittenAnswer>;
} & {
  readonly events: (input: InputOf<'events'>, caller: Caller) => Promise<StreamedAnswer>;
};

/** Writes the body, for as long as it goes on; the head is written by then. */
export type StreamedAnswer = (response: ServerResponse) => void;

/** From the first byte of a request to its last; the answer may take as long as it takes. */
const REQUEST_DEADLINE_MS = 30_000;
/** How late a missed deadline may be noticed. */
const MAX_DEADLINE_CHECK_MS = 1000;
const BUSY_RETRY_AFTER_MS = 1000;

export interface Surface {
  readonly app: FastifyInstance;
  /** Takes no new connection and resolves once the answers under way are given. */
  drain(): Promise<void>;
  /** Ends every connection. */
  close(): Promise<void>;
}

/** The instance with every route of `surface` registered; nothing else is reachable through it. */
export function createSurface(deps: {
  readonly surface: SurfaceName;
  readonly guard: Guard;
  readonly handlers: Handlers;
  readonly inputChecks: InputChecks;
  readonly connectionRules: ConnectionRules;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly log: Log;
  /** The page, beside the routes. */
  readonly pageFiles?: PageFiles;
  /** The body of an error; the container surface adds what SDKs read. */
  readonly describeError?: (error: RolecallError) => object;
  /** The answer to a GET that the same guard lets in, if it is at hand; undefined leaves the request to the routes. */
  readonly recall?: (request: GuardedRequest) => ReadyAnswer | undefined;
}): Surface {
  const replies = createReplies(deps.describeError ?? ((error) => error.toBody()));
  const app = fastify({
    bodyLimit: BODY_LIMIT_BYTES,
    exposeHeadRoutes: false,
    // An open event stream would otherwise keep close() waiting for ever.
    forceCloseConnections: true,
    requestTimeout: REQUEST_DEADLINE_MS,
    // Node would answer a request without a Host by itself, before the guard and without our headers.
    http: {
      requireHostHeader: false,
      headersTimeout: deps.connectionRules.headersDeadlineMs,
      connectionsCheckingInterval: Math.min(MAX_DEADLINE_CHECK_MS, deps.connectionRules.headersDeadlineMs),
    },
    // The longest name of an sso-session, each character four bytes and percent-encoded.
    routerOptions: { maxParamLength: 256 * 12 },
    // We check what comes in by ourselves; Fastify's own compilers are slow to load.
    schemaController: { compilersFactory: { buildValidator: refuseToCompile, buildSerializer: refuseToCompile } },
    // Fastify answers what it can't parse before any hook runs, so the guard is asked here as well.
    frameworkErrors: (_error, request, reply) => {
      replies.send(
        request,
        reply,
        deps.guard(readGuarded(request.raw)) ?? invalid("The request's path can't be read."),
      );
    },
    clientErrorHandler: (error, socket) => {
      const isLate = (error as NodeJS.ErrnoException).code === 'ERR_HTTP_REQUEST_TIMEOUT';
      replies.onSocket(socket, invalid(isLate ? 'The request did not come in time.' : 'The request is not HTTP.'));
    },
  });
  const connections = guardConnections(app.server, {
    rules: deps.connectionRules,
    refuse: (socket) => replies.onSocket(socket, tooManyConnections()),
    name: deps.surface,
    clock: deps.clock,
    log: deps.log,
  });
  // JSON is the one content type; Fastify's second one, text/plain, is what a page may send without asking first.
  app.removeContentTypeParser('text/plain');
  // Node answers both by itself when nobody listens: `Expect` with a bare 417, CONNECT by hanging up.
  app.server.on('checkExpectation', (request, response) => app.server.emit('request', request, response));
  app.server.on('connect', (request: IncomingMessage, socket: Duplex) =>
    replies.onSocket(socket, deps.guard(readGuarded(request)) ?? invalid('This is no proxy.')),
  );

  if (deps.recall !== undefined) answerFromMemory(app.server, deps.recall);

  app.addHook('onRequest', async (request, reply) => {
    const refusal = deps.guard(readGuarded(request.raw));
    return refusal === undefined ? undefined : replies.send(request, reply, refusal);
  });

  app.setErrorHandler((thrown, request, reply) => {
    const error = readFrameworkError(thrown);
    if (error.errorClass === 'InternalError') {
      deps.log('error', `${request.method} ${request.routeOptions.url ?? ''}: ${describe(error.cause)}`);
    }
    return replies.send(request, reply, error);
  });

  app.setNotFoundHandler((request, reply) => {
    const [path = ''] = (request.raw.url ?? '').split('?');
    const methods = deps.pageFiles?.has(path) === true ? ['GET'] : findMethods(path, deps.surface);
    if (methods.length === 0) {
      return replies.send(request, reply, new NotFoundError('route-not-found', 'There is no such route.'));
    }
    // A path that we know with a method that we don't. Registering a route for each would cost more than all the others.
    reply.header('allow', methods.join(', '));
    return replies.send(request, reply, new NotFoundError('route-not-found', 'This route has another method.'), 405);
  });

  const answersUnderWay = countAnswers(app);
  for (const [name, route] of Object.entries(routes) as [RouteName, Route][]) {
    if (!route.surfaces.includes(deps.surface)) continue;
    register(app, route, deps.handlers[name] as Handler, deps);
  }

  if (deps.pageFiles !== undefined) registerPage(app, deps.pageFiles);

  return {
    app,
    async drain() {
      app.server.close();
      await connections.noneSilent();
      await answersUnderWay.none();
    },
    async close() {
      // The server was told to listen by itself, so Fastify does not know that there is one to close.
      app.server.close();
      connections.destroyAll();
      await app.close();
    },
  };
}

/** A document that is given many times, put into words once. */
export interface ReadyAnswer {
  readonly body: string;
  /** Names and values in turn, which Node writes as they are. */
  readonly headerLines: readonly string[];
}

export function prepareJsonAnswer(document: unknown): ReadyAnswer {
  const body = JSON.stringify(document);
  const headers = {
    ...ANSWER_HEADERS,
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
  };
  return { body, headerLines: Object.entries(headers).flat() };
}

/**
 * Goes before Fastify, whose part of an answer takes longer than all the rest; `recall` asks the guard first.
 * What is refused, unknown or has a body is not our business, and comes to the routes as it is.
 */
function answerFromMemory(server: Server, recall: (request: GuardedRequest) => ReadyAnswer | undefined): void {
  const routes = server.listeners('request') as ((request: IncomingMessage, response: ServerResponse) => void)[];
  server.removeAllListeners('request');
  server.on('request', (request, response) => {
    const guarded = request.method === 'GET' ? readGuarded(request) : undefined;
    const ready = guarded !== undefined && hasNoBody(guarded) ? recall(guarded) : undefined;
    if (ready === undefined) for (const route of routes) route(request, response);
    // A string goes out in one piece with its headers, bytes do not.
    else response.writeHead(200, ready.headerLines as string[]).end(ready.body);
  });
}

function hasNoBody({ headers }: GuardedRequest): boolean {
  return headers['content-length'].length === 0 && headers['transfer-encoding'].length === 0;
}

type Handler = (input: unknown, caller: Caller) => Promise<unknown>;

function register(
  app: FastifyInstance,
  route: Route,
  handler: Handler,
  deps: { readonly surface: SurfaceName; readonly inputChecks: InputChecks },
): void {
  app.route({
    method: route.method,
    url: route.path,
    handler: async (request, reply) => {
      const { params, query, body } = request;
      if (deps.surface !== 'socket') refuseSocketOnly(route, body);
      await deps.inputChecks.check(route, { params, query, body });
      const answer = await handler(
        { ...(params as Readonly<Record<string, string>>), query, body },
        createCaller(deps.surface, request.raw, reply.raw),
      );
      if (route.isStream === true) {
        reply.hijack();
        reply.raw.writeHead(route.successStatus, { ...ANSWER_HEADERS, 'content-type': 'text/event-stream' });
        reply.raw.flushHeaders();
        (answer as StreamedAnswer)(reply.raw);
        return;
      }
      reply.headers(ANSWER_HEADERS).code(route.successStatus);
      if (route.answer === undefined) return reply.send();
      const written = readWrittenAnswer(answer);
      return written === undefined ? sendJson(reply, answer) : sendJsonBytes(reply, written);
    },
  });
}

/** Whatever is said of such a field but a plain no. */
function refuseSocketOnly({ socketOnly = [] }: Route, body: unknown): void {
  if (typeof body !== 'object' || body === null) return;
  const wished = socketOnly.find((name) => Object.hasOwn(body, name) && Reflect.get(body, name) !== false);
  if (wished === undefined) return;
  throw new RefusedError('caller-not-allowed', `"${wished}" is granted on the unix socket only.`);
}

function registerPage(app: FastifyInstance, pageFiles: PageFiles): void {
  // Three routes for all of them: registering one each would slow the daemon's start down.
  for (const pattern of ['/', '/:fileName', '/core/search/:fileName']) {
    app.get(pattern, async (request, reply) => {
      const [path = ''] = (request.raw.url ?? '').split('?');
      if (!pageFiles.has(path)) throw new NotFoundError('route-not-found', 'There is no such route.');
      const { contentType, body } = await pageFiles.read(path);
      return reply.headers(ANSWER_HEADERS).type(contentType).send(body);
    });
  }
}

/** The methods of a path that we know, sorted; empty for one that we don't. */
function findMethods(path: string, surface: SurfaceName): string[] {
  return (Object.values(routes) as Route[])
    .filter((route) => route.surfaces.includes(surface))
    .filter((route) => new RegExp(`^${route.path.replaceAll(/:[a-z]+/g, '[^/]+')}$`).test(path))
    .map(({ method }) => method)
    .toSorted();
}

/** Answers that are begun and not given yet, refusals aside. */
function countAnswers(app: FastifyInstance): { none(): Promise<void> } {
  let underWay = 0;
  const waiting: (() => void)[] = [];
  app.addHook('onRequest', async (_request, reply) => {
    underWay += 1;
    reply.raw.once('close', () => {
      underWay -= 1;
      if (underWay === 0) for (const resolve of waiting.splice(0)) resolve();
    });
  });
  return {
    none: () => (underWay === 0 ? Promise.resolve() : new Promise((resolve) => void waiting.push(resolve))),
  };
}

function readFrameworkError(thrown: unknown): RolecallError {
  if (thrown instanceof RolecallError) return thrown;
  const { statusCode } = thrown as { statusCode?: number };
  if (statusCode === 413) return invalid('The body of the request is too large.');
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return invalid("The request's body can't be read.");
  }
  return toFailure(thrown);
}

function describe(cause: unknown): string {
  return cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
}

function tooManyConnections(): UnavailableError {
  return new UnavailableError('too-many-connections', 'Too many connections are open, and all of them are in use.', {
    retryAfterMs: BUSY_RETRY_AFTER_MS,
  });
}

function invalid(message: string): UsageError {
  return new UsageError('invalid-request', message);
}

function refuseToCompile(): never {
  throw new Error('no schema is given to Fastify');
}
