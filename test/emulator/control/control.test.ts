// The control API: everything that tests do in-process, over HTTP, and closed to web pages.
import { connect } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createEmulator } from '../../../src/emulator/emulator.ts';
import { DEFAULT_KNOBS } from '../../../src/emulator/sessions/knobs.ts';
import { canBeSomebodyElse, runAsSomebodyElse, SOMEBODY_ELSE } from '../../helpers/somebody-else.ts';
import {
  CALLBACK,
  CODE_CLIENT,
  type Started,
  authorizePath,
  call,
  codeOf,
  pollToken,
  redeemCode,
  refreshToken,
  registerClient,
  signIn,
  startDevice,
  startEmulator,
} from '../start.ts';

function control(started: Started, method: string, path: string, body?: unknown) {
  return call(`${started.url}/control/${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

async function change(started: Started, method: string, path: string, body?: unknown) {
  const { status, text } = await control(started, method, path, body);
  return { status, text };
}

const DONE = { status: 204, text: '' };

describe('reading', () => {
  test('status returns everything at a glance', async () => {
    const started = await startEmulator();
    const { userCode } = await startDevice(started, await registerClient(started));
    started.emulator.addFault({ operation: 'Logout', kind: 'drop' });
    const { status, json } = await control(started, 'GET', 'status');
    expect({ status, json }).toEqual({
      status: 200,
      json: {
        url: started.url,
        startUrl: 'https://d-1234567890.awsapps.com/start',
        region: 'us-east-1',
        environment: started.emulator.environment(),
        pendingDeviceAuthorizations: [{ userCode, clientName: 'rolecall-test', expiresAtMs: expect.any(Number) }],
        pendingAuthorizations: [],
        faults: [{ operation: 'Logout', kind: 'drop' }],
        knobs: DEFAULT_KNOBS,
        calls: started.emulator.calls(),
      },
    });
  });

  test('directory, device authorizations, faults, knobs, calls and requests are the same as in-process', async () => {
    const started = await startEmulator();
    await startDevice(started, await registerClient(started));
    const { emulator } = started;
    const read = async (path: string) => JSON.parse((await control(started, 'GET', path)).text) as unknown;
    expect(await read('directory')).toEqual(emulator.directory.toDocument());
    expect(await read('device-authorizations')).toEqual(emulator.pendingDeviceAuthorizations());
    expect(await read('faults')).toEqual([]);
    expect(await read('knobs')).toEqual(DEFAULT_KNOBS);
    expect(await read('calls')).toEqual(emulator.calls());
    expect(await read('requests')).toEqual(emulator.requests());
    expect(emulator.requests()).toHaveLength(2);
  });
});

describe('changing', () => {
  test('adds to the directory, replaces it and removes from it', async () => {
    const started = await startEmulator();
    const { directory } = started.emulator;
    const assignment = { accountId: '555555555555', permissionSet: 'Deploy', group: 'Newcomers' };
    const changes: [string, string, unknown?][] = [
      ['POST', 'accounts', { accountId: '555555555555', accountName: 'new' }],
      ['POST', 'groups', { name: 'Newcomers' }],
      ['POST', 'users', { userName: 'kim', groups: ['Newcomers'] }],
      ['POST', 'permission-sets', { name: 'Deploy', sessionDurationSeconds: 900 }],
      ['POST', 'assignments', assignment],
      ['PUT', 'accounts/555555555555', { accountName: 'renamed' }],
    ];
    for (const [method, path, body] of changes) {
      expect(await change(started, method, path, body), path).toEqual(DONE);
    }
    expect(directory.accountsOf('kim')).toEqual([{ accountId: '555555555555', accountName: 'renamed' }]);
    expect(await change(started, 'POST', 'assignments/remove', assignment)).toEqual(DONE);
    expect(directory.accountsOf('kim')).toEqual([]);
    expect(await change(started, 'DELETE', 'accounts/555555555555')).toEqual(DONE);
    expect(directory.findAccount('555555555555')).toBeUndefined();

    const smaller = { ...directory.toDocument(), users: [{ userName: 'only' }], assignments: [] };
    expect(await change(started, 'PUT', 'directory', smaller)).toEqual(DONE);
    expect(directory.users()).toEqual([{ userName: 'only' }]);
  });

  test('approves a code as a user, or denies it', async () => {
    const started = await startEmulator();
    const client = await registerClient(started);
    const first = await startDevice(started, client);
    const path = (userCode: string, verb: string) => `device-authorizations/${userCode}/${verb}`;
    expect(await change(started, 'POST', path(first.userCode, 'approve'), { userName: 'sam' })).toEqual(DONE);
    expect((await pollToken(started, client, first.deviceCode)).status).toBe(200);
    const second = await startDevice(started, client);
    expect(await change(started, 'POST', path(second.userCode, 'deny'))).toEqual(DONE);
    expect((await pollToken(started, client, second.deviceCode)).json['error']).toBe('access_denied');
  });

  test('approves the request of a browser as a user, or denies it, and returns where the browser goes', async () => {
    const started = await startEmulator();
    const { emulator } = started;
    const client = await registerClient(started, CODE_CLIENT);
    const begin = async () => {
      await started.page(authorizePath(client));
      const pending = await control(started, 'GET', 'authorizations');
      expect(JSON.parse(pending.text)).toEqual(emulator.pendingAuthorizations());
      return `authorizations/${emulator.pendingAuthorizations()[0]?.requestId}`;
    };
    const request = await begin();
    expect(emulator.pendingAuthorizations()).toEqual([
      {
        requestId: expect.any(String),
        clientName: 'rolecall-test',
        redirectUri: CALLBACK,
        scopes: ['sso:account:access'],
        expiresAtMs: expect.any(Number),
      },
    ]);
    expect((await control(started, 'POST', `${request}/approve`, { userName: 'nobody' })).status).toBe(400);
    const approved = await control(started, 'POST', `${request}/approve`, { userName: 'sam' });
    expect((await redeemCode(started, client, codeOf(approved.json['location']))).status).toBe(200);

    const denied = await control(started, 'POST', `${await begin()}/deny`);
    expect(denied.json).toEqual({
      location: `${CALLBACK}?error=access_denied&error_description=The+user+denied+access&state=a+state`,
    });
    const failed = await control(started, 'POST', `${await begin()}/deny`, {
      error: 'server_error',
      description: '<b>',
    });
    expect(failed.json).toEqual({
      location: `${CALLBACK}?error=server_error&error_description=%3Cb%3E&state=a+state`,
    });
    expect((await control(started, 'POST', `${request}/approve`)).json).toMatchObject({ code: 'invalid-request' });
  });

  test('ends sessions, tokens and registrations, and returns how many', async () => {
    const started = await startEmulator();
    const { client, accessToken, refreshToken: token } = await signIn(started);
    const isAlive = async () => (await started.portal('/assignment/accounts', accessToken)).status === 200;
    const ends = async (path: string, body?: unknown) => (await control(started, 'POST', path, body)).json;

    expect(await ends('access-tokens/expire', { userName: 'sam' })).toEqual({ count: 0 });
    expect(await isAlive()).toBe(true);
    expect(await ends('access-tokens/expire', { userName: 'taylor' })).toEqual({ count: 1 });
    expect(await isAlive()).toBe(false);
    expect(await ends('refresh-tokens/kill')).toEqual({ count: 1 });
    expect((await refreshToken(started, client, token)).json['error']).toBe('invalid_grant');
    expect(await ends('sessions/revoke', {})).toEqual({ count: 1 });
    expect(await change(started, 'POST', 'registrations/expire')).toEqual(DONE);
    expect((await refreshToken(started, client, token)).json['error']).toBe('invalid_client');
  });

  test('adds and clears faults, changes knobs, clears calls', async () => {
    const started = await startEmulator();
    const fault = { operation: 'RegisterClient', kind: 'status', status: 503, count: 2 };
    expect(await change(started, 'POST', 'faults', fault)).toEqual(DONE);
    expect(started.emulator.faults()).toEqual([fault]);
    expect(await change(started, 'DELETE', 'faults')).toEqual(DONE);
    expect((await registerClient(started)).clientId).toMatch(/^[\w-]{28}$/);

    const turned = await control(started, 'PATCH', 'knobs', { accessTokenLifetimeSeconds: 60, lastPageToken: 'empty' });
    expect({ status: turned.status, json: turned.json }).toEqual({
      status: 200,
      json: { ...DEFAULT_KNOBS, accessTokenLifetimeSeconds: 60, lastPageToken: 'empty' },
    });
    expect(started.emulator.countCalls('RegisterClient')).toBe(1);
    expect(await change(started, 'DELETE', 'calls')).toEqual(DONE);
    expect(started.emulator.countCalls('RegisterClient')).toBe(0);
  });
});

describe('invalid requests are refused with code, message and hint, and change nothing', () => {
  test.each<[string, string, string, number, string, string]>([
    ['POST', 'accounts', '{"accountId":"1"}', 400, 'invalid-request', 'accountId must be a string of twelve digits.'],
    ['POST', 'accounts', '{', 400, 'invalid-request', 'The request body is not JSON.'],
    ['POST', 'accounts', '[]', 400, 'invalid-request', 'The request body must be a JSON object.'],
    ['POST', 'users', '{}', 400, 'invalid-request', 'userName is missing.'],
    ['POST', 'groups', '{"name":7}', 400, 'invalid-request', 'name must be a non-empty string.'],
    [
      'POST',
      'permission-sets',
      '{"name":"a b"}',
      400,
      'invalid-request',
      'name must be 1 to 32 of letters, digits and + = , . @ _ -.',
    ],
    [
      'POST',
      'assignments',
      '{"accountId":"111111111111","permissionSet":"x","user":"sam"}',
      400,
      'invalid-request',
      'permissionSet names "x", which is not a permission set in the directory.',
    ],
    [
      'DELETE',
      'accounts/999999999999',
      '',
      404,
      'account-not-found',
      'There is no account "999999999999" in the directory.',
    ],
    [
      'PUT',
      'accounts/999999999999',
      '{}',
      404,
      'account-not-found',
      'There is no account "999999999999" in the directory.',
    ],
    ['PUT', 'directory', '{}', 400, 'invalid-request', 'startUrl is missing.'],
    [
      'POST',
      'device-authorizations/AAAA-AAAA/approve',
      '',
      400,
      'invalid-request',
      'No pending sign-in has the code "AAAA-AAAA".',
    ],
    [
      'POST',
      'sessions/revoke',
      '{"user":"sam"}',
      400,
      'invalid-request',
      'user is not a known field (known: userName).',
    ],
    ['POST', 'faults', '{}', 400, 'invalid-request', 'operation is missing.'],
    [
      'PATCH',
      'knobs',
      '{"autoApprove":"nobody"}',
      400,
      'invalid-request',
      'autoApprove: there is no user "nobody" in the directory.',
    ],
  ])('%s %s %s', async (method, path, body, status, code, message) => {
    const started = await startEmulator();
    const before = JSON.stringify([started.emulator.directory.toDocument(), started.emulator.knobs]);
    const answer = await call(`${started.url}/control/${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      body,
    });
    expect({ status: answer.status, json: answer.json }).toEqual({
      status,
      json: { code, message, hint: expect.any(String) },
    });
    expect(JSON.stringify([started.emulator.directory.toDocument(), started.emulator.knobs])).toBe(before);
  });
});

describe('refused callers', () => {
  const json = { 'content-type': 'application/json' };
  const refused = (message: string) => ({
    status: 403,
    json: { code: 'caller-not-allowed', message, hint: 'rolecall emulator --help' },
  });

  test.each<[string, Record<string, string>, string]>([
    [
      'a page of another origin',
      { ...json, origin: 'https://evil.example' },
      'The control API refuses requests with an Origin header.',
    ],
    [
      'a page of the emulator itself',
      { ...json, origin: 'http://127.0.0.1' },
      'The control API refuses requests with an Origin header.',
    ],
    ['a sandboxed page', { ...json, origin: 'null' }, 'The control API refuses requests with an Origin header.'],
    [
      'whoever comes from a link',
      { ...json, referer: 'https://evil.example/' },
      'The control API refuses requests with a Referer header.',
    ],
    [
      'another site, as the browser says',
      { ...json, 'sec-fetch-site': 'cross-site' },
      'The control API refuses requests from web pages.',
    ],
    [
      'another port of this machine',
      { ...json, 'sec-fetch-site': 'same-site' },
      'The control API refuses requests from web pages.',
    ],
    [
      'a rebound name',
      { ...json, host: 'evil.example' },
      'The Host header does not match the address that the emulator listens on.',
    ],
    [
      'a rebound name with our port',
      { ...json, host: 'evil.example:PORT' },
      'The Host header does not match the address that the emulator listens on.',
    ],
    [
      'our address with another port',
      { ...json, host: '127.0.0.1:1' },
      'The Host header does not match the address that the emulator listens on.',
    ],
    [
      'a form',
      { 'content-type': 'application/x-www-form-urlencoded' },
      'Changes through the control API need Content-Type: application/json.',
    ],
    [
      'plain text',
      { 'content-type': 'text/plain' },
      'Changes through the control API need Content-Type: application/json.',
    ],
    [
      'a type that begins like ours',
      { 'content-type': 'application/jsonp' },
      'Changes through the control API need Content-Type: application/json.',
    ],
    ['no type at all', {}, 'Changes through the control API need Content-Type: application/json.'],
  ])('%s', async (_who, headers, message) => {
    const started = await startEmulator();
    await signIn(started);
    const sent = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, value.replace('PORT', new URL(started.url).port)]),
    );
    const answer = await call(`${started.url}/control/sessions/revoke`, { method: 'POST', headers: sent, body: '{}' });
    expect({ status: answer.status, json: answer.json }).toEqual(refused(message));
    expect(answer.headers['access-control-allow-origin']).toBeUndefined();
    expect(started.emulator.revokeSessions()).toBe(1);
  });

  test.each<[string, Record<string, string>]>([
    ['with an Origin', { origin: 'https://evil.example' }],
    ['with a Referer', { referer: 'https://evil.example/' }],
    ['with a foreign Host', { host: 'evil.example' }],
  ])('reads are also refused for %s', async (_how, headers) => {
    const started = await startEmulator();
    const answer = await call(`${started.url}/control/requests`, { headers });
    expect(answer.status).toBe(403);
  });

  test('a preflight is not allowed', async () => {
    const started = await startEmulator();
    const answer = await call(`${started.url}/control/accounts`, {
      method: 'OPTIONS',
      headers: { origin: 'https://evil.example', 'access-control-request-method': 'POST' },
    });
    expect({ status: answer.status, cors: answer.headers['access-control-allow-origin'] }).toEqual({
      status: 403,
      cors: undefined,
    });
  });

  test('programs may use localhost, a charset and Sec-Fetch-Site: none', async () => {
    const started = await startEmulator();
    const answer = await call(`${started.url}/control/calls`, {
      method: 'DELETE',
      headers: {
        host: `localhost:${new URL(started.url).port}`,
        'content-type': 'application/json; charset=utf-8',
        'sec-fetch-site': 'none',
      },
    });
    expect(answer.status).toBe(204);
  });

  test('on all addresses any IP address is accepted as Host, but no name and no other port', async () => {
    const emulator = createEmulator();
    onTestFinished(() => emulator.close());
    const { port } = await emulator.listen(0, '0.0.0.0');
    const authorization = `Bearer ${emulator.controlToken}`;
    const ask = async (host: string) =>
      (await call(`http://127.0.0.1:${port}/control/status`, { headers: { host, authorization } })).status;
    expect([
      await ask(`127.0.0.1:${port}`),
      await ask(`192.0.2.7:${port}`),
      await ask(`[2001:db8::1]:${port}`),
      await ask(`localhost:${port}`),
      await ask(`evil.example:${port}`),
      await ask('192.0.2.7:1'),
      await ask('192.0.2.7'),
    ]).toEqual([200, 200, 200, 200, 403, 403, 403]);
  });

  test('a request without a Host is refused', async () => {
    const started = await startEmulator();
    const { hostname, port } = new URL(started.url);
    const firstLine = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(port), hostname, () => socket.write('GET /control/status HTTP/1.0\r\n\r\n'));
      let text = '';
      socket.on('data', (chunk) => (text += chunk.toString()));
      socket.on('end', () => resolve(text.split('\r\n')[0] ?? ''));
      socket.on('error', reject);
    });
    expect(firstLine).toBe('HTTP/1.1 403 Forbidden');
  });
});

describe('programs of another user', () => {
  const REFUSED = {
    code: 'caller-not-allowed',
    message: 'Only the user who runs the emulator, or a caller with its token, can use the control API.',
    hint: 'rolecall emulator --help',
  };

  test('are refused without the token for every request', async () => {
    const started = await startEmulator({ userId: SOMEBODY_ELSE });
    await signIn(started);
    const { controlToken } = started.emulator;
    const ask = async (method: string, path: string, headers: Record<string, string>) => {
      const sent = { 'content-type': 'application/json', ...headers };
      const answer = await call(`${started.url}/control/${path}`, { method, headers: sent });
      return [answer.status, answer.json['code']];
    };
    for (const authorization of ['', 'Bearer', controlToken, `Bearer ${controlToken}x`, `Bearer ${'x'.repeat(32)}`]) {
      expect(await ask('POST', 'sessions/revoke', { authorization })).toEqual([403, REFUSED.code]);
      expect(await ask('GET', 'requests', { authorization })).toEqual([403, REFUSED.code]);
    }
    expect(await ask('GET', 'status', { authorization: `Bearer ${controlToken}` })).toEqual([200, undefined]);
    expect(started.emulator.revokeSessions()).toBe(1);
  });

  test.skipIf(!canBeSomebodyElse)('cannot end a session without the token', async () => {
    const started = await startEmulator();
    await signIn(started);
    const script = `
      const [url, token] = process.argv.slice(1);
      const headers = { 'content-type': 'application/json', authorization: 'Bearer ' + token };
      fetch(url + '/control/sessions/revoke', { method: 'POST', headers }).then(async (answer) => console.log(await answer.text()));`;
    expect(JSON.parse(await runAsSomebodyElse(script, [started.url, 'none']))).toEqual(REFUSED);
    const { controlToken } = started.emulator;
    expect(JSON.parse(await runAsSomebodyElse(script, [started.url, controlToken]))).toEqual({ count: 1 });
  });
});
