// The control API below /control/v1/: time, reset, health, deletions and recorded requests; every route refuses the same callers.
import { describe, expect, onTestFinished, test } from 'vitest';
import { CONTROL_ROWS } from '../../../src/emulator/control/control-table.ts';
import { createEmulator } from '../../../src/emulator/emulator.ts';
import { SOMEBODY_ELSE } from '../../helpers/somebody-else.ts';
import { call, refreshToken, registerClient, signIn, startDevice, startEmulator, type Started } from '../start.ts';

async function control({ url }: Pick<Started, 'url'>, method: string, path: string, body?: unknown) {
  const { status, text, headers } = await call(`${url}/control/v1/${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  expect(headers['cache-control'] ?? 'no-store').toBe('no-store');
  return { status, body: text === '' ? null : (JSON.parse(text) as unknown) };
}

const DONE = { status: 204, body: null };

describe('time', () => {
  test('is read and set forward', async () => {
    const started = await startEmulator();
    expect(await control(started, 'GET', 'time')).toEqual({
      status: 200,
      body: { now: '2026-11-24T06:00:00.000Z', advancedSeconds: 0 },
    });
    const later = { status: 200, body: { now: '2026-11-24T07:00:00.500Z', advancedSeconds: 3600.5 } };
    expect(await control(started, 'POST', 'time/advance', { seconds: 3600.5 })).toEqual(later);
    expect(await control(started, 'GET', 'time')).toEqual(later);
  });

  test.each<[unknown, string]>([
    [{}, 'seconds is missing.'],
    [{ seconds: '60' }, 'seconds must be a number.'],
    [{ seconds: -1 }, 'seconds must be a number from 0, and at most ten years in total.'],
    [{ minutes: 1 }, 'minutes is not a known field (known: seconds).'],
  ])('refuses %j', async (body, message) => {
    const started = await startEmulator();
    expect(await control(started, 'POST', 'time/advance', body)).toEqual({
      status: 400,
      body: { code: 'invalid-request', message, hint: expect.any(String) },
    });
    expect(started.emulator.advancedMs()).toBe(0);
  });
});

test('a reset forgets what happened', async () => {
  const started = await startEmulator();
  const { accessToken } = await signIn(started);
  started.emulator.advance(60);
  expect(await control(started, 'POST', 'reset')).toEqual(DONE);
  expect(started.emulator.advancedMs()).toBe(0);
  expect((await started.portal('/assignment/accounts', accessToken)).status).toBe(401);
});

test('lists are in an object, and times are texts', async () => {
  const started = await startEmulator();
  const { userCode } = await startDevice(started, await registerClient(started));
  const waiting = { userCode, clientName: 'rolecall-test', expiresAt: '2026-11-24T06:10:00.000Z' };
  expect(await control(started, 'GET', 'device-authorizations')).toEqual({
    status: 200,
    body: { deviceAuthorizations: [waiting] },
  });
  expect(await control(started, 'GET', 'authorizations')).toEqual({ status: 200, body: { authorizations: [] } });
  expect(await control(started, 'GET', 'faults')).toEqual({ status: 200, body: { faults: [] } });
  expect(await control(started, 'GET', 'status')).toMatchObject({ body: { deviceAuthorizations: [waiting] } });
});

describe('deletions', () => {
  test('of a user end its sessions and what it has approved; its role credentials stay valid', async () => {
    const started = await startEmulator();
    const { client, accessToken, refreshToken: token } = await signIn(started, 'sam');
    const ofTaylor = await signIn(started, 'taylor');
    const { deviceCode, userCode } = await startDevice(started, client);
    started.emulator.approve(userCode, 'sam');
    const role = '/federation/credentials?account_id=044444444444&role_name=ReadOnly';
    const keys = (await started.portal(role, accessToken)).json['roleCredentials'] as Record<string, string>;

    expect(await control(started, 'DELETE', 'users/sam')).toEqual(DONE);
    expect((await started.portal('/assignment/accounts', accessToken)).status).toBe(401);
    expect((await refreshToken(started, client, token)).json['error']).toBe('invalid_grant');
    const grantType = 'urn:ietf:params:oauth:grant-type:device_code';
    const late = await started.post('/token', { ...client, grantType, deviceCode });
    expect(late.json['error']).toBe('invalid_grant');
    const identity = await call(`${started.url}/`, {
      method: 'POST',
      headers: {
        authorization: `AWS4-HMAC-SHA256 Credential=${keys['accessKeyId']}/20261124/us-east-1/sts/aws4_request`,
        'x-amz-security-token': keys['sessionToken'] ?? '',
      },
      body: 'Action=GetCallerIdentity&Version=2011-06-15',
    });
    expect(identity.text).toContain('/sam</Arn>');
    expect((await started.portal('/assignment/accounts', ofTaylor.accessToken)).status).toBe(200);

    // As with AWS, a new user of the same name is another one.
    started.emulator.directory.addUser({ userName: 'sam', groups: ['Auditors'] });
    expect((await started.portal('/assignment/accounts', accessToken)).status).toBe(401);
  });

  test('of a group takes its assignments from the members, who stay signed in', async () => {
    const started = await startEmulator();
    const { accessToken } = await signIn(started);
    expect(await control(started, 'DELETE', 'groups/ProfessionalAfAdmins')).toEqual(DONE);
    const { json } = await started.portal('/assignment/accounts', accessToken);
    expect((json['accountList'] as { accountId: string }[]).map(({ accountId }) => accountId)).toEqual([
      '333333333333',
      '044444444444',
    ]);
  });

  test('of a permission set wait until it is assigned nowhere', async () => {
    const started = await startEmulator();
    const { directory } = started.emulator;
    expect(await control(started, 'DELETE', 'permission-sets/Admin-AF-Permission-Set')).toEqual({
      status: 409,
      body: {
        code: 'still-assigned',
        message: 'The permission set "Admin-AF-Permission-Set" has 2 assignments. Remove them first.',
        hint: 'rolecall emulator --help',
      },
    });
    directory.removeGroup('ProfessionalAfAdmins');
    expect(await control(started, 'DELETE', 'permission-sets/Admin-AF-Permission-Set')).toEqual(DONE);
    expect(directory.findPermissionSet('Admin-AF-Permission-Set')).toBeUndefined();
  });

  test.each(['users/nobody', 'groups/nobody', 'permission-sets/nobody'])('of %s: 404', async (path) => {
    const started = await startEmulator();
    expect(await control(started, 'DELETE', path)).toMatchObject({
      status: 404,
      body: { code: 'directory-entry-not-found' },
    });
  });
});

describe('recorded requests', () => {
  test('are filtered by operation and time, and show no secret', async () => {
    const started = await startEmulator();
    const { accessToken, client } = await signIn(started);
    started.emulator.advance(60);
    await started.portal('/assignment/accounts?max_result=1', accessToken);
    const host = new URL(started.url).host;
    const request = {
      at: '2026-11-24T06:01:00.000Z',
      method: 'GET',
      path: '/assignment/accounts',
      host,
      hasBearerToken: true,
      operation: 'ListAccounts',
      detail: null,
      status: 200,
    };
    const found = { status: 200, body: { requests: [request] } };
    expect(await control(started, 'GET', 'requests?since=2026-11-24T06:00:30Z')).toEqual(found);
    expect(await control(started, 'GET', 'requests?operation=ListAccounts')).toEqual(found);
    expect(await control(started, 'GET', 'requests?operation=CreateToken&since=2026-11-24T06:00:30Z')).toEqual({
      status: 200,
      body: { requests: [] },
    });
    const everything = JSON.stringify(await control(started, 'GET', 'requests'));
    expect(everything).toContain('CreateToken');
    expect(everything).not.toContain(accessToken);
    expect(everything).not.toContain(client.clientSecret);
  });

  test.each([
    ['operation=Nothing', expect.stringMatching(/^operation must be one of RegisterClient, /)],
    ['since=yesterday', 'since must be a time such as 2026-12-01T06:30:00Z.'],
    ['since=2026-99-99T00:00:00Z', 'since must be a time such as 2026-12-01T06:30:00Z.'],
    ['limit=1', '"limit" is not a known parameter (known: operation, since).'],
    ['operation=Logout&operation=CreateToken', 'operation appears more than once.'],
  ])('refuse ?%s', async (query, message) => {
    const started = await startEmulator();
    expect(await control(started, 'GET', `requests?${query}`)).toEqual({
      status: 400,
      body: { code: 'invalid-request', message, hint: 'rolecall emulator --help' },
    });
  });
});

test('an unknown address or method is an error of the same form', async () => {
  const started = await startEmulator();
  const hint = 'rolecall emulator --help';
  expect(await control(started, 'GET', 'nothing')).toEqual({
    status: 404,
    body: { code: 'route-not-found', message: 'The control API has no route GET /control/v1/nothing.', hint },
  });
  expect(await control(started, 'DELETE', 'directory')).toEqual({
    status: 405,
    body: { code: 'route-not-found', message: '/control/v1/directory has no DELETE, only GET, PUT.', hint },
  });
});

describe('every address of the control API', () => {
  const addresses = ['/control/v1/', '/control/'].flatMap((prefix) => [
    ...CONTROL_ROWS.map(({ method, path, isOpen = false }) => ({ method, path: prefix + path, isOpen })),
    { method: 'GET', path: `${prefix}nothing`, isOpen: false },
    { method: 'DELETE', path: `${prefix}directory`, isOpen: false },
  ]);

  async function askAll(url: string, headers: Readonly<Record<string, string>>) {
    const asked = await Promise.all(
      addresses.map(async ({ method, path, isOpen }) => {
        const sent = { 'content-type': 'application/json', ...headers };
        const { status, json } = await call(url + path, { method, headers: sent });
        return { method, path, isOpen, status, code: json['code'] };
      }),
    );
    expect(asked.length).toBeGreaterThan(70);
    return asked;
  }

  test.each<[string, Readonly<Record<string, string>>]>([
    ['a web page', { origin: 'https://evil.example' }],
    ['a page that was opened from a link', { referer: 'https://evil.example/' }],
    ['a page of another port', { 'sec-fetch-site': 'same-site' }],
    ['a rebound name', { host: 'evil.example' }],
  ])('refuses %s, also with the token', async (_who, headers) => {
    const started = await startEmulator();
    const authorization = `Bearer ${started.emulator.controlToken}`;
    const asked = await askAll(started.url, { authorization, ...headers });
    expect(asked.filter(({ status, code }) => status !== 403 || code !== 'caller-not-allowed')).toEqual([]);
  });

  test('refuses programs of another user without the token, but says that it is healthy', async () => {
    const started = await startEmulator({ userId: SOMEBODY_ELSE });
    const asked = await askAll(started.url, {});
    expect(asked.filter(({ isOpen, status }) => status !== (isOpen ? 200 : 403))).toEqual([]);
    expect(await control(started, 'GET', 'health')).toEqual({ status: 200, body: { status: 'ok' } });
  });

  test('asks everybody for the token as soon as other machines can connect', async () => {
    const emulator = createEmulator();
    onTestFinished(() => emulator.close());
    const { port } = await emulator.listen(0, '0.0.0.0');
    const url = `http://127.0.0.1:${port}`;
    const asked = await askAll(url, {});
    expect(asked.filter(({ isOpen, status }) => status !== (isOpen ? 200 : 403))).toEqual([]);
    const authorization = `Bearer ${emulator.controlToken}`;
    expect((await call(`${url}/control/v1/time`, { headers: { authorization } })).status).toBe(200);
  });
});
