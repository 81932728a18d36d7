// A surface: one Fastify instance made of a guard and the routes that belong on it.
import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Socket } from 'node:net';
import type { Clock } from '../core/clock.ts';
import { NotFoundError, RolecallError, toRolecallError, UsageError } from '../core/errors.ts';
import type { Answers, InputOf, Route, RouteName, SurfaceName } from '../local-api/routes.ts';
import { routes } from '../local-api/routes.ts';
import { errorSchema } from '../local-api/schemas.ts';
import { BODY_LIMIT_BYTES, type Guard } from './guard.ts';
import type { Log } from './log.ts';

/** The work behind each route; what it throws becomes the answer by its class. */
export type Responders = {
  readonly [R in RouteName]: (input: InputOf<R>) => Promise<Answers[R]>;
};

/** On every answer: nothing is kept by caches, framed, sniffed or told to other sites. */
const HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const;

export interface Surface {
  readonly app: FastifyInstance;
  /** Takes no new connection and waits until the answers under way are given, or until the deadline. */
  drain(deadlineMs: number, clock: Clock): Promise<void>;
}

const DRAIN_POLL_MS = 10;

/** The instance with every route of `surface` registered; nothing else is reachable through it. */
export function createSurface(deps: {
  readonly surface: SurfaceName;
  readonly guard: Guard;
  readonly responders: Responders;
  readonly log: Log;
}): Surface {
  const app = fastify({
    bodyLimit: BODY_LIMIT_BYTES,
    exposeHeadRoutes: false,
    // An open event stream would otherwise keep close() waiting for ever.
    forceCloseConnections: true,
    ajv: { customOptions: { removeAdditional: false, coerceTypes: true, allErrors: false } },
    // Fastify answers what it can't parse before any hook runs, so the guard is asked here as well.
    frameworkErrors: (_error, request, reply) => {
      const refusal = deps.guard({ headers: request.headers, rawUrl: request.raw.url ?? '' });
      send(request, reply, refusal ?? new UsageError('invalid-request', "The request's path can't be read."));
    },
    clientErrorHandler: (_error, socket) => answerUnparsable(socket),
  });

  app.addHook('onRequest', async (request, reply) => {
    const refusal = deps.guard({ headers: request.headers, rawUrl: request.raw.url ?? '' });
    if (refusal !== undefined) return send(request, reply, refusal);
    return undefined;
  });

  app.setErrorHandler((thrown, request, reply) => {
    const error = readFrameworkError(thrown);
    if (error.errorClass === 'InternalError') {
      deps.log('error', `${request.method} ${request.routeOptions.url ?? ''}: ${describe(error.cause)}`);
    }
    return send(request, reply, error);
  });

  app.setNotFoundHandler((request, reply) => {
    send(request, reply, new NotFoundError('route-not-found', 'There is no such route.'));
  });

  for (const [name, route] of Object.entries(routes) as [RouteName, Route][]) {
    if (route.surfaces.includes(deps.surface)) register(app, route, deps.responders[name] as Responder);
  }
  refuseOtherMethods(app, deps.surface);

  let underWay = 0;
  app.addHook('onRequest', async (_request, reply) => {
    underWay += 1;
    reply.raw.once('close', () => {
      underWay -= 1;
    });
  });
  return {
    app,
    async drain(deadlineMs, clock) {
      app.server.close();
      while (underWay > 0 && clock.nowMs() < deadlineMs) await clock.sleep(DRAIN_POLL_MS);
    },
  };
}

type Responder = (input: unknown) => Promise<unknown>;

function register(app: FastifyInstance, route: Route, responder: Responder): void {
  app.route({
    method: route.method,
    url: route.path,
    schema: {
      ...(route.query === undefined ? {} : { querystring: route.query }),
      ...(route.body === undefined ? {} : { body: route.body }),
      response: {
        ...(route.answer === undefined ? {} : { [route.successStatus]: route.answer }),
        '4xx': errorSchema,
        '5xx': errorSchema,
      },
    },
    handler: async (request, reply) => {
      const { session } = request.params as { session?: string };
      const answer = await responder({ session, query: request.query, body: request.body });
      reply.headers(HEADERS).code(route.successStatus);
      return route.successStatus === 204 ? reply.send() : reply.send(answer);
    },
  });
}

/** A path that we know with a method that we don't is 405, not "no such route". */
function refuseOtherMethods(app: FastifyInstance, surface: SurfaceName): void {
  const methodsByPath = new Map<string, Set<string>>();
  for (const route of Object.values(routes) as Route[]) {
    if (!route.surfaces.includes(surface)) continue;
    methodsByPath.set(route.path, (methodsByPath.get(route.path) ?? new Set()).add(route.method));
  }
  for (const [path, methods] of methodsByPath) {
    app.route({
      method: app.supportedMethods.filter((method) => !methods.has(method)),
      url: path,
      handler: async (request, reply) => {
        reply.header('allow', [...methods].sort().join(', '));
        return send(request, reply, new NotFoundError('route-not-found', 'This route has another method.'), 405);
      },
    });
  }
}

/** JSON, or plain text for the sh client, which parses none. */
function send(request: FastifyRequest, reply: FastifyReply, error: RolecallError, status?: number): FastifyReply {
  reply.headers(HEADERS).code(status ?? error.httpStatus);
  if (error.retryAfterMs !== undefined) reply.header('retry-after', Math.ceil(error.retryAfterMs / 1000));
  if (request.headers.accept === 'text/plain') {
    return reply.type('text/plain; charset=utf-8').send(`${error.message}\nRun: ${error.hint}\n`);
  }
  return reply.type('application/json').send(JSON.stringify(error.toBody()));
}

function readFrameworkError(thrown: unknown): RolecallError {
  if (thrown instanceof RolecallError) return thrown;
  const { statusCode, validation } = thrown as { statusCode?: number; validation?: readonly Violation[] };
  if (validation !== undefined) return new UsageError('invalid-request', describeViolation(thrown, validation));
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new UsageError(
      'invalid-request',
      statusCode === 413 ? 'The body of the request is too large.' : "The request's body can't be read.",
    );
  }
  return toRolecallError(thrown);
}

interface Violation {
  readonly instancePath: string;
  readonly keyword: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** Names the field at fault by our own word for it, never by the value that came. */
function describeViolation(thrown: unknown, validation: readonly Violation[]): string {
  const [first] = validation;
  const where = (thrown as { validationContext?: string }).validationContext === 'body' ? 'body' : 'query';
  if (first?.keyword === 'required') return `The ${where} lacks "${String(first.params['missingProperty'])}".`;
  if (first?.keyword === 'additionalProperties') return `The ${where} has a field that this route does not know.`;
  const field = first?.instancePath.slice(1) ?? '';
  const expected: Readonly<Record<string, string>> = {
    account: 'a 12-digit account id',
    accountId: 'a 12-digit account id',
    role: 'the name of a permission set',
    permissionSet: 'the name of a permission set',
  };
  return `"${field}" in the ${where} must be ${expected[field] ?? 'of another form'}.`;
}

function describe(cause: unknown): string {
  return cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
}

/** Bytes that are not HTTP: there is no request to ask the guard about, and nothing of it is echoed. */
function answerUnparsable(socket: Socket): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const body = JSON.stringify({
    code: 'invalid-request',
    message: 'The request is not HTTP.',
    hint: 'rolecall --help',
  });
  const headers = Object.entries({ ...HEADERS, 'content-type': 'application/json', connection: 'close' });
  socket.end(
    `HTTP/1.1 400 Bad Request\r\n${headers.map(([name, value]) => `${name}: ${value}`).join('\r\n')}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
