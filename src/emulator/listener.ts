// Handles one request: reads, records and routes it, applies faults, and answers.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../core/clock.ts';
import { RefusedError, toRolecallError } from '../core/errors.ts';
import { connectionOf } from '../platform/sockets/loopback-peer.ts';
import { AwsError, SERVER_FAILED, formatAwsError } from './http/aws-errors.ts';
import { isControlPath } from './control/control.ts';
import type { FaultInjector } from './control/fault-injector.ts';
import {
  BodyTooLargeError,
  type HttpRequest,
  type Reply,
  type Route,
  jsonReply,
  matchPath,
  readBody,
} from './http/http.ts';
import { OPERATIONS, type Operation } from './http/operations.ts';
import { BEARER_HEADER } from './aws/portal.ts';
import { type RandomBytes, randomUuid } from './http/random.ts';
import type { RequestLog } from './http/request-log.ts';

const BODY_LIMIT_BYTES = 64 * 1024;

const TOO_LARGE = {
  code: 'request-too-large',
  message: 'The body of the request is too large.',
  hint: 'rolecall emulator --help',
} as const;

export interface ListenerState {
  readonly routes: readonly Route[];
  /** The one that answers for addresses which the control API does not have, or none. */
  readonly unknownControlRoutes: readonly Route[];
  readonly faults: FaultInjector;
  readonly log: RequestLog;
}

export interface ListenerDeps {
  /** As of now; a reset replaces it, and requests that have begun keep what they began with. */
  readonly state: () => ListenerState;
  readonly clock: Clock;
  readonly random: RandomBytes;
  /** Aborted when the emulator closes, so that it does not wait for delayed answers. */
  readonly signal: AbortSignal;
}

/** The listener for node:http and node:https. It never rejects. */
export function createListener(
  deps: ListenerDeps,
): (message: IncomingMessage, response: ServerResponse) => Promise<void> {
  return async (message, response) => {
    const { path, query } = splitTarget(message.url ?? '/');
    const method = message.method ?? 'GET';
    const state = deps.state();
    const found = findRoute(state, method, path);
    let setStatus: ((status: number) => void) | undefined;
    const recordOnce = (request?: HttpRequest) => {
      // Control requests, which may read the record, are not recorded.
      if (isControlPath(path)) return;
      const assumeRole = request && found?.route?.assumeRoleOf?.(request);
      setStatus ??= state.log.record({
        atMs: deps.clock.nowMs(),
        method,
        path,
        host: message.headers.host ?? '',
        hasBearerToken: message.headers[BEARER_HEADER] !== undefined,
        operation: operationOf(found?.route, request) ?? null,
        detail: (request && found?.route?.detailOf?.(request)) ?? null,
        ...(assumeRole === undefined ? {} : { assumeRole }),
      });
    };
    let reply: Reply | undefined;
    try {
      const connection = connectionOf(message.socket);
      const body = await readBody(message, found?.route?.bodyLimitBytes ?? BODY_LIMIT_BYTES);
      const request: HttpRequest = { method, path, query, headers: message.headers, body, connection };
      recordOnce(request);
      reply = await answer(deps, state.faults, found, request);
    } catch (thrown) {
      recordOnce();
      if (thrown instanceof BodyTooLargeError) {
        const large = jsonReply(413, isControlPath(path) ? TOO_LARGE : { message: 'Request entity too large' });
        reply = { ...large, headers: { ...large.headers, connection: 'close' } };
      }
    }
    if (reply === undefined) {
      message.socket.destroy();
      return;
    }
    setStatus?.(reply.status);
    // The emulator's clock; Node would use the machine's.
    const date = new Date(deps.clock.nowMs()).toUTCString();
    response.writeHead(reply.status, { date, ...reply.headers, 'content-length': Buffer.byteLength(reply.body) });
    response.end(reply.body);
  };
}

type FoundRoute =
  | { readonly route: Route; readonly parameters: Readonly<Record<string, string>> }
  | { readonly route?: undefined; readonly allow: string };

function findRoute(state: ListenerState, method: string, path: string): FoundRoute | undefined {
  const methods: string[] = [];
  for (const route of state.routes) {
    const parameters = matchPath(route.path, path);
    if (parameters === undefined) continue;
    if (route.method === method) return { route, parameters };
    methods.push(route.method);
  }
  const allow = methods.join(', ');
  const [unknownControl] = isControlPath(path) ? state.unknownControlRoutes : [];
  if (unknownControl !== undefined) return { route: unknownControl, parameters: { allow } };
  return allow === '' ? undefined : { allow };
}

async function answer(
  deps: ListenerDeps,
  faults: FaultInjector,
  found: FoundRoute | undefined,
  request: HttpRequest,
): Promise<Reply | undefined> {
  if (found === undefined) {
    return jsonReply(404, { message: 'Not found' }, { 'x-amzn-errortype': 'UnknownOperationException' });
  }
  if (found.route === undefined) {
    return jsonReply(
      405,
      { message: 'Method not allowed' },
      { allow: found.allow, 'x-amzn-errortype': 'MethodNotAllowedException' },
    );
  }
  const { route, parameters } = found;
  const operation = operationOf(route, request);
  const requestId = randomUuid(deps.random);
  const work = async (): Promise<Reply> => {
    try {
      return await route.handle(request, parameters);
    } catch (thrown) {
      return replyToFailure(thrown, operation, requestId);
    }
  };
  if (operation === undefined) return work();
  const call = { operation, detail: route.detailOf?.(request), requestId, signal: deps.signal };
  const reply = await faults.answer(call, work);
  return reply && { ...reply, headers: { 'x-amzn-requestid': requestId, ...reply.headers } };
}

/** The AWS operation; undefined if it depends on the request and that could not be read. */
function operationOf(route: Route | undefined, request: HttpRequest | undefined): Operation | undefined {
  if (typeof route?.operation !== 'function') return route?.operation;
  return request === undefined ? undefined : route.operation(request);
}

function replyToFailure(thrown: unknown, operation: Operation | undefined, requestId: string): Reply {
  if (thrown instanceof AwsError) return formatAwsError(thrown, requestId);
  if (operation !== undefined && !(thrown instanceof RefusedError)) {
    const dialect = OPERATIONS[operation];
    return formatAwsError(new AwsError(dialect, SERVER_FAILED[dialect]), requestId);
  }
  const error = toRolecallError(thrown);
  return jsonReply(error.httpStatus, error.toBody());
}

/** Splits at the question mark without parsing, so that targets like `//x` or `/%zz` do not fail. */
function splitTarget(target: string): { path: string; query: URLSearchParams } {
  const mark = target.indexOf('?');
  if (mark < 0) return { path: target, query: new URLSearchParams() };
  return { path: target.slice(0, mark), query: new URLSearchParams(target.slice(mark + 1)) };
}
