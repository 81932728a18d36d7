// The authorization endpoint of SSO OIDC: checks what a client's browser brings, and redirects with a code or an error.
import type { Directory } from '../directory/directory.ts';
import type { HttpRequest, Reply, Route } from '../http/http.ts';
import type { Nonces } from '../http/nonces.ts';
import { authorizePage, refusedAuthorization } from '../pages/authorize-page.ts';
import { typedOrChosenUser, readForm } from '../pages/form.ts';
import { findAutoApprover } from '../sessions/approver.ts';
import type { AuthorizationCodes, AuthorizationRequest } from '../sessions/authorization-codes.ts';
import type { KnobStore } from '../sessions/knobs.ts';
import { addParameters, isRegisteredUri } from '../sessions/redirect-uris.ts';
import {
  AUTHORIZATION_CODE_GRANT,
  type Registration,
  type Registrations,
  mayUseGrant,
} from '../sessions/registrations.ts';

export interface AuthorizeDeps {
  readonly directory: Directory;
  readonly knobs: KnobStore;
  readonly registrations: Registrations;
  readonly authorizationCodes: AuthorizationCodes;
  readonly nonces: Nonces;
}

export function createAuthorizeRoutes(deps: AuthorizeDeps): readonly Route[] {
  return [
    { method: 'GET', path: '/authorize', operation: 'Authorize', handle: (request) => authorize(deps, request) },
    { method: 'POST', path: '/authorize/decision', handle: (request) => decide(deps, request) },
  ];
}

function authorize(deps: AuthorizeDeps, { query }: HttpRequest): Reply {
  const client = findClient(deps, query);
  // Until the redirect URI is known to be the client's, an error is shown and never redirected.
  if (typeof client === 'string') return refusedAuthorization(client);
  const { registration, redirectUri } = client;
  const state = query.get('state') ?? '';
  const problem = findProblem(registration, query);
  if (problem !== undefined) {
    const [error, description] = problem;
    const parameters = { error, error_description: description, state: state === '' ? undefined : state };
    return redirect(302, addParameters(redirectUri, parameters));
  }
  const pending = deps.authorizationCodes.begin(parseRequest(registration, redirectUri, query));
  const approver = findAutoApprover(deps.directory, deps.knobs.current);
  if (approver !== undefined) return redirect(302, deps.authorizationCodes.approve(pending.requestId, approver));
  return authorizePage(deps, pending);
}

interface TrustedClient {
  readonly registration: Registration;
  readonly redirectUri: string;
}

const UNKNOWN_CLIENT =
  'The client_id is unknown, or its registration has expired. An emulator forgets its clients when it ends, and the AWS CLI ' +
  'keeps its registration in ~/.aws/sso/cache: delete the files there.';

/** The client and its redirect URI, or why they cannot be trusted. */
function findClient({ directory, registrations }: AuthorizeDeps, query: URLSearchParams): TrustedClient | string {
  const repeated = [...query.keys()].find((name) => query.getAll(name).length > 1);
  if (repeated !== undefined) return `The parameter ${repeated} appears more than once.`;
  const registration = registrations.findById(query.get('client_id') ?? '');
  if (registration === undefined) return UNKNOWN_CLIENT;
  if (!mayUseGrant(registration, AUTHORIZATION_CODE_GRANT)) {
    return 'This client is not registered for authorization codes.';
  }
  const redirectUri = query.get('redirect_uri') ?? '';
  if (!isRegisteredUri(registration.redirectUris, redirectUri)) {
    return 'The redirect_uri is not one that this client has registered.';
  }
  if (!directory.isStartUrl(registration.issuerUrl ?? '')) {
    return `The client asks for the portal ${registration.issuerUrl}, which is not here.`;
  }
  return { registration, redirectUri };
}

/** The error and its description for the client. */
function findProblem({ scopes }: Registration, query: URLSearchParams): readonly [string, string] | undefined {
  const responseType = query.get('response_type');
  if (responseType === null) return ['invalid_request', 'response_type is missing'];
  if (responseType !== 'code') return ['unsupported_response_type', 'response_type must be code'];
  if (query.get('code_challenge_method') !== 'S256') {
    return ['invalid_request', 'code_challenge_method must be S256'];
  }
  if (!/^[\w-]{43}$/.test(query.get('code_challenge') ?? '')) {
    return ['invalid_request', 'code_challenge must be the base64url of a SHA-256 hash'];
  }
  if ((query.get('state') ?? '') === '') return ['invalid_request', 'state is missing'];
  const wanted = scopesOf(query);
  if (wanted.length === 0) return ['invalid_request', 'scopes is missing'];
  return wanted.every((scope) => scopes.includes(scope))
    ? undefined
    : ['invalid_scope', 'scopes has a scope that the client has not registered'];
}

/** AWS calls the parameter `scopes`, unlike OAuth. */
function scopesOf(query: URLSearchParams): readonly string[] {
  return (query.get('scopes') ?? '').split(' ').filter((scope) => scope !== '');
}

function parseRequest(
  { clientId, clientName }: Registration,
  redirectUri: string,
  query: URLSearchParams,
): AuthorizationRequest {
  return {
    clientId,
    clientName,
    redirectUri,
    state: query.get('state') ?? '',
    codeChallenge: query.get('code_challenge') ?? '',
    scopes: scopesOf(query),
  };
}

function decide(deps: AuthorizeDeps, request: HttpRequest): Reply {
  const form = readForm(request, deps.nonces);
  if ('status' in form) return form;
  const pending = deps.authorizationCodes.findPending(form.get('request') ?? '');
  if (pending === undefined) return refusedAuthorization('This sign-in has been answered already, or has expired.');
  if (form.get('decision') !== 'allow') return redirect(303, deps.authorizationCodes.deny(pending.requestId));
  const userName = typedOrChosenUser(form);
  const user = deps.directory.findUser(userName);
  if (user !== undefined) return redirect(303, deps.authorizationCodes.approve(pending.requestId, user.userName));
  const problem = userName === '' ? 'Please choose who you are.' : `There is no user ${userName} in this directory.`;
  return authorizePage(deps, pending, { problem, userName });
}

function redirect(status: number, location: string): Reply {
  return { status, headers: { location, 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' }, body: '' };
}
