// The SSO portal: lists the user's accounts and permission sets, and issues role credentials.
import { portalError } from '../http/aws-errors.ts';
import type { Directory } from '../directory/directory.ts';
import type { DirectoryAccount } from '../directory/directory-model.ts';
import { type HttpRequest, type Reply, type Route, jsonReply } from '../http/http.ts';
import type { KnobStore, Knobs } from '../sessions/knobs.ts';
import type { RoleCredentialsIssuer } from '../sessions/role-credentials.ts';
import type { Sessions } from '../sessions/sessions.ts';
import type { Throttle } from '../http/throttle.ts';

export interface PortalDeps {
  readonly directory: Directory;
  readonly knobs: KnobStore;
  readonly sessions: Sessions;
  readonly roleCredentials: RoleCredentialsIssuer;
  readonly throttle: Throttle;
}

export const BEARER_HEADER = 'x-amz-sso_bearer_token';

/** @see https://docs.aws.amazon.com/singlesignon/latest/PortalAPIReference/Welcome.html */
export function createPortalRoutes(deps: PortalDeps): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/assignment/accounts',
      operation: 'ListAccounts',
      handle: (request) => listAccounts(deps, request),
    },
    {
      method: 'GET',
      path: '/assignment/roles',
      operation: 'ListAccountRoles',
      detailOf: (request) => request.query.get('account_id') ?? undefined,
      handle: (request) => listAccountRoles(deps, request),
    },
    {
      method: 'GET',
      path: '/federation/credentials',
      operation: 'GetRoleCredentials',
      detailOf: ({ query }) => `${query.get('account_id') ?? ''}/${query.get('role_name') ?? ''}`,
      handle: (request) => getRoleCredentials(deps, request),
    },
    {
      method: 'POST',
      path: '/logout',
      operation: 'Logout',
      handle(request) {
        passThrottle(deps);
        if (!deps.sessions.endByAccessToken(bearerTokenOf(request))) throw portalError('UnauthorizedException');
        return { status: 200, headers: {}, body: '' };
      },
    },
  ];
}

function listAccounts(deps: PortalDeps, request: HttpRequest): Reply {
  const userName = requireUser(deps, request);
  const page = takePage(deps.directory.accountsOf(userName), request, deps.knobs.current);
  return jsonReply(200, { accountList: page.items.map(describeAccount), ...page.next });
}

function describeAccount({ accountId, accountName, emailAddress }: DirectoryAccount): Record<string, string> {
  return {
    accountId,
    ...(accountName === undefined ? {} : { accountName }),
    ...(emailAddress === undefined ? {} : { emailAddress }),
  };
}

function listAccountRoles(deps: PortalDeps, request: HttpRequest): Reply {
  const userName = requireUser(deps, request);
  const accountId = requireAccountId(request);
  if (deps.directory.findAccount(accountId) === undefined) throw portalError('ResourceNotFoundException');
  const permissionSets = deps.directory.permissionSetsOf(userName, accountId);
  if (permissionSets.length === 0) throw portalError('ForbiddenException');
  const page = takePage(permissionSets, request, deps.knobs.current);
  return jsonReply(200, { roleList: page.items.map((roleName) => ({ accountId, roleName })), ...page.next });
}

function getRoleCredentials(deps: PortalDeps, request: HttpRequest): Reply {
  const userName = requireUser(deps, request);
  const accountId = requireAccountId(request);
  const permissionSet = request.query.get('role_name');
  if (permissionSet === null || permissionSet === '') {
    throw portalError('InvalidRequestException', 'role_name is missing');
  }
  const { directory } = deps;
  if (directory.findAccount(accountId) === undefined || directory.findPermissionSet(permissionSet) === undefined) {
    throw portalError('ResourceNotFoundException');
  }
  if (!directory.permissionSetsOf(userName, accountId).includes(permissionSet)) throw portalError('ForbiddenException');

  const { expiresAtMs, ...keys } = deps.roleCredentials.issue(userName, accountId, permissionSet);
  return jsonReply(200, { roleCredentials: { ...keys, expiration: expiresAtMs } });
}

function passThrottle(deps: PortalDeps): void {
  const { portalCallsPerSecond } = deps.knobs.current;
  if (portalCallsPerSecond !== null && !deps.throttle.take(portalCallsPerSecond)) {
    throw portalError('TooManyRequestsException');
  }
}

function requireUser(deps: PortalDeps, request: HttpRequest): string {
  passThrottle(deps);
  const userName = deps.sessions.userOf(bearerTokenOf(request));
  if (userName === undefined) throw portalError('UnauthorizedException');
  return userName;
}

function bearerTokenOf(request: HttpRequest): string {
  const token = request.headers[BEARER_HEADER];
  return typeof token === 'string' ? token : '';
}

function requireAccountId(request: HttpRequest): string {
  const accountId = request.query.get('account_id') ?? '';
  if (!/^\d{12}$/.test(accountId)) throw portalError('InvalidRequestException', 'account_id must be twelve digits');
  return accountId;
}

interface TakenPage<T> {
  readonly items: readonly T[];
  readonly next: { readonly nextToken?: string | null };
}

function takePage<T>(all: readonly T[], request: HttpRequest, knobs: Knobs): TakenPage<T> {
  const size = Math.min(maxResultOf(request) ?? knobs.pageSize, knobs.pageSize);
  const start = offsetOf(request);
  const end = start + size;
  const items = all.slice(start, end);
  if (end < all.length) return { items, next: { nextToken: formatPageToken(request.path, end) } };
  switch (knobs.lastPageToken) {
    case 'null':
      return { items, next: { nextToken: null } };
    case 'empty':
      return { items, next: { nextToken: '' } };
    case 'absent':
      return { items, next: {} };
  }
}

function maxResultOf(request: HttpRequest): number | undefined {
  const text = request.query.get('max_result');
  if (text === null) return undefined;
  const maxResult = Number(text);
  if (!/^\d+$/.test(text) || maxResult < 1 || maxResult > 100) {
    // The message of the live service (as of 2026-05).
    throw portalError('InvalidRequestException', 'ResultSize parameter must be within the valid limits of: 1-100');
  }
  return maxResult;
}

function formatPageToken(path: string, offset: number): string {
  return Buffer.from(`${path} ${offset}`).toString('base64url');
}

function offsetOf(request: HttpRequest): number {
  const token = request.query.get('next_token');
  if (token === null || token === '') return 0;
  const [path, offset] = Buffer.from(token, 'base64url').toString('utf8').split(' ');
  if (path !== request.path || offset === undefined || !/^\d+$/.test(offset)) {
    throw portalError('InvalidRequestException', 'Invalid next token provided');
  }
  return Number(offset);
}
