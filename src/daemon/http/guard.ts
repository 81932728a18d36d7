// Who may speak to a surface at all: looked at before any route, 404s and unparsable requests included.
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { RefusedError, RolecallError, UsageError } from '../../core/errors.ts';
import { VERSION_HEADER } from '../../local-api/version-header.ts';

type GuardedHeader =
  | 'authorization'
  | 'content-length'
  | 'host'
  | 'origin'
  | 'referer'
  | typeof VERSION_HEADER
  | 'sec-fetch-site'
  | 'service-worker'
  | 'transfer-encoding';

export interface GuardedRequest {
  readonly method: string;
  /** Every line of each header: of two Hosts Node shows the first alone in its own `headers`. */
  readonly headers: Readonly<Record<GuardedHeader, readonly string[]>>;
  /** As it came, still percent-encoded. */
  readonly rawUrl: string;
}

/** The refusal, or undefined when the request may go on. Its text never repeats anything of the request. */
export type Guard = (request: GuardedRequest) => RolecallError | undefined;

/** What a guard looks at. By hand, for Node's `headersDistinct` takes longer than all the clauses together. */
export function readGuarded({
  method = '',
  rawHeaders,
  url = '',
}: Pick<IncomingMessage, 'method' | 'rawHeaders' | 'url'>): GuardedRequest {
  const headers: Record<GuardedHeader, readonly string[]> = {
    authorization: NO_LINES,
    'content-length': NO_LINES,
    host: NO_LINES,
    origin: NO_LINES,
    referer: NO_LINES,
    [VERSION_HEADER]: NO_LINES,
    'sec-fetch-site': NO_LINES,
    'service-worker': NO_LINES,
    'transfer-encoding': NO_LINES,
  };
  // Names and values in turn.
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? '').toLowerCase();
    if (isGuarded(name)) headers[name] = [...headers[name], rawHeaders[index + 1] ?? ''];
  }
  return { method, headers, rawUrl: url };
}

const NO_LINES: readonly string[] = [];

function isGuarded(name: string): name is GuardedHeader {
  switch (name) {
    case 'authorization':
    case 'content-length':
    case 'host':
    case 'origin':
    case 'referer':
    case VERSION_HEADER:
    case 'sec-fetch-site':
    case 'service-worker':
    case 'transfer-encoding':
      return true;
    default:
      return false;
  }
}

/** No document of ours comes near this. */
export const BODY_LIMIT_BYTES = 64 * 1024;

/** The unix socket: the file's owner is the permission; a browser that was talked into speaking to it is not. */
export function createSocketGuard(): Guard {
  return (request) =>
    checkHost(request, 'localhost') ??
    checkNoForeignPage(request, undefined) ??
    checkBodySize(request) ??
    checkControlCharacters(request);
}

/**
 * A loopback port, which every process and page of the machine can reach: the token is the permission.
 * What needs none is held to everything else: `needsNoToken` gets the method and the path with its query as it came.
 */
export function createWebGuard(options: {
  readonly host: string;
  readonly token: string;
  readonly needsNoToken: (method: string, rawUrl: string) => boolean;
}): Guard {
  const expected = digest(`Bearer ${options.token}`);
  return (request) =>
    checkHost(request, options.host) ??
    checkNoForeignPage(request, `http://${options.host}`) ??
    (options.needsNoToken(request.method, request.rawUrl) ? undefined : checkToken(request, expected)) ??
    checkBodySize(request) ??
    checkControlCharacters(request);
}

/** The path below which each grant has its own. */
export const CONTAINER_PATH = '/container/';

/**
 * A loopback port for AWS's SDKs: the token of the grant that the path names is the permission.
 * The Host may come without its port: aws-c-auth sends it so.
 */
export function createContainerGuard<G extends object>(options: {
  readonly port: number;
  readonly findGrant: (pathSecret: string, token: string) => G | undefined;
}): ContainerGuard<G> {
  const host = `127.0.0.1:${options.port}`;
  function admit(request: GuardedRequest): G | RolecallError {
    const stranger = checkHost(request, host, '127.0.0.1') ?? checkNoForeignPage(request, undefined);
    if (stranger !== undefined) return stranger;
    const grant = checkGrant(request, options.findGrant);
    if (grant instanceof RolecallError) return grant;
    return checkBodySize(request) ?? checkControlCharacters(request) ?? grant;
  }
  return {
    admit,
    refuse(request) {
      const admitted = admit(request);
      return admitted instanceof RolecallError ? admitted : undefined;
    },
  };
}

export interface ContainerGuard<G> {
  readonly refuse: Guard;
  /** The grant that lets the request in, or the refusal: one look at the grants for a caller that wants both. */
  readonly admit: (request: GuardedRequest) => G | RolecallError;
}

function checkGrant<G>(
  { headers, rawUrl }: GuardedRequest,
  findGrant: (path: string, token: string) => G | undefined,
): G | RolecallError {
  const tokens = headers.authorization;
  const path = rawUrl.startsWith(CONTAINER_PATH) ? rawUrl.slice(CONTAINER_PATH.length) : '';
  const grant = tokens.length === 1 ? findGrant(path, tokens[0] ?? '') : undefined;
  if (grant !== undefined) return grant;
  // One answer for a path that is unknown, a token that is wrong and a grant that has ended.
  return new RefusedError('token-required', 'The URL and the token belong to no grant that counts.', {
    hint: 'rolecall status',
  });
}

/** A page under another name that resolves to loopback (DNS rebinding) sends that name; so may the target itself. */
function checkHost({ headers, rawUrl }: GuardedRequest, ...hosts: readonly string[]): RolecallError | undefined {
  const named = headers.host;
  if (named.length === 1 && hosts.some((host) => host === named[0]) && rawUrl.startsWith('/')) return undefined;
  return refused('The request names another host than this surface.');
}

/** A browser says where a request comes from; another port of 127.0.0.1 is `same-site`, which is foreign too. */
function checkNoForeignPage({ headers }: GuardedRequest, ownOrigin: string | undefined): RolecallError | undefined {
  if (headers.origin.some((origin) => origin !== ownOrigin)) return refused('The request comes from another origin.');
  if (headers.referer.some((referer) => ownOrigin === undefined || !isBelow(referer, ownOrigin))) {
    return refused('The request comes from a page of another origin.');
  }
  if (headers['sec-fetch-site'].some((site) => site !== 'same-origin' && site !== 'none')) {
    return refused('The request comes from another site.');
  }
  // Sent with the script of a service worker, which would stand between the page and every later daemon. We have none.
  if (headers['service-worker'].length > 0) return refused('No service worker is served.');
  return undefined;
}

function isBelow(referer: string, origin: string): boolean {
  return referer === origin || referer.startsWith(`${origin}/`);
}

function checkToken({ headers }: GuardedRequest, expected: Buffer): RolecallError | undefined {
  const credentials = headers.authorization;
  // Digests have one length, so the comparison tells nothing by its time.
  const isRight = timingSafeEqual(digest(credentials[0] ?? ''), expected);
  if (isRight && credentials.length === 1) return undefined;
  return new RefusedError('token-required', 'The request needs the bearer token of this daemon.', {
    hint: 'rolecall web',
  });
}

function checkBodySize({ headers }: GuardedRequest): RolecallError | undefined {
  const [length] = headers['content-length'];
  if (length === undefined || Number(length) <= BODY_LIMIT_BYTES) return undefined;
  return new UsageError('invalid-request', 'The body of the request is too large.');
}

/** Raw or percent-encoded C0, DEL or C1: no name of AWS's has any, and a line break has fooled many a helper. */
function checkControlCharacters({ rawUrl }: GuardedRequest): RolecallError | undefined {
  const hasControl =
    /[\u0000-\u001f\u007f-\u009f]/.test(rawUrl) || /%(?:[01][0-9a-f]|7f)|%c2%[89][0-9a-f]/i.test(rawUrl);
  return hasControl ? new UsageError('invalid-request', 'The request has a control character in it.') : undefined;
}

function refused(message: string): RefusedError {
  return new RefusedError('caller-not-allowed', message);
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
