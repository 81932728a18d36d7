// The guard of each surface: decides whether a request may go on, before any route, 404 or error for an unparsable request.
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { compareVersions } from '../../core/compare-versions.ts';
import { DaemonUnreachableError, RefusedError, RolecallError, UsageError } from '../../core/errors.ts';
import { ROUTE_ADDRESSES } from '../../local-api/route-addresses.ts';
import { VERSION_HEADER } from '../../local-api/version.ts';

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
  /** All values of each header. Node's own `headers` keeps only the first of two Hosts. */
  readonly headers: Readonly<Record<GuardedHeader, readonly string[]>>;
  /** As received, still percent-encoded. */
  readonly rawUrl: string;
}

/** The refusal, or undefined if the request may go on. The refusal never repeats any part of the request. */
export type Guard = (request: GuardedRequest) => RolecallError | undefined;

/**
 * Reads the parts of a request that guards check. Node's `headersDistinct` would take longer than all checks together, and
 * so would a lookup by each header's name, whose hash is not known yet.
 */
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
  // Names and values alternate.
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const line = rawHeaders[index + 1] ?? '';
    switch ((rawHeaders[index] ?? '').toLowerCase()) {
      case 'authorization':
        headers.authorization = add(headers.authorization, line);
        break;
      case 'content-length':
        headers['content-length'] = add(headers['content-length'], line);
        break;
      case 'host':
        headers.host = add(headers.host, line);
        break;
      case 'origin':
        headers.origin = add(headers.origin, line);
        break;
      case 'referer':
        headers.referer = add(headers.referer, line);
        break;
      case VERSION_HEADER:
        headers[VERSION_HEADER] = add(headers[VERSION_HEADER], line);
        break;
      case 'sec-fetch-site':
        headers['sec-fetch-site'] = add(headers['sec-fetch-site'], line);
        break;
      case 'service-worker':
        headers['service-worker'] = add(headers['service-worker'], line);
        break;
      case 'transfer-encoding':
        headers['transfer-encoding'] = add(headers['transfer-encoding'], line);
        break;
      default:
    }
  }
  return { method, headers, rawUrl: url };
}

const NO_LINES: readonly string[] = [];

const add = (lines: readonly string[], line: string) => (lines === NO_LINES ? [line] : [...lines, line]);

/** Far above the largest body of any route. */
export const BODY_LIMIT_BYTES = 64 * 1024;

const LOCALHOST = ['localhost'] as const;

/**
 * Guards the unix socket, where the file's permissions identify the caller. Refuses requests that a web page made a
 * browser send.
 */
export function createSocketGuard(): Guard {
  return (request) =>
    checkHost(request, LOCALHOST) ??
    checkNoForeignPage(request, undefined) ??
    checkBodySize(request) ??
    checkControlCharacters(request);
}

/**
 * Runs after the guard. Resolves with what a restart would lose if a newer client is served anyway.
 * @throws DaemonUnreachableError daemon-version-mismatch: the daemon stops
 */
export type VersionCheck = (request: GuardedRequest) => Promise<string | undefined>;

/**
 * Refuses requests of a newer client, which then starts a daemon of its own version, and calls `leave` for each of them,
 * unless `findLosses` finds something. It runs before any handler, so that the client can repeat the request: a sign-in
 * started here would be lost.
 */
export function createVersionCheck(deps: {
  readonly ownVersion: string;
  readonly leave: () => void;
  readonly findLosses: () => Promise<string | undefined>;
}): VersionCheck {
  const { ownVersion } = deps;
  return async ({ headers, rawUrl }) => {
    const [version, ...more] = headers[VERSION_HEADER];
    // Any client may stop an older daemon.
    if (version === undefined || more.length > 0 || rawUrl === ROUTE_ADDRESSES.stop.path) return undefined;
    if (compareVersions(version, ownVersion) <= 0) return undefined;
    // If it can't be found out, nothing is known to be lost.
    const losses = await deps.findLosses().catch(() => undefined);
    if (losses !== undefined) return losses;
    deps.leave();
    throw new DaemonUnreachableError(
      'daemon-version-mismatch',
      `The daemon is rolecall ${ownVersion}, older than this command. It stops so that a newer one can start.`,
    );
  };
}

/**
 * Guards the web port, which every process and web page of the machine can reach: requests need the bearer token.
 * `needsNoToken` gets the method and the path with its query as received; its exceptions still have to pass all other checks.
 */
export function createWebGuard(options: {
  /** Names and ports of this surface; called per request, because a port is known only once it is bound. */
  readonly hosts: () => readonly string[];
  readonly token: string;
  readonly needsNoToken: (method: string, rawUrl: string) => boolean;
}): Guard {
  const expected = digest(`Bearer ${options.token}`);
  return (request) => {
    return (
      checkHost(request, options.hosts()) ??
      checkNoForeignPage(request, `http://${request.headers.host[0]}`) ??
      (options.needsNoToken(request.method, request.rawUrl) ? undefined : checkToken(request, expected)) ??
      checkBodySize(request) ??
      checkControlCharacters(request)
    );
  };
}

/** The start of each grant's path. */
export const CONTAINER_PATH = '/container/';

/** The grant that admits the request, or the refusal. */
export type ContainerGuard<G> = (request: GuardedRequest) => G | RolecallError;

/**
 * Guards the container port, where AWS's SDKs ask for credentials: a request needs the token of the grant in its path.
 * The Host may lack the port, because aws-c-auth omits it.
 */
export function createContainerGuard<G extends object>(options: {
  /** Called per request, because the port is known only once it is bound. */
  readonly port: () => number;
  readonly findGrant: (pathSecret: string, token: string) => G | undefined;
}): ContainerGuard<G> {
  let port: number | undefined;
  let hosts: readonly string[] = [];
  function ownHosts(): readonly string[] {
    const bound = options.port();
    if (bound !== port) [port, hosts] = [bound, [`127.0.0.1:${bound}`, '127.0.0.1']];
    return hosts;
  }
  return (request) => {
    const stranger = checkHost(request, ownHosts()) ?? checkNoForeignPage(request, undefined);
    if (stranger !== undefined) return stranger;
    // The path of a grant is what we made, so it has no control character.
    const grant = checkGrant(request, options.findGrant);
    if (grant instanceof RolecallError) return grant;
    return checkBodySize(request) ?? grant;
  };
}

/** The one path of a grant's own socket. It holds no secret: the socket belongs to one grant. */
export const GRANT_SOCKET_PATH = '/role';

/**
 * Guards the unix socket of one grant. Whatever listens in front of it, on an SSH host or in a container, passes the Host
 * that the SDK has sent: one of those to which AWS's SDKs send a token over plain http (as of 2026-11), with any port.
 */
export function createGrantSocketGuard<G extends object>(options: {
  readonly findGrant: (token: string) => G | undefined;
}): ContainerGuard<G> {
  return (request) => {
    const stranger = checkHost(request, SDK_HOSTS) ?? checkNoForeignPage(request, undefined);
    if (stranger !== undefined) return stranger;
    const [token = '', ...more] = request.headers.authorization;
    const isRightPath = request.rawUrl === GRANT_SOCKET_PATH && more.length === 0;
    const grant = isRightPath ? options.findGrant(token) : undefined;
    if (grant === undefined) return unknownGrant();
    return checkBodySize(request) ?? grant;
  };
}

const SDK_HOSTS = [
  /^(?:localhost|127\.0\.0\.1|169\.254\.170\.(?:2|23)|\[::1\]|\[fd00:ec2::23\])(?::[0-9]{1,5})?$/,
] as const;

function checkGrant<G>(
  { headers, rawUrl }: GuardedRequest,
  findGrant: (path: string, token: string) => G | undefined,
): G | RolecallError {
  const tokens = headers.authorization;
  const path = rawUrl.startsWith(CONTAINER_PATH) ? rawUrl.slice(CONTAINER_PATH.length) : '';
  const grant = tokens.length === 1 ? findGrant(path, tokens[0] ?? '') : undefined;
  if (grant !== undefined) return grant;
  return unknownGrant();
}

/** The same answer for an unknown path, a wrong token and a grant that has ended. */
function unknownGrant(): RefusedError {
  return new RefusedError('token-required', 'This URL or token is not valid, or its grant has ended.', {
    hint: 'rolecall exec --help',
  });
}

/** A page whose name resolves to loopback (DNS rebinding) sends that name as Host, or in an absolute request target. */
function checkHost(
  { headers, rawUrl }: GuardedRequest,
  hosts: readonly (string | RegExp)[],
): RolecallError | undefined {
  const [named] = headers.host;
  const isOurs =
    named !== undefined && hosts.some((host) => (typeof host === 'string' ? host === named : host.test(named)));
  if (isOurs && headers.host.length === 1 && rawUrl.startsWith('/')) return undefined;
  return refused('The Host header or the request target names another host.');
}

/** Browsers say which page sent a request. Another port of `localhost` is `same-site`, and refused as well. */
function checkNoForeignPage({ headers }: GuardedRequest, ownOrigin: string | undefined): RolecallError | undefined {
  if (sentByNoPage(headers)) return undefined;
  if (headers.origin.some((origin) => origin !== ownOrigin)) return refused('The request comes from another origin.');
  if (headers.referer.some((referer) => ownOrigin === undefined || !isBelow(referer, ownOrigin))) {
    return refused('The request comes from a page of another origin.');
  }
  if (headers['sec-fetch-site'].some((site) => site !== 'same-origin' && site !== 'none')) {
    return refused('The request comes from another site.');
  }
  // Sent by a browser that installs a service worker, which would intercept requests to every later daemon.
  if (headers['service-worker'].length > 0) return refused('Service workers are not allowed here.');
  return undefined;
}

/** Programs send none of these. */
const sentByNoPage = ({
  origin,
  referer,
  'sec-fetch-site': site,
  'service-worker': worker,
}: GuardedRequest['headers']) => origin.length + referer.length + site.length + worker.length === 0;

function isBelow(referer: string, origin: string): boolean {
  return referer === origin || referer.startsWith(`${origin}/`);
}

function checkToken({ headers }: GuardedRequest, expected: Buffer): RolecallError | undefined {
  const credentials = headers.authorization;
  // Digests have the same length, so the comparison takes constant time.
  const isRight = timingSafeEqual(digest(credentials[0] ?? ''), expected);
  if (isRight && credentials.length === 1) return undefined;
  return new RefusedError('token-required', 'This request needs the bearer token of the daemon.', {
    hint: 'rolecall web',
  });
}

function checkBodySize({ headers }: GuardedRequest): RolecallError | undefined {
  const [length] = headers['content-length'];
  if (length === undefined || Number(length) <= BODY_LIMIT_BYTES) return undefined;
  return bodyTooLarge();
}

export function bodyTooLarge(): UsageError {
  return new UsageError('request-too-large', `The request body is larger than ${BODY_LIMIT_BYTES / 1024} KiB.`);
}

/** Raw or percent-encoded C0, DEL or C1. No AWS name has any, and line breaks have enabled attacks on credential helpers. */
function checkControlCharacters({ rawUrl }: GuardedRequest): RolecallError | undefined {
  const hasControl =
    /[\u0000-\u001f\u007f-\u009f]/.test(rawUrl) || /%(?:[01][0-9a-f]|7f)|%c2%[89][0-9a-f]/i.test(rawUrl);
  return hasControl ? new UsageError('invalid-request', 'The request path contains a control character.') : undefined;
}

function refused(message: string): RefusedError {
  return new RefusedError('caller-not-allowed', message);
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
