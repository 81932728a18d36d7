// `rolecall/emulator` as an outsider's test uses it: sign in, set the time forward, edit, observe, and the fixture.
import { existsSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { GetRoleCredentialsCommand, ListAccountsCommand, SSOClient } from '@aws-sdk/client-sso';
import {
  CreateTokenCommand,
  RegisterClientCommand,
  SSOOIDCClient,
  StartDeviceAuthorizationCommand,
} from '@aws-sdk/client-sso-oidc';
import {
  createEmulator,
  emulatorFixture,
  type Emulator,
  type EmulatedDirectory,
  type EmulatorOptions,
} from '../../src/exports/emulator.ts';

async function start(options: EmulatorOptions = {}): Promise<Emulator> {
  const emulator = createEmulator(options);
  onTestFinished(() => emulator.close());
  await emulator.listen();
  return emulator;
}

/** Signs in by device code as the AWS SDK does; the returned functions call AWS with what that gave. */
async function signIn(emulator: Emulator, userName?: string) {
  const settings = { region: 'us-east-1', endpoint: emulator.url, maxAttempts: 1 };
  const oidc = new SSOOIDCClient(settings);
  const portal = new SSOClient(settings);
  const client = await oidc.send(
    new RegisterClientCommand({ clientName: 'outsider', clientType: 'public', scopes: ['sso:account:access'] }),
  );
  const { clientId, clientSecret } = client;
  const startUrl = emulator.directory.toDocument().startUrl;
  const code = await oidc.send(new StartDeviceAuthorizationCommand({ clientId, clientSecret, startUrl }));
  emulator.approve(code.userCode ?? '', userName);
  const tokens = await oidc.send(
    new CreateTokenCommand({
      clientId,
      clientSecret,
      grantType: 'urn:ietf:params:oauth:grant-type:device_code',
      deviceCode: code.deviceCode,
    }),
  );
  const { accessToken, refreshToken } = tokens;
  const nameOf = (error: unknown) => (error as Error).name;
  return {
    accounts: () =>
      portal
        .send(new ListAccountsCommand({ accessToken }))
        .then(({ accountList = [] }) => accountList.map(({ accountName }) => accountName), nameOf),
    keys: (accountId: string, roleName: string) =>
      portal
        .send(new GetRoleCredentialsCommand({ accessToken, accountId, roleName }))
        .then(({ roleCredentials }) => new Date(roleCredentials?.expiration ?? 0), nameOf),
    refresh: () =>
      oidc
        .send(new CreateTokenCommand({ clientId, clientSecret, grantType: 'refresh_token', refreshToken }))
        .then(({ expiresIn }) => expiresIn, nameOf),
  };
}

test('signs in, and everything expires when the time is set forward', async () => {
  const emulator = await start({ accessTokenLifetimeSeconds: 1800 });
  const before = emulator.now().getTime();
  const client = await signIn(emulator, 'sam');
  expect(await client.accounts()).toEqual(['Log Archive']);
  emulator.advance(1800);
  expect(emulator.now().getTime() - before).toBeGreaterThanOrEqual(1_800_000);
  expect(await client.accounts()).toBe('UnauthorizedException');
  expect(await client.refresh()).toBe(1800);
  emulator.advance(8 * 3600);
  expect(await client.refresh()).toBe('InvalidGrantException');
});

test('tells who waits, and what was asked', async () => {
  const emulator = await start();
  const oidc = new SSOOIDCClient({ region: 'us-east-1', endpoint: emulator.url });
  const { clientId, clientSecret } = await oidc.send(
    new RegisterClientCommand({ clientName: 'outsider', clientType: 'public' }),
  );
  const startUrl = emulator.directory.toDocument().startUrl;
  const { userCode } = await oidc.send(new StartDeviceAuthorizationCommand({ clientId, clientSecret, startUrl }));
  expect(emulator.waitingSignIns()).toEqual([{ userCode, clientName: 'outsider', expiresAt: expect.any(Date) }]);
  emulator.deny(userCode ?? '');
  expect(emulator.waitingSignIns()).toEqual([]);
  expect(emulator.requests('RegisterClient')).toEqual([
    {
      at: expect.any(Date),
      method: 'POST',
      path: '/client/register',
      operation: 'RegisterClient',
      detail: null,
      status: 200,
    },
  ]);
  expect([emulator.requests().length, emulator.countCalls('CreateToken')]).toEqual([2, 0]);
  emulator.clearRequests();
  expect(emulator.requests()).toEqual([]);
});

test('edits the directory while a client is signed in, and refuses what is wrong', async () => {
  const emulator = await start();
  const { directory } = emulator;
  const client = await signIn(emulator);
  directory.addAccount({ accountId: '555555555555', accountName: 'new' });
  directory.addPermissionSet({ name: 'Deploy', sessionDurationSeconds: 900 });
  directory.assign({ accountId: '555555555555', permissionSet: 'Deploy', user: 'taylor' });
  expect(await client.accounts()).toContain('new');
  expect(await client.keys('555555555555', 'Deploy')).toBeInstanceOf(Date);
  expect(() => directory.removePermissionSet('Deploy')).toThrow(
    expect.objectContaining({ code: 'still-assigned', hint: 'rolecall emulator --help' }),
  );
  directory.removeUser('taylor');
  expect(await client.accounts()).toBe('UnauthorizedException');
  expect(Object.keys(directory).toSorted()).not.toContain('findUser');
  emulator.reset();
  expect(directory.toDocument().users.map(({ userName }) => userName)).toEqual(['taylor', 'sam']);
});

test('fails as asked', async () => {
  const emulator = await start();
  const client = await signIn(emulator);
  emulator.addFault({ operation: 'ListAccounts', kind: 'status', status: 500, count: 1 });
  expect(await client.accounts()).toBe('InternalServerException');
  expect(await client.accounts()).toHaveLength(4);
  emulator.turnKnobs({ portalCallsPerSecond: 1 });
  expect([emulator.knobs.portalCallsPerSecond, emulator.knobs.pageSize]).toEqual([1, 100]);
  expect(() => emulator.turnKnobs({ pageSize: 0 })).toThrow('pageSize must be a whole number from 1 to 100.');
});

test('takes a directory of its own, and prints what a config file needs', async () => {
  const directory: EmulatedDirectory = {
    startUrl: 'https://example.awsapps.com/start',
    region: 'eu-central-1',
    organization: { managementAccountId: '111111111111' },
    accounts: [{ accountId: '111111111111' }],
    users: [{ userName: 'kim' }],
    groups: [],
    permissionSets: [{ name: 'Admin' }],
    assignments: [{ accountId: '111111111111', permissionSet: 'Admin', user: 'kim' }],
  };
  const emulator = await start({ directory });
  expect(emulator.configSection('team')).toBe(`[sso-session team]
sso_start_url = https://example.awsapps.com/start
sso_region = eu-central-1
sso_registration_scopes = sso:account:access`);
  expect(emulator.environment()).toEqual({
    AWS_ENDPOINT_URL_SSO_OIDC: emulator.url,
    AWS_ENDPOINT_URL_SSO: emulator.url,
    AWS_ENDPOINT_URL_STS: emulator.url,
  });
  expect(() => createEmulator({ directory: { ...directory, assignments: [], accounts: [] } })).toThrow(
    'organization.managementAccountId is not the id of an account.',
  );
});

test('serves TLS with a CA file, which is gone after the end', async () => {
  const emulator = createEmulator({ tls: true });
  onTestFinished(() => emulator.close());
  expect(await emulator.listen()).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
  const { AWS_CA_BUNDLE: caFile = '' } = emulator.environment();
  expect(emulator.environment()).toMatchObject({ NODE_EXTRA_CA_CERTS: caFile, SSL_CERT_FILE: caFile });
  expect(existsSync(caFile)).toBe(true);
  await expect(emulator.listen()).rejects.toThrow('The emulator is already listening');
  await emulator[Symbol.asyncDispose]();
  expect([existsSync(caFile), emulator.url]).toEqual([false, '']);
});

describe('the fixture', () => {
  const withEmulator = test.extend<{ emulator: Emulator }>({ emulator: emulatorFixture({ autoApprove: 'sam' }) });

  withEmulator('listens', async ({ emulator }) => {
    expect((await fetch(`${emulator.url}/start`)).status).toBe(200);
    expect([emulator.knobs.autoApprove, emulator.requests().length]).toEqual(['sam', 1]);
  });

  withEmulator('is new for each test', async ({ emulator }) => {
    expect((await fetch(`${emulator.url}/start`)).status).toBe(200);
    expect(emulator.requests()).toHaveLength(1);
  });

  test('closes the emulator also after a test that failed', async () => {
    let used: Emulator | undefined;
    const failing = emulatorFixture()({}, async (emulator) => {
      used = emulator;
      throw new Error('a failed test');
    });
    await expect(failing).rejects.toThrow('a failed test');
    expect(used?.url).toBe('');
  });
});
