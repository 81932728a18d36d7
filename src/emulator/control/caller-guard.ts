// Protects the emulator's pages and control API from other web pages and from rebound host names.
import { isIP } from 'node:net';
import { RefusedError } from '../../core/errors.ts';
import type { ControlAccess } from './control-access.ts';
import type { HttpRequest, Route } from '../http/http.ts';

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
  /** As in `http://127.0.0.1:4000`. */
  readonly origin: string;
  /** Further host names that callers use. */
  readonly names: readonly string[];
}

/**
 * Guards routes for programs of this user and callers with the token. Refuses whatever a browser sends for a page;
 * changes must be JSON, which an HTML form cannot send.
 */
export function guardControl(
  routes: readonly Route[],
  address: () => ListenAddress,
  access: Pick<ControlAccess, 'allows'>,
): readonly Route[] {
  return guard(routes, async (request) => {
    refuseWebPages(request, address());
    if (!(await access.allows(request, address().host))) {
      throw refused('Only the user who runs the emulator, or a caller with its token, can use the control API.');
    }
  });
}

/** Guards routes that have no data and need no token: they are not for web pages either. */
export function guardOpenControl(routes: readonly Route[], address: () => ListenAddress): readonly Route[] {
  return guard(routes, (request) => refuseWebPages(request, address()));
}

function refuseWebPages(request: HttpRequest, address: ListenAddress): void {
  requireOwnHost(request, address);
  const { origin, referer, 'sec-fetch-site': site, 'content-type': contentType } = request.headers;
  if (origin !== undefined) throw refused('The control API refuses requests with an Origin header.');
  if (referer !== undefined) throw refused('The control API refuses requests with a Referer header.');
  if (site !== undefined && site !== 'none') throw refused('The control API refuses requests from web pages.');
  if (request.method !== 'GET' && !/^application\/json\s*(;|$)/i.test(contentType ?? '')) {
    throw refused('Changes through the control API need Content-Type: application/json.');
  }
}

/** Guards pages: links may come from anywhere, forms only from the emulator's own pages. */
export function guardPages(routes: readonly Route[], address: () => ListenAddress): readonly Route[] {
  return guard(routes, (request) => {
    requireOwnHost(request, address());
    if (request.method === 'GET') return;
    const { origin, 'sec-fetch-site': site } = request.headers;
    if (origin !== undefined && !ownOrigins(address()).includes(origin)) {
      throw refused('This form was sent from another origin.');
    }
    if (site !== undefined && site !== 'same-origin' && site !== 'none') {
      throw refused('This form was sent from another site.');
    }
  });
}

function guard(routes: readonly Route[], check: (request: HttpRequest) => Promise<void> | void): readonly Route[] {
  return routes.map((route) => ({
    ...route,
    async handle(request, parameters) {
      await check(request);
      return route.handle(request, parameters);
    },
  }));
}

function requireOwnHost(request: HttpRequest, address: ListenAddress): void {
  const host = request.headers.host ?? '';
  if (ownHosts(address).includes(host.toLowerCase())) return;
  // When bound to all addresses, accepts any IP address as Host, but no name: anybody can make a name point here.
  const isWildcard = isWildcardHost(address.host);
  const literal = /^\[?([^\]]+?)\]?:(\d+)$/.exec(host);
  if (isWildcard && literal !== null && isIP(literal[1] ?? '') !== 0 && literal[2] === String(address.port)) return;
  throw refused('The Host header does not match the address that the emulator listens on.');
}

export function isWildcardHost(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}

/** Clients leave the port out if it is the scheme's own. */
function ownHosts({ origin, port, names }: ListenAddress): readonly string[] {
  const hosts = [origin.slice(origin.indexOf('//') + 2), ...['localhost', ...names].map((name) => `${name}:${port}`)];
  const isDefaultPort = port === (origin.startsWith('https:') ? 443 : 80);
  return isDefaultPort ? [...hosts, ...hosts.map((host) => host.replace(/:\d+$/, ''))] : hosts;
}

function ownOrigins(address: ListenAddress): readonly string[] {
  const scheme = address.origin.slice(0, address.origin.indexOf('//') + 2);
  return ownHosts(address).map((host) => scheme + host);
}

function refused(message: string): RefusedError {
  return new RefusedError('caller-not-allowed', message, { hint: 'rolecall emulator --help' });
}
