// Decides whether a request to a callback port is the redirect that ends a sign-in; everything else is refused.
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Secret } from '../../core/secret.ts';
import { toHarmlessLine } from '../../core/text/harmless-text.ts';
import type { Redirect } from '../../sso/ports.ts';

export const CALLBACK_PATH = '/oauth/callback';

/** `message` is for the page and the log, and repeats nothing of the request. */
export interface Refusal {
  readonly status: number;
  readonly message: string;
}

/** As of 2026-11 AWS's codes have less than 2 kB. */
const MAX_TARGET_LENGTH = 8 * 1024;
const MAX_ERROR_CHARACTERS = 60;
const MAX_DESCRIPTION_CHARACTERS = 200;
const OWN_PARAMETERS = ['state', 'code', 'error', 'error_description'] as const;
/** RFC 6749, appendix A.11: printable ASCII. */
const CODE = /^[\x20-\x7e]+$/;

type Request = Pick<IncomingMessage, 'method' | 'url' | 'headers' | 'rawHeaders'>;

/** @param host the only Host that a redirect to this port has */
export function readRedirect(
  request: Request,
  expected: { readonly host: string; readonly state: Secret },
): Redirect | Refusal {
  const { method, url = '' } = request;
  if (url.length > MAX_TARGET_LENGTH) return refuse(414, 'The address is too long.');
  // A page whose own name leads to this machine (DNS rebinding) sends that name, here or in an absolute target.
  const hosts = valuesOf(request, 'host');
  if (hosts.length !== 1 || hosts[0] !== expected.host) return refuse(403, 'The request names another host.');
  const [path, query = '', ...more] = url.split('?');
  if (path !== CALLBACK_PATH || more.length > 0) return refuse(404, 'There is nothing at this address.');
  if (method !== 'GET') return refuse(405, 'Only a browser that comes back from the sign-in page is answered here.');
  if (isOfAnotherPage(request)) return refuse(403, 'Another page asked for this one.');
  if (hasBody(request)) return refuse(400, 'The request has a body.');
  return readQuery(new URLSearchParams(query), expected.state);
}

/** Set where a page has an address fetched that nobody has opened yet. Firefox and Safari have names of their own. */
const PURPOSES = ['sec-purpose', 'purpose', 'x-moz', 'x-purpose'] as const;

/**
 * An image, a frame or a script of some page, a WebSocket (as of 2026-11 Chromium sends no Sec-Fetch-Dest with one), or a
 * page that another one has loaded in advance. Browsers that send no such header open the page as well.
 */
function isOfAnotherPage(request: Request): boolean {
  if (valuesOf(request, 'sec-fetch-dest').some((purpose) => purpose !== 'document')) return true;
  return ['upgrade', ...PURPOSES].some((name) => valuesOf(request, name).length > 0);
}

function readQuery(query: URLSearchParams, expectedState: Secret): Redirect | Refusal {
  if (OWN_PARAMETERS.some((name) => query.getAll(name).length > 1)) {
    return refuse(400, 'The address has a parameter twice.');
  }
  if (!isSame(query.get('state') ?? '', expectedState)) {
    return refuse(403, 'This answer does not belong to the sign-in that is waiting here. It may be of an earlier one.');
  }
  const code = query.get('code');
  const error = query.get('error');
  if ((code === null) === (error === null)) return refuse(400, 'The address must have either a code or an error.');
  if (code !== null) return CODE.test(code) ? { code: new Secret(code) } : refuse(400, 'The code is not valid.');
  const description = toHarmlessLine(query.get('error_description') ?? '', MAX_DESCRIPTION_CHARACTERS);
  return {
    error: toHarmlessLine(error ?? '', MAX_ERROR_CHARACTERS) || 'unknown error',
    ...(description === '' ? {} : { description }),
  };
}

/** In constant time, whatever the length. */
function isSame(given: string, expected: Secret): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected.reveal()));
}

/** All lines of a header: Node's own `headers` has only the first of two Hosts. */
function valuesOf({ rawHeaders }: Request, name: string): string[] {
  return rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name);
}

function hasBody({ headers }: Request): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
}

function refuse(status: number, message: string): Refusal {
  return { status, message };
}
