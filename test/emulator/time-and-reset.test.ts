// The emulator's time can be set forward, and a reset forgets everything but address and token.
import { expect, test } from 'vitest';
import { createDefaultDirectory } from '../../src/emulator/directory/default-directory.ts';
import { DEFAULT_KNOBS } from '../../src/emulator/sessions/knobs.ts';
import { FAKE_NOW_MS } from '../helpers/fake-clock.ts';
import {
  call,
  pollToken,
  refreshToken,
  registerClient,
  signIn,
  startDevice,
  startEmulator,
  type Started,
} from './start.ts';

const ROLE = '/federation/credentials?account_id=111111111111&role_name=Admin-AF-Permission-Set';

interface Keys {
  readonly accessKeyId: string;
  readonly sessionToken: string;
  readonly expiration: number;
}

async function getKeys(started: Started, accessToken: string): Promise<Keys> {
  return (await started.portal(ROLE, accessToken)).json['roleCredentials'] as Keys;
}

async function askSts(started: Started, { accessKeyId, sessionToken }: Keys): Promise<string> {
  const { status, text } = await call(`${started.url}/`, {
    method: 'POST',
    headers: {
      authorization: `AWS4-HMAC-SHA256 Credential=${accessKeyId}/20261124/us-east-1/sts/aws4_request`,
      'x-amz-security-token': sessionToken,
    },
    body: 'Action=GetCallerIdentity&Version=2011-06-15',
  });
  return status === 200 ? 'valid' : (/<Code>(\w+)</.exec(text)?.[1] ?? '');
}

test('an advance lets everything that has been issued expire, and dates what follows', async () => {
  const started = await startEmulator();
  const { emulator } = started;
  const { client, accessToken, refreshToken: token } = await signIn(started);
  const keys = await getKeys(started, accessToken);
  expect({ expiration: keys.expiration, sts: await askSts(started, keys) }).toEqual({
    expiration: FAKE_NOW_MS + 3_600_000,
    sts: 'valid',
  });
  const waiting = await startDevice(started, client);

  emulator.advance(3600);
  expect({ nowMs: emulator.nowMs(), advancedMs: emulator.advancedMs() }).toEqual({
    nowMs: FAKE_NOW_MS + 3_600_000,
    advancedMs: 3_600_000,
  });
  expect((await pollToken(started, client, waiting.deviceCode)).json['error']).toBe('expired_token');
  expect(emulator.pendingDeviceAuthorizations()).toEqual([]);
  expect(await askSts(started, keys)).toBe('ExpiredToken');
  const refused = await started.portal('/assignment/accounts', accessToken);
  expect({ status: refused.status, date: refused.headers.date }).toEqual({
    status: 401,
    date: 'Tue, 24 Nov 2026 07:00:00 GMT',
  });

  const refreshed = await refreshToken(started, client, token);
  expect(refreshed.json['expiresIn']).toBe(3600);
  const renewed = await getKeys(started, String(refreshed.json['accessToken']));
  expect(renewed.expiration).toBe(FAKE_NOW_MS + 7_200_000);
  expect(await askSts(started, renewed)).toBe('valid');

  emulator.advance(7 * 3600);
  const over = await refreshToken(started, client, String(refreshed.json['refreshToken']));
  expect(over.json['error']).toBe('invalid_grant');
  emulator.advance(90 * 86_400);
  const forgotten = await refreshToken(started, client, token);
  expect(forgotten.json['error']).toBe('invalid_client');
});

test('an advance refills the limit of the portal', async () => {
  const started = await startEmulator({ portalCallsPerSecond: 1 });
  const { accessToken } = await signIn(started);
  const list = async () => (await started.portal('/assignment/accounts', accessToken)).status;
  expect([await list(), await list()]).toEqual([200, 429]);
  started.emulator.advance(1);
  expect([await list(), await list()]).toEqual([200, 429]);
});

test.each([-1, Number.NaN, Number.POSITIVE_INFINITY, 315_360_001])(
  'refuses to advance by %d seconds',
  async (seconds) => {
    const { emulator } = await startEmulator();
    expect(() => emulator.advance(seconds)).toThrow('seconds must be a number from 0, and at most ten years in total.');
    expect(emulator.advancedMs()).toBe(0);
  },
);

test('a reset leaves address and token, and nothing of what happened', async () => {
  const started = await startEmulator({ autoApprove: 'sam', pageSize: 2 });
  const { emulator, url } = started;
  const { controlToken } = emulator;
  emulator.turnKnobs({ autoApprove: false, accessTokenLifetimeSeconds: 1 });
  const { client, accessToken, refreshToken: token } = await signIn(started);
  await startDevice(started, client);
  emulator.addFault({ operation: 'Logout', kind: 'drop' });
  emulator.directory.addAccount({ accountId: '555555555555' });
  emulator.directory.removeUser('taylor');
  emulator.advance(1000);

  emulator.reset();
  expect({
    url: emulator.url,
    token: emulator.controlToken,
    nowMs: emulator.nowMs(),
    directory: emulator.directory.toDocument(),
    knobs: emulator.knobs,
    faults: emulator.faults(),
    pending: [emulator.pendingDeviceAuthorizations(), emulator.pendingAuthorizations()],
    requests: emulator.requests(),
    createToken: emulator.countCalls('CreateToken'),
    revoked: emulator.revokeSessions(),
  }).toEqual({
    url,
    token: controlToken,
    nowMs: FAKE_NOW_MS,
    directory: createDefaultDirectory(),
    knobs: { ...DEFAULT_KNOBS, autoApprove: 'sam', pageSize: 2 },
    faults: [],
    pending: [[], []],
    requests: [],
    createToken: 0,
    revoked: 0,
  });
  expect((await started.portal('/assignment/accounts', accessToken)).status).toBe(401);
  expect((await refreshToken(started, client, token)).json['error']).toBe('invalid_client');
  expect((await startDevice(started, await registerClient(started))).userCode).toMatch(/-/);
});
