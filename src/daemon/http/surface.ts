// A surface: one Fastify instance made of a guard and the routes that belong on it.
import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { once } from '../../core/async/once.ts';
import { NotFoundError, RefusedError, RolecallError, UsageError } from '../../core/errors.ts';
import type { Answers, CallableRouteName, InputOf, Route, RouteName } from '../../local-api/routes.ts';
import { routes } from '../../local-api/routes.ts';
import { PROCESS_HEADER, STAYS_HEADER, TERMINAL_HEADER, VERSION_HEADER } from '../../local-api/version.ts';
import { toFailure } from '../../platform/files/file-error.ts';
import { parseClaimedProcess } from '../../platform/process/claimed-process.ts';
import type { Caller } from './caller.ts';
import type { FindCallerProgram } from './caller-program.ts';
import { ANSWER_HEADERS, formatError, logInternalError, methodNotAllowed } from './error-answer.ts';
import { isNamed, type Etags } from './etags.ts';
import { BODY_LIMIT_BYTES, bodyTooLarge, readGuarded, type VersionCheck } from './guard.ts';
import { createHttpServer, invalidRequest, type HttpServerDeps } from './http-server.ts';
import { checkInput, createQueryCheck, readQuery } from './input-checks.ts';
import { registerPage, type PageFiles } from './page-files.ts';

/**
 * The function behind each route. What it throws becomes the error answer.
 * A Buffer is JSON already: a list of 20,000 rows is serialized once, not for each caller.
 */
export type Handlers = {
  readonly [R in HandledRoute]: (input: InputOf<R>, caller: Caller) => Promise<Answers[R] | Buffer>;
} & {
  readonly events: (input: InputOf<'events'>, caller: Caller) => Promise<StreamedAnswer>;
};

/** All but the route of the container surface, which is not a Fastify instance, and `events`, whose answer never ends. */
export type HandledRoute = Exclude<CallableRouteName, 'containerCredentials'>;

/** Writes the body, over any length of time. The head is sent before. */
export type StreamedAnswer = (response: ServerResponse) => void;

type SurfaceName = 'socket' | 'web';

const NOT_MODIFIED = 304;
/** The longest sso-session name, each character four bytes and percent-encoded. */
const MAX_PARAM_LENGTH = 256 * 12;

export interface Surface {
  readonly app: FastifyInstance;
  /** Accepts no new connection, and resolves once each accepted one has its answer. */
  drain(): Promise<void>;
  /** Closes every connection. */
  close(): Promise<void>;
}

export interface SurfaceDeps extends Omit<HttpServerDeps, 'describeError'> {
  readonly surface: SurfaceName;
  readonly handlers: Handlers;
  readonly etags: Etags;
  readonly checkVersion?: VersionCheck | undefined;
  /** Absent: the programs of the callers are not known. */
  readonly findCallerProgram?: FindCallerProgram | undefined;
  /** The files of the page, beside the routes. */
  readonly pageFiles?: PageFiles;
}

/** The instance with every route of `surface`; nothing else can be reached through it. */
export function createSurface(deps: SurfaceDeps): Surface {
  const { server, onClientError, drain, close } = createHttpServer({ ...deps, describeError });
  const app = fastify({
    // Fastify never listens: its listen() fails on a socket inherited from systemd, and it knows no drain.
    serverFactory: (handler) => server.on('request', handler),
    clientErrorHandler: onClientError,
    bodyLimit: BODY_LIMIT_BYTES,
    exposeHeadRoutes: false,
    // Each plugin would get a timer, which takes a millisecond of the start. Ours register synchronously.
    pluginTimeout: 0,
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    // Without these two Fastify loads its own compilers at the start, which takes longer than the rest of it.
    schemaController: { compilersFactory: { buildValidator: neverCalled, buildSerializer: neverCalled } },
    // Called instead of the hooks for a path that Fastify can't parse, so the guard has to be asked here too.
    frameworkErrors: (_error, request, reply) => {
      sendError(
        request,
        reply,
        deps.guard(readGuarded(request.raw)) ?? invalidRequest('The request path is malformed.'),
      );
    },
  });
  // Leaves JSON as the only body type. A page may send text/plain to another origin without asking first.
  app.removeContentTypeParser('text/plain');
  app.addHook('onRequest', async (request, reply) => {
    const guarded = readGuarded(request.raw);
    const refusal = deps.guard(guarded);
    if (refusal !== undefined) return sendError(request, reply, refusal);
    if (guarded.headers[VERSION_HEADER].length === 0) return undefined;
    const losses = await deps.checkVersion?.(guarded);
    if (losses !== undefined) reply.header(STAYS_HEADER, losses);
    return undefined;
  });
  app.setErrorHandler((thrown, request, reply) => {
    const error = readFrameworkError(thrown);
    logInternalError(deps.log, `${request.method} ${request.routeOptions.url ?? ''}`, error);
    return sendError(request, reply, error);
  });
  app.setNotFoundHandler((request, reply) => sendNotFound(request, reply, deps));
  app.register((plugin, _options, done) => {
    for (const name of routesOf(deps.surface)) registerRoute(plugin, name, deps);
    if (deps.pageFiles !== undefined) registerPage(plugin, deps.pageFiles);
    done();
  });
  return {
    app,
    drain,
    async close() {
      close();
      await app.close();
    },
  };
}

type Handler = (input: unknown, caller: Caller) => Promise<unknown>;

function registerRoute(app: FastifyInstance, name: HandledRoute | 'events', deps: SurfaceDeps): void {
  const route: Route = routes[name];
  const handle = deps.handlers[name] as Handler;
  const { params, query, body } = route;
  const checkQuery = createQueryCheck(Object.keys((query?.['properties'] as object | undefined) ?? {}));
  app.route({
    method: route.method,
    url: route.path,
    onRequest(request, _reply, done) {
      done(checkQuery(request.query as Readonly<Record<string, unknown>>));
    },
    ...(body && {
      async preValidation(request: FastifyRequest) {
        if (deps.surface !== 'socket') refuseSocketOnly(route, request.body);
        // Only here is a missing body known from JSON's null.
        if (request.body === undefined) request.body = bodyWhenMissing(route);
      },
    }),
    async handler(request, reply) {
      const path = request.params as Readonly<Record<string, string>>;
      const words = request.query as Readonly<Record<string, string>>;
      const input = { ...path, query: query === undefined ? words : readQuery(query, words), body: request.body };
      if (params !== undefined) checkInput('path', params, path);
      if (body !== undefined) checkInput('body', body, input.body);
      if (query !== undefined) checkInput('query', query, input.query);
      const caller = createCaller(deps, request.raw, reply.raw);
      if (route.honorsWait === true && caller.waitBudgetMs !== undefined) {
        reply.header('preference-applied', `wait=${caller.waitBudgetMs / 1000}`);
      }
      const answer = await handle(input, caller);
      if (route.isStream === true) {
        reply.hijack();
        reply.raw.writeHead(route.successStatus, { ...ANSWER_HEADERS, 'content-type': 'text/event-stream' });
        reply.raw.flushHeaders();
        (answer as StreamedAnswer)(reply.raw);
        return;
      }
      reply.headers(ANSWER_HEADERS).code(statusOf(route, answer));
      if (route.answer === undefined) return reply.send();
      // As bytes, for the same reason as in an ErrorAnswer.
      const json = Buffer.isBuffer(answer) ? answer : Buffer.from(JSON.stringify(answer));
      if (route.isConditional === true) {
        const etag = Buffer.isBuffer(answer) ? deps.etags.ofKept(answer) : deps.etags.of(json);
        reply.header('etag', etag);
        if (isNamed(etag, request.headers['if-none-match'] ?? '')) return reply.code(NOT_MODIFIED).send();
      }
      return reply.type('application/json').send(json);
    },
  });
}

function statusOf({ statusOfState, successStatus }: Route, answer: unknown): number {
  if (statusOfState === undefined) return successStatus;
  return statusOfState[(answer as { readonly state: string }).state] ?? successStatus;
}

function bodyWhenMissing({ bodyIsOptional }: Route): object {
  if (bodyIsOptional !== true) throw invalidRequest('The request body is missing.');
  return {};
}

const WAIT = /(?:^|[,;])\s*wait\s*=\s*(?:(\d{1,9})|"(\d{1,9})")\s*(?:[,;]|$)/i;
/** Timers of Node take 24 days at most. */
const MAX_WAIT_SECONDS = 24 * 60 * 60;

/** Costs almost nothing until the handler uses it. */
function createCaller(
  { surface, findCallerProgram }: Pick<SurfaceDeps, 'surface' | 'findCallerProgram'>,
  request: IncomingMessage,
  response: ServerResponse,
): Caller {
  return {
    surface,
    get lastEventId() {
      const id = request.headers['last-event-id'];
      return typeof id === 'string' ? id : undefined;
    },
    get waitBudgetMs() {
      const [, bare, quoted] = WAIT.exec(String(request.headers['prefer'] ?? '')) ?? [];
      const seconds = bare ?? quoted;
      return seconds === undefined ? undefined : Math.min(Number(seconds), MAX_WAIT_SECONDS) * 1000;
    },
    get isAtTerminal() {
      return surface === 'socket' && request.headers[TERMINAL_HEADER] !== undefined;
    },
    get processId() {
      return parseClaimedProcess(request.headers[PROCESS_HEADER]);
    },
    gone() {
      const hungUp = new AbortController();
      const hangUp = () => {
        if (!response.writableFinished) hungUp.abort(new Error('the caller hung up'));
      };
      if (response.closed || request.socket.destroyed) hangUp();
      else response.once('close', hangUp);
      return hungUp.signal;
    },
    program: once(async () => findCallerProgram?.(request)),
  };
}

/** Any value of such a field counts as asking for it, except false. */
function refuseSocketOnly({ socketOnly = [] }: Route, body: unknown): void {
  if (typeof body !== 'object' || body === null) return;
  const asked = socketOnly.find((name) => Object.hasOwn(body, name) && Reflect.get(body, name) !== false);
  if (asked === undefined) return;
  throw new RefusedError('caller-not-allowed', `"${asked}" is available only over the unix socket.`);
}

function sendNotFound(request: FastifyRequest, reply: FastifyReply, deps: SurfaceDeps): FastifyReply {
  const [path = ''] = (request.raw.url ?? '').split('?');
  const methods = deps.pageFiles?.has(path) === true ? ['GET'] : findMethods(path, deps.surface);
  if (methods.length === 0) {
    return sendError(request, reply, new NotFoundError('route-not-found', 'This route does not exist.'));
  }
  // Registering a route for every other method would take longer than registering all the routes.
  reply.header('allow', methods.join(', '));
  return sendError(request, reply, methodNotAllowed(), 405);
}

/** The methods of a known path, sorted; empty for an unknown one. */
function findMethods(path: string, surface: SurfaceName): string[] {
  return routesOf(surface)
    .map((name): Route => routes[name])
    .filter((route) => new RegExp(`^${route.path.replaceAll(/:[a-z]+/g, '[^/]+')}$`).test(path))
    .map(({ method }) => method)
    .toSorted();
}

function routesOf(surface: SurfaceName): (HandledRoute | 'events')[] {
  const names = Object.keys(routes) as RouteName[];
  return names.filter((name): name is HandledRoute | 'events' => (routes[name] as Route).surfaces.includes(surface));
}

const describeError = (error: RolecallError) => error.toBody();

function sendError(request: FastifyRequest, reply: FastifyReply, error: RolecallError, status?: number): FastifyReply {
  const answer = formatError(error, { accept: request.headers.accept, describe: describeError, status });
  return reply.code(answer.status).headers(answer.headers).send(answer.body);
}

function readFrameworkError(thrown: unknown): RolecallError {
  if (thrown instanceof RolecallError) return thrown;
  const { statusCode } = thrown as { statusCode?: number };
  if (statusCode === 413) return bodyTooLarge();
  if (statusCode === 415) {
    return new UsageError(
      'unsupported-media-type',
      'The request body must be JSON, with Content-Type: application/json.',
    );
  }
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return invalidRequest('The request body is malformed.');
  }
  return toFailure(thrown);
}

/** No route gives Fastify a schema. */
function neverCalled(): never {
  throw new Error('a compiler of Fastify was asked for');
}
