// Error answers: the same status, headers and body whether a node:http response or a bare socket sends them.
import { formatFailure, NotFoundError, type ErrorCode, type RolecallError } from '../../core/errors.ts';
import type { Log } from '../process/log.ts';
import { toSourceLines } from '../process/source-lines.ts';

/** On every answer: no caching, framing, embedding or sniffing, and nothing for other sites. */
export const ANSWER_HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const;

const SERVICE_UNAVAILABLE = 503;
/** When to ask again, if the error does not say it. */
const DEFAULT_RETRY_AFTER_SECONDS = 5;
const RETRY_AFTER_SECONDS: Readonly<Partial<Record<ErrorCode, number>>> = {
  // A newer daemon has started by then.
  'daemon-version-mismatch': 1,
  // These wait for a person.
  'secret-store-locked': 30,
  'secret-store-unavailable': 30,
  'file-not-writable': 30,
  'audit-unavailable': 30,
};

/** The JSON body of an error. */
export type DescribeError = (error: RolecallError) => object;

export interface ErrorAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Bytes, whose length is known. Go's SDK can't read an error whose type has a charset. */
  readonly body: Buffer;
}

/** Plain text for `Accept: text/plain`, which the sh client sends; JSON for everybody else. */
export function formatError(
  error: RolecallError,
  options: {
    readonly accept: string | undefined;
    readonly describe: DescribeError;
    /** Instead of the error's own. */
    readonly status?: number | undefined;
  },
): ErrorAnswer {
  const { status = error.httpStatus } = options;
  const isPlain = options.accept === 'text/plain';
  const text = isPlain ? formatFailure(error) : JSON.stringify(options.describe(error));
  const body = Buffer.from(text);
  return {
    status,
    headers: {
      ...ANSWER_HEADERS,
      ...(status === SERVICE_UNAVAILABLE ? { 'retry-after': String(retryAfterSeconds(error)) } : {}),
      'content-type': isPlain ? 'text/plain; charset=utf-8' : 'application/json',
      'content-length': String(body.length),
    },
    body,
  };
}

function retryAfterSeconds({ code, retryAfterMs }: RolecallError): number {
  if (retryAfterMs !== undefined) return Math.max(1, Math.ceil(retryAfterMs / 1000));
  return RETRY_AFTER_SECONDS[code] ?? DEFAULT_RETRY_AFTER_SECONDS;
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
  return cause instanceof Error ? toSourceLines(cause.stack ?? cause.message) : String(cause);
}
