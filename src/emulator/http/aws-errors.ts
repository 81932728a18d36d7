// AWS errors in their wire formats: SSO OIDC, the SSO portal, STS and console sign-in each have their own.
import { escapeHtml } from './html.ts';
import { type Reply, jsonReply, xmlReply } from './http.ts';
import type { Dialect } from './operations.ts';

interface ErrorRow {
  readonly status: number;
  /** The `error` field of SSO OIDC; other dialects do not have it. */
  readonly error?: string;
  readonly message: string;
}

/** Status and default message by dialect and exception. */
export const AWS_ERRORS = {
  'sso-oidc': {
    AccessDeniedException: { status: 400, error: 'access_denied', message: 'Access denied' },
    AuthorizationPendingException: {
      status: 400,
      error: 'authorization_pending',
      message: 'Authorization is still pending',
    },
    ExpiredTokenException: { status: 400, error: 'expired_token', message: 'The device code has expired' },
    InternalServerException: { status: 500, error: 'server_error', message: 'Internal server error' },
    InvalidClientException: { status: 401, error: 'invalid_client', message: 'Invalid client provided' },
    InvalidClientMetadataException: {
      status: 400,
      error: 'invalid_client_metadata',
      message: 'Invalid client metadata provided',
    },
    InvalidGrantException: { status: 400, error: 'invalid_grant', message: 'Invalid grant provided' },
    InvalidRedirectUriException: {
      status: 400,
      error: 'invalid_redirect_uri',
      message: 'Invalid redirect URI provided',
    },
    InvalidRequestException: { status: 400, error: 'invalid_request', message: 'Invalid request provided' },
    InvalidScopeException: { status: 400, error: 'invalid_scope', message: 'Invalid scope provided' },
    SlowDownException: { status: 400, error: 'slow_down', message: 'The client is polling too fast' },
    UnauthorizedClientException: {
      status: 400,
      error: 'unauthorized_client',
      message: 'The client is not authorized for this grant',
    },
    UnsupportedGrantTypeException: {
      status: 400,
      error: 'unsupported_grant_type',
      message: 'Unsupported grant type provided',
    },
    TooManyRequestsException: { status: 429, error: 'slow_down', message: 'Too many requests' },
  },
  sso: {
    // ForbiddenException and MethodNotAllowedException are in no API model, but the portal sends them (as of 2026-05).
    ForbiddenException: { status: 403, message: 'No access' },
    InternalServerException: { status: 500, message: 'Internal server error' },
    InvalidRequestException: { status: 400, message: 'Invalid request' },
    MethodNotAllowedException: { status: 405, message: 'Method not allowed' },
    ResourceNotFoundException: { status: 404, message: 'Resource not found' },
    TooManyRequestsException: { status: 429, message: 'HTTP 429 Unknown Code' },
    UnauthorizedException: { status: 401, message: 'Session token not found or invalid' },
  },
  sts: {
    AccessDenied: { status: 403, message: 'Access denied' },
    ExpiredToken: { status: 403, message: 'The security token included in the request is expired' },
    InternalFailure: { status: 500, message: 'Internal failure' },
    InvalidAction: { status: 400, message: 'Could not find operation' },
    InvalidClientTokenId: { status: 403, message: 'The security token included in the request is invalid.' },
    MalformedPolicyDocument: { status: 400, message: 'Syntax errors in policy.' },
    MissingAuthenticationToken: { status: 403, message: 'Request is missing Authentication Token' },
    PackedPolicyTooLarge: {
      status: 400,
      message: 'Packed policy consumes 130% of allotted space, please use smaller policy.',
    },
    RegionDisabledException: { status: 403, message: 'STS is not activated in this region for account' },
    Throttling: { status: 429, message: 'Rate exceeded' },
    ValidationError: { status: 400, message: 'The request failed validation' },
  },
  signin: {
    // The federation endpoint answers with web pages; these exception names are the emulator's own.
    InvalidSession: { status: 400, message: 'Invalid Credentials Parameter' },
    InvalidParameter: { status: 400, message: 'The request sent by the client was syntactically incorrect' },
    InternalFailure: { status: 500, message: 'Internal failure' },
    Throttling: { status: 429, message: 'Rate exceeded' },
  },
} as const satisfies Record<Dialect, Record<string, ErrorRow>>;

export type OidcException = keyof (typeof AWS_ERRORS)['sso-oidc'];
export type PortalException = keyof (typeof AWS_ERRORS)['sso'];
export type StsException = keyof (typeof AWS_ERRORS)['sts'];
export type SigninException = keyof (typeof AWS_ERRORS)['signin'];

/** Thrown by a handler to answer with an AWS exception. */
export class AwsError extends Error {
  readonly dialect: Dialect;
  readonly exception: string;

  constructor(dialect: Dialect, exception: string, message?: string) {
    super(message ?? rowOf(dialect, exception)?.message ?? exception);
    this.dialect = dialect;
    this.exception = exception;
  }
}

export function oidcError(exception: OidcException, message?: string): AwsError {
  return new AwsError('sso-oidc', exception, message);
}

export function portalError(exception: PortalException, message?: string): AwsError {
  return new AwsError('sso', exception, message);
}

export function stsError(exception: StsException, message?: string): AwsError {
  return new AwsError('sts', exception, message);
}

export function signinError(exception: SigninException): AwsError {
  return new AwsError('signin', exception);
}

export function isExceptionOf(dialect: Dialect, exception: string): boolean {
  return rowOf(dialect, exception) !== undefined;
}

/** The reply for `error`; `status` overrides the exception's own, for faults without an AWS exception. */
export function formatAwsError(error: AwsError, requestId: string, status?: number): Reply {
  const row = rowOf(error.dialect, error.exception);
  const httpStatus = status ?? row?.status ?? 500;
  const ids = { 'x-amzn-requestid': requestId };
  switch (error.dialect) {
    case 'sso-oidc':
      return jsonReply(
        httpStatus,
        { error: row?.error ?? 'server_error', error_description: error.message },
        {
          ...ids,
          'x-amzn-errortype': `${error.exception}:http://internal.amazon.com/coral/com.amazonaws.sso.oidc/`,
        },
      );
    case 'sso':
      return jsonReply(
        httpStatus,
        { message: error.message, __type: `com.amazonaws.switchboard.portal#${error.exception}` },
        { ...ids, 'x-amzn-errortype': error.exception },
      );
    case 'sts':
      return xmlReply(
        httpStatus,
        '<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">' +
          `<Error><Type>Sender</Type><Code>${error.exception}</Code><Message>${escapeHtml(error.message)}</Message></Error>` +
          `<RequestId>${requestId}</RequestId></ErrorResponse>`,
      );
    case 'signin':
      return {
        status: httpStatus,
        headers: { 'content-type': 'text/html; charset=utf-8' },
        body: `<!doctype html><title>Error</title><h1>${httpStatus}</h1><p>${error.message}</p>`,
      };
  }
}

/** The throttling exception and the server error of each dialect. */
export const THROTTLED: Readonly<Record<Dialect, string>> = {
  'sso-oidc': 'TooManyRequestsException',
  sso: 'TooManyRequestsException',
  sts: 'Throttling',
  signin: 'Throttling',
};
export const SERVER_FAILED: Readonly<Record<Dialect, string>> = {
  'sso-oidc': 'InternalServerException',
  sso: 'InternalServerException',
  sts: 'InternalFailure',
  signin: 'InternalFailure',
};

function rowOf(dialect: Dialect, exception: string): ErrorRow | undefined {
  const rows: Readonly<Record<string, ErrorRow>> = AWS_ERRORS[dialect];
  return Object.hasOwn(rows, exception) ? rows[exception] : undefined;
}
