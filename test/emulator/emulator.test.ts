// The emulator as a whole: listening, closing, knobs, counting, recording, and unknown requests.
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createEmulator } from '../../src/emulator/emulator.ts';
import { DEFAULT_KNOBS, type Knobs } from '../../src/emulator/sessions/knobs.ts';
import { createRequestLog } from '../../src/emulator/http/request-log.ts';
import { createPrivateCa } from '../helpers/private-ca.ts';
import { createTemporaryHome } from '../helpers/temporary-home.ts';
import { call, refreshToken, registerClient, signIn, startDevice, startEmulator } from './start.ts';

const NOW_MS = Date.UTC(2026, 10, 24, 6, 0, 0);

describe('listening', () => {
  test('returns its address and the environment for AWS clients', async () => {
    const emulator = createEmulator();
    onTestFinished(() => emulator.close());
    expect(emulator.url).toBe('');
    const { url, port } = await emulator.listen();
    expect(url).toBe(`http://127.0.0.1:${port}`);
    expect(emulator.url).toBe(url);
    expect(emulator.environment()).toEqual({
      AWS_ENDPOINT_URL_SSO_OIDC: url,
      AWS_ENDPOINT_URL_SSO: url,
      AWS_ENDPOINT_URL_STS: url,
    });
    await expect(emulator.listen()).rejects.toThrow(`The emulator is already listening on ${url}.`);
  });

  test('rejects with Node’s error for a port in use', async () => {
    const { emulator } = await startEmulator();
    const second = createEmulator();
    await expect(second.listen(Number(new URL(emulator.url).port))).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await second.close();
  });

  test('listens again on the same port with its state, as after an outage', async () => {
    const started = await startEmulator();
    const { accessToken } = await signIn(started);
    const port = Number(new URL(started.url).port);
    await started.emulator.close();
    await started.emulator.close();
    await expect(started.portal('/assignment/accounts', accessToken)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await started.emulator.listen(port);
    expect((await started.portal('/assignment/accounts', accessToken)).status).toBe(200);
  });

  test('writes an IPv6 address in brackets', async () => {
    const emulator = createEmulator();
    onTestFinished(() => emulator.close());
    const { url, port } = await emulator.listen(0, '::1');
    expect(url).toBe(`http://[::1]:${port}`);
    const headers = { authorization: `Bearer ${emulator.controlToken}` };
    expect((await call(`${url}/control/status`, { headers })).status).toBe(200);
  });

  test('serves TLS with a given key and certificate', async () => {
    const home = createTemporaryHome();
    onTestFinished(() => home.remove());
    const ca = createPrivateCa(home.path);
    const { key, cert } = ca.issue(['127.0.0.1']);
    const emulator = createEmulator();
    onTestFinished(() => emulator.close());
    const { url, port } = await emulator.listen(0, '127.0.0.1', { key, cert });
    expect(url).toBe(`https://127.0.0.1:${port}`);
    const status = await new Promise((resolve, reject) => {
      httpsRequest(`${url}/control/status`, { ca: ca.pem, agent: false }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on('error', reject)
        .end();
    });
    expect(status).toBe(200);
  });
});

describe('knobs', () => {
  test('start with their defaults, changed by the options', async () => {
    const { emulator } = await startEmulator({ pollIntervalSeconds: 2, autoApprove: 'sam' });
    expect(emulator.knobs).toEqual({ ...DEFAULT_KNOBS, pollIntervalSeconds: 2, autoApprove: 'sam' });
    emulator.turnKnobs({ pageSize: 1 });
    expect(emulator.knobs).toEqual({ ...DEFAULT_KNOBS, pollIntervalSeconds: 2, autoApprove: 'sam', pageSize: 1 });
  });

  test.each<[unknown, string]>([
    [{ autoApprove: '' }, 'autoApprove must be true, false or a user name.'],
    [{ autoApprove: 'nobody' }, 'autoApprove: there is no user "nobody" in the directory.'],
    [{ pollIntervalSeconds: -1 }, 'pollIntervalSeconds must be a number of seconds.'],
    [{ forgivenEarlyPolls: 0.5 }, 'forgivenEarlyPolls must be a whole number.'],
    [{ deviceCodeLifetimeSeconds: '600' }, 'deviceCodeLifetimeSeconds must be a whole number of seconds.'],
    [{ completeUriHasUserCode: 1 }, 'completeUriHasUserCode must be true or false.'],
    [{ authorizationCodeLifetimeSeconds: -1 }, 'authorizationCodeLifetimeSeconds must be a whole number of seconds.'],
    [{ accessTokenLifetimeSeconds: null }, 'accessTokenLifetimeSeconds must be a whole number of seconds.'],
    [{ sessionLifetimeSeconds: 1.5 }, 'sessionLifetimeSeconds must be a whole number of seconds.'],
    [{ registrationLifetimeSeconds: 'x' }, 'registrationLifetimeSeconds must be a whole number of seconds.'],
    [
      { roleCredentialsLifetimeSeconds: -5 },
      'roleCredentialsLifetimeSeconds must be a whole number of seconds, or null.',
    ],
    [{ pageSize: 101 }, 'pageSize must be a whole number from 1 to 100.'],
    [{ lastPageToken: 'none' }, 'lastPageToken must be null, empty or absent.'],
    [{ portalCallsPerSecond: 0 }, 'portalCallsPerSecond must be a whole number above 0, or null.'],
    [{ pagesize: 3 }, expect.stringContaining('pagesize is not a known field')],
  ])('refuse %j', async (changes, message) => {
    const { emulator } = await startEmulator();
    expect(() => emulator.turnKnobs(changes as Partial<Knobs>)).toThrow(expect.objectContaining({ message }));
    expect(emulator.knobs).toEqual(DEFAULT_KNOBS);
    expect(() => createEmulator(changes as Partial<Knobs>)).toThrow(expect.objectContaining({ message }));
  });
});

describe('counting and recording', () => {
  test('counts calls by operation and detail until reset', async () => {
    const started = await startEmulator();
    const { client, accessToken, refreshToken: token } = await signIn(started);
    await refreshToken(started, client, token);
    await started.portal('/assignment/roles?account_id=111111111111', accessToken);
    await started.portal('/assignment/roles?account_id=222222222222', accessToken);
    await started.portal('/federation/credentials?account_id=111111111111&role_name=ReadOnly', accessToken);
    const { emulator } = started;
    expect(emulator.calls()).toEqual({
      RegisterClient: 1,
      StartDeviceAuthorization: 1,
      Authorize: 0,
      CreateToken: 2,
      ListAccounts: 0,
      ListAccountRoles: 2,
      GetRoleCredentials: 1,
      Logout: 0,
      GetCallerIdentity: 0,
      AssumeRole: 0,
      GetSigninToken: 0,
    });
    expect({
      device: emulator.countCalls('CreateToken', 'device_code'),
      refresh: emulator.countCalls('CreateToken', 'refresh_token'),
      roles: emulator.countCalls('ListAccountRoles', '222222222222'),
      keys: emulator.countCalls('GetRoleCredentials', '111111111111/ReadOnly'),
      other: emulator.countCalls('GetRoleCredentials', '111111111111/Other'),
    }).toEqual({ device: 1, refresh: 1, roles: 1, keys: 1, other: 0 });
    emulator.resetCalls();
    expect(emulator.countCalls('CreateToken')).toBe(0);
    expect(emulator.requests()).toEqual([]);
  });

  test('records method, path, host and whether there was a bearer token, but no secret', async () => {
    const started = await startEmulator();
    const { client, accessToken, refreshToken: token } = await signIn(started);
    await refreshToken(started, client, token);
    const { json } = await started.portal(
      '/federation/credentials?account_id=111111111111&role_name=Admin-AF-Permission-Set',
      accessToken,
    );
    await started.portal('/somewhere/else', accessToken, 'DELETE');
    await started.page('/control/requests');
    const { host } = new URL(started.url);
    const recorded = started.emulator.requests();
    expect(recorded.slice(3)).toEqual([
      {
        atMs: NOW_MS,
        method: 'POST',
        path: '/token',
        host,
        hasBearerToken: false,
        operation: 'CreateToken',
        detail: 'refresh_token',
        status: 200,
      },
      {
        atMs: NOW_MS,
        method: 'GET',
        path: '/federation/credentials',
        host,
        hasBearerToken: true,
        operation: 'GetRoleCredentials',
        detail: '111111111111/Admin-AF-Permission-Set',
        status: 200,
      },
      {
        atMs: NOW_MS,
        method: 'DELETE',
        path: '/somewhere/else',
        host,
        hasBearerToken: true,
        operation: null,
        detail: null,
        status: 404,
      },
    ]);
    const keys = json['roleCredentials'] as Record<string, string>;
    const written = JSON.stringify(recorded);
    for (const secret of [
      client.clientSecret,
      accessToken,
      token,
      keys['secretAccessKey'] ?? '',
      keys['sessionToken'] ?? '',
    ]) {
      expect(secret.length).toBeGreaterThan(30);
      expect(written).not.toContain(secret);
    }
  });

  test('keeps the latest ten thousand requests', () => {
    const log = createRequestLog();
    for (let atMs = 0; atMs < 25_000; atMs += 1) {
      log.record({ atMs, method: 'GET', path: '/', host: '', hasBearerToken: false, operation: null, detail: null });
    }
    const requests = log.requests();
    expect([requests.length, requests[0]?.atMs, requests.at(-1)?.atMs]).toEqual([10_000, 15_000, 24_999]);
  });

  test('keeps fewer requests if they are very long, and counts no more than 50,000 different details', () => {
    const log = createRequestLog();
    const request = { atMs: 0, method: 'GET', host: '', hasBearerToken: false, operation: 'ListAccountRoles' } as const;
    const long = 'x'.repeat(64 * 1024);
    for (let index = 0; index < 600; index += 1) log.record({ ...request, path: '/', detail: `${index}${long}` });
    expect(log.requests().length).toBeLessThanOrEqual(512);
    expect(log.requests().at(-1)?.detail).toBe(`599${long}`);
    for (let index = 0; index < 50_100; index += 1) log.record({ ...request, path: '/', detail: `${index}` });
    log.record({ ...request, path: '/', detail: '7' });
    const counted = [long, '7', '50099'].map((detail) => log.count('ListAccountRoles', detail));
    expect([...counted, log.count('ListAccountRoles')]).toEqual([0, 2, 0, 50_701]);
  });
});

describe('unknown requests', () => {
  test('404 for an unknown path, 405 with the allowed methods for a wrong method', async () => {
    const started = await startEmulator();
    const unknown = await started.page('/nowhere');
    expect({ status: unknown.status, type: unknown.headers['x-amzn-errortype'], body: unknown.json }).toEqual({
      status: 404,
      type: 'UnknownOperationException',
      body: { message: 'Not found' },
    });
    const wrong = await started.page('/token');
    expect({ status: wrong.status, allow: wrong.headers['allow'], body: wrong.json }).toEqual({
      status: 405,
      allow: 'POST',
      body: { message: 'Method not allowed' },
    });
  });

  test('404 for invalid percent-encoding and for a path of two slashes', async () => {
    const started = await startEmulator();
    const raw = (target: string) =>
      new Promise<string>((resolve, reject) => {
        const { hostname, port } = new URL(started.url);
        const socket = connect(Number(port), hostname, () => {
          const headers = `Host: ${hostname}:${port}\r\nContent-Type: application/json\r\nConnection: close`;
          socket.write(`DELETE ${target} HTTP/1.1\r\n${headers}\r\n\r\n`);
        });
        let text = '';
        socket.on('data', (chunk) => (text += chunk.toString()));
        socket.on('end', () => resolve(text.split('\r\n')[0] ?? ''));
        socket.on('error', reject);
      });
    expect(await raw('/control/accounts/%zz')).toBe('HTTP/1.1 404 Not Found');
    expect(await raw('//')).toBe('HTTP/1.1 404 Not Found');
  });

  test('413 for a body that is too large, on every path', async () => {
    const started = await startEmulator();
    const answer = await started.post('/client/register', { clientName: 'x'.repeat(70_000), clientType: 'public' });
    expect({ status: answer.status, body: answer.json }).toEqual({
      status: 413,
      body: { message: 'Request entity too large' },
    });
    expect((await registerClient(started)).clientId).toMatch(/^[\w-]{28}$/);
  });

  test('survives a client that disconnects during its request', async () => {
    const started = await startEmulator();
    const { hostname, port } = new URL(started.url);
    await new Promise<void>((resolve) => {
      const socket = connect(Number(port), hostname, () => {
        socket.write(`POST /token HTTP/1.1\r\nHost: ${hostname}:${port}\r\nContent-Length: 100\r\n\r\n{`, () => {
          socket.destroy();
          resolve();
        });
      });
    });
    expect((await startDevice(started, await registerClient(started))).userCode).toMatch(/-/);
  });

  test('reports an internal failure in the dialect of the operation', async () => {
    const started = await startEmulator({
      random: (length) => {
        if (length === 21) throw new Error('no randomness left');
        return new Uint8Array(length).fill(7);
      },
    });
    const answer = await started.post('/client/register', { clientName: 'x', clientType: 'public' });
    expect({ status: answer.status, body: answer.json }).toEqual({
      status: 500,
      body: { error: 'server_error', error_description: 'Internal server error' },
    });
  });
});
