// The federation endpoint: exchanges keys for a sign-in token, which opens the console in a browser.
import { signinError } from '../http/aws-errors.ts';
import { openConsole, parseDestination, refusedConsole } from '../pages/console-page.ts';
import type { ConsoleSessions } from '../sessions/console-sessions.ts';
import { type HttpRequest, type Reply, type Route, jsonReply } from '../http/http.ts';
import type { RoleCredentialsIssuer, RoleSession } from '../sessions/role-credentials.ts';

export interface FederationDeps {
  readonly roleCredentials: RoleCredentialsIssuer;
  readonly consoleSessions: ConsoleSessions;
}

/** @see https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_enable-console-custom-url.html */
export function createFederationRoutes(deps: FederationDeps): readonly Route[] {
  return [
    {
      method: 'POST',
      path: '/federation',
      operation: 'GetSigninToken',
      handle: ({ body }) => getSigninToken(deps, new URLSearchParams(body)),
    },
    // No operation, hence no faults: browsers open this page too.
    { method: 'GET', path: '/federation', handle: (request) => answerGet(deps, request) },
  ];
}

function answerGet(deps: FederationDeps, { query }: HttpRequest): Reply {
  const action = query.get('Action');
  if (action === 'getSigninToken') return getSigninToken(deps, query);
  return action === 'login' ? signIn(deps, query) : refusedConsole(400, 'Unknown action of the federation endpoint.');
}

function getSigninToken(deps: FederationDeps, form: URLSearchParams): Reply {
  if (form.get('Action') !== 'getSigninToken') throw signinError('InvalidParameter');
  const duration = form.get('SessionDuration');
  if (duration !== null && !isDuration(duration)) throw signinError('InvalidParameter');
  const session = findSession(deps, form.get('Session') ?? '');
  if (session === undefined) throw signinError('InvalidSession');
  // AWS refuses any duration for keys of a chained role (as of 2026-11, says the source of aws-sso-cli).
  if (duration !== null && session.isChained === true) throw signinError('InvalidParameter');
  return jsonReply(200, { SigninToken: deps.consoleSessions.issueToken(session) });
}

function isDuration(text: string): boolean {
  return /^\d{3,5}$/.test(text) && Number(text) >= 900 && Number(text) <= 43_200;
}

function findSession(deps: FederationDeps, text: string): RoleSession | undefined {
  let keys: unknown;
  try {
    keys = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { sessionId, sessionKey, sessionToken } = (keys ?? {}) as Readonly<Record<string, unknown>>;
  return deps.roleCredentials.openSession({
    accessKeyId: String(sessionId),
    secretAccessKey: String(sessionKey),
    sessionToken: String(sessionToken),
  });
}

function signIn(deps: FederationDeps, query: URLSearchParams): Reply {
  const destination = parseDestination(query.get('Destination') ?? '');
  if (destination === undefined) return refusedConsole(400, 'The destination is not a page of the AWS console.');
  const session = deps.consoleSessions.redeem(query.get('SigninToken') ?? '');
  if (session === undefined) return refusedConsole(400, 'The sign-in token is invalid or has expired.');
  return openConsole(deps.consoleSessions, { ...session, destination });
}
