// The adapter's successes and faults by kind, against the emulator, which is tested with the official AWS clients.
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ChainDefinition, ClientRegistration, IssuedToken } from '../../src/core/model.ts';
import { Secret } from '../../src/core/secret.ts';
import { type Emulator, createEmulator } from '../../src/emulator/emulator.ts';
import { createRoleAssumer } from '../../src/identity-center/assume-role.ts';
import type { ClosableIdentityCenter } from '../../src/identity-center/identity-center.ts';
import { ROLE, SESSION, createAt, faultOf } from './scripted-server.ts';

let emulator: Emulator;
let identityCenter: ClosableIdentityCenter;

beforeEach(async () => {
  emulator = createEmulator({ pageSize: 2 });
  const { url } = await emulator.listen();
  identityCenter = createAt(url);
});

afterEach(async () => {
  identityCenter.close();
  await emulator.close();
});

async function signIn(): Promise<{ registration: ClientRegistration; token: IssuedToken; refreshToken: Secret }> {
  const registration = await identityCenter.registerClient(SESSION);
  const device = await identityCenter.startDeviceAuthorization(SESSION, registration);
  emulator.approve(device.userCode, 'taylor');
  const token = await identityCenter.createTokenByDeviceCode(SESSION, registration, device.deviceCode);
  if (token.refreshToken === undefined) throw new Error('the emulator gave no refresh token');
  return { registration, token, refreshToken: token.refreshToken };
}

test('signs in, lists page by page, gets credentials, refreshes and logs out', async () => {
  const registration = await identityCenter.registerClient(SESSION);
  expect(registration).toEqual({
    clientId: expect.any(String),
    clientSecret: expect.any(Secret),
    expiresAtMs: expect.any(Number),
  });
  expect(registration.expiresAtMs).toBeGreaterThan(Date.now());

  const device = await identityCenter.startDeviceAuthorization(SESSION, registration);
  expect(device).toEqual({
    deviceCode: expect.any(Secret),
    userCode: expect.stringMatching(/^[B-Z]{4}-[B-Z]{4}$/),
    verificationUri: `${emulator.url}/device`,
    verificationUriComplete: `${emulator.url}/device?user_code=${device.userCode}`,
    expiresInSeconds: 600,
    intervalSeconds: 1,
  });

  const poll = () => identityCenter.createTokenByDeviceCode(SESSION, registration, device.deviceCode);
  expect((await faultOf(poll())).kind).toBe('authorization-pending');
  emulator.addFault({ operation: 'CreateToken', kind: 'exception', exception: 'SlowDownException', count: 1 });
  expect((await faultOf(poll())).kind).toBe('slow-down');
  emulator.approve(device.userCode, 'taylor');
  const token = await poll();
  expect(token).toEqual({
    accessToken: expect.any(Secret),
    refreshToken: expect.any(Secret),
    expiresInSeconds: 3600,
  });
  expect((await faultOf(poll())).kind).toBe('invalid-grant');

  const first = await identityCenter.listAccounts(SESSION, token.accessToken);
  expect(first).toEqual({
    items: [
      { accountId: '111111111111', accountName: 'taylor', emailAddress: 'taylor@example.com' },
      { accountId: '222222222222', accountName: 'professional-af', emailAddress: 'aws+professional-af@example.com' },
    ],
    nextToken: expect.any(String),
  });
  expect(await identityCenter.listAccounts(SESSION, token.accessToken, first.nextToken)).toEqual({
    items: [
      { accountId: '333333333333', accountName: 'Shop Staging', emailAddress: 'aws+shop-staging@example.com' },
      { accountId: '044444444444', accountName: 'Log Archive', emailAddress: 'aws+log-archive@example.com' },
    ],
  });
  expect(await identityCenter.listAccountRoles(SESSION, token.accessToken, '222222222222')).toEqual({
    items: ['Admin-AF-Permission-Set', 'ReadOnly'],
  });

  const credentials = await identityCenter.getRoleCredentials(SESSION, token.accessToken, ROLE);
  expect(credentials).toEqual({
    accessKeyId: expect.stringMatching(/^ASIA/),
    secretAccessKey: expect.any(Secret),
    sessionToken: expect.any(Secret),
    expiresAtMs: expect.any(Number),
  });
  expect(Math.abs(credentials.expiresAtMs - Date.now() - 3_600_000)).toBeLessThan(60_000);

  if (token.refreshToken === undefined) throw new Error('the emulator gave no refresh token');
  const next = await identityCenter.createTokenByRefreshToken(SESSION, registration, token.refreshToken);
  expect(next.accessToken.reveal()).not.toBe(token.accessToken.reveal());

  await identityCenter.logout(SESSION, next.accessToken);
  expect((await faultOf(identityCenter.listAccounts(SESSION, next.accessToken))).kind).toBe('unauthorized');
});

test.each(['null', 'empty', 'absent'] as const)('a nextToken that is %s ends the list', async (lastPageToken) => {
  emulator.turnKnobs({ lastPageToken, pageSize: 100 });
  const { token } = await signIn();
  expect(await identityCenter.listAccounts(SESSION, token.accessToken)).not.toHaveProperty('nextToken');
});

test('a denied sign-in is access-denied', async () => {
  const registration = await identityCenter.registerClient(SESSION);
  const device = await identityCenter.startDeviceAuthorization(SESSION, registration);
  emulator.deny(device.userCode);
  const call = identityCenter.createTokenByDeviceCode(SESSION, registration, device.deviceCode);
  expect((await faultOf(call)).kind).toBe('access-denied');
});

test('a dead refresh token is invalid-grant, a forgotten registration invalid-client', async () => {
  const { registration, refreshToken } = await signIn();
  emulator.killRefreshTokens();
  const refresh = () => identityCenter.createTokenByRefreshToken(SESSION, registration, refreshToken);
  expect((await faultOf(refresh())).kind).toBe('invalid-grant');
  emulator.expireRegistrations();
  expect((await faultOf(refresh())).kind).toBe('invalid-client');
  expect((await faultOf(identityCenter.startDeviceAuthorization(SESSION, registration))).kind).toBe('invalid-client');
});

test('an expired access token is unauthorized, an unassigned role forbidden', async () => {
  const { token } = await signIn();
  const get = (permissionSet: string) =>
    identityCenter.getRoleCredentials(SESSION, token.accessToken, { ...ROLE, permissionSet });
  const fault = await faultOf(get('ReadOnly'));
  expect(fault.kind).toBe('forbidden');
  expect(fault.message).toBe(
    `GetRoleCredentials at ${new URL(emulator.url).host} failed: HTTP 403, ForbiddenException, No access.`,
  );
  emulator.expireAccessTokens();
  expect((await faultOf(get(ROLE.permissionSet))).kind).toBe('unauthorized');
});

test.each([
  [{ kind: 'throttle', retryAfterSeconds: 7 }, 'throttled', 7_000],
  [{ kind: 'throttle' }, 'throttled', undefined],
  [{ kind: 'status', status: 500 }, 'unreachable', undefined],
  [{ kind: 'status', status: 503 }, 'unreachable', undefined],
  [{ kind: 'html' }, 'unusable-response', undefined],
  [{ kind: 'truncate' }, 'unusable-response', undefined],
  [{ kind: 'drop' }, 'unreachable', undefined],
] as const)('%j on every operation is %s, after one request', async (effect, kind, retryAfterMs) => {
  const { registration, token, refreshToken } = await signIn();
  const device = await identityCenter.startDeviceAuthorization(SESSION, registration);
  emulator.addFault({ operation: '*', ...effect });
  const calls = {
    registerClient: () => identityCenter.registerClient(SESSION),
    startDeviceAuthorization: () => identityCenter.startDeviceAuthorization(SESSION, registration),
    createTokenByRefreshToken: () => identityCenter.createTokenByRefreshToken(SESSION, registration, refreshToken),
    listAccounts: () => identityCenter.listAccounts(SESSION, token.accessToken),
    listAccountRoles: () => identityCenter.listAccountRoles(SESSION, token.accessToken, ROLE.accountId),
    getRoleCredentials: () => identityCenter.getRoleCredentials(SESSION, token.accessToken, ROLE),
    createTokenByDeviceCode: () => identityCenter.createTokenByDeviceCode(SESSION, registration, device.deviceCode),
  };
  for (const [name, run] of Object.entries(calls)) {
    emulator.resetCalls();
    const fault = await faultOf(run());
    // AWS throttles a poll by the same exception that tells it to slow down.
    const expected = name === 'createTokenByDeviceCode' && kind === 'throttled' ? ['throttled', 'slow-down'] : [kind];
    expect(expected, name).toContain(fault.kind);
    if (fault.kind === 'throttled') expect(fault.retryAfterMs, name).toBe(retryAfterMs);
    expect(emulator.requests(), name).toHaveLength(1);
  }
});

test('assumes one role after another, with policies, tags and ids, and learns why it may not', async () => {
  const { token } = await signIn();
  const sts = createRoleAssumer({ endpointsOf: () => ({ sts: emulator.url }), proxyForUrl: () => '' });
  emulator.directory.replace({
    ...emulator.directory.toDocument(),
    roles: [{ accountId: '222222222222', name: 'Partner', externalId: 'partner-7' }],
  });
  const definition = {
    name: 'partner',
    source: ROLE,
    roleArn: 'arn:aws:iam::222222222222:role/Partner',
    roleSessionName: 'taylor',
    durationSeconds: 900,
    origin: 'config',
  } as const satisfies ChainDefinition;
  const source = await identityCenter.getRoleCredentials(SESSION, token.accessToken, {
    ...ROLE,
    accountId: '111111111111',
    permissionSet: 'Admin-AF-Permission-Set',
  });
  const refused = await faultOf(sts.assumeRole(SESSION, source, definition));
  expect(refused.kind).toBe('forbidden');
  expect(refused.message).toContain(
    'is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::222222222222:role/Partner',
  );
  const policy = '{"Version":"2012-10-17","Statement":[]}';
  const first = await sts.assumeRole(SESSION, source, {
    ...definition,
    externalId: 'partner-7',
    sourceIdentity: 'taylor',
    tags: [{ key: 'team', value: 'a b' }],
    transitiveTagKeys: ['team'],
    policy,
    policyArns: ['arn:aws:iam::aws:policy/ReadOnlyAccess'],
  });
  expect(first.expiresAtMs - Date.now()).toBeGreaterThan(800_000);
  expect(emulator.requests().at(-1)?.assumeRole).toEqual({
    roleArn: definition.roleArn,
    roleSessionName: 'taylor',
    durationSeconds: '900',
    externalId: 'partner-7',
    sourceIdentity: 'taylor',
    tags: { team: 'a b' },
    transitiveTagKeys: ['team'],
    policy,
    policyArns: ['arn:aws:iam::aws:policy/ReadOnlyAccess'],
  });
  const next = { ...definition, roleArn: 'arn:aws:iam::333333333333:role/Audit' };
  expect(await sts.assumeRole(SESSION, first, next)).toMatchObject({
    accessKeyId: expect.stringMatching(/^ASIA/) as string,
  });
  expect((await faultOf(sts.assumeRole(SESSION, first, { ...next, policy: '{}' }))).kind).toBe('invalid-policy');
  const unknown = { ...first, accessKeyId: 'ASIAAAAAAAAAAAAAAAAA' };
  expect((await faultOf(sts.assumeRole(SESSION, unknown, next))).kind).toBe('unauthorized');
});
