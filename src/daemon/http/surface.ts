// A surface: a guard and the routes that belong on it, on a node:http server.
import type { IncomingMessage, OutgoingHttpHeaders, Server, ServerResponse } from 'node:http';
import { parse as parseQuery } from 'node:querystring';
import { once } from '../../core/async/once.ts';
import { NotFoundError, RefusedError, type RolecallError } from '../../core/errors.ts';
import { ROUTE_ADDRESSES } from '../../local-api/route-addresses.ts';
import { ROUTE_TRAITS } from '../../local-api/route-traits.ts';
import type { Answers, InputOf, Route, RouteTraits, routes } from '../../local-api/routes.ts';
import { PROCESS_HEADER, STAYS_HEADER, TERMINAL_HEADER, VERSION_HEADER } from '../../local-api/version.ts';
import { toFailure } from '../../platform/files/file-error.ts';
import { parseClaimedProcess } from '../../platform/process/claimed-process.ts';
import type { Caller } from './caller.ts';
import type { FindCallerProgram } from './caller-program.ts';
import { ANSWER_HEADERS, formatError, logInternalError, methodNotAllowed } from './error-answer.ts';
import { isNamed, type Etags } from './etags.ts';
import { readGuarded, type VersionCheck } from './guard.ts';
import { createHttpServer, invalidRequest, type HttpServerDeps } from './http-server.ts';
import { checkInput, checkNames, readQuery } from './input-checks.ts';
import type { PageFiles } from './page-files.ts';
import { readBody } from './request-body.ts';
import { createRouter, parseTarget, type Match, type RoutedName, type Target } from './router.ts';

/**
 * The function behind each route. What it throws becomes the error answer.
 * A Buffer is JSON already: a list of 20,000 rows is serialized once, not for each caller.
 */
export type Handlers = {
  readonly [R in HandledRoute]: (input: InputOf<R>, caller: Caller) => Promise<Answers[R] | Buffer>;
} & {
  readonly events: (input: InputOf<'events'>, caller: Caller) => Promise<StreamedAnswer>;
};

/** All but the one whose answer never ends. */
export type HandledRoute = Exclude<RoutedName, 'events'>;

/** Writes the body, over any length of time. The head is sent before. */
export type StreamedAnswer = (response: ServerResponse) => void;

const NOT_MODIFIED = 304;

export interface Surface {
  readonly server: Server;
  /** Accepts no new connection, and resolves once each accepted one has its answer. */
  drain(): Promise<void>;
  /** Closes every connection. */
  close(): void;
}

export interface SurfaceDeps extends Omit<HttpServerDeps, 'describeError' | 'surface'> {
  readonly surface: 'socket' | 'web';
  readonly handlers: Handlers;
  /** The schemas of all routes, which are loaded for the first request that has input. */
  readonly loadRoutes: () => Promise<typeof routes>;
  readonly etags: Etags;
  readonly checkVersion?: VersionCheck | undefined;
  /** Absent: the programs of the callers are not known. */
  readonly findCallerProgram?: FindCallerProgram | undefined;
  /** The files of the page, beside the routes. */
  readonly pageFiles?: PageFiles;
}

/** A request on its way to its answer. */
interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Sent with the answer, whatever that is. */
  readonly headers: OutgoingHttpHeaders;
  /** The path of its route, with the names of the parameters. */
  routePath?: string;
}

/** The server with every route of `surface`; nothing else can be reached through it. */
export function createSurface(deps: SurfaceDeps): Surface {
  const { server, onRequest, onClientError, drain, close } = createHttpServer({ ...deps, describeError });
  const router = createRouter(deps.surface);
  server.on('clientError', onClientError);
  onRequest((request, response) => {
    const exchange: Exchange = { request, response, headers: {} };
    void serve(exchange).catch((thrown: unknown) => fail(exchange, thrown));
  });

  async function serve(exchange: Exchange): Promise<void> {
    const { request, headers } = exchange;
    const guarded = readGuarded(request);
    const refusal = deps.guard(guarded);
    if (refusal !== undefined) return sendError(exchange, refusal);
    if (guarded.headers[VERSION_HEADER].length > 0) {
      const losses = await deps.checkVersion?.(guarded);
      if (losses !== undefined) headers[STAYS_HEADER] = losses;
    }
    const { method, rawUrl } = guarded;
    const [path = ''] = rawUrl.split('?', 1);
    if (deps.pageFiles?.has(path) === true) {
      return method === 'GET' ? sendPageFile(exchange, deps.pageFiles, path) : refuseMethod(exchange, ['GET']);
    }
    const target = parseTarget(rawUrl);
    if (target === undefined) throw invalidRequest('The request path is malformed.');
    const matches = router.match(target.segments);
    const match = matches.get(method);
    if (match !== undefined) return callHandler(deps, exchange, target, match);
    if (matches.size > 0) return refuseMethod(exchange, [...matches.keys()].toSorted());
    throw new NotFoundError('route-not-found', 'This route does not exist.');
  }

  function fail(exchange: Exchange, thrown: unknown): void {
    const error = toFailure(thrown);
    const { request, response, routePath = '' } = exchange;
    logInternalError(deps.log, `${request.method} ${routePath}`, error);
    if (response.headersSent) response.destroy();
    else sendError(exchange, error);
  }

  return { server, drain, close };
}

async function sendPageFile(exchange: Exchange, pageFiles: PageFiles, path: string): Promise<void> {
  const { contentType, body } = await pageFiles.read(path);
  send(exchange, 200, { ...ANSWER_HEADERS, 'content-type': contentType }, body);
}

function refuseMethod(exchange: Exchange, methods: readonly string[]): void {
  exchange.headers['allow'] = methods.join(', ');
  sendError(exchange, methodNotAllowed(), 405);
}

type Handler = (input: unknown, caller: Caller) => Promise<unknown>;

async function callHandler(deps: SurfaceDeps, exchange: Exchange, target: Target, match: Match): Promise<void> {
  const { request, response, headers } = exchange;
  const route: RouteTraits = ROUTE_TRAITS[match.name];
  exchange.routePath = ROUTE_ADDRESSES[match.name].path;
  const input = { ...match.params, ...(await readInput(deps, exchange, target, match)) };
  const caller = createCaller(deps, request, response);
  if (route.honorsWait === true && caller.waitBudgetMs !== undefined) {
    headers['preference-applied'] = `wait=${caller.waitBudgetMs / 1000}`;
  }
  const answer = await (deps.handlers[match.name] as Handler)(input, caller);
  if (route.isStream === true) {
    response.writeHead(route.successStatus, { ...headers, ...ANSWER_HEADERS, 'content-type': 'text/event-stream' });
    response.flushHeaders();
    (answer as StreamedAnswer)(response);
    return;
  }
  const status = statusOf(route, answer);
  if (!route.hasAnswer) return send(exchange, status, ANSWER_HEADERS);
  // As bytes, for the same reason as in an ErrorAnswer.
  const json = Buffer.isBuffer(answer) ? answer : Buffer.from(JSON.stringify(answer));
  if (route.isConditional === true) {
    const etag = Buffer.isBuffer(answer) ? deps.etags.ofKept(answer) : deps.etags.of(json);
    headers['etag'] = etag;
    if (isNamed(etag, request.headers['if-none-match'] ?? '')) return send(exchange, NOT_MODIFIED, ANSWER_HEADERS);
  }
  send(exchange, status, { ...ANSWER_HEADERS, 'content-type': 'application/json' }, json);
}

/** @throws UsageError: the input does not fit the schemas of the route */
async function readInput(
  { surface, loadRoutes }: Pick<SurfaceDeps, 'surface' | 'loadRoutes'>,
  { request, headers }: Exchange,
  target: Target,
  { name, params }: Match,
): Promise<{ readonly query: unknown; readonly body: unknown }> {
  const words = parseQuery(target.query, '&', '=', { maxKeys: 0 });
  const { inputs }: RouteTraits = ROUTE_TRAITS[name];
  const schemas: Partial<Route> = inputs.length === 0 ? {} : (await loadRoutes())[name];
  checkNames(Object.keys((schemas.query?.['properties'] as object | undefined) ?? {}), words);
  let body: unknown;
  if (ROUTE_ADDRESSES[name].method !== 'GET') {
    // Until the whole body is read, more of it may follow.
    headers['connection'] = 'close';
    body = await readBody(request);
    delete headers['connection'];
  }
  const query = schemas.query === undefined ? words : readQuery(schemas.query, words);
  if (schemas.body !== undefined) body = completeBody(ROUTE_TRAITS[name], surface, body);
  if (schemas.params !== undefined) checkInput('path', schemas.params, params);
  if (schemas.body !== undefined) checkInput('body', schemas.body, body);
  if (schemas.query !== undefined) checkInput('query', schemas.query, query);
  return { query, body };
}

function statusOf({ statusOfState, successStatus }: RouteTraits, answer: unknown): number {
  if (statusOfState === undefined) return successStatus;
  return statusOfState[(answer as { readonly state: string }).state] ?? successStatus;
}

/** A body that may be missing means no options. */
function completeBody(route: RouteTraits, surface: SurfaceDeps['surface'], body: unknown): unknown {
  if (surface !== 'socket') refuseSocketOnly(route, body);
  if (body !== undefined) return body;
  if (route.bodyIsOptional !== true) throw invalidRequest('The request body is missing.');
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
function refuseSocketOnly({ socketOnly = [] }: RouteTraits, body: unknown): void {
  if (typeof body !== 'object' || body === null) return;
  const asked = socketOnly.find((name) => Object.hasOwn(body, name) && Reflect.get(body, name) !== false);
  if (asked === undefined) return;
  throw new RefusedError('caller-not-allowed', `"${asked}" is available only over the unix socket.`);
}

const describeError = (error: RolecallError) => error.toBody();

function sendError(exchange: Exchange, error: RolecallError, status?: number): void {
  const answer = formatError(error, { accept: exchange.request.headers.accept, describe: describeError, status });
  send(exchange, answer.status, answer.headers, answer.body);
}

function send({ response, headers }: Exchange, status: number, own: OutgoingHttpHeaders, body?: Buffer): void {
  const length = body === undefined ? {} : { 'content-length': body.length };
  response.writeHead(status, { ...headers, ...own, ...length }).end(body);
}
