// Converts any failure of a call to an IdentityCenterFault, with a message that contains no secrets.
import { RolecallError } from '../core/errors.ts';
import type { Secret } from '../core/secret.ts';
import { IdentityCenterFault, type FaultKind } from '../sso/ports.ts';
import { ProxyError } from './proxy.ts';
import { kindOfStsError } from './sts-faults.ts';
import { WireError } from './wire.ts';

/** An error without AWS's error type, or a body in another format than AWS's; `message` describes it without quoting it. */
export class ForeignAnswerError extends Error {
  readonly status: number;
  /** Only those that say when to retry: others may contain secrets of the proxy. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, description: string, headers: Readonly<Record<string, string>>) {
    super(`HTTP ${status} with ${description}`);
    this.status = status;
    this.headers = Object.fromEntries(Object.entries(headers).filter(([name]) => TIMING_HEADERS.has(name)));
  }
}

const TIMING_HEADERS: ReadonlySet<string> = new Set(['retry-after', 'date']);

export interface Call {
  readonly service: 'sso-oidc' | 'sso' | 'sts' | 'signin';
  readonly operation: string;
  readonly host: string;
  /** Removed from messages, in case the server repeats them. */
  readonly secrets: readonly Secret[];
  readonly grant?: 'device_code' | 'authorization_code' | 'refresh_token';
  /** Set if our own deadline ended the call. */
  readonly timedOutAfterMs?: number;
}

const MESSAGE_LIMIT = 300;
/** A limit, because a proxy that asks for a day would stop the session for a day. */
const MAX_RETRY_AFTER_MS = 15 * 60_000;
const NOT_FROM_AWS = 'which did not come from AWS: a proxy or a web login may be in the way';

/** Fault kinds of the RFC 6749 and RFC 8628 error codes, by the exception's name and by the body's `error`. */
const OIDC_KINDS: ReadonlyMap<string, FaultKind> = new Map(
  Object.entries({
    AuthorizationPendingException: 'authorization-pending',
    authorization_pending: 'authorization-pending',
    SlowDownException: 'slow-down',
    slow_down: 'slow-down',
    ExpiredTokenException: 'device-code-expired',
    expired_token: 'device-code-expired',
    AccessDeniedException: 'access-denied',
    access_denied: 'access-denied',
    InvalidGrantException: 'invalid-grant',
    invalid_grant: 'invalid-grant',
    InvalidClientException: 'invalid-client',
    invalid_client: 'invalid-client',
    UnauthorizedClientException: 'invalid-client',
    unauthorized_client: 'invalid-client',
  } as const),
);

const PORTAL_KINDS: Readonly<Record<number, FaultKind>> = {
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not-found',
};

/** Node's codes for a certificate chain without a trusted CA. */
const UNTRUSTED_CODES: ReadonlySet<string> = new Set([
  'CERT_UNTRUSTED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

const CODE_REASONS: Readonly<Record<string, string>> = {
  ENOTFOUND: 'the host name is not known',
  EAI_AGAIN: 'the host name could not be looked up; is there a network?',
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was closed',
  EPIPE: 'the connection was closed',
  ETIMEDOUT: 'no answer in time',
  ENETUNREACH: 'the network is unreachable',
  EHOSTUNREACH: 'the host is unreachable',
  CERT_HAS_EXPIRED: 'its certificate has expired (or this machine’s clock is wrong)',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet (or this machine’s clock is wrong)',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host',
};

/** The fault for anything thrown in `call`; the message names operation, host and reason. */
export function toFault(thrown: unknown, call: Call): IdentityCenterFault {
  if (thrown instanceof IdentityCenterFault) return thrown;
  const fault = (kind: FaultKind, reason: string, retryAfterMs?: number) => {
    const refreshToken = thrown instanceof WireError ? thrown.refreshToken : undefined;
    return new IdentityCenterFault(kind, `${call.operation} at ${call.host} failed: ${clean(reason, call.secrets)}.`, {
      cause: withoutExchange(thrown),
      ...(retryAfterMs !== undefined && { retryAfterMs }),
      ...(refreshToken !== undefined && { refreshToken }),
    });
  };

  if (call.timedOutAfterMs !== undefined) {
    return fault('unreachable', `no answer within ${call.timedOutAfterMs / 1000} s`);
  }
  if (thrown instanceof WireError) return fault('unusable-response', `${thrown.message} in the answer`);
  if (thrown instanceof ProxyError) return fault('unreachable', thrown.message);
  if (thrown instanceof ForeignAnswerError) {
    const isServerError = thrown.status >= 500;
    return fault(
      isServerError ? 'unreachable' : 'unusable-response',
      isServerError ? thrown.message : `${thrown.message}, ${NOT_FROM_AWS}`,
      retryAfterOf(thrown.headers),
    );
  }
  // The CA bundle has become unreadable.
  if (thrown instanceof RolecallError) return fault('unreachable', thrown.message.replace(/\.$/, ''));

  const status = statusOf(thrown);
  const code = textOf(thrown, 'code');
  if (!isServiceException(thrown) && code !== undefined) return fault('unreachable', reasonOfCode(code));
  if (status === undefined) {
    const isTimeout = textOf(thrown, 'name') === 'TimeoutError';
    return fault('unreachable', isTimeout ? 'no connection in time' : (textOf(thrown, 'message') ?? 'unknown reason'));
  }

  const retryAfterMs = retryAfterOf(fieldOf(fieldOf(thrown, '$response'), 'headers'));
  if (status >= 500) return fault('unreachable', describeAnswer(thrown, status), retryAfterMs);
  if (status === 429) return fault('throttled', describeAnswer(thrown, status), retryAfterMs);
  // AWS's error type in a header, but a body that is not JSON.
  if (!isServiceException(thrown)) {
    return fault('unusable-response', `HTTP ${status} with a body that is not JSON, ${NOT_FROM_AWS}`);
  }
  return fault(kindOf(thrown, status, call) ?? 'unusable-response', describeAnswer(thrown, status), retryAfterMs);
}

function kindOf(thrown: object, status: number, call: Call): FaultKind | undefined {
  switch (call.service) {
    case 'sso-oidc':
      return kindOfOidc(thrown, call);
    case 'sts':
      return kindOfStsError(textOf(thrown, 'name') ?? '');
    default:
      return PORTAL_KINDS[status];
  }
}

function kindOfOidc(thrown: object, call: Call): FaultKind | undefined {
  // Its only parameters are the client, whose errors have types of their own, and the start URL.
  if (call.operation === 'StartDeviceAuthorization' && textOf(thrown, 'name') === 'InvalidRequestException') {
    return 'start-url-refused';
  }
  if (call.grant === 'authorization_code' && refusesGrant(thrown, call.operation)) return 'grant-refused';
  const kind = OIDC_KINDS.get(textOf(thrown, 'name') ?? '') ?? OIDC_KINDS.get(textOf(thrown, 'error') ?? '');
  if (call.grant === 'device_code') return kind;
  switch (kind) {
    case 'slow-down':
      return 'throttled';
    case 'device-code-expired':
    case 'access-denied':
      if (call.operation !== 'CreateToken') return undefined;
      // For a refresh token it means that the session is over.
      return call.grant === 'authorization_code' && kind === 'access-denied' ? kind : 'invalid-grant';
    case 'authorization-pending':
      return undefined;
    default:
      return kind;
  }
}

/** Whether Identity Center refuses authorization codes as such: the client that asks for them, or its redirect. */
function refusesGrant(thrown: object, operation: string): boolean {
  const name = textOf(thrown, 'name') ?? '';
  if (name === 'UnsupportedGrantTypeException') return true;
  return operation === 'RegisterClient' && REGISTRATION_REFUSALS.has(name);
}

/** All but the scopes, which the device flow registers too. */
const REGISTRATION_REFUSALS: ReadonlySet<string> = new Set([
  'InvalidRequestException',
  'InvalidRedirectUriException',
  'InvalidClientMetadataException',
  'UnauthorizedClientException',
  'AccessDeniedException',
]);

/** True if the certificate chain has no trusted CA. */
export function isUntrustedCode(code: string): boolean {
  return UNTRUSTED_CODES.has(code);
}

/** The meaning of Node's code for a failed connection, as a clause. */
export function reasonOfCode(code: string): string {
  if (isUntrustedCode(code)) {
    return (
      `its certificate is not signed by a CA that rolecall trusts (${code}); if your network inspects TLS, ` +
      'set ca_bundle under [network] in the settings, or AWS_CA_BUNDLE'
    );
  }
  return `${CODE_REASONS[code] ?? 'the connection failed'} (${code})`;
}

function describeAnswer(thrown: unknown, status: number): string {
  const name = textOf(thrown, 'name');
  const message = textOf(thrown, 'error_description') ?? textOf(thrown, 'message');
  const said = [
    isServiceException(thrown) && name !== 'Unknown' ? name : undefined,
    isServiceException(thrown) && message !== 'UnknownError' ? message : undefined,
    textOf(thrown, 'reason'),
  ].filter((part) => part !== undefined);
  return [`HTTP ${status}`, ...said].join(', ');
}

/** One line of printable text of limited length, without the secrets of the call. */
function clean(text: string, secrets: readonly Secret[]): string {
  let cleaned = text;
  for (const secret of secrets) {
    if (secret.reveal() !== '') cleaned = cleaned.replaceAll(secret.reveal(), String(secret));
  }
  // The server's text is shown on a terminal.
  cleaned = cleaned.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ').replace(/[.\s]+$/, '');
  return cleaned.length > MESSAGE_LIMIT ? `${cleaned.slice(0, MESSAGE_LIMIT)}…` : cleaned;
}

/**
 * The thrown value as a printable cause. An SDK exception contains the response and the request with its bearer token,
 * and a SyntaxError quotes the body, so only name, status and request id of these are kept.
 */
function withoutExchange(thrown: unknown): unknown {
  const status = statusOf(thrown);
  if (!(thrown instanceof Error) || status === undefined) return thrown;
  const requestId = textOf(metadataOf(thrown), 'requestId');
  const copy = new Error(`${thrown.name}, HTTP ${status}${requestId === undefined ? '' : `, request ${requestId}`}`);
  copy.name = 'IdentityCenterAnswer';
  return copy;
}

function isServiceException(thrown: unknown): thrown is object {
  return typeof thrown === 'object' && thrown !== null && '$fault' in thrown;
}

function metadataOf(thrown: unknown): unknown {
  return typeof thrown === 'object' && thrown !== null && '$metadata' in thrown ? thrown.$metadata : undefined;
}

function statusOf(thrown: unknown): number | undefined {
  const status = fieldOf(metadataOf(thrown), 'httpStatusCode');
  return typeof status === 'number' ? status : undefined;
}

/** Limited. RFC 9110 section 10.2.3: seconds, or a date, which is compared with the answer's own `Date`, not with our clock. */
function retryAfterOf(headers: unknown): number | undefined {
  const value = textOf(headers, 'retry-after');
  if (value === undefined) return undefined;
  const waitMs = /^\d+$/.test(value)
    ? Number(value) * 1000
    : Date.parse(value) - Date.parse(textOf(headers, 'date') ?? '');
  return Number.isNaN(waitMs) ? undefined : Math.min(Math.max(0, waitMs), MAX_RETRY_AFTER_MS);
}

function textOf(holder: unknown, name: string): string | undefined {
  const value = fieldOf(holder, name);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function fieldOf(holder: unknown, name: string): unknown {
  return typeof holder === 'object' && holder !== null ? Reflect.get(holder, name) : undefined;
}
