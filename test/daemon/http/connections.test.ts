// Which users the surfaces serve, and how many connections: other users, crowds of idle connections, and the shares of other surfaces.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo, NetConnectOpts, Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { createConnectionRules, type ConnectionRules } from '../../../src/daemon/http/connection-rules.ts';
import { guardConnections } from '../../../src/daemon/http/connections.ts';
import { routes } from '../../../src/local-api/routes.ts';
import { createEtags } from '../../../src/daemon/http/etags.ts';
import { createSurface, type Handlers } from '../../../src/daemon/http/surface.ts';
import type { IssuedGrantDocument } from '../../../src/local-api/schemas.ts';
import { createEmulatedHome, type EmulatedHome } from '../../helpers/emulated-home.ts';
import { createFakeClock } from '../../helpers/fake-clock.ts';
import { createSignedInRig, SESSION, type Rig } from '../../helpers/rig.ts';
import { canBeSomebodyElse, runAsSomebodyElse } from '../../helpers/somebody-else.ts';
import { waitFor } from '../../helpers/wait-for.ts';
import { exchange, formatRequest, openSocket } from '../raw-http.ts';

const ROLE = { session: SESSION, accountId: '111111111111', permissionSet: 'Admin-AF-Permission-Set' };
const CREDENTIALS = { query: { session: SESSION, account: ROLE.accountId, role: ROLE.permissionSet } };
const MAIN = fileURLToPath(new URL('../../../dist/daemon/main.js', import.meta.url));

/** Opens idle connections, and counts those that the other side closed without an answer. */
async function openIdle(target: NetConnectOpts, count: number): Promise<{ closed(): number; end(): void }> {
  const sockets = Array.from({ length: count }, () =>
    openSocket(target)
      .on('error', () => undefined)
      .resume(),
  );
  await Promise.all(
    sockets.map((socket) => new Promise<void>((resolve) => socket.once('connect', resolve).once('close', resolve))),
  );
  return {
    closed: () => sockets.filter(({ closed, bytesRead }) => closed && bytesRead === 0).length,
    end: () => {
      for (const socket of sockets) socket.destroy();
    },
  };
}

describe('the rules', () => {
  test.each([64, 96, 256, 1024, 4096, 20_000, 1_048_576])(
    'leave descriptors unused at a limit of %d',
    (descriptorLimit) => {
      const { socket, container, web } = createConnectionRules({ userId: 0, descriptorLimit });
      const taken = socket.maxServed + container.maxServed + container.maxUnchecked + web.maxServed + web.maxUnchecked;
      expect(descriptorLimit - taken).toBeGreaterThanOrEqual(Math.min(40, descriptorLimit / 4));
      expect(Math.min(socket.maxServed, container.maxServed, web.maxServed)).toBeGreaterThanOrEqual(4);
      expect([socket, container, web].map(({ headersDeadlineMs }) => headersDeadlineMs)).toEqual([5000, 5000, 5000]);
    },
  );

  test('allow hundreds of callers at a low limit, and thousands at a usual one', () => {
    const limits = (descriptorLimit: number) => {
      const { socket, container, web } = createConnectionRules({ userId: 0, descriptorLimit });
      return [socket.maxServed, container.maxServed, container.maxUnchecked, web.maxServed, web.maxUnchecked];
    };
    expect(limits(1024)).toEqual([288, 192, 96, 96, 96]);
    expect(limits(524_288)).toEqual([4096, 2048, 1024, 512, 1024]);
  });

  test('serve one browser on the port of a sign-in, and look at as many connections as on the page', () => {
    const limits = (descriptorLimit: number) => {
      const { callback, web } = createConnectionRules({ userId: 0, descriptorLimit });
      expect(callback.maxUnchecked).toBe(web.maxUnchecked);
      return [callback.maxServed, callback.maxUnchecked];
    };
    expect(limits(64)).toEqual([4, 4]);
    expect(limits(1024)).toEqual([16, 96]);
    // Measured: with 64, two programs of another user that open 200 at a time reset every second browser that comes back.
    expect(limits(524_288)).toEqual([16, 1024]);
  });

  test('check the user on the loopback ports, not on the unix socket', () => {
    const { socket, container, web } = createConnectionRules({ userId: 0, descriptorLimit: 1024 });
    expect([socket.peerCheck, container.peerCheck, web.peerCheck]).toEqual([
      undefined,
      expect.any(Function),
      expect.any(Function),
    ]);
  });
});

describe('a guarded server', () => {
  const REQUEST = formatRequest({
    method: 'POST',
    headers: [
      ['Host', 'localhost'],
      ['Content-Length', '100000'],
    ],
    body: 'x'.repeat(100_000),
  });
  let server: Server | undefined;
  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
  });

  async function listen(rules: Partial<ConnectionRules>) {
    const clock = createFakeClock();
    const seen: string[] = [];
    const log: string[] = [];
    const accepted: Socket[] = [];
    const created = createServer((request, response) => {
      let length = 0;
      request.on('data', (chunk: Buffer) => (length += chunk.length));
      request.on('end', () => {
        seen.push(`${request.method} ${length}`);
        response.end('served');
      });
    });
    created.on('clientError', (_error, socket) => {
      seen.push('bytes that are not HTTP');
      socket.destroy();
    });
    const connections = guardConnections(created, {
      rules: { maxServed: 100, maxUnchecked: 100, headersDeadlineMs: 5000, ...rules },
      refuse: (socket) => socket.end('too many'),
      name: 'web',
      clock,
      log: (level, message) => void log.push(`${level} ${message}`),
    });
    created.on('connection', (socket: Socket) => void accepted.push(socket));
    server = created;
    await new Promise<void>((resolve) => created.listen(0, '127.0.0.1', resolve));
    const target = { host: '127.0.0.1', port: (created.address() as AddressInfo).port };
    return { target, seen, log, clock, accepted, connections };
  }

  test('parses no byte before the user is known, and loses none of them', async () => {
    const verdicts: ((isServed: boolean) => void)[] = [];
    const { target, seen } = await listen({
      peerCheck: () => new Promise((resolve) => void verdicts.push(resolve)),
    });
    const served = exchange(target, REQUEST);
    await waitFor('the first check', () => verdicts.length === 1);
    const dropped = exchange(target, 'no HTTP at all\r\n\r\n');
    await waitFor('the second check', () => verdicts.length === 2);
    expect(seen).toEqual([]);
    verdicts[1]?.(false);
    expect((await dropped).text).toBe('');
    expect(seen).toEqual([]);
    verdicts[0]?.(true);
    expect((await served).text).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*served/);
    expect(seen).toEqual(['POST 100000']);
  });

  test('drops connections beyond what it can check at once', async () => {
    const verdicts: ((isServed: boolean) => void)[] = [];
    const { target } = await listen({
      maxUnchecked: 2,
      peerCheck: () => new Promise((resolve) => void verdicts.push(resolve)),
    });
    const idle = await openIdle(target, 5);
    await waitFor('three to be dropped', () => idle.closed() === 3);
    expect(verdicts).toHaveLength(2);
    idle.end();
  });

  test('logs at most one line a minute, with the number of dropped connections', async () => {
    const { target, log, clock } = await listen({ peerCheck: async () => false });
    const dropOne = async () => expect((await exchange(target, REQUEST)).text).toBe('');
    await dropOne();
    await dropOne();
    await dropOne();
    expect(log).toEqual([
      'warn web: dropped 1 connection(s) from other users or from processes that had already ended',
    ]);
    await clock.advance(60_000);
    await dropOne();
    expect(log.slice(1)).toEqual([
      'warn web: dropped 3 connection(s) from other users or from processes that had already ended',
    ]);
  });

  test('closes the oldest idle connection for a new one', async () => {
    const { target, accepted } = await listen({ maxServed: 2 });
    const first = await openIdle(target, 1);
    const second = await openIdle(target, 1);
    await waitFor('both to be accepted', () => accepted.length === 2);
    const third = await openIdle(target, 1);
    await waitFor('the first to be closed', () => first.closed() === 1);
    expect([second.closed(), third.closed()]).toEqual([0, 0]);
    for (const idle of [first, second, third]) idle.end();
  });

  test('reads what has arrived before it gives up on silent connections', async () => {
    const { target, accepted, connections } = await listen({});
    const silent = await openIdle(target, 1);
    const late = openSocket(target);
    await once(late, 'connect');
    await waitFor('both to be accepted', () => accepted.length === 2);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const answered = connections.answered();
      let text = '';
      late.setEncoding('utf8').on('data', (part: string) => (text += part));
      late.write('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
      // As after a process that was suspended: the time is up, and no socket has been read.
      vi.advanceTimersByTime(2000);
      const ended = once(late, 'close');
      const isOver = answered.then(() => 'given up');
      expect(await Promise.race([isOver, ended.then(() => 'answered')])).toBe('answered');
      expect(text).toContain('served');
      // The other one gets the whole grace period again, and no more.
      vi.advanceTimersByTime(2000);
      expect(await isOver).toBe('given up');
    } finally {
      vi.useRealTimers();
      silent.end();
    }
  });
});

test('closes a connection that does not send complete headers in time', async () => {
  const surface = createSurface({
    surface: 'socket',
    guard: () => undefined,
    handlers: {} as Handlers,
    loadRoutes: async () => routes,
    etags: createEtags('test'),
    connectionRules: { ...createConnectionRules({ userId: 0, descriptorLimit: 1024 }).socket, headersDeadlineMs: 30 },
    clock: createFakeClock(),
    log: () => undefined,
  });
  const { server } = surface;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const target = { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
  for (const bytes of ['', 'GET / HTTP/1.1\r\nHost: local']) {
    expect(await exchange(target, bytes)).toMatchObject({ status: 400, body: expect.stringContaining('in time') });
  }
  surface.close();
});

describe('a daemon', () => {
  /** Gives each surface four connections, the minimum. */
  const LIMIT = 64;
  const IDLE = 12;
  let rig: Rig;
  let grant: IssuedGrantDocument;
  let web: { readonly port: number; readonly token: string };
  let targets: { readonly socket: NetConnectOpts; readonly web: NetConnectOpts; readonly container: NetConnectOpts };
  beforeAll(async () => {
    rig = await createSignedInRig({ descriptorLimit: LIMIT });
    grant = await rig.client.call('createGrant', { body: ROLE });
    web = JSON.parse(readFileSync(rig.paths.webAddressFile, 'utf8')) as typeof web;
    targets = {
      socket: { path: rig.paths.socketPath },
      web: { host: '127.0.0.1', port: web.port },
      container: { host: '127.0.0.1', port: Number(new URL(grant.url).port) },
    };
  });
  afterAll(() => rig.remove());

  /** A request with valid credentials for each port. */
  const requests = () => [
    {
      port: Number(new URL(grant.url).port),
      bytes: formatRequest({
        target: new URL(grant.url).pathname,
        headers: [
          ['Host', new URL(grant.url).host],
          ['Authorization', grant.token],
        ],
      }),
    },
    {
      port: web.port,
      bytes: formatRequest({
        headers: [
          ['Host', `localhost:${web.port}`],
          ['Authorization', `Bearer ${web.token}`],
        ],
      }),
    },
  ];
  const askPorts = () =>
    Promise.all(requests().map(async ({ port, bytes }) => (await exchange({ host: '127.0.0.1', port }, bytes)).status));

  test.each(['socket', 'web', 'container'] as const)(
    'answers on every surface while %s is full of idle connections',
    async (surface) => {
      const idle = await openIdle(targets[surface], IDLE);
      await waitFor('the oldest to be closed', () => idle.closed() >= IDLE - 4);
      expect(await rig.client.call('status', {})).toMatchObject({ sessions: [{ session: SESSION }] });
      expect(await rig.client.call('credentials', CREDENTIALS)).toMatchObject({ Version: 1 });
      // A port drops connections while it checks as many users as it can.
      await waitFor('both ports to answer', async () => (await askPorts()).every((status) => status === 200));
      idle.end();
    },
  );

  test('answers too-many-connections while all are in use, and serves again once one ends', async () => {
    const streams = Array.from({ length: 4 }, () => openSocket(targets.socket).on('error', () => undefined));
    await Promise.all(
      streams.map(async (stream) => {
        const begun = new Promise((resolve) => stream.once('data', resolve));
        stream.write('GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n');
        await begun;
      }),
    );
    await expect(rig.client.call('status', {})).rejects.toMatchObject({
      errorClass: 'UnavailableError',
      code: 'too-many-connections',
      hint: 'rolecall daemon restart',
    });
    expect(await askPorts()).toEqual([200, 200]);
    streams[0]?.destroy();
    await waitFor('a free place', async () => rig.client.call('status', {}));
    for (const stream of streams) stream.destroy();
  });

  test.skipIf(!canBeSomebodyElse)(
    'gives another user no answer at its loopback ports, even with the right path and token, and does nothing',
    async () => {
      const script = `
        const net = require('net');
        const wishes = JSON.parse(process.argv[1]);
        const send = ({ port, bytes, hangsUp }, host) => new Promise((resolve) => {
          let text = '';
          const socket = net.connect(port, host);
          socket.on('data', (chunk) => (text += chunk)).on('error', () => undefined).on('close', () => resolve(text));
          socket.write(bytes, () => { if (hangsUp) socket.end(); });
        });
        (async () => {
          const answers = [];
          for (const wish of wishes) for (const host of ['127.0.0.1', '::ffff:127.0.0.1', '::1']) answers.push(await send(wish, host));
          console.log(JSON.stringify(answers));
        })();`;
      const body = JSON.stringify({ force: true });
      const signIn = formatRequest({
        method: 'POST',
        target: `/v1/sessions/${SESSION}/sign-in`,
        headers: [
          ['Host', `localhost:${web.port}`],
          ['Authorization', `Bearer ${web.token}`],
          ['Content-Type', 'application/json'],
          ['Content-Length', String(body.length)],
        ],
        body,
      });
      const before = rig.emulator.countCalls('StartDeviceAuthorization');
      const wishes = [...requests(), { port: web.port, bytes: signIn, hangsUp: true }];
      const answers = JSON.parse(await runAsSomebodyElse(script, [JSON.stringify(wishes)])) as unknown;
      expect(answers).toEqual(Array.from({ length: 9 }, () => ''));
      // The same bytes sent by our own user afterwards are served.
      expect(await askPorts()).toEqual([200, 200]);
      expect(rig.emulator.countCalls('StartDeviceAuthorization')).toBe(before);
      expect(rig.logLines.filter((line) => line.includes('other users')).map((line) => line.split(':')[0])).toEqual(
        expect.arrayContaining(['warn container', 'warn web']),
      );
      expect((await exchange(targets.web, signIn)).status).toBe(202);
      expect(rig.emulator.countCalls('StartDeviceAuthorization')).toBe(before + 1);
    },
  );
});

describe('a daemon with few descriptors', () => {
  let world: EmulatedHome;
  beforeAll(async () => {
    world = await createEmulatedHome({ ROLECALL_SECRET_STORE: 'memory' });
  });
  afterAll(() => world.remove());

  test('signs in, answers status and issues credentials with more idle connections than its limit', async () => {
    const { client, environment, paths } = world;
    const daemon = spawn('/bin/sh', ['-c', 'ulimit -n 96; exec "$0" "$1"', process.execPath, MAIN], {
      env: environment,
      stdio: 'ignore',
    });
    const ended = new Promise((resolve) => daemon.once('exit', resolve));
    try {
      await waitFor('the daemon', () => client.call('status', {}));
      const crowds = [await openIdle({ path: paths.socketPath }, 150)];
      const { port } = JSON.parse(readFileSync(paths.webAddressFile, 'utf8')) as { port: number };
      crowds.push(await openIdle({ host: '127.0.0.1', port }, 150));
      await client.call('startSignIn', { session: SESSION, body: {} });
      await waitFor('the sign-in', async () => {
        const signIn = await client.call('signIn', { session: SESSION });
        return signIn?.state === 'live' || signIn?.state === 'approved';
      });
      expect(await client.call('credentials', CREDENTIALS)).toMatchObject({ Version: 1 });
      expect(await client.call('status', {})).toMatchObject({ pid: daemon.pid, sessions: [{ state: 'live' }] });
      await client.call('stop', {});
      await ended;
      expect(daemon.exitCode).toBe(0);
      for (const crowd of crowds) crowd.end();
    } finally {
      daemon.kill('SIGKILL');
      await ended;
    }
  });
});
