// Each check of the container surface's guard, refused over a real socket; and grants that have ended, belong to others or lost their port.
import { spawn } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { IssuedGrantDocument } from '../../src/local-api/schemas.ts';
import { createRig, SESSION, type Rig } from '../helpers/rig.ts';
import { waitFor } from '../helpers/wait-for.ts';
import { exchange, formatRequest, type RawAnswer, type RawRequest } from './raw-http.ts';

type Header = readonly [name: string, value: string];

const ADMIN = { session: SESSION, accountId: '111111111111', permissionSet: 'Admin-AF-Permission-Set' };

let rig: Rig;
let grant: IssuedGrantDocument;
beforeEach(async () => {
  rig = await createRig({
    hasLastingPort: true,
    passphraseCost: { N: 2 ** 10, r: 8, p: 1 },
    environment: { ROLECALL_SECRET_STORE: 'file', ROLECALL_PASSPHRASE: 'correct horse battery staple' },
  });
  expect(await rig.runCli(['login', '--no-wait'])).toMatchObject({ exitCode: 0 });
  grant = await rig.client.call('createGrant', { body: ADMIN });
});
afterEach(() => rig.remove());

const ask = (request: RawRequest, to = grant): Promise<RawAnswer> =>
  exchange({ host: '127.0.0.1', port: Number(new URL(to.url).port) }, formatRequest(request));
const pathOf = (to = grant) => new URL(to.url).pathname;
const hostOf = (to = grant) => new URL(to.url).host;
const rightHeaders = (to = grant): Header[] => [
  ['Host', hostOf(to)],
  ['Authorization', to.token],
];
/** The valid headers with one replaced by any number of values. */
const replaced = (name: string, ...values: string[]): Header[] => [
  ...values.map((value): Header => [name, value]),
  ...rightHeaders().filter(([present]) => present !== name),
];

/** Headers that every answer has, including refusals, and secrets that none has. */
function expectSafe(answer: RawAnswer): void {
  expect(answer.headers).toMatchObject({
    'cache-control': 'no-store',
    'content-type': 'application/json',
    'x-content-type-options': 'nosniff',
  });
  const names = Object.keys(answer.headers);
  expect(names.filter((name) => name.startsWith('access-control-') || name === 'set-cookie')).toEqual([]);
  for (const secret of [grant.token, pathOf().slice('/container/'.length)]) expect(answer.text).not.toContain(secret);
}

async function expectRefused(request: RawRequest, status: number, code: string, to = grant): Promise<void> {
  const answer = await ask(request, to);
  expectSafe(answer);
  expect({ status: answer.status, ...(JSON.parse(answer.body) as object) }).toMatchObject({
    status,
    code,
    Code: code,
    Message: expect.stringMatching(/\. Run: rolecall /),
  });
  expect(answer.body).not.toContain('ASIA');
}

test('answers a valid request, with and without the port in its Host', async () => {
  for (const host of [hostOf(), '127.0.0.1']) {
    const answer = await ask({ target: pathOf(), headers: replaced('Host', host) });
    expectSafe(answer);
    expect({ status: answer.status, body: JSON.parse(answer.body) as unknown }).toEqual({
      status: 200,
      body: {
        AccessKeyId: expect.stringMatching(/^ASIA/),
        SecretAccessKey: expect.any(String),
        Token: expect.any(String),
        Expiration: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
        AccountId: '111111111111',
      },
    });
  }
});

const NOT_ALLOWED: readonly [clause: string, headers: () => readonly Header[]][] = [
  ['another Host', () => replaced('Host', 'evil.example')],
  ['localhost', () => replaced('Host', `localhost:${new URL(grant.url).port}`)],
  ['another port', () => replaced('Host', '127.0.0.1:1')],
  ['no Host', () => replaced('Host')],
  ['two Hosts', () => replaced('Host', hostOf(), 'evil.example')],
  ['an Origin', () => [...rightHeaders(), ['Origin', 'http://evil.example']]],
  ['its own address as Origin', () => [...rightHeaders(), ['Origin', `http://${hostOf()}`]]],
  ['an Origin in capitals', () => [...rightHeaders(), ['ORIGIN', `http://${hostOf()}`]]],
  [
    'an Origin behind 2,000 headers',
    () => [
      ...rightHeaders(),
      ...Array.from({ length: 2000 }, (): Header => ['x', '']),
      ['Origin', 'http://evil.example'],
    ],
  ],
  ['the null Origin', () => [...rightHeaders(), ['Origin', 'null']]],
  ['a Referer', () => [...rightHeaders(), ['Referer', `http://${hostOf()}/`]]],
  ['another site', () => [...rightHeaders(), ['Sec-Fetch-Site', 'cross-site']]],
  ['another port of this machine', () => [...rightHeaders(), ['Sec-Fetch-Site', 'same-site']]],
];

describe('refuses for every path:', () => {
  test.each(NOT_ALLOWED)('%s', async (_, headers) => {
    for (const target of [pathOf(), '/container/unknown', '/v1/status', '/%zz']) {
      await expectRefused({ target, headers: headers() }, 403, 'caller-not-allowed');
    }
    await expectRefused({ method: 'POST', target: pathOf(), headers: headers() }, 403, 'caller-not-allowed');
  });
});

const NO_TOKEN: readonly [clause: string, headers: () => readonly Header[]][] = [
  ['no token', () => replaced('Authorization')],
  ['an empty token', () => replaced('Authorization', '')],
  ['a wrong token', () => replaced('Authorization', `${grant.token.slice(0, -1)}_`)],
  ['the beginning of the token', () => replaced('Authorization', grant.token.slice(0, -1))],
  ['a scheme in front of it', () => replaced('Authorization', `Bearer ${grant.token}`)],
  ['two tokens', () => replaced('Authorization', grant.token, grant.token)],
  ['a second token in capitals', () => [...rightHeaders(), ['AUTHORIZATION', 'x']]],
];

describe('needs the token of a grant:', () => {
  test.each(NO_TOKEN)('%s', async (_, headers) => {
    for (const method of ['GET', 'POST', 'OPTIONS']) {
      await expectRefused({ method, target: pathOf(), headers: headers() }, 401, 'token-required');
    }
  });

  test('every other path, with the right token', async () => {
    const others = [
      '/',
      '/container/',
      '/container/x',
      `${pathOf()}/`,
      `${pathOf()}?x=1`,
      '/v1/credentials',
      '/v1/status',
      '/%zz',
    ];
    for (const target of others) await expectRefused({ target, headers: rightHeaders() }, 401, 'token-required');
  });
});

test('answers 405 to another method, and refuses a body that is too large', async () => {
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
    const answer = await ask({ method, target: pathOf(), headers: rightHeaders() });
    expectSafe(answer);
    expect({ status: answer.status, allow: answer.headers['allow'] }).toEqual({ status: 405, allow: 'GET' });
  }
  const headers: Header[] = [...rightHeaders(), ['Content-Length', '70000']];
  await expectRefused({ target: pathOf(), headers }, 413, 'request-too-large');
});

test('answers 400 to bytes that are not HTTP', async () => {
  const answer = await exchange({ host: '127.0.0.1', port: Number(new URL(grant.url).port) }, 'hello\r\n\r\n');
  expect(answer).toMatchObject({ status: 400, headers: { 'content-type': 'application/json' } });
});

describe('a grant', () => {
  test("does not work at another grant's path", async () => {
    const other = await rig.client.call('createGrant', {
      body: { session: SESSION, accountId: '222222222222', permissionSet: 'ReadOnly' },
    });
    await expectRefused({ target: pathOf(other), headers: rightHeaders() }, 401, 'token-required', other);
    expect((await ask({ target: pathOf(other), headers: rightHeaders(other) }, other)).status).toBe(200);
  });

  test.each([
    ['revoked', () => rig.client.call('revokeGrant', { id: grant.id })],
    ['of a session that was signed out', () => rig.client.call('signOut', { session: SESSION })],
  ])('that is %s ends at once', async (_, end) => {
    await end();
    await expectRefused({ target: pathOf(), headers: rightHeaders() }, 401, 'token-required');
    expect(await rig.client.call('grants', {})).toEqual({ grants: [] });
  });

  test('ends when it expires', async () => {
    const brief = await rig.client.call('createGrant', { body: { ...ADMIN, lifetimeSeconds: 1 } });
    await waitFor('the end of the grant', async () => {
      const answer = await ask({ target: pathOf(brief), headers: rightHeaders(brief) }, brief);
      return answer.status === 401;
    });
  });

  test('ends with the process that it is bound to', async () => {
    const child = spawn('sleep', ['60'], { stdio: 'ignore' });
    const ended = new Promise((resolve) => child.on('exit', resolve));
    const bound = await rig.client.call('createGrant', { body: { ...ADMIN, processId: child.pid ?? 0 } });
    expect((await ask({ target: pathOf(bound), headers: rightHeaders(bound) }, bound)).status).toBe(200);
    child.kill('SIGKILL');
    await ended;
    await expectRefused({ target: pathOf(bound), headers: rightHeaders(bound) }, 401, 'token-required', bound);
  });

  test('survives a restart, on the same port', async () => {
    await rig.restartDaemon();
    expect((await ask({ target: pathOf(), headers: rightHeaders() })).status).toBe(200);
  });

  test('ends if another program has its port, and the status says so', async () => {
    const port = Number(new URL(grant.url).port);
    await rig.daemon().stop();
    const asked: string[] = [];
    const stranger: Server = createServer((request, response) => {
      asked.push(request.url ?? '');
      response.end();
    });
    await new Promise<void>((resolve) => stranger.listen(port, '127.0.0.1', resolve));
    try {
      await rig.restartDaemon();
      const { problems } = await rig.client.call('status', {});
      expect(problems).toContainEqual(expect.objectContaining({ code: 'container-port-taken' }));
      expect(await rig.client.call('grants', {})).toEqual({ grants: [] });
      const next = await rig.client.call('createGrant', { body: ADMIN });
      expect(new URL(next.url).port).not.toBe(String(port));
      expect((await ask({ target: pathOf(next), headers: rightHeaders(next) }, next)).status).toBe(200);
      // The old secrets do not work at the new port either.
      await expectRefused({ target: pathOf(), headers: replaced('Host', hostOf(next)) }, 401, 'token-required', next);
      expect(asked).toEqual([]);
    } finally {
      await new Promise((resolve) => stranger.close(resolve));
    }
  });
});
