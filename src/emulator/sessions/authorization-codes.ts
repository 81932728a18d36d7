// Authorizations by code with PKCE, from the page in the browser to the code's one use.
import { createHash } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import { UsageError } from '../../core/errors.ts';
import type { Directory } from '../directory/directory.ts';
import { type RandomBytes, randomOpaque } from '../http/random.ts';
import { requireApprover } from './approver.ts';
import type { KnobStore } from './knobs.ts';
import { addParameters } from './redirect-uris.ts';

/** What a checked authorize request asks for. */
export interface AuthorizationRequest {
  readonly clientId: string;
  readonly clientName: string;
  /** With its port. */
  readonly redirectUri: string;
  readonly state: string;
  readonly codeChallenge: string;
  readonly scopes: readonly string[];
}

/** A request that waits for Allow or Deny, without what only the client and its browser know. */
export interface PendingAuthorization {
  readonly requestId: string;
  readonly clientName: string;
  readonly redirectUri: string;
  readonly scopes: readonly string[];
  readonly expiresAtMs: number;
}

/** The error that a client gets on its redirect URI. */
export interface AuthorizationError {
  readonly error: string;
  readonly description?: string;
}

/** What CreateToken sends to redeem a code. */
export interface CodeRedemption {
  readonly clientId: string;
  readonly code: string;
  readonly redirectUri: string;
  readonly codeVerifier: string;
}

export interface AuthorizationCodes {
  /** Adds a request that waits for its user. The same request again, as after a reload, keeps its id. */
  begin(request: AuthorizationRequest): PendingAuthorization;
  pending(): readonly PendingAuthorization[];
  findPending(requestId: string): PendingAuthorization | undefined;
  /**
   * Issues a code; returns where the browser goes with it.
   * @throws UsageError invalid-request: no pending request, or no such user
   */
  approve(requestId: string, userName?: string): string;
  /**
   * Returns where the browser goes with the error, `access_denied` by default.
   * @throws UsageError invalid-request: no pending request
   */
  deny(requestId: string, error?: AuthorizationError): string;
  /** Uses up a code; undefined when it is unknown, used, expired, or another client's, URI's or verifier's. */
  redeem(redemption: CodeRedemption): { readonly userName: string; readonly scopes: readonly string[] } | undefined;
}

/** As long as the page's form is valid. */
const PENDING_LIFETIME_MS = 600_000;
const DENIED: Readonly<AuthorizationError> = { error: 'access_denied', description: 'The user denied access' };

interface IssuedCode extends AuthorizationRequest {
  readonly userName: string;
  readonly expiresAtMs: number;
}

export function createAuthorizationCodes(deps: {
  clock: Clock;
  random: RandomBytes;
  knobs: KnobStore;
  directory: Directory;
}): AuthorizationCodes {
  const requests = new Map<string, AuthorizationRequest & PendingAuthorization>();
  const codes = new Map<string, IssuedCode>();

  const forgetExpired = () => {
    const nowMs = deps.clock.nowMs();
    for (const kept of [requests, codes]) {
      for (const [key, { expiresAtMs }] of kept) if (nowMs >= expiresAtMs) kept.delete(key);
    }
  };
  const live = () => {
    forgetExpired();
    return [...requests.values()];
  };
  const requirePending = (requestId: string) => {
    const request = live().find((known) => known.requestId === requestId);
    if (request === undefined) {
      throw new UsageError('invalid-request', `No pending authorization has the id ${JSON.stringify(requestId)}.`);
    }
    return request;
  };

  return {
    begin(request) {
      const known = live().find((earlier) => isSame(earlier, request));
      if (known !== undefined) return describe(known);
      const requestId = randomOpaque(deps.random, 18);
      const pending = { ...request, requestId, expiresAtMs: deps.clock.nowMs() + PENDING_LIFETIME_MS };
      requests.set(requestId, pending);
      return describe(pending);
    },
    pending: () => live().map(describe),
    findPending(requestId) {
      const request = live().find((known) => known.requestId === requestId);
      return request && describe(request);
    },
    approve(requestId, userName) {
      const request = requirePending(requestId);
      const approver = requireApprover(deps.directory, userName);
      requests.delete(requestId);
      const code = `aocAAAAA${randomOpaque(deps.random, 60)}`;
      const expiresAtMs = deps.clock.nowMs() + deps.knobs.current.authorizationCodeLifetimeSeconds * 1000;
      codes.set(code, { ...request, userName: approver, expiresAtMs });
      return addParameters(request.redirectUri, { code, state: request.state });
    },
    deny(requestId, { error, description } = DENIED) {
      const { redirectUri, state } = requirePending(requestId);
      requests.delete(requestId);
      return addParameters(redirectUri, { error, error_description: description, state });
    },
    redeem({ clientId, code, redirectUri, codeVerifier }) {
      forgetExpired();
      const issued = codes.get(code);
      if (issued?.clientId !== clientId || issued.redirectUri !== redirectUri) return undefined;
      if (challengeOf(codeVerifier) !== issued.codeChallenge) return undefined;
      codes.delete(code);
      return { userName: issued.userName, scopes: issued.scopes };
    },
  };
}

function describe({ requestId, clientName, redirectUri, scopes, expiresAtMs }: PendingAuthorization) {
  return { requestId, clientName, redirectUri, scopes, expiresAtMs };
}

function isSame(one: AuthorizationRequest, other: AuthorizationRequest): boolean {
  return (
    one.clientId === other.clientId &&
    one.redirectUri === other.redirectUri &&
    one.state === other.state &&
    one.codeChallenge === other.codeChallenge &&
    one.scopes.join(' ') === other.scopes.join(' ')
  );
}

/** The S256 challenge of a verifier (RFC 7636, section 4.2). */
function challengeOf(codeVerifier: string): string {
  return createHash('sha256').update(codeVerifier).digest('base64url');
}
