// The control API: lets other processes do over HTTP what in-process tests do by calling the emulator.
import { NotFoundError, UsageError } from '../../core/errors.ts';
import { type HttpRequest, type Reply, type Route, jsonReply } from '../http/http.ts';
import { CONTROL_ROWS, type ControlCall, type ControlRow } from './control-table.ts';
import type { Emulator } from './emulator-interface.ts';

export const CONTROL_PREFIX = '/control/v1/';
/** Of the addresses before there were versions; they have the same routes and the same guard. */
const UNVERSIONED_PREFIX = '/control/';

export interface ControlRoutes {
  /** For callers with access. */
  readonly guarded: readonly Route[];
  /** Without data, for everybody but web pages. */
  readonly open: readonly Route[];
}

/**
 * Reads answer 200 with JSON, changes 200 with the result or 204, failures `{ code, message, hint }`.
 * `describeApi` returns the OpenAPI document.
 */
export function createControlRoutes(emulator: Emulator, describeApi: () => unknown): ControlRoutes {
  const deps = { emulator, describeApi };
  const routesOf = (rows: readonly ControlRow[]) => [
    ...rows.map((row) => createRoute(row, CONTROL_PREFIX, row.run, deps)),
    ...rows.map((row) => createRoute(row, UNVERSIONED_PREFIX, row.runUnversioned ?? row.run, deps)),
  ];
  return {
    guarded: routesOf(CONTROL_ROWS.filter(({ isOpen }) => isOpen !== true)),
    open: routesOf(CONTROL_ROWS.filter(({ isOpen }) => isOpen === true)),
  };
}

export function isControlPath(path: string): boolean {
  return path.startsWith(UNVERSIONED_PREFIX);
}

/** Answers for an address or a method that the control API does not have. */
export const UNKNOWN_CONTROL_ROUTE: Readonly<Route> = {
  method: '',
  path: '',
  handle({ method, path }, { allow = '' }) {
    const isKnown = allow !== '';
    const error = new NotFoundError(
      'route-not-found',
      isKnown ? `${path} has no ${method}, only ${allow}.` : `The control API has no route ${method} ${path}.`,
      HELP,
    );
    return isKnown ? jsonReply(405, error.toBody(), { allow }) : jsonReply(404, error.toBody());
  },
} as const;

function createRoute(
  { method, path, query = [], bodyLimitBytes }: ControlRow,
  prefix: string,
  run: ControlRow['run'],
  deps: Pick<ControlCall, 'emulator' | 'describeApi'>,
): Route {
  return {
    method,
    path: `${prefix}${path}`,
    ...(bodyLimitBytes === undefined ? {} : { bodyLimitBytes }),
    handle(request, parameters) {
      // The older addresses have always ignored a query.
      if (prefix === CONTROL_PREFIX) refuseUnknownQuery(request, query);
      const body = method === 'GET' ? {} : parseBody(request);
      const result = run({ ...deps, body, parameters, query: request.query });
      return result === undefined ? NO_CONTENT : jsonReply(200, result, NO_STORE);
    },
  };
}

const HELP = { hint: 'rolecall emulator --help' } as const;
const NO_STORE = { 'cache-control': 'no-store' } as const;
const NO_CONTENT: Readonly<Reply> = { status: 204, headers: NO_STORE, body: '' };

function refuseUnknownQuery({ query }: HttpRequest, known: readonly string[]): void {
  for (const name of new Set(query.keys())) {
    if (!known.includes(name)) {
      const list = known.length === 0 ? 'it takes none' : `known: ${known.join(', ')}`;
      throw new UsageError('invalid-request', `${JSON.stringify(name)} is not a known parameter (${list}).`, HELP);
    }
    if (query.getAll(name).length > 1) throw new UsageError('invalid-request', `${name} appears more than once.`, HELP);
  }
}

/** An empty body counts as an empty object, for changes without parameters. */
function parseBody(request: HttpRequest): unknown {
  if (request.body === '') return {};
  let body: unknown;
  try {
    body = JSON.parse(request.body);
  } catch (cause) {
    throw new UsageError('invalid-request', 'The request body is not JSON.', { cause, ...HELP });
  }
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body;
  throw new UsageError('invalid-request', 'The request body must be a JSON object.', HELP);
}
