// Error answers: the same status, headers and body whether Fastify, a node:http response or a bare socket sends them.
import { formatFailure, NotFoundError, type RolecallError } from '../../core/errors.ts';
import type { Log } from '../process/log.ts';

/** On every answer: no caching, framing, embedding or sniffing, and nothing for other sites. */
export const ANSWER_HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const;

/** The JSON body of an error. */
export type DescribeError = (error: RolecallError) => object;

export interface ErrorAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Bytes: Fastify would add a charset to a string, and Go's SDK can't read an error whose type has one. */
  readonly body: Buffer;
}

/** Plain text for `Accept: text/plain`, which the sh client sends; JSON for everybody else. */
export function formatError(
  error: RolecallError,
  options: { readonly accept: string | undefined; readonly describe: DescribeError },
): ErrorAnswer {
  const isPlain = options.accept === 'text/plain';
  const text = isPlain ? formatFailure(error) : JSON.stringify(options.describe(error));
  const body = Buffer.from(text);
  return {
    status: error.httpStatus,
    headers: {
      ...ANSWER_HEADERS,
      ...(error.retryAfterMs === undefined ? {} : { 'retry-after': String(Math.ceil(error.retryAfterMs / 1000)) }),
      'content-type': isPlain ? 'text/plain; charset=utf-8' : 'application/json',
      'content-length': String(body.length),
    },
    body,
  };
}

/** For an answer with status 405, which names the route's methods in `allow`. */
export function methodNotAllowed(): NotFoundError {
  return new NotFoundError('route-not-found', 'This route does not support this method.');
}

/** Logs the cause of an internal error, because its answer does not contain it. Other errors are not logged. */
export function logInternalError(log: Log, route: string, error: RolecallError): void {
  if (error.errorClass === 'InternalError') log('error', `${route}: ${describeCause(error.cause)}`);
}

/** The text for the log of anything that was thrown. */
export function describeCause(cause: unknown): string {
  return cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
}
