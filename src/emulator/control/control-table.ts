// Every route of the control API in one list: its address, its documents, and what it does.
import { UsageError } from '../../core/errors.ts';
import {
  parseAccount,
  parseAssignment,
  parseDirectoryDocument,
  parseGroup,
  parsePermissionSet,
  parseUser,
} from '../directory/directory-document.ts';
import { readFields } from '../http/json-fields.ts';
import { isOperation, OPERATION_NAMES, type Operation } from '../http/operations.ts';
import type { AuthorizationError } from '../sessions/authorization-codes.ts';
import { parseKnobs } from '../sessions/knobs.ts';
import type { QUERY_SCHEMAS, SchemaName } from './control-schemas.ts';
import {
  describeAuthorization,
  describeDeviceAuthorization,
  describeRequest,
  describeStatus,
  describeTime,
} from './documents.ts';
import type { Emulator } from './emulator-interface.ts';
import { parseFault } from './faults.ts';

export interface ControlCall {
  readonly emulator: Emulator;
  /** An object; an empty one if the request has no body. */
  readonly body: unknown;
  readonly parameters: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** The OpenAPI document. */
  readonly describeApi: () => unknown;
}

export interface ControlRow {
  readonly id: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below `/control/v1/`. */
  readonly path: string;
  readonly tag: ControlTag;
  readonly summary: string;
  readonly query?: readonly (keyof typeof QUERY_SCHEMAS)[];
  readonly body?: SchemaName;
  readonly bodyIsOptional?: true;
  readonly bodyLimitBytes?: number;
  /** Of 200; without it, the answer is 204. */
  readonly answer?: SchemaName;
  /** What can go wrong besides a refused caller, by HTTP status. */
  readonly failures?: readonly (400 | 404 | 409)[];
  /** Needs no token, and shows nothing. */
  readonly isOpen?: true;
  readonly run: (call: ControlCall) => unknown;
  /** The answer at the older address without `v1`, if it is another one. */
  readonly runUnversioned?: (call: ControlCall) => unknown;
}

export const CONTROL_TAGS = {
  emulator: 'The emulator as a whole.',
  directory: 'What an administrator sets up; changes take effect with the next call.',
  'sign-in': 'Sign-ins that wait for a person, and what signed-in clients hold.',
  faults: 'Failures and limits.',
  record: 'What clients have asked for.',
} as const;

export type ControlTag = keyof typeof CONTROL_TAGS;

/** A directory of thousands of accounts is a few megabytes of JSON. */
const DIRECTORY_LIMIT_BYTES = 32 * 1024 * 1024;

/** `docs/emulator.md` and the OpenAPI document are generated from this list. */
export const CONTROL_ROWS: readonly ControlRow[] = [
  {
    id: 'getHealth',
    method: 'GET',
    path: 'health',
    tag: 'emulator',
    summary: 'Whether it answers; needs no token',
    answer: 'Health',
    isOpen: true,
    run: () => ({ status: 'ok' }),
  },
  {
    id: 'getStatus',
    method: 'GET',
    path: 'status',
    tag: 'emulator',
    summary: 'Address, time, faults, knobs, calls and waiting sign-ins in one answer',
    answer: 'Status',
    run: ({ emulator }) => describeStatus(emulator),
    runUnversioned: ({ emulator }) => ({
      url: emulator.url,
      startUrl: emulator.directory.startUrl,
      region: emulator.directory.region,
      environment: emulator.environment(),
      pendingDeviceAuthorizations: emulator.pendingDeviceAuthorizations(),
      pendingAuthorizations: emulator.pendingAuthorizations(),
      faults: emulator.faults(),
      knobs: emulator.knobs,
      calls: emulator.calls(),
    }),
  },
  {
    id: 'reset',
    method: 'POST',
    path: 'reset',
    tag: 'emulator',
    summary: 'Everything as at the start, the time too; address and token stay',
    body: 'Empty',
    bodyIsOptional: true,
    failures: [400],
    run({ emulator, body }) {
      readFields(body, []);
      emulator.reset();
    },
  },
  {
    id: 'getTime',
    method: 'GET',
    path: 'time',
    tag: 'emulator',
    summary: 'The time of the emulator',
    answer: 'Time',
    run: ({ emulator }) => describeTime(emulator),
  },
  {
    id: 'advanceTime',
    method: 'POST',
    path: 'time/advance',
    tag: 'emulator',
    summary: 'Sets the time forward by `{ seconds }`; answers the new time',
    body: 'Advance',
    answer: 'Time',
    failures: [400],
    run({ emulator, body }) {
      const fields = readFields(body, ['seconds']);
      const seconds = fields.optionalNumber('seconds');
      if (seconds === undefined) throw fields.wrong('seconds', 'is missing');
      emulator.advance(seconds);
      return describeTime(emulator);
    },
  },
  {
    id: 'getOpenApi',
    method: 'GET',
    path: 'openapi.json',
    tag: 'emulator',
    summary: 'This API as an OpenAPI document',
    answer: 'OpenApi',
    run: ({ describeApi }) => describeApi(),
  },

  {
    id: 'getDirectory',
    method: 'GET',
    path: 'directory',
    tag: 'directory',
    summary: 'The directory as JSON',
    answer: 'Directory',
    run: ({ emulator }) => emulator.directory.toDocument(),
  },
  {
    id: 'replaceDirectory',
    method: 'PUT',
    path: 'directory',
    tag: 'directory',
    summary: 'Replaces the directory; sessions of users who are not in it end',
    body: 'Directory',
    bodyLimitBytes: DIRECTORY_LIMIT_BYTES,
    failures: [400],
    run: ({ emulator, body }) => emulator.directory.replace(parseDirectoryDocument(body)),
  },
  {
    id: 'addAccount',
    method: 'POST',
    path: 'accounts',
    tag: 'directory',
    summary: 'Adds an account',
    body: 'Account',
    failures: [400],
    run: ({ emulator, body }) => emulator.directory.addAccount(parseAccount(body)),
  },
  {
    id: 'updateAccount',
    method: 'PUT',
    path: 'accounts/{accountId}',
    tag: 'directory',
    summary: 'Renames or replaces an account',
    body: 'AccountFacts',
    failures: [400, 404],
    run: ({ emulator, body, parameters: { accountId = '' } }) =>
      emulator.directory.updateAccount(parseAccount({ ...(body as object), accountId })),
  },
  {
    id: 'removeAccount',
    method: 'DELETE',
    path: 'accounts/{accountId}',
    tag: 'directory',
    summary: 'Removes an account and its assignments',
    failures: [400, 404],
    run: ({ emulator, parameters: { accountId = '' } }) => emulator.directory.removeAccount(accountId),
  },
  {
    id: 'addUser',
    method: 'POST',
    path: 'users',
    tag: 'directory',
    summary: 'Adds a user',
    body: 'User',
    failures: [400],
    run: ({ emulator, body }) => emulator.directory.addUser(parseUser(body)),
  },
  {
    id: 'removeUser',
    method: 'DELETE',
    path: 'users/{userName}',
    tag: 'directory',
    summary: 'Removes a user and its assignments, and ends its sessions; role credentials stay valid',
    failures: [404],
    run: ({ emulator, parameters: { userName = '' } }) => emulator.directory.removeUser(userName),
  },
  {
    id: 'addGroup',
    method: 'POST',
    path: 'groups',
    tag: 'directory',
    summary: 'Adds a group',
    body: 'Group',
    failures: [400],
    run: ({ emulator, body }) => emulator.directory.addGroup(parseGroup(body)),
  },
  {
    id: 'removeGroup',
    method: 'DELETE',
    path: 'groups/{name}',
    tag: 'directory',
    summary: 'Removes a group, its memberships and its assignments; sessions stay',
    failures: [404],
    run: ({ emulator, parameters: { name = '' } }) => emulator.directory.removeGroup(name),
  },
  {
    id: 'addPermissionSet',
    method: 'POST',
    path: 'permission-sets',
    tag: 'directory',
    summary: 'Adds a permission set',
    body: 'PermissionSet',
    failures: [400],
    run: ({ emulator, body }) => emulator.directory.addPermissionSet(parsePermissionSet(body)),
  },
  {
    id: 'removePermissionSet',
    method: 'DELETE',
    path: 'permission-sets/{name}',
    tag: 'directory',
    summary: 'Removes a permission set; 409 while it is assigned, as with AWS',
    failures: [404, 409],
    run: ({ emulator, parameters: { name = '' } }) => emulator.directory.removePermissionSet(name),
  },
  {
    id: 'assign',
    method: 'POST',
    path: 'assignments',
    tag: 'directory',
    summary: 'Assigns: `{ accountId, permissionSet, group }` or `… user }`',
    body: 'Assignment',
    failures: [400],
    run: ({ emulator, body }) => emulator.directory.assign(parseAssignment(body)),
  },
  {
    id: 'unassign',
    method: 'POST',
    path: 'assignments/remove',
    tag: 'directory',
    summary: 'Removes such an assignment',
    body: 'Assignment',
    failures: [400],
    run: ({ emulator, body }) => emulator.directory.unassign(parseAssignment(body)),
  },

  {
    id: 'listDeviceAuthorizations',
    method: 'GET',
    path: 'device-authorizations',
    tag: 'sign-in',
    summary: 'Codes that wait for Allow or Deny',
    answer: 'DeviceAuthorizations',
    run: ({ emulator }) => ({
      deviceAuthorizations: emulator.pendingDeviceAuthorizations().map(describeDeviceAuthorization),
    }),
    runUnversioned: ({ emulator }) => emulator.pendingDeviceAuthorizations(),
  },
  {
    id: 'approveDeviceAuthorization',
    method: 'POST',
    path: 'device-authorizations/{userCode}/approve',
    tag: 'sign-in',
    summary: 'Allow, as `{ userName? }`',
    body: 'Approval',
    bodyIsOptional: true,
    failures: [400],
    run: ({ emulator, body, parameters: { userCode = '' } }) => emulator.approve(userCode, userNameOf(body)),
  },
  {
    id: 'denyDeviceAuthorization',
    method: 'POST',
    path: 'device-authorizations/{userCode}/deny',
    tag: 'sign-in',
    summary: 'Deny',
    body: 'Empty',
    bodyIsOptional: true,
    failures: [400],
    run: ({ emulator, parameters: { userCode = '' } }) => emulator.deny(userCode),
  },
  {
    id: 'listAuthorizations',
    method: 'GET',
    path: 'authorizations',
    tag: 'sign-in',
    summary: 'Browsers at `/authorize` that wait for Allow or Deny',
    answer: 'Authorizations',
    run: ({ emulator }) => ({ authorizations: emulator.pendingAuthorizations().map(describeAuthorization) }),
    runUnversioned: ({ emulator }) => emulator.pendingAuthorizations(),
  },
  {
    id: 'approveAuthorization',
    method: 'POST',
    path: 'authorizations/{requestId}/approve',
    tag: 'sign-in',
    summary: 'Allow, as `{ userName? }`; answers `{ location }`, which the browser would open',
    body: 'Approval',
    bodyIsOptional: true,
    answer: 'Location',
    failures: [400],
    run: ({ emulator, body, parameters: { requestId = '' } }) => ({
      location: emulator.approveAuthorization(requestId, userNameOf(body)),
    }),
  },
  {
    id: 'denyAuthorization',
    method: 'POST',
    path: 'authorizations/{requestId}/deny',
    tag: 'sign-in',
    summary: 'Deny, or another error: `{ error?, description? }`; answers `{ location }`',
    body: 'Denial',
    bodyIsOptional: true,
    answer: 'Location',
    failures: [400],
    run: ({ emulator, body, parameters: { requestId = '' } }) => ({
      location: emulator.denyAuthorization(requestId, errorOf(body)),
    }),
  },
  {
    id: 'revokeSessions',
    method: 'POST',
    path: 'sessions/revoke',
    tag: 'sign-in',
    summary: 'Ends the sessions of `{ userName? }`, or of everybody; answers `{ count }`',
    body: 'ByUser',
    bodyIsOptional: true,
    answer: 'Count',
    failures: [400],
    run: ({ emulator, body }) => ({ count: emulator.revokeSessions(userNameOf(body)) }),
  },
  {
    id: 'expireAccessTokens',
    method: 'POST',
    path: 'access-tokens/expire',
    tag: 'sign-in',
    summary: 'Expires access tokens; refresh tokens stay valid; same body and answer',
    body: 'ByUser',
    bodyIsOptional: true,
    answer: 'Count',
    failures: [400],
    run: ({ emulator, body }) => ({ count: emulator.expireAccessTokens(userNameOf(body)) }),
  },
  {
    id: 'killRefreshTokens',
    method: 'POST',
    path: 'refresh-tokens/kill',
    tag: 'sign-in',
    summary: 'Revokes refresh tokens; access tokens stay valid; same body and answer',
    body: 'ByUser',
    bodyIsOptional: true,
    answer: 'Count',
    failures: [400],
    run: ({ emulator, body }) => ({ count: emulator.killRefreshTokens(userNameOf(body)) }),
  },
  {
    id: 'expireRegistrations',
    method: 'POST',
    path: 'registrations/expire',
    tag: 'sign-in',
    summary: 'Every client has to register again',
    body: 'Empty',
    bodyIsOptional: true,
    failures: [400],
    run: ({ emulator }) => emulator.expireRegistrations(),
  },

  {
    id: 'listFaults',
    method: 'GET',
    path: 'faults',
    tag: 'faults',
    summary: 'Active faults',
    answer: 'Faults',
    run: ({ emulator }) => ({ faults: emulator.faults() }),
    runUnversioned: ({ emulator }) => emulator.faults(),
  },
  {
    id: 'addFault',
    method: 'POST',
    path: 'faults',
    tag: 'faults',
    summary: 'Adds a fault',
    body: 'Fault',
    failures: [400],
    run: ({ emulator, body }) => emulator.addFault(parseFault(body)),
  },
  {
    id: 'clearFaults',
    method: 'DELETE',
    path: 'faults',
    tag: 'faults',
    summary: 'Removes all faults',
    run: ({ emulator }) => emulator.clearFaults(),
  },
  {
    id: 'getKnobs',
    method: 'GET',
    path: 'knobs',
    tag: 'faults',
    summary: 'The knobs',
    answer: 'Knobs',
    run: ({ emulator }) => emulator.knobs,
  },
  {
    id: 'turnKnobs',
    method: 'PATCH',
    path: 'knobs',
    tag: 'faults',
    summary: 'Changes some knobs, answers all',
    body: 'Knobs',
    answer: 'Knobs',
    failures: [400],
    run({ emulator, body }) {
      emulator.turnKnobs(parseKnobs(body));
      return emulator.knobs;
    },
  },

  {
    id: 'getCalls',
    method: 'GET',
    path: 'calls',
    tag: 'record',
    summary: 'Number of calls by operation',
    answer: 'Calls',
    run: ({ emulator }) => emulator.calls(),
  },
  {
    id: 'clearCalls',
    method: 'DELETE',
    path: 'calls',
    tag: 'record',
    summary: 'Clears calls and requests',
    run: ({ emulator }) => emulator.resetCalls(),
  },
  {
    id: 'listRequests',
    method: 'GET',
    path: 'requests',
    tag: 'record',
    summary:
      'The last requests, of one `operation` or `since` a time: method, path, host, bearer token yes or no; of AssumeRole its parameters; no secrets',
    query: ['operation', 'since'],
    answer: 'Requests',
    failures: [400],
    run({ emulator, query }) {
      const operation = operationOf(query);
      const sinceMs = sinceOf(query);
      return {
        requests: emulator
          .requests()
          .filter((request) => request.atMs >= sinceMs && (operation ?? request.operation) === request.operation)
          .map(describeRequest),
      };
    },
    runUnversioned: ({ emulator }) => emulator.requests(),
  },
];

function operationOf(query: URLSearchParams): Operation | undefined {
  const name = query.get('operation');
  if (name === null) return undefined;
  if (isOperation(name)) return name;
  throw new UsageError('invalid-request', `operation must be one of ${OPERATION_NAMES.join(', ')}.`, HELP);
}

function sinceOf(query: URLSearchParams): number {
  const since = query.get('since');
  if (since === null) return -Infinity;
  const sinceMs = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(since) ? Date.parse(since) : Number.NaN;
  if (!Number.isNaN(sinceMs)) return sinceMs;
  throw new UsageError('invalid-request', 'since must be a time such as 2026-12-01T06:30:00Z.', HELP);
}

const HELP = { hint: 'rolecall emulator --help' } as const;

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
