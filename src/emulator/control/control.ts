// The control API: lets other processes do over HTTP what in-process tests do by calling the emulator.
import { UsageError } from '../../core/errors.ts';
import {
  parseAccount,
  parseAssignment,
  parseDirectoryDocument,
  parseGroup,
  parsePermissionSet,
  parseUser,
} from '../directory/directory-document.ts';
import type { AuthorizationError } from '../sessions/authorization-codes.ts';
import type { Emulator } from './emulator-interface.ts';
import { parseFault } from './faults.ts';
import { type HttpRequest, type Reply, type Route, jsonReply } from '../http/http.ts';
import { readFields } from '../http/json-fields.ts';
import { parseKnobs } from '../sessions/knobs.ts';

/** A directory of thousands of accounts is a few megabytes of JSON. */
const DIRECTORY_LIMIT_BYTES = 32 * 1024 * 1024;

/**
 * Every route is listed in `docs/emulator.md`, which a test compares with this list.
 *
 * Reads answer 200 with JSON, changes 200 with the result or 204, invalid requests `{ code, message, hint }`.
 * Changes need `Content-Type: application/json`; requests from web pages are refused.
 */
export function createControlRoutes(emulator: Emulator): readonly Route[] {
  const get = (path: string, read: () => unknown): Route => ({
    method: 'GET',
    path: `/control/${path}`,
    handle: () => jsonReply(200, read()),
  });
  const change = (method: string, path: string, apply: Apply, bodyLimitBytes?: number): Route => ({
    method,
    path: `/control/${path}`,
    ...(bodyLimitBytes === undefined ? {} : { bodyLimitBytes }),
    handle(request, parameters) {
      const result = apply(parseBody(request), parameters);
      return result === undefined ? NO_CONTENT : jsonReply(200, result);
    },
  });
  const { directory } = emulator;

  return [
    get('status', () => ({
      url: emulator.url,
      startUrl: directory.startUrl,
      region: directory.region,
      environment: emulator.environment(),
      pendingDeviceAuthorizations: emulator.pendingDeviceAuthorizations(),
      pendingAuthorizations: emulator.pendingAuthorizations(),
      faults: emulator.faults(),
      knobs: emulator.knobs,
      calls: emulator.calls(),
    })),

    get('directory', () => directory.toDocument()),
    change('PUT', 'directory', (body) => directory.replace(parseDirectoryDocument(body)), DIRECTORY_LIMIT_BYTES),
    change('POST', 'accounts', (body) => directory.addAccount(parseAccount(body))),
    change('PUT', 'accounts/{accountId}', (body, { accountId = '' }) =>
      directory.updateAccount(parseAccount({ ...(body as object), accountId })),
    ),
    change('DELETE', 'accounts/{accountId}', (_body, { accountId = '' }) => directory.removeAccount(accountId)),
    change('POST', 'users', (body) => directory.addUser(parseUser(body))),
    change('POST', 'groups', (body) => directory.addGroup(parseGroup(body))),
    change('POST', 'permission-sets', (body) => directory.addPermissionSet(parsePermissionSet(body))),
    change('POST', 'assignments', (body) => directory.assign(parseAssignment(body))),
    change('POST', 'assignments/remove', (body) => directory.unassign(parseAssignment(body))),

    get('device-authorizations', () => emulator.pendingDeviceAuthorizations()),
    change('POST', 'device-authorizations/{userCode}/approve', (body, { userCode = '' }) =>
      emulator.approve(userCode, userNameOf(body)),
    ),
    change('POST', 'device-authorizations/{userCode}/deny', (_body, { userCode = '' }) => emulator.deny(userCode)),

    get('authorizations', () => emulator.pendingAuthorizations()),
    change('POST', 'authorizations/{requestId}/approve', (body, { requestId = '' }) => ({
      location: emulator.approveAuthorization(requestId, userNameOf(body)),
    })),
    change('POST', 'authorizations/{requestId}/deny', (body, { requestId = '' }) => ({
      location: emulator.denyAuthorization(requestId, errorOf(body)),
    })),

    change('POST', 'sessions/revoke', (body) => ({ count: emulator.revokeSessions(userNameOf(body)) })),
    change('POST', 'access-tokens/expire', (body) => ({ count: emulator.expireAccessTokens(userNameOf(body)) })),
    change('POST', 'refresh-tokens/kill', (body) => ({ count: emulator.killRefreshTokens(userNameOf(body)) })),
    change('POST', 'registrations/expire', () => emulator.expireRegistrations()),

    get('faults', () => emulator.faults()),
    change('POST', 'faults', (body) => emulator.addFault(parseFault(body))),
    change('DELETE', 'faults', () => emulator.clearFaults()),

    get('knobs', () => emulator.knobs),
    change('PATCH', 'knobs', (body) => {
      emulator.turnKnobs(parseKnobs(body));
      return emulator.knobs;
    }),

    get('calls', () => emulator.calls()),
    change('DELETE', 'calls', () => emulator.resetCalls()),
    get('requests', () => emulator.requests()),
  ];
}

type Apply = (body: unknown, parameters: Readonly<Record<string, string>>) => unknown;

const NO_CONTENT: Readonly<Reply> = { status: 204, headers: {}, body: '' };

/** An empty body counts as an empty object, for changes without parameters. */
function parseBody(request: HttpRequest): unknown {
  if (request.body === '') return {};
  let body: unknown;
  try {
    body = JSON.parse(request.body);
  } catch (cause) {
    throw new UsageError('invalid-request', 'The request body is not JSON.', { cause });
  }
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body;
  throw new UsageError('invalid-request', 'The request body must be a JSON object.');
}

function userNameOf(body: unknown): string | undefined {
  return readFields(body, ['userName']).optionalString('userName');
}

function errorOf(body: unknown): AuthorizationError | undefined {
  const fields = readFields(body, ['error', 'description']);
  const error = fields.optionalString('error');
  const description = fields.optionalText('description');
  if (error === undefined) return undefined;
  return { error, ...(description === undefined ? {} : { description }) };
}
