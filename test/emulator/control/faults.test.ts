// Faults: every kind on the wire, which calls they affect, how often, and invalid ones.
import { describe, expect, test } from 'vitest';
import type { Fault } from '../../../src/emulator/control/faults.ts';
import { waitFor } from '../../helpers/wait-for.ts';
import {
  CODE_CLIENT,
  DEVICE_CODE_GRANT,
  type Started,
  call,
  oidcError,
  oidcErrorShape,
  portalError,
  portalErrorShape,
  refreshToken,
  registerClient,
  signIn,
  startDevice,
  startEmulator,
} from '../start.ts';

async function startSignedIn() {
  const started = await startEmulator();
  const signedIn = await signIn(started);
  started.emulator.resetCalls();
  const listAccounts = () => started.portal('/assignment/accounts', signedIn.accessToken);
  const listRoles = (accountId: string) =>
    started.portal(`/assignment/roles?account_id=${accountId}`, signedIn.accessToken);
  return { ...started, ...signedIn, started, listAccounts, listRoles };
}

function whoAmI(started: Started) {
  return call(`${started.url}/`, { method: 'POST', body: 'Action=GetCallerIdentity&Version=2011-06-15' });
}

describe('every kind', () => {
  test('throttle answers 429, with Retry-After when it has one, in each dialect', async () => {
    const { emulator, started, listAccounts } = await startSignedIn();
    emulator.addFault({ operation: '*', kind: 'throttle', retryAfterSeconds: 7 });
    const portal = await listAccounts();
    expect(portalErrorShape(portal)).toEqual(portalError(429, 'TooManyRequestsException', 'HTTP 429 Unknown Code'));
    expect(portal.headers['retry-after']).toBe('7');
    const oidc = await started.post('/client/register', { clientName: 'x', clientType: 'public' });
    expect(oidcErrorShape(oidc)).toEqual(oidcError(429, 'TooManyRequestsException', 'slow_down', 'Too many requests'));
    const sts = await whoAmI(started);
    expect(sts.status).toBe(429);
    expect(sts.text).toContain('<Code>Throttling</Code>');

    emulator.clearFaults();
    emulator.addFault({ operation: 'ListAccounts', kind: 'throttle' });
    expect((await listAccounts()).headers['retry-after']).toBeUndefined();
  });

  test.each([500, 503])('status answers %d in each dialect', async (status) => {
    const { emulator, started, listAccounts } = await startSignedIn();
    emulator.addFault({ operation: '*', kind: 'status', status });
    expect(portalErrorShape(await listAccounts())).toEqual(
      portalError(status, 'InternalServerException', 'Internal server error'),
    );
    expect(oidcErrorShape(await started.post('/token', {}))).toEqual(
      oidcError(status, 'InternalServerException', 'server_error', 'Internal server error'),
    );
    const sts = await whoAmI(started);
    expect({ status: sts.status, isCoded: sts.text.includes('<Code>InternalFailure</Code>') }).toEqual({
      status,
      isCoded: true,
    });
  });

  test('exception answers an AWS error, and does not affect operations without it', async () => {
    const { emulator, client, refreshToken: token, started, listAccounts } = await startSignedIn();
    emulator.addFault({ operation: '*', kind: 'exception', exception: 'UnauthorizedException' });
    expect(portalErrorShape(await listAccounts())).toEqual(
      portalError(401, 'UnauthorizedException', 'Session token not found or invalid'),
    );
    expect((await refreshToken(started, client, token)).status).toBe(200);
    emulator.addFault({ operation: 'CreateToken', kind: 'exception', exception: 'InvalidClientException' });
    expect(oidcErrorShape(await refreshToken(started, client, token))).toEqual(
      oidcError(401, 'InvalidClientException', 'invalid_client', 'Invalid client provided'),
    );
  });

  test('html answers 200 and a web page', async () => {
    const { emulator, listAccounts } = await startSignedIn();
    emulator.addFault({ operation: 'ListAccounts', kind: 'html' });
    const answer = await listAccounts();
    expect({ status: answer.status, type: answer.headers['content-type'] }).toEqual({
      status: 200,
      type: 'text/html; charset=utf-8',
    });
    expect(answer.text).toMatch(/^<!doctype html>/);
  });

  test('drop closes the connection without an effect', async () => {
    const { emulator, started, client, refreshToken: token } = await startSignedIn();
    emulator.addFault({ operation: 'CreateToken', kind: 'drop', count: 1 });
    await expect(refreshToken(started, client, token)).rejects.toThrow('socket hang up');
    expect((await refreshToken(started, client, token)).status).toBe(200);
  });

  test('lose-answer closes the connection after the effect: the refresh token has rotated', async () => {
    const { emulator, started, client, refreshToken: token } = await startSignedIn();
    emulator.addFault({ operation: 'CreateToken', kind: 'lose-answer', count: 1 });
    await expect(refreshToken(started, client, token)).rejects.toThrow('socket hang up');
    expect((await refreshToken(started, client, token)).json['error']).toBe('invalid_grant');
  });

  test('delay holds the answer back, and can be combined with another fault', async () => {
    const { emulator, clock, listAccounts } = await startSignedIn();
    emulator.addFault({ operation: 'ListAccounts', kind: 'delay', delayMs: 5000, count: 1 });
    emulator.addFault({ operation: 'ListAccounts', kind: 'status', status: 503, count: 1 });
    let isAnswered = false;
    const answer = listAccounts().finally(() => (isAnswered = true));
    await waitFor('the delayed call', () => clock.pendingSleeps() === 1);
    await clock.advance(4999);
    expect(isAnswered).toBe(false);
    await clock.advance(1);
    expect((await answer).status).toBe(503);
    expect((await listAccounts()).status).toBe(200);
  });

  test('closing the emulator does not wait for a delayed answer', async () => {
    const { emulator, clock, listAccounts } = await startSignedIn();
    emulator.addFault({ operation: 'ListAccounts', kind: 'delay', delayMs: 3_600_000 });
    const answer = expect(listAccounts()).rejects.toThrow('socket hang up');
    await waitFor('the delayed call', () => clock.pendingSleeps() === 1);
    await emulator.close();
    await answer;
  });

  test('truncate answers the first half of the JSON', async () => {
    const { emulator, listAccounts } = await startSignedIn();
    const whole = (await listAccounts()).text;
    emulator.addFault({ operation: 'ListAccounts', kind: 'truncate' });
    const answer = await listAccounts();
    expect({ status: answer.status, text: answer.text }).toEqual({
      status: 200,
      text: whole.slice(0, Math.floor(whole.length / 2)),
    });
  });

  test('omit removes fields, also nested ones, and leaves other answers unchanged', async () => {
    const { emulator, started, accessToken, client, refreshToken: token } = await startSignedIn();
    emulator.addFault({
      operation: '*',
      kind: 'omit',
      fields: ['roleCredentials.expiration', 'accessToken', 'no.such.field'],
    });
    const keys = await started.portal(
      '/federation/credentials?account_id=111111111111&role_name=Admin-AF-Permission-Set',
      accessToken,
    );
    expect(keys.json).toEqual({
      roleCredentials: {
        accessKeyId: expect.any(String),
        secretAccessKey: expect.any(String),
        sessionToken: expect.any(String),
      },
    });
    expect((await refreshToken(started, client, token)).json).toEqual({
      expiresIn: 3600,
      idToken: null,
      refreshToken: expect.any(String),
      tokenType: 'Bearer',
    });
    expect((await started.portal('/logout', accessToken, 'POST')).status).toBe(200);
  });
});

describe('which calls a fault affects', () => {
  test('one account of ListAccountRoles, one grant of CreateToken', async () => {
    const { emulator, started, client, refreshToken: token, listRoles } = await startSignedIn();
    emulator.addFault({ operation: 'ListAccountRoles', detail: '222222222222', kind: 'status', status: 500 });
    emulator.addFault({ operation: 'CreateToken', detail: 'device_code', kind: 'status', status: 500 });
    expect([(await listRoles('111111111111')).status, (await listRoles('222222222222')).status]).toEqual([200, 500]);
    expect((await refreshToken(started, client, token)).status).toBe(200);
  });

  test('after a number of successful calls, and then a limited number of times', async () => {
    const { emulator, listAccounts } = await startSignedIn();
    emulator.addFault({ operation: 'ListAccounts', kind: 'status', status: 500, skip: 2, count: 2 });
    const statuses = [];
    for (let turn = 0; turn < 6; turn += 1) {
      statuses.push((await listAccounts()).status);
      if (turn === 2) {
        expect(emulator.faults()).toEqual([{ operation: 'ListAccounts', kind: 'status', status: 500, count: 1 }]);
      }
    }
    expect(statuses).toEqual([200, 200, 500, 500, 200, 200]);
    expect(emulator.faults()).toEqual([]);
  });

  test('of two faults the first one applies first', async () => {
    const { emulator, listAccounts } = await startSignedIn();
    emulator.addFault({ operation: 'ListAccounts', kind: 'status', status: 500, count: 1 });
    emulator.addFault({ operation: 'ListAccounts', kind: 'status', status: 503, count: 1 });
    expect([(await listAccounts()).status, (await listAccounts()).status, (await listAccounts()).status]).toEqual([
      500, 503, 200,
    ]);
  });

  test('calls with faults are counted like others', async () => {
    const { emulator, listAccounts } = await startSignedIn();
    emulator.addFault({ operation: '*', kind: 'drop', count: 1 });
    await expect(listAccounts()).rejects.toThrow();
    await listAccounts();
    expect(emulator.countCalls('ListAccounts')).toBe(2);
    expect(emulator.requests().map(({ status }) => status)).toEqual([null, 200]);
  });
});

describe('an invalid fault is refused', () => {
  test.each<[unknown, string]>([
    [[], 'the document must be an object.'],
    [{ kind: 'drop' }, 'operation is missing.'],
    [
      { operation: 'DeleteEverything', kind: 'drop' },
      'operation must be * or one of RegisterClient, StartDeviceAuthorization, Authorize, CreateToken, ListAccounts, ListAccountRoles, GetRoleCredentials, Logout, GetCallerIdentity, AssumeRole, GetSigninToken.',
    ],
    [{ operation: '*' }, 'kind is missing.'],
    [
      { operation: '*', kind: 'burn' },
      'kind must be one of throttle, status, exception, html, drop, lose-answer, delay, truncate, omit.',
    ],
    [{ operation: '*', kind: 'status', status: 200 }, 'status must be 400 to 599.'],
    [{ operation: '*', kind: 'delay' }, 'delayMs must be a number of milliseconds.'],
    [{ operation: '*', kind: 'omit' }, 'fields is missing.'],
    [{ operation: '*', kind: 'exception' }, 'exception is missing.'],
    [{ operation: '*', kind: 'exception', exception: 'Nonsense' }, 'exception is not an error of *.'],
    [
      { operation: 'CreateToken', kind: 'exception', exception: 'ForbiddenException' },
      'exception is not an error of CreateToken.',
    ],
    [{ operation: '*', kind: 'drop', count: 0 }, 'count must be a whole number above 0.'],
    [{ operation: '*', kind: 'drop', skip: 1.5 }, 'skip must be a whole number above 0.'],
    [{ operation: '*', kind: 'drop', detail: '' }, 'detail must be a non-empty string.'],
    [
      { operation: '*', kind: 'drop', colour: 'red' },
      'colour is not a known field (known: operation, detail, count, skip, kind, retryAfterSeconds, status, exception, delayMs, fields).',
    ],
  ])('%j', async (fault, message) => {
    const started = await startEmulator();
    expect(() => started.emulator.addFault(fault as Fault)).toThrow(message);
    expect(started.emulator.faults()).toEqual([]);
  });

  test('a status without a number is 500', async () => {
    const started = await startEmulator();
    started.emulator.addFault({ operation: '*', kind: 'status' } as Fault);
    expect(started.emulator.faults()).toEqual([{ operation: '*', kind: 'status', status: 500 }]);
  });
});

test('the device flow survives a fault on a pending authorization', async () => {
  const started = await startEmulator();
  const client = await registerClient(started);
  started.emulator.addFault({ operation: 'StartDeviceAuthorization', kind: 'status', status: 500, count: 1 });
  const failed = await started.post('/device_authorization', {
    ...client,
    startUrl: started.emulator.directory.startUrl,
  });
  expect(failed.status).toBe(500);
  expect((await startDevice(started, client)).userCode).toMatch(/^\w{4}-\w{4}$/);
});

test('a fault of one grant makes an Identity Center that refuses authorization codes', async () => {
  const started = await startEmulator();
  const { emulator } = started;
  emulator.addFault({
    operation: 'RegisterClient',
    detail: 'authorization_code',
    kind: 'exception',
    exception: 'UnsupportedGrantTypeException',
  });
  const register = (extra: object) =>
    started.post('/client/register', {
      clientName: 'x',
      clientType: 'public',
      scopes: ['sso:account:access'],
      ...extra,
    });
  expect((await register(CODE_CLIENT)).json['error']).toBe('unsupported_grant_type');
  expect((await register({ grantTypes: ['refresh_token', DEVICE_CODE_GRANT] })).status).toBe(200);
  expect((await register({})).status).toBe(200);
  expect([
    emulator.countCalls('RegisterClient', 'authorization_code'),
    emulator.countCalls('RegisterClient', 'device_code'),
    emulator.countCalls('RegisterClient'),
  ]).toEqual([1, 1, 3]);
});
