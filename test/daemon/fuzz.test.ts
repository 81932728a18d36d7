// Broken connections and fuzzed requests to the three surfaces and the emulator.
import { readFileSync } from 'node:fs';
import type { NetConnectOpts, Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { routes, type Route } from '../../src/local-api/routes.ts';
import type { IssuedGrantDocument } from '../../src/local-api/schemas.ts';
import { createRandom } from '../helpers/seeded-random.ts';
import { createSignedInRig, SESSION, type Rig } from '../helpers/rig.ts';
import { openSocket } from './raw-http.ts';

/** The long run: `ROLECALL_FUZZ_REQUESTS=20000 npx vitest run test/daemon/fuzz.test.ts`. */
const REQUEST_COUNT = Number(process.env['ROLECALL_FUZZ_REQUESTS'] ?? 400);
/** A failure names it; the same seed sends the same bytes. */
const SEED = Number(process.env['ROLECALL_FUZZ_SEED'] ?? 1);
const CONCURRENT = 16;
/** Sixty-four times the default count may take this long. */
const TIMEOUT_MS = 30_000 + REQUEST_COUNT * 25;

interface Listener {
  readonly name: string;
  readonly address: NetConnectOpts;
  readonly host: string;
  readonly authorization: string | undefined;
  readonly paths: readonly string[];
}

let rig: Rig;
let grant: IssuedGrantDocument;
let listeners: readonly Listener[];
let secrets: readonly string[];
let uncaught: unknown[];
const onUncaught = (error: unknown) => void uncaught.push(error);

beforeAll(async () => {
  rig = await createSignedInRig();
  grant = await rig.client.call('createGrant', {
    body: { session: SESSION, accountId: '111111111111', permissionSet: 'Admin-AF-Permission-Set' },
  });
  const web = JSON.parse(readFileSync(rig.paths.webAddressFile, 'utf8')) as { port: number; token: string };
  const container = new URL(grant.url);
  secrets = [web.token, grant.token, container.pathname.slice('/container/'.length)];
  const loopback = (url: URL): NetConnectOpts => ({ host: url.hostname, port: Number(url.port) });
  listeners = [
    {
      name: 'socket',
      address: { path: rig.paths.socketPath },
      host: 'localhost',
      authorization: undefined,
      paths: pathsOf('socket'),
    },
    {
      name: 'web',
      address: { host: '127.0.0.1', port: web.port },
      host: `localhost:${web.port}`,
      authorization: `Bearer ${web.token}`,
      paths: ['/', '/page.js', ...pathsOf('web')],
    },
    {
      name: 'container',
      address: loopback(container),
      host: container.host,
      authorization: grant.token,
      paths: [container.pathname, ...pathsOf('container')],
    },
    {
      name: 'emulator',
      address: loopback(new URL(rig.emulator.url)),
      host: new URL(rig.emulator.url).host,
      authorization: undefined,
      paths: ['/token', '/device_authorization', '/client/register', '/assignment/accounts', '/device', '/start'],
    },
  ];
  process.on('uncaughtException', onUncaught);
  process.on('unhandledRejection', onUncaught);
});
afterAll(async () => {
  process.off('uncaughtException', onUncaught);
  process.off('unhandledRejection', onUncaught);
  await rig.remove();
});
beforeEach(() => {
  uncaught = [];
});

/** Every path of a surface but the one that ends the daemon; parameters are filled in when a request is made. */
function pathsOf(surface: 'socket' | 'web' | 'container'): string[] {
  return (Object.values(routes) as Route[])
    .filter((route) => route !== routes.stop && route.surfaces.includes(surface))
    .map(({ path }) => path);
}

async function expectUnharmed(context: string): Promise<void> {
  // An error of a connection that was just cut comes a few turns later.
  for (let turn = 0; turn < 20; turn += 1) await nextTurn();
  expect(uncaught, context).toEqual([]);
  expect(await rig.client.call('status', {}), context).toMatchObject({ sessions: [{ session: SESSION }] });
  const [, web] = listeners as [Listener, Listener];
  const page = await fetch(`http://${web.host}/v1/status`, { headers: { authorization: web.authorization ?? '' } });
  const keys = await fetch(grant.url, { headers: { authorization: grant.token } });
  const device = await fetch(`${rig.emulator.url}/device`);
  expect([page.status, keys.status, device.status], context).toEqual([200, 200, 200]);
  await Promise.all([page, keys, device].map((answer) => answer.text()));
  const log = rig.logLines.join('\n');
  expect(
    rig.logLines.filter((line) => line.startsWith('error')),
    context,
  ).toEqual([]);
  for (const secret of secrets) expect(log, context).not.toContain(secret);
}

/** Breaks the connection: a reset over TCP, a broken pipe on a unix socket. */
function breakOff(socket: Socket, { address }: Listener): void {
  if ('path' in address) socket.destroy();
  else socket.resetAndDestroy();
}

test.each(['socket', 'web', 'container', 'emulator'])(
  '%s keeps serving after a CONNECT that is reset at once',
  async (name) => {
    const listener = listeners.find((one) => one.name === name) as Listener;
    for (let turns = 0; turns < 6; turns += 1) {
      const socket = openSocket(listener.address).on('error', () => undefined);
      const closed = new Promise((resolve) => socket.once('close', resolve));
      await new Promise((resolve) => socket.once('connect', resolve));
      socket.write(`CONNECT evil.example:443 HTTP/1.1\r\nHost: ${listener.host}\r\n\r\n${'x'.repeat(100)}`);
      for (let turn = 0; turn < turns; turn += 1) await nextTurn();
      breakOff(socket, listener);
      await closed;
    }
    await expectUnharmed(name);
  },
);

/** Whole numbers from 0 up to `below`. */
function createDice(seed: number): Random {
  const random = createRandom(seed);
  return (below) => Math.floor(random() * below);
}

type Random = (below: number) => number;
const pick = <T>(random: Random, from: readonly T[]): T => from[random(from.length)] as T;

const WORDS = ['', 'x', '..', '%00', '%zz', '%c2%85', 'é', '"', '__proto__', '\u0001', ' ', 'a'.repeat(300), '0', '{}'];
const METHODS = ['GET', 'GET', 'GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS', 'PATCH', 'PROPFIND', 'M-SEARCH'];
const BODIES = [
  '',
  '{}',
  '[]',
  'null',
  '"x"',
  '{',
  '{"__proto__":{}}',
  '{"force":1}',
  '\u0000',
  'a=b',
  '9'.repeat(70_000),
];
const HEADERS = [
  'Accept: text/plain',
  'Content-Type: text/plain',
  'Origin: null',
  'Sec-Fetch-Site: cross-site',
  'Prefer: wait=',
  'Last-Event-ID: \u00ff',
  'Transfer-Encoding: gzip',
  'If-None-Match: *',
  'Range: bytes=0-1',
  'Cookie: a=b',
  `X-Long: ${'y'.repeat(9000)}`,
  'X Bad: 1',
];

/** A request that is whole: it says how long it is, and that the connection ends with its answer. */
function makeRequest(random: Random, listener: Listener, more: readonly string[] = []): string {
  const template = random(6) === 0 ? `/${pick(random, WORDS)}/${pick(random, WORDS)}` : pick(random, listener.paths);
  const path = template.replaceAll(/:[a-zA-Z]+/g, () => pick(random, WORDS));
  const query = random(3) === 0 ? `?session=${pick(random, WORDS)}&${pick(random, WORDS)}=1` : '';
  const body = random(2) === 0 ? pick(random, BODIES) : '';
  const lines = [
    ...(random(12) === 0 ? [] : [`Host: ${random(12) === 0 ? pick(random, WORDS) : listener.host}`]),
    ...(random(3) === 0 || listener.authorization === undefined ? [] : [`Authorization: ${listener.authorization}`]),
    ...(random(2) === 0 ? [pick(random, HEADERS)] : []),
    ...(body === '' ? [] : ['Content-Type: application/json', `Content-Length: ${Buffer.byteLength(body)}`]),
    ...more,
    'Connection: close',
  ];
  return `${pick(random, METHODS)} ${path}${query} HTTP/1.${random(2)}\r\n${lines.join('\r\n')}\r\n\r\n${body}`;
}

/** The start of a TLS 1.2 ClientHello, followed by noise. */
function makeTlsHello(random: Random): Buffer {
  const noise = Buffer.from(Array.from({ length: 200 }, () => random(256)));
  return Buffer.concat([Buffer.from([0x16, 0x03, 0x01, 0x00, 0xc8, 0x01, 0x00, 0x00, 0xc4, 0x03, 0x03]), noise]);
}

const SHAPES: readonly ((random: Random, listener: Listener) => string | Buffer)[] = [
  (random, listener) => makeRequest(random, listener),
  (random, listener) => makeRequest(random, listener) + makeRequest(random, listener),
  (random, listener) => makeRequest(random, listener, ['Expect: 100-continue']),
  (random, listener) => makeRequest(random, listener, ['Expect: the unexpected']),
  (random, listener) => makeRequest(random, listener, ['Upgrade: websocket', 'Connection: Upgrade']),
  (random, listener) => makeRequest(random, listener, ['Transfer-Encoding: chunked']),
  (_random, { host }) => `CONNECT ${host} HTTP/1.1\r\nHost: ${host}\r\n\r\nmore`,
  (random, { host }) =>
    `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\nCONNECT ${pick(random, WORDS)} HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
  makeTlsHello,
  (random) => Buffer.from(Array.from({ length: 100 }, () => random(256))),
];

/** Sends the bytes up to a random one, breaks off a few turns later, and gives what came back until then. */
async function sendBroken(random: Random, listener: Listener): Promise<string> {
  const bytes = Buffer.from(pick(random, SHAPES)(random, listener) as string);
  const cutAt = random(bytes.length + 1);
  const waitsForAnswer = random(4) === 0;
  const turns = random(5);
  const socket = openSocket(listener.address).on('error', () => undefined);
  const answer = collect(socket);
  await new Promise<void>((resolve) => socket.once('connect', () => resolve()).once('close', () => resolve()));
  socket.write(bytes.subarray(0, cutAt));
  if (waitsForAnswer) socket.once('data', () => breakOff(socket, listener));
  for (let turn = 0; turn < (waitsForAnswer ? 20 : turns); turn += 1) await nextTurn();
  breakOff(socket, listener);
  return answer;
}

/** Sends a complete request and resolves the complete answer. */
function sendWhole(random: Random, listener: Listener): Promise<string> {
  const request = makeRequest(random, listener);
  const socket = openSocket(listener.address).on('error', () => undefined);
  const answer = collect(socket);
  // An event stream never ends by itself.
  if (request.includes(routes.events.path)) socket.once('data', () => breakOff(socket, listener));
  socket.write(request, 'latin1');
  return answer;
}

function collect(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('timeout', () => reject(new Error(`no end of the answer: ${Buffer.concat(chunks).toString()}`)));
    socket.on('close', () => resolve(Buffer.concat(chunks).toString()));
  });
}

test(
  'fuzzed requests, complete or cut off, cause no exception and no 500, and reveal no secret',
  { timeout: TIMEOUT_MS },
  async () => {
    const statuses = new Map<string, number>();
    let sent = 0;
    async function sendNext(): Promise<void> {
      while (sent < REQUEST_COUNT && uncaught.length === 0) {
        sent += 1;
        const number = sent;
        const listener = listeners[number % listeners.length] as Listener;
        // Each has its own generator, so that what is sent does not depend on who is answered first.
        const own = createDice(SEED * 1_000_003 + number);
        const answer = await (own(2) === 0 ? sendBroken(own, listener) : sendWhole(own, listener));
        const context = `seed ${SEED}, request ${number} to ${listener.name}: ${answer}`;
        for (const [, status = ''] of answer.matchAll(/^HTTP\/1\.1 (\d+)/gm)) {
          statuses.set(status, (statuses.get(status) ?? 0) + 1);
          expect(status, context).not.toBe('500');
        }
        for (const secret of secrets) expect(answer, context).not.toContain(secret);
      }
    }
    await Promise.all(Array.from({ length: CONCURRENT }, sendNext));
    await expectUnharmed(`seed ${SEED}`);
    // It proves nothing unless requests got past the guards, and were refused by them.
    expect([...statuses.keys()]).toEqual(expect.arrayContaining(['200', '400', '401', '403', '404', '405']));
  },
);
