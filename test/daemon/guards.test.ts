// Each check of the guards, refused over a real socket by both surfaces for every kind of request.
import { readFileSync } from 'node:fs';
import type { NetConnectOpts } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { routes, type Route } from '../../src/local-api/routes.ts';
import { hasIpv6 } from '../helpers/lasting-port.ts';
import { createRig, SESSION, type Rig } from '../helpers/rig.ts';
import { exchange, formatRequest, openSocket, type RawAnswer, type RawRequest } from './raw-http.ts';

type SurfaceName = 'socket' | 'web';
type Header = readonly [name: string, value: string];

let rig: Rig;
let port = 0;
let token = '';

beforeAll(async () => {
  rig = await createRig();
  ({ port, token } = JSON.parse(readFileSync(rig.paths.webAddressFile, 'utf8')) as { port: number; token: string });
});
afterAll(() => rig.remove());

const hostOf = (surface: SurfaceName) => (surface === 'socket' ? 'localhost' : `localhost:${port}`);
const targetOf = (surface: SurfaceName): NetConnectOpts =>
  surface === 'socket' ? { path: rig.paths.socketPath } : { host: '127.0.0.1', port };

/** The headers of a valid request to the surface. */
function rightHeaders(surface: SurfaceName): Header[] {
  const host: Header = ['Host', hostOf(surface)];
  return surface === 'socket' ? [host] : [host, ['Authorization', `Bearer ${token}`]];
}

const without = (headers: readonly Header[], name: string) =>
  headers.filter(([present]) => present.toLowerCase() !== name.toLowerCase());

/** The valid headers with one replaced by one or more values. */
const replaced = (surface: SurfaceName, name: string, ...values: string[]): Header[] => [
  ...values.map((value): Header => [name, value]),
  ...without(rightHeaders(surface), name),
];

const ask = (surface: SurfaceName, request: RawRequest): Promise<RawAnswer> =>
  exchange(targetOf(surface), formatRequest(request));

const SECURITY_HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const;

/** A word that no message contains: no answer may repeat it from the request. */
const CANARY = 'xyzzycanary';

function expectSafe(answer: RawAnswer): void {
  expect(answer.headers).toMatchObject(SECURITY_HEADERS);
  const names = Object.keys(answer.headers);
  expect(names.filter((name) => name.startsWith('access-control-') || name === 'set-cookie')).toEqual([]);
  expect(answer.text.toLowerCase()).not.toContain(CANARY);
  expect(answer.text).not.toContain(token);
}

function expectRefused(answer: RawAnswer, status: number, code: string): void {
  expectSafe(answer);
  expect({
    status: answer.status,
    type: answer.headers['content-type'],
    body: JSON.parse(answer.body) as unknown,
  }).toEqual({
    status,
    type: expect.stringMatching(/^application\/json(;|$)/),
    body: { code, message: expect.stringMatching(/^[A-Z"][^\n]*\.$/), hint: expect.stringMatching(/^rolecall /) },
  });
}

/** Kinds of requests, which the guard has to treat alike. */
const ADDRESSEES: readonly (RawRequest & { readonly what: string })[] = [
  { what: 'a known route', target: '/v1/status' },
  { what: 'an unknown route', target: `/v1/${CANARY}` },
  { what: 'a known path with another method', method: 'PATCH', target: '/v1/status' },
  { what: 'a method that no route has', method: 'PROPFIND', target: '/v1/status' },
  { what: 'a path that cannot be decoded', target: `/%zz${CANARY}` },
  { what: 'the root with a query', target: '/?x' },
  { what: 'credentials', target: '/v1/credentials?session=s&account=111111111111&role=r' },
  { what: 'a preflight', method: 'OPTIONS', target: '/v1/status' },
];

/** Requests that need no token, but have to pass all other checks. */
const OPEN: readonly (RawRequest & { readonly what: string })[] = [
  { what: 'the page', target: '/' },
  { what: 'its script', target: '/page.js' },
  { what: 'its style', target: '/page.css' },
  { what: 'the exchange of a code', method: 'POST', target: '/v1/web-token' },
];

const OWN = 'OWN';
const PORTX = 'PORTX';
/** `OWN` is the surface's own host, `PORTX` another port, and `PORTOWN` that of the web surface. */
const fill = (text: string, surface: SurfaceName) =>
  text
    .replaceAll('PORTOWN', String(port))
    .replaceAll(OWN, hostOf(surface))
    .replaceAll(PORTX, String(port === 65_535 ? port - 1 : port + 1));

interface Clause {
  readonly what: string;
  readonly on?: SurfaceName;
  readonly headers: (surface: SurfaceName) => readonly Header[];
  readonly version?: '1.0';
}

const host = (what: string, value: string, on?: SurfaceName): Clause => ({
  what: `Host ${what}`,
  headers: (surface) => replaced(surface, 'Host', fill(value, surface)),
  ...(on === undefined ? {} : { on }),
});
const extra = (what: string, name: string, ...values: string[]): Clause => ({
  what: `${name} ${what}`,
  headers: (surface) => [...rightHeaders(surface), ...values.map((value): Header => [name, fill(value, surface)])],
});

const CALLER_CLAUSES: readonly Clause[] = [
  host('of a rebound name', 'evil.example'),
  host('of a rebound name with our port', `evil.example:PORTX`),
  host('localhost with the port', `localhost:PORTX`),
  host('localhost with a port', 'localhost:80', 'socket'),
  host('in capitals', 'LOCALHOST', 'socket'),
  host('with a dot at its end', 'localhost.', 'socket'),
  host('of the loopback address', '127.0.0.1', 'socket'),
  host('without the port', 'localhost', 'web'),
  host('of the loopback address with our port', '127.0.0.1:PORTOWN', 'web'),
  host('of IPv6 with our port', '[::1]:PORTOWN', 'web'),
  host('of a name below localhost', 'rolecall.localhost:PORTOWN', 'web'),
  host('in capitals with our port', 'LOCALHOST:PORTOWN', 'web'),
  host('with a dot before our port', 'localhost.:PORTOWN', 'web'),
  host('of another loopback address', '127.0.0.2:PORTX', 'web'),
  host('of IPv6', '[::1]:PORTX', 'web'),
  host('with user info', `x@OWN`),
  host('that only begins like ours', `OWN.evil.example`),
  host('that is empty', ''),
  { what: 'no Host', headers: (surface) => without(rightHeaders(surface), 'Host') },
  { what: 'no Host in HTTP/1.0', version: '1.0', headers: (surface) => without(rightHeaders(surface), 'Host') },
  { what: 'two Hosts, ours first', headers: (surface) => replaced(surface, 'Host', hostOf(surface), 'evil.example') },
  { what: 'two Hosts, ours last', headers: (surface) => replaced(surface, 'Host', 'evil.example', hostOf(surface)) },
  { what: 'our Host twice', headers: (surface) => replaced(surface, 'Host', hostOf(surface), hostOf(surface)) },

  extra('of a page', 'Origin', 'https://evil.example'),
  extra('of another port', 'Origin', 'http://localhost:PORTX'),
  extra('null', 'Origin', 'null'),
  extra('that is empty', 'Origin', ''),
  extra('of ours by https', 'Origin', 'https://OWN'),
  extra('of ours by its address', 'Origin', 'http://127.0.0.1:PORTOWN'),
  extra('of ours by its IPv6 address', 'Origin', 'http://[::1]:PORTOWN'),
  extra('of a name below ours', 'Origin', 'http://x.localhost:PORTOWN'),
  extra('of ours with a slash', 'Origin', 'http://OWN/'),
  extra('twice, ours first', 'Origin', 'http://OWN', 'https://evil.example'),
  extra('of two in one', 'Origin', 'http://OWN, https://evil.example'),
  extra('of an extension', 'Origin', 'chrome-extension://abcdefgh'),
  extra('on the socket, even of ours', 'Origin', 'http://localhost'),
  {
    what: 'Origin of a page behind 2,000 headers',
    headers: (surface) => [
      ...rightHeaders(surface),
      ...Array.from({ length: 2000 }, (): Header => ['x', '']),
      ['Origin', 'https://evil.example'],
    ],
  },

  extra('of a page', 'Referer', 'https://evil.example/page'),
  extra('of another port', 'Referer', 'http://localhost:PORTX/'),
  extra('of ours by its address', 'Referer', 'http://127.0.0.1:PORTOWN/'),
  extra('of a longer port', 'Referer', 'http://OWN0/'),
  extra('of a name that begins like ours', 'Referer', 'http://OWN.evil.example/'),
  extra('with ours as user info', 'Referer', 'http://OWN@evil.example/'),
  extra('of ours by https', 'Referer', 'https://OWN/'),
  extra('twice, ours first', 'Referer', 'http://OWN/', 'https://evil.example/'),

  extra('cross-site', 'Sec-Fetch-Site', 'cross-site'),
  extra('same-site', 'Sec-Fetch-Site', 'same-site'),
  extra('that is empty', 'Sec-Fetch-Site', ''),
  extra('in capitals', 'Sec-Fetch-Site', 'SAME-ORIGIN'),
  extra('twice, ours first', 'Sec-Fetch-Site', 'same-origin', 'cross-site'),

  extra('of a script', 'Service-Worker', 'script'),
  extra('that is empty', 'Service-Worker', ''),
];

const SURFACES = ['socket', 'web'] as const;
const cases = (clauses: readonly Clause[]) =>
  clauses.flatMap((clause) =>
    SURFACES.filter((surface) => clause.on === undefined || clause.on === surface).map((surface) => ({
      ...clause,
      surface,
    })),
  );

describe('a foreign caller', () => {
  test.each(cases(CALLER_CLAUSES))('$surface refuses $what', async ({ surface, headers, version }) => {
    for (const { what, ...addressee } of [...ADDRESSEES, ...OPEN]) {
      const answer = await ask(surface, {
        ...addressee,
        headers: [...headers(surface), ['X-Note', CANARY]],
        ...(version === undefined ? {} : { version }),
      });
      expect.soft({ what, status: answer.status }).toEqual({ what, status: 403 });
      expectRefused(answer, 403, 'caller-not-allowed');
    }
  });

  test.skipIf(!hasIpv6)('web refuses all of these on ::1 too', async () => {
    const send = (headers: readonly Header[], version?: '1.0') =>
      exchange({ host: '::1', port }, formatRequest({ headers, ...(version === undefined ? {} : { version }) }));
    expect((await send(rightHeaders('web'))).status).toBe(200);
    for (const { what, headers, version } of CALLER_CLAUSES.filter(({ on }) => on !== 'socket')) {
      const answer = await send(headers('web'), version);
      expect.soft({ what, status: answer.status }).toEqual({ what, status: 403 });
      expectRefused(answer, 403, 'caller-not-allowed');
    }
  });

  test.each(SURFACES)('%s refuses a target that names a host, with any Host header', async (surface) => {
    for (const target of ['http://evil.example/v1/status', `http://${hostOf(surface)}/v1/status`, '*']) {
      const answer = await ask(surface, {
        method: target === '*' ? 'OPTIONS' : 'GET',
        target,
        headers: rightHeaders(surface),
      });
      expectRefused(answer, 403, 'caller-not-allowed');
    }
  });

  test.each(SURFACES)('%s is not a proxy', async (surface) => {
    const answer = await ask(surface, {
      method: 'CONNECT',
      target: 'evil.example:443',
      headers: rightHeaders(surface),
    });
    expectRefused(answer, 403, 'caller-not-allowed');
  });
});

const wrongTokens = (): readonly (readonly [what: string, ...headers: Header[]])[] => {
  const other = token.startsWith('A') ? `B${token.slice(1)}` : `A${token.slice(1)}`;
  return [
    ['none'],
    ['an empty one', ['Authorization', '']],
    ['the scheme alone', ['Authorization', 'Bearer']],
    ['another one', ['Authorization', `Bearer ${other}`]],
    ['a part of it', ['Authorization', `Bearer ${token.slice(0, -1)}`]],
    ['more than it', ['Authorization', `Bearer ${token}x`]],
    ['no scheme', ['Authorization', token]],
    ['another scheme', ['Authorization', `Basic ${token}`]],
    ['the scheme in small letters', ['Authorization', `bearer ${token}`]],
    ['two spaces', ['Authorization', `Bearer  ${token}`]],
    ['ours twice', ['Authorization', `Bearer ${token}`], ['Authorization', `Bearer ${token}`]],
    ['ours and another', ['Authorization', `Bearer ${token}`], ['Authorization', 'Bearer x']],
    ['ours in another header', ['X-Token', `Bearer ${token}`]],
    ['ours as a cookie', ['Cookie', `token=${token}`]],
  ];
};

describe('the token of the web surface', () => {
  test.each(ADDRESSEES)('is required for $what', async ({ what: _what, ...addressee }) => {
    for (const [what, ...headers] of wrongTokens()) {
      const answer = await ask('web', { ...addressee, headers: [['Host', hostOf('web')], ...headers] });
      expect.soft({ what, status: answer.status }).toEqual({ what, status: 401 });
      expectRefused(answer, 401, 'token-required');
    }
  });

  test('is required for paths that only look like those without a token', async () => {
    const near: readonly (readonly [method: string, target: string])[] = [
      ['HEAD', '/'],
      ['POST', '/'],
      ['OPTIONS', '/'],
      ['GET', '//'],
      ['GET', '/?'],
      ['GET', '/page.js?x'],
      ['GET', '/page.js/'],
      ['GET', '/page.html'],
      ['GET', '/PAGE.JS'],
      ['GET', '/%70age.js'],
      ['GET', '/./page.js'],
      ['GET', '/tsconfig.json'],
      ['GET', '/documents.d.ts'],
      ['GET', '/page.js/../v1/status'],
      ['GET', '/..%2f..%2fpackage.json'],
      ['GET', '/favicon.ico'],
      ['POST', '/page.js'],
      ['GET', '/v1/web-token'],
      ['PUT', '/v1/web-token'],
      ['POST', '/v1/web-token?'],
      ['POST', '/v1/web-token/'],
      ['POST', '/v1/web-code'],
      ['POST', '/v1/sessions/web-token/sign-out'],
    ];
    for (const [method, target] of near) {
      const answer = await ask('web', { method, target, headers: [['Host', hostOf('web')]] });
      expect.soft({ method, target, status: answer.status }).toEqual({ method, target, status: 401 });
    }
  });

  test('is not read from the query', async () => {
    const target = `/v1/status?token=${token}&access_token=${token}`;
    expectRefused(await ask('web', { target, headers: [['Host', hostOf('web')]] }), 401, 'token-required');
  });

  test('is not required on the socket, which its file mode protects', async () => {
    expect((await ask('socket', { headers: [['Host', 'localhost']] })).status).toBe(200);
  });
});

describe('a valid request', () => {
  test.each([
    ['socket', []],
    ['socket', [['Sec-Fetch-Site', 'none']]],
    ['web', []],
    ['web', [['Origin', 'http://OWN']]],
    ['web', [['Referer', 'http://OWN']]],
    ['web', [['Referer', 'http://OWN/page?query']]],
    ['web', [['Sec-Fetch-Site', 'same-origin']]],
    ['web', [['Sec-Fetch-Site', 'none']]],
  ] as const)('is served on %s with %j', async (surface, headers) => {
    const answer = await ask(surface, {
      headers: [...rightHeaders(surface), ...headers.map(([name, value]): Header => [name, fill(value, surface)])],
    });
    expectSafe(answer);
    expect({ status: answer.status, type: answer.headers['content-type'] }).toEqual({
      status: 200,
      type: expect.stringMatching(/^application\/json(;|$)/),
    });
  });

  test('is served on the socket over HTTP/1.0 too, if it has a Host', async () => {
    expect((await ask('socket', { version: '1.0', headers: [['Host', 'localhost']] })).status).toBe(200);
  });

  test.each(SURFACES)('gets 404 on %s for an unknown route, 405 for another method', async (surface) => {
    const headers = rightHeaders(surface);
    for (const target of [
      `/v1/${CANARY}`,
      '/page.html',
      '/v1/status/',
      '/V1/status',
      '//v1/status',
      '/v1/../v1/status',
      '/v1/sessions/a/b/sign-in',
      '/v1/openapi.json/..%2fcredentials',
    ]) {
      expectRefused(await ask(surface, { target, headers }), 404, 'route-not-found');
    }
    for (const method of ['HEAD', 'OPTIONS', 'TRACE', 'PATCH', 'DELETE', 'POST', 'PUT']) {
      const answer = await ask(surface, { method, headers, target: '/v1/status' });
      expect.soft({ method, status: answer.status, allow: answer.headers['allow'] }).toEqual({
        method,
        status: 405,
        allow: 'GET',
      });
      expectSafe(answer);
    }
    for (const target of [`/%zz${CANARY}`, `/v1/sessions/${CANARY.repeat(400)}/sign-in`]) {
      expectRefused(await ask(surface, { target, headers }), 400, 'invalid-request');
    }
  });

  test('gets the page only on the web, and only with GET', async () => {
    expectRefused(await ask('socket', { target: '/', headers: rightHeaders('socket') }), 404, 'route-not-found');
    const answer = await ask('web', { method: 'POST', target: '/', headers: rightHeaders('web') });
    expectRefused(answer, 405, 'route-not-found');
    expect(answer.headers['allow']).toBe('GET');
  });

  test('gets no route of the socket on the web: 401 without a token, 404 with one', async () => {
    const targets = ['/v1/credentials?session=s&account=111111111111&role=r', '/v1/credentials/current'];
    for (const target of targets) {
      expectRefused(await ask('web', { target, headers: [['Host', hostOf('web')]] }), 401, 'token-required');
      expectRefused(await ask('web', { target, headers: rightHeaders('web') }), 404, 'route-not-found');
    }
    const stop = { method: 'POST', target: '/v1/daemon/stop' };
    expectRefused(await ask('web', { ...stop, headers: [['Host', hostOf('web')]] }), 401, 'token-required');
    expectRefused(await ask('web', { ...stop, headers: rightHeaders('web') }), 404, 'route-not-found');
  });

  test('may have an Expect header that the daemon does not know', async () => {
    const answer = await ask('socket', { headers: [...rightHeaders('socket'), ['Expect', CANARY]] });
    expectSafe(answer);
    expect(answer.status).toBe(200);
    expectRefused(
      await ask('web', {
        headers: [
          ['Host', 'x'],
          ['Expect', CANARY],
        ],
      }),
      403,
      'caller-not-allowed',
    );
  });

  test('may ask for an upgrade, and gets a plain HTTP answer', async () => {
    const upgrade: Header[] = [
      ['Connection', 'Upgrade'],
      ['Upgrade', 'websocket'],
    ];
    expect((await ask('socket', { headers: [...rightHeaders('socket'), ...upgrade] })).status).toBe(200);
    expectRefused(await ask('web', { headers: [['Host', hostOf('web')], ...upgrade] }), 401, 'token-required');
  });
});

describe('the order of refusals', () => {
  test('is Host, Origin, Referer, site, token, body, control characters', async () => {
    const faults: readonly { readonly header?: Header; readonly message: RegExp; readonly status: number }[] = [
      { header: ['Host', 'evil.example'], message: /another host/, status: 403 },
      { header: ['Origin', 'https://evil.example'], message: /comes from another origin/, status: 403 },
      { header: ['Referer', 'https://evil.example/'], message: /a page of another origin/, status: 403 },
      { header: ['Sec-Fetch-Site', 'cross-site'], message: /another site/, status: 403 },
      { header: ['Authorization', 'Bearer wrong'], message: /bearer token/, status: 401 },
      { header: ['Content-Length', '65537'], message: /larger than 64 KiB/, status: 413 },
      { message: /control character/, status: 400 },
    ];
    for (const surface of SURFACES) {
      for (const [index, { message, status }] of faults.entries()) {
        if (surface === 'socket' && status === 401) continue;
        const wrong = faults.slice(index).flatMap(({ header }) => (header === undefined ? [] : [header]));
        const right = rightHeaders(surface).filter(([name]) => !wrong.some(([other]) => other === name));
        const answer = await ask(surface, { method: 'POST', target: '/v1/%00', headers: [...right, ...wrong] });
        expect.soft({ surface, body: answer.body }).toEqual({ surface, body: expect.stringMatching(message) });
        expect(answer.status).toBe(status);
      }
    }
  });
});

const BIG = 64 * 1024 + 1;
const chunked = (size: number) => `${size.toString(16)}\r\n${'x'.repeat(size)}\r\n0\r\n\r\n`;

describe('a body over the limit', () => {
  test.each(SURFACES)('is refused by %s by its length, for every path, before it is read', async (surface) => {
    for (const { what, ...addressee } of ADDRESSEES) {
      const answer = await ask(surface, {
        ...addressee,
        method: 'POST',
        headers: [...rightHeaders(surface), ['Content-Type', 'application/json'], ['Content-Length', String(BIG)]],
      });
      expect.soft({ what, status: answer.status }).toEqual({ what, status: 413 });
      expectRefused(answer, 413, 'request-too-large');
      expect(answer.body).toContain('larger than 64 KiB');
    }
  });

  test.each(SURFACES)('is refused by %s when it comes in chunks', async (surface) => {
    for (const target of [`/v1/sessions/${SESSION}/sign-in`, '/v1/sessions/x/sign-in']) {
      const answer = await ask(surface, {
        method: 'POST',
        target,
        headers: [...rightHeaders(surface), ['Content-Type', 'application/json'], ['Transfer-Encoding', 'chunked']],
        body: chunked(BIG),
      });
      expectRefused(answer, 413, 'request-too-large');
      expect(answer.body).toContain('larger than 64 KiB');
    }
    const unknown = await ask(surface, {
      method: 'POST',
      target: `/v1/${CANARY}`,
      headers: [...rightHeaders(surface), ['Content-Type', 'application/json'], ['Transfer-Encoding', 'chunked']],
      body: chunked(BIG),
    });
    expectSafe(unknown);
    expect([413, 404]).toContain(unknown.status);
  });

  test('is refused by the exchange of a code too, which needs no token', async () => {
    const headers: Header[] = [
      ['Host', hostOf('web')],
      ['Content-Type', 'application/json'],
    ];
    const exchange = { method: 'POST', target: '/v1/web-token' };
    const long = await ask('web', { ...exchange, headers: [...headers, ['Content-Length', String(BIG)]] });
    expectRefused(long, 413, 'request-too-large');
    expect(long.body).toContain('larger than 64 KiB');
    const inChunks: Header[] = [...headers, ['Transfer-Encoding', 'chunked']];
    expectRefused(await ask('web', { ...exchange, headers: inChunks, body: chunked(BIG) }), 413, 'request-too-large');
  });

  test.each(SURFACES)('is accepted by %s at exactly the limit', async (surface) => {
    const body = JSON.stringify({ force: false }).padEnd(BIG - 1);
    const answer = await ask(surface, {
      method: 'POST',
      target: '/v1/sessions/unknown/sign-in',
      headers: [...rightHeaders(surface), ['Content-Type', 'application/json'], ['Content-Length', String(BIG - 1)]],
      body,
    });
    expectRefused(answer, 404, 'session-not-found');
  });
});

const CONTROLS = ['%00', '%0a', '%0D', '%09', '%1b', '%1F', '%7f', '%7F', '%c2%80', '%C2%9f', '%c2%85'] as const;
/** Those that Node's parser lets through: C1 as they stand in UTF-8 or Latin-1. */
const RAW_CONTROLS = ['\u0080', '\u009f', '\u00c2\u0085'] as const;

describe('control characters', () => {
  test.each(SURFACES)('are refused by %s in path and query, encoded or raw', async (surface) => {
    for (const control of [...CONTROLS, ...RAW_CONTROLS]) {
      for (const target of [
        `/v1/${CANARY}${control}`,
        `/v1/sessions/${CANARY}${control}/sign-in`,
        `/v1/accounts?session=${CANARY}${control}`,
        `/v1/accounts?${control}=${CANARY}`,
        `/v1/credentials?session=a${control}&account=111111111111&role=Admin`,
        `/v1/credentials?session=a&account=11111111111${control}&role=Admin`,
        `/%zz${control}`,
      ]) {
        const answer = await ask(surface, { target, headers: rightHeaders(surface) });
        expect.soft({ target, status: answer.status }).toEqual({ target, status: 400 });
        expectRefused(answer, 400, 'invalid-request');
      }
    }
  });

  test.each(SURFACES)('that break a line are invalid HTTP to %s, and answered as such', async (surface) => {
    for (const target of ['/v1/\u0000status', '/v1/sta\u001btus', '/v1/status\u007f', '/v1/\tstatus']) {
      const answer = await ask(surface, { target, headers: rightHeaders(surface) });
      expectRefused(answer, 400, 'invalid-request');
    }
  });

  test.each(SURFACES)('are refused by %s in what a body selects', async (surface) => {
    const role = { session: SESSION, accountId: '111111111111', permissionSet: 'Admin', profile: null };
    for (const control of ['\u0000', '\n', '\r', '\u001b', '\u007f', '\u0085', '\u009f']) {
      for (const wrong of [
        { ...role, session: `${CANARY}${control}` },
        { ...role, accountId: `11111111111${control}` },
        { ...role, permissionSet: `Admin${control}` },
        { ...role, profile: `${CANARY}${control}` },
      ]) {
        // As UTF-8, one byte a character.
        const body = Buffer.from(JSON.stringify(wrong)).toString('latin1');
        const answer = await ask(surface, {
          method: 'PUT',
          target: '/v1/current',
          headers: [
            ...rightHeaders(surface),
            ['Content-Type', 'application/json'],
            ['Content-Length', String(body.length)],
          ],
          body,
        });
        expectRefused(answer, 400, 'invalid-request');
      }
    }
  });
});

describe('bytes that are not a request', () => {
  const GARBAGE: readonly (readonly [what: string, bytes: string])[] = [
    ['words', `${CANARY}\r\n\r\n`],
    ['a method that is none', `${CANARY} /v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n`],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['HTTP/0.9', 'GET /v1/status\r\n\r\n'],
    ['TLS', '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003'],
    ['two lengths', 'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n'],
    [
      'length and chunks',
      'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
    ],
    ['a header without a name', `GET / HTTP/1.1\r\n: ${CANARY}\r\n\r\n`],
    ['a header with a zero byte', `GET / HTTP/1.1\r\nX: ${CANARY}\u0000\r\n\r\n`],
    ['a bare line feed in a header', `GET / HTTP/1.1\r\nX: a\rHost: localhost\r\n\r\n`],
    ['headers that are too long', `GET / HTTP/1.1\r\nX: ${CANARY.repeat(3000)}\r\n\r\n`],
    ['a chunk that is none', `POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${CANARY}\r\n`],
  ];

  test.each(SURFACES)('are answered by %s without repeating them, and the daemon survives', async (surface) => {
    for (const [what, bytes] of GARBAGE) {
      const answer = await exchange(targetOf(surface), Buffer.from(bytes, 'latin1'));
      expectSafe(answer);
      expect.soft({ what, refused: answer.status >= 400 && answer.status < 500 }).toEqual({ what, refused: true });
    }
    expect((await ask(surface, { headers: rightHeaders(surface) })).status).toBe(200);
  });

  test.each(SURFACES)('do no harm after a valid request on one connection of %s', async (surface) => {
    const good = `GET /v1/status HTTP/1.1\r\n${rightHeaders(surface)
      .map(([name, value]) => `${name}: ${value}\r\n`)
      .join('')}\r\n`;
    await exchange(targetOf(surface), `${good}${CANARY}\r\n\r\n`);
    expect((await ask(surface, { headers: rightHeaders(surface) })).status).toBe(200);
  });

  test.each(SURFACES)('do not keep a connection of %s open, even if the peer never closes it', async (surface) => {
    const socket = openSocket({ ...targetOf(surface), allowHalfOpen: true });
    const hungUp = new Promise((resolve) => socket.once('end', resolve));
    socket.resume().write('nothing that is HTTP\r\n\r\n');
    await hungUp;
    socket.destroy();
  });
});

describe('query and body', () => {
  const CREDENTIALS = 'session=my-sso-session&account=111111111111&role=Admin-AF-Permission-Set';

  test.each([
    ['an account twice', `/v1/credentials?${CREDENTIALS}&account=222222222222`],
    ['a session twice', `/v1/credentials?${CREDENTIALS}&session=other`],
    ['a field that no one knows', `/v1/credentials?${CREDENTIALS}&${CANARY}%20=1`],
    ['a field of JavaScript', `/v1/credentials?${CREDENTIALS}&__proto__=1&constructor=2`],
    ['11 digits', '/v1/credentials?session=s&account=11111111111&role=r'],
    ['13 digits', '/v1/credentials?session=s&account=1111111111111&role=r'],
    ['letters', '/v1/credentials?session=s&account=11111111111a&role=r'],
    ['digits of another script', '/v1/credentials?session=s&account=%D9%A1%D9%A1%D9%A1%D9%A1%D9%A1%D9%A1&role=r'],
    ['an account of spaces', '/v1/credentials?session=s&account=+11111111111&role=r'],
    ['no account', '/v1/credentials?session=s&role=r'],
    ['an empty account', '/v1/credentials?session=s&account=&role=r'],
    ['an empty session', '/v1/credentials?session=&account=111111111111&role=r'],
    ['an empty role', '/v1/credentials?session=s&account=111111111111&role='],
    ['a path for a role', '/v1/credentials?session=s&account=111111111111&role=..%2f..%2fetc'],
    ['33 characters of a role', `/v1/credentials?session=s&account=111111111111&role=${'r'.repeat(33)}`],
    ['257 characters of a session', `/v1/credentials?session=${'s'.repeat(257)}&account=111111111111&role=r`],
    ['a refresh that is neither', '/v1/accounts?refresh=maybe'],
    ['a refresh twice', '/v1/accounts?refresh=true&refresh=false'],
    ['no query at all', '/v1/credentials'],
  ])('%s is refused', async (_what, target) => {
    expectRefused(await ask('socket', { target, headers: rightHeaders('socket') }), 400, 'invalid-request');
  });

  test.each([
    ['GET', '/v1/status?verbose=true', 'This route has no parameter "verbose". It has none.'],
    ['GET', '/v1/events?since=1', 'This route has no parameter "since". It has none.'],
    ['POST', '/v1/lock?now=', 'This route has no parameter "now". It has none.'],
    ['GET', '/v1/accounts?sesion=x', 'This route has no parameter "sesion". It has "session", "refresh".'],
    ['GET', `/v1/accounts?<${CANARY}>=x`, 'This route has no such parameter. It has "session", "refresh".'],
    ['GET', `/v1/accounts?${CANARY.repeat(4)}=x`, 'This route has no such parameter. It has "session", "refresh".'],
    ['GET', '/v1/status?', undefined],
    ['GET', '/v1/accounts?refresh=false&refresh=false', 'The parameter "refresh" is repeated.'],
  ])('%s %s is refused if it has an unknown or repeated parameter', async (method, target, message) => {
    for (const surface of SURFACES) {
      const answer = await ask(surface, { method, target, headers: rightHeaders(surface) });
      expectSafe(answer);
      if (message === undefined) expect(answer.status).toBe(200);
      else {
        expect({ status: answer.status, body: JSON.parse(answer.body) as unknown }).toEqual({
          status: 400,
          body: { code: 'invalid-request', message, hint: 'rolecall --help' },
        });
      }
    }
  });

  test.each(['..%2f..%2fetc%2fpasswd', '%2e%2e', 'a%2fb', '%C3%A9', '%25%30%30'])(
    'a session called %s is not found',
    async (name) => {
      for (const surface of SURFACES) {
        const target = `/v1/sessions/${name}/sign-in`;
        expectRefused(await ask(surface, { target, headers: rightHeaders(surface) }), 404, 'session-not-found');
      }
    },
  );

  test('a session name of 256 percent-encoded characters is accepted', async () => {
    const target = `/v1/sessions/${encodeURIComponent('é'.repeat(256))}/sign-in`;
    expectRefused(await ask('socket', { target, headers: rightHeaders('socket') }), 404, 'session-not-found');
    const longer = `/v1/sessions/${'a'.repeat(257)}/sign-in`;
    expectRefused(await ask('socket', { target: longer, headers: rightHeaders('socket') }), 400, 'invalid-request');
  });

  test.each([
    ['no JSON', 'application/json', `{${CANARY}`],
    ['an empty body said to be JSON', 'application/json', ''],
    ['an array', 'application/json', '[]'],
    ['a word', 'application/json', '"force"'],
    ['a number for true', 'application/json', '{"force":1}'],
    ['a word for true', 'application/json', '{"force":"true"}'],
    ['a field that no one knows', 'application/json', `{"${CANARY}":true}`],
    ['a prototype', 'application/json', '{"__proto__":{"force":true}}'],
  ])('a sign-in with %s is refused', async (_what, type, body) => {
    for (const surface of SURFACES) {
      const answer = await ask(surface, {
        method: 'POST',
        target: `/v1/sessions/${SESSION}/sign-in`,
        headers: [
          ...rightHeaders(surface),
          ['Content-Type', type],
          ['Content-Length', String(Buffer.byteLength(body))],
        ],
        body,
      });
      expectRefused(answer, 400, 'invalid-request');
    }
  });

  test.each([
    ['plain text, which a page may send without asking', 'text/plain', '{"force":true}'],
    ['a form', 'application/x-www-form-urlencoded', 'force=true'],
    ['a type of its own', 'application/x-unknown', '{}'],
    ['JSON of another kind', 'application/merge-patch+json', '{}'],
    ['no type', undefined, '{}'],
  ])('a sign-in with %s is of an unsupported type', async (_what, type, body) => {
    for (const surface of SURFACES) {
      const answer = await ask(surface, {
        method: 'POST',
        target: `/v1/sessions/${SESSION}/sign-in`,
        headers: [
          ...rightHeaders(surface),
          ...(type === undefined ? [] : ([['Content-Type', type]] as const)),
          ['Content-Length', String(Buffer.byteLength(body))],
        ],
        body,
      });
      expectRefused(answer, 415, 'unsupported-media-type');
    }
  });

  test.each(['application/json', 'application/json; charset=utf-8', 'Application/JSON;charset=UTF-8'])(
    '%s is JSON',
    async (type) => {
      for (const surface of SURFACES) {
        const answer = await ask(surface, {
          method: 'POST',
          target: '/v1/sessions/unknown/sign-in',
          headers: [...rightHeaders(surface), ['Content-Type', type], ['Content-Length', '2']],
          body: '{}',
        });
        expectRefused(answer, 404, 'session-not-found');
      }
    },
  );

  const WITH_BODY = (Object.values(routes) as Route[])
    .filter(({ body }) => body !== undefined)
    .flatMap((route) => route.surfaces.map((surface) => ({ ...route, surface: surface as SurfaceName })));

  test.each(WITH_BODY)(
    '$method $path without a body on $surface is refused, unless the body is optional',
    async (route) => {
      const answer = await ask(route.surface, {
        method: route.method,
        target: route.path.replace(':session', SESSION),
        headers: [...rightHeaders(route.surface), ['Content-Length', '0']],
      });
      if (route.bodyIsOptional === true) {
        expect([route.successStatus, ...Object.values(route.statusOfState ?? {})]).toContain(answer.status);
      } else {
        expectRefused(answer, 400, 'invalid-request');
        expect(answer.body).toContain('The request body is missing.');
      }
    },
  );

  test('a sign-out ignores its body, but refuses types that a page may send to another origin', async () => {
    const signOut = (headers: readonly Header[], body = '') =>
      ask('web', {
        method: 'POST',
        target: '/v1/sessions/unknown/sign-out',
        headers: [...rightHeaders('web'), ...headers, ['Content-Length', String(body.length)]],
        body,
      });
    expectRefused(await signOut([]), 404, 'session-not-found');
    expectRefused(await signOut([['Content-Type', 'application/json']], '{}'), 404, 'session-not-found');
    expectRefused(await signOut([['Content-Type', 'text/plain']], '{}'), 415, 'unsupported-media-type');
  });

  test.each(['""', '0', 'false', '{}', '[]', '{"session":"s"}'])(
    'the current role is cleared by null, not by %s',
    async (body) => {
      const answer = await ask('socket', {
        method: 'PUT',
        target: '/v1/current',
        headers: [
          ...rightHeaders('socket'),
          ['Content-Type', 'application/json'],
          ['Content-Length', String(body.length)],
        ],
        body,
      });
      expectRefused(answer, 400, 'invalid-request');
      const empty = await ask('socket', { method: 'PUT', target: '/v1/current', headers: rightHeaders('socket') });
      expectRefused(empty, 400, 'invalid-request');
    },
  );
});

describe('an answer in plain text, for the sh client', () => {
  test('has the message and the command, and the same headers', async () => {
    const answer = await ask('socket', {
      target: `/v1/${CANARY}`,
      headers: [...rightHeaders('socket'), ['Accept', 'text/plain']],
    });
    expectSafe(answer);
    expect({ type: answer.headers['content-type'], body: answer.body }).toEqual({
      type: 'text/plain; charset=utf-8',
      body: 'This route does not exist. [route-not-found]\nRun: rolecall daemon restart\n',
    });
  });
});
