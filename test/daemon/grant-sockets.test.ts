// The unix socket of one grant: its guard over a real socket, its files, and when it ends.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createGrantSockets } from '../../src/daemon/credentials/grant-sockets.ts';
import { createConnectionRules } from '../../src/daemon/http/connection-rules.ts';
import type { IssuedGrantDocument } from '../../src/local-api/schemas.ts';
import { createRig, createSignedInRig, SESSION, type Rig } from '../helpers/rig.ts';
import { createTemporaryHome } from '../helpers/temporary-home.ts';
import { waitFor } from '../helpers/wait-for.ts';
import { exchange, formatRequest, openSocket, type RawAnswer, type RawRequest } from './raw-http.ts';

type Header = readonly [name: string, value: string];

const ADMIN = { session: SESSION, accountId: '111111111111', permissionSet: 'Admin-AF-Permission-Set' };
const READ_ONLY = { session: SESSION, accountId: '222222222222', permissionSet: 'ReadOnly' };

let rig: Rig;
let grant: IssuedGrantDocument;
beforeAll(async () => {
  // No keeper, so that grants of the port are lost at a restart.
  rig = await createRig({ losesPort: true });
});
beforeEach(async () => {
  // At once when the session is live.
  expect(await rig.runCli(['login', '--no-wait'])).toMatchObject({ exitCode: 0 });
  for (const { id } of (await rig.client.call('grants', {})).grants) await rig.client.call('revokeGrant', { id });
  grant = await createSocketGrant();
  // So that a busy machine gives no answer for "not yet", with which SDKs ask again.
  for (const { session, accountId: account, permissionSet: role } of [ADMIN, READ_ONLY]) {
    await rig.client.call('credentials', { query: { session, account, role } });
  }
});
afterAll(() => rig.remove());

const createSocketGrant = (wish: object = {}) =>
  rig.client.call('createGrant', { body: { ...ADMIN, socket: true, purpose: 'ssh build-host', ...wish } });
const pathOf = (of = grant) => of.socketPath ?? '';
const ask = (request: RawRequest, of = grant): Promise<RawAnswer> =>
  exchange({ path: pathOf(of) }, formatRequest({ target: '/role', ...request }));
const rightHeaders = (of = grant): Header[] => [
  ['Host', '127.0.0.1:40000'],
  ['Authorization', of.token],
];
const replaced = (name: string, ...values: string[]): Header[] => [
  ...values.map((value): Header => [name, value]),
  ...rightHeaders().filter(([present]) => present !== name),
];
const socketsFolder = () => join(dirname(rig.paths.socketPath), 'grants');

async function expectRefused(request: RawRequest, status: number, code: string, of = grant): Promise<void> {
  const answer = await ask(request, of);
  expect({ status: answer.status, ...(JSON.parse(answer.body) as object) }).toMatchObject({ status, Code: code });
  expect(answer.headers).toMatchObject({ 'cache-control': 'no-store', 'content-type': 'application/json' });
  expect(answer.text).not.toContain(grant.token);
  expect(answer.text).not.toContain('ASIA');
}

/** Refused by the kernel: nobody listens. */
const expectGone = (of = grant) =>
  expect(ask({ headers: rightHeaders(of) }, of)).rejects.toMatchObject({
    code: expect.stringMatching(/^(ENOENT|ECONNREFUSED)$/),
  });

const SDK_HOSTS = ['127.0.0.1', 'localhost', '[::1]', '169.254.170.2', '169.254.170.23', '[fd00:ec2::23]'];

test('serves its role under each Host that SDKs send a token to, with and without a port', async () => {
  for (const host of SDK_HOSTS.flatMap((name) => [name, `${name}:40000`])) {
    const answer = await ask({ headers: replaced('Host', host) });
    expect({ status: answer.status, body: JSON.parse(answer.body) as unknown }).toEqual({
      status: 200,
      body: {
        AccessKeyId: expect.stringMatching(/^ASIA/),
        SecretAccessKey: expect.any(String),
        Token: expect.any(String),
        Expiration: expect.stringMatching(/Z$/),
        AccountId: '111111111111',
      },
    });
  }
});

const NOT_ALLOWED: readonly [clause: string, headers: () => readonly Header[]][] = [
  ['another Host', () => replaced('Host', 'evil.example')],
  ['another address', () => replaced('Host', '10.0.0.1')],
  ['an address with more behind it', () => replaced('Host', '127.0.0.1.evil.example')],
  ['an address with more before it', () => replaced('Host', 'evil.127.0.0.1')],
  ['a port that is none', () => replaced('Host', '127.0.0.1:1@evil')],
  ['no Host', () => replaced('Host')],
  ['two Hosts', () => replaced('Host', '127.0.0.1', 'evil.example')],
  ['an Origin', () => [...rightHeaders(), ['Origin', 'http://evil.example']]],
  ['its own address as Origin', () => [...rightHeaders(), ['Origin', 'http://127.0.0.1:40000']]],
  ['the null Origin', () => [...rightHeaders(), ['Origin', 'null']]],
  ['a Referer', () => [...rightHeaders(), ['Referer', 'http://127.0.0.1:40000/']]],
  ['another site', () => [...rightHeaders(), ['Sec-Fetch-Site', 'cross-site']]],
  ['another port of this machine', () => [...rightHeaders(), ['Sec-Fetch-Site', 'same-site']]],
  ['a service worker', () => [...rightHeaders(), ['Service-Worker', 'script']]],
];

test.each(NOT_ALLOWED)('refuses %s, for every path and method', async (_, headers) => {
  for (const request of [{}, { target: '/v1/status' }, { target: '/%zz' }, { method: 'POST' }]) {
    await expectRefused({ ...request, headers: headers() }, 403, 'caller-not-allowed');
  }
});

test('refuses a whole URL as request target', () =>
  expectRefused({ target: 'http://127.0.0.1/role', headers: rightHeaders() }, 403, 'caller-not-allowed'));

const NO_TOKEN: readonly [clause: string, headers: () => readonly Header[]][] = [
  ['no token', () => replaced('Authorization')],
  ['an empty token', () => replaced('Authorization', '')],
  ['a wrong token', () => replaced('Authorization', `${grant.token.slice(0, -1)}_`)],
  ['the beginning of the token', () => replaced('Authorization', grant.token.slice(0, -1))],
  ['a scheme in front of it', () => replaced('Authorization', `Bearer ${grant.token}`)],
  ['two tokens', () => replaced('Authorization', grant.token, grant.token)],
];

test.each(NO_TOKEN)('refuses %s', async (_, headers) => {
  for (const method of ['GET', 'POST', 'OPTIONS']) {
    await expectRefused({ method, headers: headers() }, 401, 'token-required');
  }
});

test('has no other path, method or body', async () => {
  for (const target of ['/', '/role/', '/role?x=1', '/role#x', '//role', '/container/x', '/v1/status', '/v1/grants']) {
    await expectRefused({ target, headers: rightHeaders() }, 401, 'token-required');
  }
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
    const answer = await ask({ method, headers: rightHeaders() });
    expect({ status: answer.status, allow: answer.headers['allow'] }).toEqual({ status: 405, allow: 'GET' });
  }
  await expectRefused({ headers: [...rightHeaders(), ['Content-Length', '70000']] }, 413, 'request-too-large');
  expect(await exchange({ path: pathOf() }, 'hello\r\n\r\n')).toMatchObject({ status: 400 });
});

test('answers one refused request of a connection, and closes it', async () => {
  const wrong = formatRequest({ target: '/role', headers: replaced('Authorization', 'x') }).replace(
    /^Connection.*\r\n/mu,
    '',
  );
  const { status, text } = await exchange({ path: pathOf() }, wrong.repeat(5));
  expect({ status, answers: text.split('HTTP/1.1 ').length - 1 }).toEqual({ status: 401, answers: 1 });
});

describe('a socket grant', () => {
  test('is for itself alone: not at the port, not on the socket of another, and no port grant on it', async () => {
    const other = await createSocketGrant(READ_ONLY);
    const ofPort = await rig.client.call('createGrant', { body: ADMIN });
    await expectRefused({ headers: rightHeaders(other) }, 401, 'token-required');
    await expectRefused({ headers: rightHeaders(ofPort) }, 401, 'token-required');
    const port = { host: '127.0.0.1', port: Number(new URL(ofPort.url).port) };
    for (const target of ['/role', new URL(ofPort.url).pathname]) {
      const headers = replaced('Host', new URL(ofPort.url).host);
      expect(await exchange(port, formatRequest({ target, headers }))).toMatchObject({ status: 401 });
    }
    expect((await ask({ headers: rightHeaders(other) }, other)).status).toBe(200);
  });

  test('is listed with its purpose', async () => {
    await rig.client.call('createGrant', { body: ADMIN });
    expect(grant).toMatchObject({ socket: true, purpose: 'ssh build-host', url: 'http://127.0.0.1/role' });
    expect((await rig.client.call('grants', {})).grants.map(({ socket, purpose }) => [socket, purpose])).toEqual([
      [true, 'ssh build-host'],
      [false, null],
    ]);
    await rig.client.call('revokeGrant', { id: grant.id });
  });

  test('is in the audit log with its purpose', async () => {
    // The log of the other rig is already busy, and combines events.
    const own = await createSignedInRig();
    try {
      await own.client.call('createGrant', { body: { ...ADMIN, socket: true, purpose: 'ssh build-host' } });
      await waitFor('the line in the log', async () =>
        (await own.runCli(['log', '--json'])).stdout.includes('"purpose":"ssh build-host"'),
      );
      expect((await own.runCli(['log'])).stdout).toMatch(/grant .*ssh build-host/);
    } finally {
      await own.remove();
    }
  });

  test.each([
    ['a control character', 'ssh \u001b[31m'],
    ['no words', ''],
    ['129 characters', 'x'.repeat(129)],
  ])('is refused a purpose with %s', (_, purpose) =>
    expect(createSocketGrant({ purpose })).rejects.toMatchObject({ code: 'invalid-request' }),
  );

  test('lies in folders of mode 0700, as a socket of mode 0600', () => {
    const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);
    expect([pathOf(), dirname(pathOf()), socketsFolder()].map(modeOf)).toEqual(['600', '700', '700']);
    expect(pathOf()).toBe(join(socketsFolder(), grant.id, 'role.sock'));
  });

  test.each([
    ['revoked', () => rig.client.call('revokeGrant', { id: grant.id })],
    ['of a session that was signed out', () => rig.client.call('signOut', { session: SESSION })],
  ])('that is %s is gone with its socket, its folder and its connections', async (_, end) => {
    const idle = openSocket({ path: pathOf() });
    let received = '';
    idle.on('data', (data) => (received += data.toString()));
    const closed = new Promise((resolve) => idle.on('close', resolve));
    idle.write(`GET /role HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: ${grant.token}\r\n\r\n`);
    await waitFor('the answer', () => received.includes('ASIA'));
    await end();
    await closed;
    await expectGone();
    expect(readdirSync(socketsFolder())).toEqual([]);
  });

  test('ends with the process that it is bound to', async () => {
    const child = spawn('sleep', ['60'], { stdio: 'ignore' });
    const ended = new Promise((resolve) => child.on('exit', resolve));
    const bound = await createSocketGrant({ processId: child.pid ?? 0 });
    expect((await ask({ headers: rightHeaders(bound) }, bound)).status).toBe(200);
    child.kill('SIGKILL');
    await ended;
    await expectRefused({ headers: rightHeaders(bound) }, 401, 'token-required', bound);
  });

  test('survives a restart in the same folder, although nobody kept the port', async () => {
    const folder = statSync(dirname(pathOf())).ino;
    await rig.daemon().stop();
    await expectGone();
    await rig.restartDaemon();
    expect((await rig.client.call('grants', {})).grants.map(({ id }) => id)).toEqual([grant.id]);
    expect(statSync(dirname(pathOf())).ino).toBe(folder);
    // Tokens are in memory in this rig, so the answer is about the sign-in, and no longer about the grant.
    await expectRefused({ headers: rightHeaders() }, 401, 'sign-in-required');
    await expectRefused({ headers: replaced('Authorization', 'x') }, 401, 'token-required');
  });

  test('leaves nothing behind: a start removes the sockets of grants that have ended', async () => {
    await rig.daemon().stop();
    const stray = join(socketsFolder(), '0123456789abcdef', 'role.sock');
    const kept = join(socketsFolder(), 'not-a-grant', 'role.sock');
    for (const path of [stray, kept]) {
      mkdirSync(dirname(path), { mode: 0o700 });
      writeFileSync(path, '');
    }
    await rig.restartDaemon();
    expect([stray, dirname(stray), kept, pathOf()].map((path) => existsSync(path))).toEqual([false, false, true, true]);
  });

  test('is refused with a reason while its place is taken', async () => {
    await rig.client.call('revokeGrant', { id: grant.id });
    const folder = socketsFolder();
    rmSync(folder, { recursive: true });
    writeFileSync(folder, '');
    await expect(createSocketGrant()).rejects.toMatchObject({ code: 'file-not-writable' });
    expect(await rig.client.call('grants', {})).toEqual({ grants: [] });
    rmSync(folder);
  });

  test('does not close connections of others when its own are all in use', async () => {
    const other = await createSocketGrant(READ_ONLY);
    const open = await Promise.all(
      Array.from({ length: 40 }, async () => {
        const socket = openSocket({ path: pathOf() });
        socket.on('error', () => undefined);
        await new Promise((resolve) => socket.once('connect', resolve));
        socket.write('GET /role HTTP/1.1\r\n');
        return socket;
      }),
    );
    expect((await ask({ headers: rightHeaders(other) }, other)).status).toBe(200);
    await rig.client.call('status', {});
    for (const socket of open) socket.destroy();
    expect((await ask({ headers: rightHeaders() })).status).toBe(200);
  });
});

test('a socket whose file was deleted is bound again, and one that cannot be is a problem in the status', async () => {
  const home = createTemporaryHome();
  const problems: string[] = [];
  const one = { id: '0123456789abcdef', role: 'current', createdAtMs: 0, expiresAtMs: 1, hasSocket: true } as const;
  const sockets = createGrantSockets({
    socketPath: join(home.path, 'daemon.sock'),
    userId: process.getuid?.() ?? -1,
    grants: { list: () => [one], findOfSocket: () => undefined },
    problems: {
      raise: (_, { message }) => void problems.push(message),
      clear: () => void problems.splice(0),
    },
    issuer: { issue: () => Promise.reject(new Error('nobody is admitted')), peek: () => undefined },
    findCallerProgram: async () => undefined,
    connectionRules: createConnectionRules({ userId: 0, descriptorLimit: 1024 }).grantSocket,
    clock: { nowMs: () => 0 },
    log: () => undefined,
  });
  try {
    const path = sockets.pathOf(one.id);
    await sockets.restore();
    rmSync(dirname(path), { recursive: true });
    writeFileSync(dirname(path), '');
    await sockets.restore();
    expect(problems).toEqual([expect.stringContaining(dirname(path))]);
    rmSync(dirname(path));
    await sockets.restore();
    expect(problems).toEqual([]);
    expect(await exchange({ path }, formatRequest({ headers: [['Host', '127.0.0.1']] }))).toMatchObject({
      status: 401,
    });
    await sockets.drain();
    sockets.close();
  } finally {
    await home.remove();
  }
});
