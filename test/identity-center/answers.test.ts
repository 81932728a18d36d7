// Requests in the form that AWS expects, faults by kind, and validation of every field in the answers.
import { inspect } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Secret } from '../../src/core/secret.ts';
import { createCallerIdentity } from '../../src/identity-center/caller-identity.ts';
import type { ClosableIdentityCenter } from '../../src/identity-center/identity-center.ts';
import {
  CALLS,
  CANARIES,
  type CallName,
  ROLE,
  SESSION,
  type ScriptedServer,
  createAt,
  faultOf,
  startScriptedServer,
} from './scripted-server.ts';

let server: ScriptedServer;
let identityCenter: ClosableIdentityCenter;
let warnings: string[];

beforeAll(async () => {
  server = await startScriptedServer();
  identityCenter = createAt(server.url, { warn: (message) => warnings.push(message) });
});
beforeEach(() => {
  warnings = [];
});
afterAll(async () => {
  identityCenter.close();
  await server.close();
});

const lastRequest = () => server.requests.at(-1);

describe('requests', () => {
  test('RegisterClient requests the device and refresh grants, and always the account scope', async () => {
    server.answer(200, { clientId: 'c', clientSecret: 's', clientSecretExpiresAt: 1_900_000_000 });
    await identityCenter.registerClient({
      ...SESSION,
      sessionName: "Wörk; $(id) 'x'",
      registrationScopes: ['codewhisperer:completions', 'sso:account:access'],
    });
    expect(lastRequest()).toMatchObject({ method: 'POST', url: '/client/register' });
    expect(JSON.parse(lastRequest()?.body ?? '')).toEqual({
      clientName: 'rolecall-W-rk-id-x-',
      clientType: 'public',
      scopes: ['sso:account:access', 'codewhisperer:completions'],
      grantTypes: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'],
    });
  });

  test('RegisterClient for the other flow requests authorization codes and no device codes, for the portal of the start URL', async () => {
    server.answer(200, { clientId: 'c', clientSecret: 's', clientSecretExpiresAt: 1_900_000_000 });
    await identityCenter.registerClient(SESSION, 'pkce');
    expect(JSON.parse(lastRequest()?.body ?? '')).toEqual({
      clientName: `rolecall-${SESSION.sessionName}`,
      clientType: 'public',
      scopes: ['sso:account:access'],
      grantTypes: ['authorization_code', 'refresh_token'],
      redirectUris: ['http://127.0.0.1/oauth/callback'],
      issuerUrl: SESSION.startUrl,
    });
  });

  test('a long session name is truncated', async () => {
    await identityCenter.registerClient({ ...SESSION, sessionName: 'x'.repeat(500) });
    expect((JSON.parse(lastRequest()?.body ?? '') as { clientName: string }).clientName).toHaveLength(64);
  });

  test('CreateToken redeems an authorization code with its verifier and the redirect URI with its port', async () => {
    server.answer(200, { accessToken: 'a', refreshToken: 'r', expiresIn: 3600 });
    await CALLS['CreateToken authorization_code'](identityCenter);
    expect(lastRequest()).toMatchObject({ method: 'POST', url: '/token' });
    expect(JSON.parse(lastRequest()?.body ?? '')).toEqual({
      clientId: 'client-1',
      clientSecret: CANARIES.clientSecret,
      grantType: 'authorization_code',
      code: CANARIES.code,
      codeVerifier: CANARIES.codeVerifier,
      redirectUri: 'http://127.0.0.1:4711/oauth/callback',
    });
  });

  test('the portal gets the token in its header, 100 as page size, and odd names encoded', async () => {
    server.answer(200, { roleList: [], nextToken: null });
    await identityCenter.listAccountRoles(SESSION, new Secret('token-1'), '000000000001', 'a&b=c');
    expect(lastRequest()).toMatchObject({
      method: 'GET',
      url: '/assignment/roles?account_id=000000000001&max_result=100&next_token=a%26b%3Dc',
      headers: { 'x-amz-sso_bearer_token': 'token-1' },
    });
    expect(lastRequest()?.headers).not.toHaveProperty('authorization');
    server.answer(200, {});
    await faultOf(identityCenter.getRoleCredentials(SESSION, new Secret('t'), { ...ROLE, permissionSet: '../a b&c' }));
    expect(lastRequest()?.url).toBe('/federation/credentials?account_id=111111111111&role_name=..%2Fa%20b%26c');
  });
});

/** An error as SSO OIDC sends it. */
const oidcError = (exception: string, error: string) => ({
  body: { error, error_description: `about ${error}` },
  headers: { 'x-amzn-errortype': `${exception}:http://internal.amazon.com/coral/com.amazonaws.sso.oidc/` },
});

describe('errors of SSO OIDC', () => {
  test.each<[string, string, number, Partial<Record<CallName, string>>]>([
    [
      'AuthorizationPendingException',
      'authorization_pending',
      400,
      {
        'CreateToken authorization_code': 'unusable-response',
        'CreateToken device_code': 'authorization-pending',
        'CreateToken refresh_token': 'unusable-response',
      },
    ],
    [
      'SlowDownException',
      'slow_down',
      400,
      {
        'CreateToken authorization_code': 'throttled',
        'RegisterClient authorization_code': 'throttled',
        'CreateToken device_code': 'slow-down',
        'CreateToken refresh_token': 'throttled',
        RegisterClient: 'throttled',
        StartDeviceAuthorization: 'throttled',
      },
    ],
    [
      'ExpiredTokenException',
      'expired_token',
      400,
      {
        'CreateToken authorization_code': 'invalid-grant',
        'CreateToken device_code': 'device-code-expired',
        'CreateToken refresh_token': 'invalid-grant',
        RegisterClient: 'unusable-response',
      },
    ],
    [
      'AccessDeniedException',
      'access_denied',
      400,
      {
        'CreateToken authorization_code': 'access-denied',
        'RegisterClient authorization_code': 'grant-refused',
        'CreateToken device_code': 'access-denied',
        'CreateToken refresh_token': 'invalid-grant',
      },
    ],
    [
      'InvalidGrantException',
      'invalid_grant',
      400,
      {
        'CreateToken authorization_code': 'invalid-grant',
        'CreateToken device_code': 'invalid-grant',
        'CreateToken refresh_token': 'invalid-grant',
      },
    ],
    [
      'InvalidClientException',
      'invalid_client',
      401,
      {
        'CreateToken authorization_code': 'invalid-client',
        'CreateToken device_code': 'invalid-client',
        'CreateToken refresh_token': 'invalid-client',
        StartDeviceAuthorization: 'invalid-client',
      },
    ],
    [
      'UnauthorizedClientException',
      'unauthorized_client',
      400,
      {
        'CreateToken authorization_code': 'invalid-client',
        'RegisterClient authorization_code': 'grant-refused',
        StartDeviceAuthorization: 'invalid-client',
      },
    ],
    [
      'InvalidRequestException',
      'invalid_request',
      400,
      {
        'RegisterClient authorization_code': 'grant-refused',
        'CreateToken authorization_code': 'unusable-response',
        StartDeviceAuthorization: 'start-url-refused',
        RegisterClient: 'unusable-response',
        'CreateToken device_code': 'unusable-response',
        'CreateToken refresh_token': 'unusable-response',
      },
    ],
    [
      'InvalidScopeException',
      'invalid_scope',
      400,
      { 'RegisterClient authorization_code': 'unusable-response', RegisterClient: 'unusable-response' },
    ],
    [
      'InvalidClientMetadataException',
      'invalid_client_metadata',
      400,
      { 'RegisterClient authorization_code': 'grant-refused', RegisterClient: 'unusable-response' },
    ],
    [
      'UnsupportedGrantTypeException',
      'unsupported_grant_type',
      400,
      {
        'RegisterClient authorization_code': 'grant-refused',
        'CreateToken authorization_code': 'grant-refused',
        RegisterClient: 'unusable-response',
      },
    ],
    [
      'InvalidRedirectUriException',
      'invalid_redirect_uri',
      400,
      { 'RegisterClient authorization_code': 'grant-refused' },
    ],
    [
      'InternalServerException',
      'server_error',
      500,
      {
        'RegisterClient authorization_code': 'unreachable',
        'CreateToken authorization_code': 'unreachable',
        RegisterClient: 'unreachable',
      },
    ],
    ['SomethingNewException', 'something_new', 403, { RegisterClient: 'unusable-response' }],
  ])('%s', async (exception, error, status, expected) => {
    const { body, headers } = oidcError(exception, error);
    server.answer(status, body, headers);
    for (const [name, kind] of Object.entries(expected)) {
      const fault = await faultOf(CALLS[name as CallName](identityCenter));
      expect(fault.kind, name).toBe(kind);
      expect(fault.message).toBe(
        `${name.split(' ')[0]} at ${server.host} failed: HTTP ${status}, ${exception}, about ${error}.`,
      );
    }
  });

  test('a proxy that strips the error header does not break the polling', async () => {
    server.answer(400, { error: 'authorization_pending', error_description: 'pending' });
    expect((await faultOf(CALLS['CreateToken device_code'](identityCenter))).kind).toBe('authorization-pending');
  });

  test('the reason of a KMS refusal is in the message', async () => {
    server.answer(
      400,
      { error: 'access_denied', error_description: 'no key', reason: 'KMS_AccessDeniedException' },
      { 'x-amzn-errortype': 'AccessDeniedException' },
    );
    expect((await faultOf(CALLS['CreateToken device_code'](identityCenter))).message).toMatch(
      /no key, KMS_AccessDenied/,
    );
  });
});

describe('errors of the portal', () => {
  test.each([
    [400, 'InvalidRequestException', 'unusable-response'],
    [401, 'UnauthorizedException', 'unauthorized'],
    [403, 'ForbiddenException', 'forbidden'],
    [404, 'ResourceNotFoundException', 'not-found'],
    [405, 'MethodNotAllowedException', 'unusable-response'],
    [429, 'TooManyRequestsException', 'throttled'],
    [500, 'InternalServerException', 'unreachable'],
    [502, 'BadGateway', 'unreachable'],
    [503, 'ServiceUnavailable', 'unreachable'],
  ])('%i %s is %s', async (status, exception, kind) => {
    server.answer(status, { message: 'as AWS says.', __type: `com.amazonaws.switchboard.portal#${exception}` });
    for (const name of ['ListAccounts', 'ListAccountRoles', 'GetRoleCredentials', 'Logout'] as const) {
      const fault = await faultOf(CALLS[name](identityCenter));
      expect([fault.kind, fault.message]).toEqual([
        kind,
        `${name} at ${server.host} failed: HTTP ${status}, ${exception}, as AWS says.`,
      ]);
    }
  });

  test('an empty 429 is throttled', async () => {
    server.answer(429, '');
    const fault = await faultOf(CALLS.ListAccounts(identityCenter));
    expect([fault.kind, fault.message]).toEqual(['throttled', `ListAccounts at ${server.host} failed: HTTP 429.`]);
  });

  test.each([
    ['7', undefined, 7_000],
    ['0', undefined, 0],
    ['Tue, 24 Nov 2026 06:01:00 GMT', 'Tue, 24 Nov 2026 06:00:00 GMT', 60_000],
    ['Tue, 24 Nov 2026 05:00:00 GMT', 'Tue, 24 Nov 2026 06:00:00 GMT', 0],
    ['86400', undefined, 900_000],
    ['9'.repeat(400), undefined, 900_000],
    ['Wed, 25 Nov 2026 06:00:00 GMT', 'Tue, 24 Nov 2026 06:00:00 GMT', 900_000],
    ['soon', undefined, undefined],
    [undefined, undefined, undefined],
  ])('Retry-After %s is %s ms', async (retryAfter, date, expected) => {
    server.answer(
      429,
      { message: 'HTTP 429 Unknown Code' },
      { ...(retryAfter && { 'retry-after': retryAfter }), ...(date && { date }) },
    );
    const fault = await faultOf(CALLS.ListAccounts(identityCenter));
    expect([fault.kind, fault.retryAfterMs]).toEqual(['throttled', expected]);
  });
});

describe('HTML instead of JSON', () => {
  const html = '<!doctype html><title>Log in to the guest network</title>';

  test.each([
    [200, 'unusable-response'],
    [302, 'unusable-response'],
    [401, 'unusable-response'],
    [403, 'unusable-response'],
    [404, 'unusable-response'],
    [407, 'unusable-response'],
    [429, 'throttled'],
    [503, 'unreachable'],
  ])('with status %i is %s on every operation', async (status, kind) => {
    server.answer(status, html, { 'content-type': 'text/html', location: 'https://portal.example' });
    for (const [name, run] of Object.entries(CALLS)) {
      const fault = await faultOf(run(identityCenter));
      expect([name, fault.kind]).toEqual([name, kind]);
      expect(fault.message).not.toContain('guest');
    }
  });
});

test('an empty answer to Logout is accepted with any content type', async () => {
  server.answer(200, '', { 'content-type': 'text/html' });
  expect(await CALLS.Logout(identityCenter)).toBeUndefined();
});

describe("an error that is not AWS's", () => {
  const bodies = [
    ['', 'an empty body'],
    [' \n', 'an empty body'],
    ['<html><body>Blocked</body></html>', 'an HTML page'],
    ['<?xml version="1.0"?><!DOCTYPE html><html>Blocked</html>', 'an HTML page'],
    ['{}', 'JSON without an AWS error type'],
    ['[]', 'JSON without an AWS error type'],
    ['{"message":"Blocked"}', 'JSON without an AWS error type'],
    ['{"code":"UnauthorizedException","message":"Blocked"}', 'JSON without an AWS error type'],
    ['{"code":403,"error":"access_denied"}', 'JSON without an AWS error type'],
    ['{"error":"invalid_grant"}', 'JSON without an AWS error type'],
    ['{"__type":7}', 'JSON without an AWS error type'],
    ['{"__type":""}', 'JSON without an AWS error type'],
    ['null', 'text that is not a JSON object'],
    ['Blocked', 'text that is not a JSON object'],
    [`{"a":"${'x'.repeat(100_000)}"}`, 'text that is not a JSON object'],
  ] as const;

  test.each([302, 401, 403, 404, 407, 502])('with status %i is reported by every call', async (status) => {
    for (const [index, [body, what]] of bodies.entries()) {
      server.answer(status, body);
      const calls = Object.entries(CALLS);
      // Every call with the common ones, one call of each service with the rest.
      for (const [name, run] of index % 2 === 0 ? calls : calls.slice(3, 5)) {
        const fault = await faultOf(run(identityCenter));
        const says = `${name.split(' ')[0]} at ${server.host} failed: HTTP ${status} with ${what}`;
        const expected =
          status >= 500
            ? ['unreachable', `${says}.`]
            : ['unusable-response', `${says}, which did not come from AWS: a proxy or a web login may be in the way.`];
        expect([fault.kind, fault.message]).toEqual(expected);
        expect(inspect(fault, { depth: 10, showHidden: true })).not.toContain('Blocked');
      }
    }
  });

  test('of SSO OIDC counts without its header only with the right status', async () => {
    server.answer(400, { error: 'invalid_grant' });
    expect((await faultOf(CALLS['CreateToken refresh_token'](identityCenter))).kind).toBe('invalid-grant');
    server.answer(401, { error: 'invalid_client' });
    expect((await faultOf(CALLS['CreateToken refresh_token'](identityCenter))).kind).toBe('invalid-client');
    server.answer(400, { error: 'constructor' });
    expect((await faultOf(CALLS['CreateToken refresh_token'](identityCenter))).kind).toBe('unusable-response');
    // It means nothing to the portal.
    server.answer(401, { error: 'invalid_client' });
    expect((await faultOf(CALLS.ListAccounts(identityCenter))).kind).toBe('unusable-response');
  });

  test('keeps only the retry time of its headers', async () => {
    server.answer(503, '', { 'retry-after': '7', 'set-cookie': 'canary=1' });
    const fault = await faultOf(CALLS.ListAccounts(identityCenter));
    expect(fault.retryAfterMs).toBe(7000);
    expect(inspect(fault, { depth: 10, showHidden: true })).not.toContain('canary');
  });

  test.each([
    [200, 'HTTP 200 with an HTML page'],
    [403, 'HTTP 403 with an HTML page'],
    [429, 'HTTP 429.'],
  ])('with status %i is truncated if it is endless', async (status, says) => {
    server.answerWith((response) => {
      response.writeHead(status, { 'content-type': 'text/html' });
      const fill = setInterval(() => response.write('<p>'.repeat(10_000)), 1);
      response.on('close', () => clearInterval(fill));
    });
    expect((await faultOf(CALLS.ListAccounts(identityCenter))).message).toContain(says);
  });
});

describe('an answer of STS', () => {
  const fetchUser = (requestTimeoutMs?: number) =>
    createCallerIdentity({
      endpointsOf: () => ({ sts: server.url }),
      proxyForUrl: () => '',
      ...(requestTimeoutMs !== undefined && { requestTimeoutMs }),
    })
      .fetchUser(SESSION, {
        accessKeyId: 'ASIAEXAMPLE',
        secretAccessKey: new Secret('secret'),
        sessionToken: new Secret('token'),
        expiresAtMs: 0,
      })
      .catch((error: unknown) => (error as Error).message);

  test('gives the user, or the reason why there is none', async () => {
    const arn = 'arn:aws:sts::111111111111:assumed-role/AWSReservedSSO_Admin_0123456789abcdef/taylor';
    server.answer(
      200,
      `<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>${arn}</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>`,
    );
    expect(await fetchUser()).toBe('taylor');
    server.answer(
      403,
      '<ErrorResponse><Error><Code>ExpiredToken</Code><Message>expired</Message></Error></ErrorResponse>',
    );
    expect(await fetchUser()).toBe('expired');
  });

  test.each([
    [200, '<html>Log in</html>', 'HTTP 200 with an HTML page'],
    [403, '', 'HTTP 403 with an empty body'],
    [407, '<html>Log in</html>', 'HTTP 407 with an HTML page'],
    [502, '{"message":"bad gateway"}', 'HTTP 502 with JSON without an AWS error type'],
  ])("that is a proxy's, %i %j, is told", async (status, body, says) => {
    server.answer(status, body);
    expect(await fetchUser()).toBe(says);
  });

  test('that never ends is aborted', async () => {
    server.answerWith((response) => void response.writeHead(200, { 'content-type': 'text/xml' }).write('<Get'));
    expect(await fetchUser(200)).toMatch(/abort/i);
  });
});

describe('a 200 that is not the protocol', () => {
  const device = { deviceCode: 'd', userCode: 'u', verificationUri: 'https://v', expiresIn: 600, interval: 1 };
  const keys = { accessKeyId: 'a', secretAccessKey: 's', sessionToken: 't', expiration: 1_795_000_000_000 };
  const without = (fields: object, name: string) =>
    Object.fromEntries(Object.entries(fields).filter(([key]) => key !== name));
  const registration = { clientId: 'c', clientSecret: 's', clientSecretExpiresAt: 1_900_000_000 };
  const token = { accessToken: 'a', expiresIn: 3600 };

  test.each<[CallName, unknown, string]>([
    ['RegisterClient', {}, 'clientSecretExpiresAt is missing'],
    ['RegisterClient', without(registration, 'clientId'), 'clientId is missing'],
    ['RegisterClient', { ...registration, clientId: 'c\ud800' }, 'clientId has other characters than printable ASCII'],
    ['RegisterClient', { ...registration, clientId: 'c\u202e' }, 'clientId has other characters than printable ASCII'],
    ['RegisterClient', without(registration, 'clientSecret'), 'clientSecret is missing'],
    ['RegisterClient', { ...registration, clientSecretExpiresAt: 1_900_000_000_000 }, 'is not in seconds'],
    [
      'RegisterClient',
      { ...registration, clientSecretExpiresAt: 'soon' },
      'clientSecretExpiresAt is not a positive number',
    ],
    ['StartDeviceAuthorization', without(device, 'deviceCode'), 'deviceCode is missing'],
    ['StartDeviceAuthorization', without(device, 'userCode'), 'userCode is missing'],
    ['StartDeviceAuthorization', without(device, 'verificationUri'), 'verificationUri is missing'],
    // As an argument of a browser it would have more bytes than Linux allows for one.
    [
      'StartDeviceAuthorization',
      { ...device, verificationUri: `https://v/${'€'.repeat(16_000)}` },
      'verificationUri is too long',
    ],
    ['StartDeviceAuthorization', without(device, 'expiresIn'), 'expiresIn is missing'],
    ['StartDeviceAuthorization', { ...device, interval: -1 }, 'interval is not a positive number'],
    ['StartDeviceAuthorization', { ...device, interval: 86_400 }, 'interval is too large'],
    ['StartDeviceAuthorization', { ...device, expiresIn: 1e15 }, 'expiresIn is too large'],
    ['StartDeviceAuthorization', { ...device, userCode: 12 }, 'userCode is not a string'],
    ['CreateToken device_code', without(token, 'accessToken'), 'accessToken is missing'],
    ['CreateToken device_code', { ...token, accessToken: '' }, 'accessToken is missing'],
    ['CreateToken device_code', { ...token, accessToken: null }, 'accessToken is missing'],
    ['CreateToken refresh_token', without(token, 'expiresIn'), 'expiresIn is missing'],
    ['CreateToken refresh_token', { ...token, expiresIn: '3600' }, 'expiresIn is not a positive number'],
    ['CreateToken refresh_token', { ...token, expiresIn: 0 }, 'expiresIn is not a positive number'],
    ['CreateToken refresh_token', { ...token, expiresIn: 1e300 }, 'expiresIn is too large'],
    ['CreateToken refresh_token', { ...token, expiresIn: -3600 }, 'expiresIn is not a positive number'],
    ['CreateToken refresh_token', { ...token, expiresIn: 28_800_000 }, 'expiresIn is too large'],
    ['CreateToken device_code', { ...token, expiresIn: 1e15 }, 'expiresIn is too large'],
    ['CreateToken device_code', { ...token, expiresIn: 1e-300 }, 'expiresIn is less than a second'],
    ['CreateToken refresh_token', { ...token, expiresIn: 0.999 }, 'expiresIn is less than a second'],
    ['StartDeviceAuthorization', { ...device, expiresIn: 1e-300 }, 'expiresIn is less than a second'],
    ['ListAccounts', {}, 'accountList is missing'],
    ['ListAccounts', { message: 'ok' }, 'accountList is missing'],
    ['ListAccounts', { accountList: null }, 'accountList is missing'],
    ['ListAccounts', { accountList: [], nextToken: 7 }, 'nextToken is not a string'],
    ['ListAccountRoles', {}, 'roleList is missing'],
    ['GetRoleCredentials', {}, 'roleCredentials is missing'],
    ['GetRoleCredentials', { roleCredentials: null }, 'roleCredentials is missing'],
    ['GetRoleCredentials', { roleCredentials: without(keys, 'accessKeyId') }, 'accessKeyId is missing'],
    ['GetRoleCredentials', { roleCredentials: without(keys, 'secretAccessKey') }, 'secretAccessKey is missing'],
    ['GetRoleCredentials', { roleCredentials: without(keys, 'sessionToken') }, 'sessionToken is missing'],
    ['GetRoleCredentials', { roleCredentials: without(keys, 'expiration') }, 'expiration is missing'],
    ['GetRoleCredentials', { roleCredentials: { ...keys, expiration: 1_795_000_000 } }, 'is not in milliseconds'],
    ['GetRoleCredentials', { roleCredentials: { ...keys, expiration: 1e16 } }, 'expiration is too large'],
    ['GetRoleCredentials', { roleCredentials: { ...keys, expiration: 1e17 } }, 'expiration is too large'],
    ['GetRoleCredentials', { roleCredentials: { ...keys, expiration: -1 } }, 'expiration is not a positive number'],
    [
      'GetRoleCredentials',
      { roleCredentials: { ...keys, expiration: '2026-11-24' } },
      'expiration is not a positive number',
    ],
  ])('%s %j', async (name, answer, reason) => {
    server.answer(200, answer);
    const fault = await faultOf(CALLS[name](identityCenter));
    expect(fault.kind).toBe('unusable-response');
    expect(fault.message).toMatch(
      new RegExp(`^${name.split(' ')[0]} at ${server.host} failed: .*${reason} in the answer\\.$`),
    );
  });

  test.each(['', 'null', '[]', '"text"', '7', '{"accessToken":"canary'])('the body %j is unusable', async (body) => {
    server.answer(200, body);
    for (const [name, run] of Object.entries(CALLS)) {
      if (name === 'Logout') continue;
      const fault = await faultOf(run(identityCenter));
      expect([name, fault.kind]).toEqual([name, 'unusable-response']);
      expect(inspect(fault, { depth: 10, showHidden: true })).not.toContain('canary');
    }
  });

  test('a device authorization without interval and complete URI gets the defaults', async () => {
    server.answer(200, without(device, 'interval'));
    expect(await CALLS.StartDeviceAuthorization(identityCenter)).toMatchObject({
      intervalSeconds: 5,
      verificationUri: 'https://v',
      verificationUriComplete: 'https://v',
    });
  });

  test.each<[CallName, string, number, object]>([
    ['StartDeviceAuthorization', 'userCode', 1000, device],
    ['CreateToken device_code', 'accessToken', 100_000, token],
    ['ListAccounts', 'nextToken', 8193, { accountList: [] }],
    ['ListAccountRoles', 'nextToken', 8193, { roleList: [] }],
  ])('%s with a %s of %i characters is unusable', async (name, field, length, answer) => {
    server.answer(200, { ...answer, [field]: 'x'.repeat(length) });
    const { kind, message } = await faultOf(CALLS[name](identityCenter));
    expect([kind, message]).toEqual(['unusable-response', expect.stringContaining(`${field} is too long`)]);
  });

  test('a tiny interval becomes a hundredth of a second', async () => {
    server.answer(200, { ...device, interval: 1e-300 });
    expect(await CALLS.StartDeviceAuthorization(identityCenter)).toMatchObject({ intervalSeconds: 0.01 });
  });

  test('a token without a refresh token is accepted', async () => {
    server.answer(200, { ...token, refreshToken: null, tokenType: 'Bearer', idToken: null });
    expect(await CALLS['CreateToken device_code'](identityCenter)).toEqual({
      accessToken: expect.any(Secret),
      expiresInSeconds: 3600,
    });
  });

  test.each([
    ['too long', 'canary'.repeat(10_000)],
    ['no text', 7],
  ])('a refresh token that is %s is ignored, with a warning about the consequences', async (_, refreshToken) => {
    for (const grant of ['device_code', 'refresh_token'] as const) {
      warnings = [];
      server.answer(200, { ...token, refreshToken });
      expect(await CALLS[`CreateToken ${grant}`](identityCenter)).not.toHaveProperty('refreshToken');
      expect(warnings).toEqual([
        `CreateToken at ${server.host}: the refresh token for my-sso-session is unusable and was ignored. ` +
          'If the sign-in can no longer be renewed, run: rolecall login my-sso-session',
      ]);
    }
  });

  test('accounts: free text unchanged, entries with invalid ids skipped with a warning', async () => {
    server.answer(200, {
      accountList: [
        { accountId: '000000000001', accountName: `a ' " ] $(id) 🙂`, emailAddress: 'a@example.com' },
        { accountId: '000000000002', accountName: null },
        { accountId: '000000000003', accountName: '', emailAddress: 'x'.repeat(10_000) },
        { accountId: 4, accountName: 'a number' },
        { accountId: '../etc/passwd' },
        { accountId: '12345678901' },
        { accountId: '1234567890123' },
        { accountName: 'no id' },
        null,
      ],
      nextToken: '',
    });
    expect(await CALLS.ListAccounts(identityCenter)).toEqual({
      items: [
        { accountId: '000000000001', accountName: `a ' " ] $(id) 🙂`, emailAddress: 'a@example.com' },
        { accountId: '000000000002' },
        { accountId: '000000000003' },
      ],
    });
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(
      /^ListAccounts at .*: \d of the entries had no 12-digit account id and were skipped\.$/,
    );
  });

  test('roles without a name are skipped with a warning', async () => {
    server.answer(200, {
      roleList: [
        { roleName: 'Admin' },
        { roleName: '' },
        { accountId: '000000000001' },
        { roleName: 'x'.repeat(10_000) },
      ],
      nextToken: 'n',
    });
    expect(await CALLS.ListAccountRoles(identityCenter)).toEqual({ items: ['Admin'], nextToken: 'n' });
    expect(warnings).toEqual([
      `ListAccountRoles at ${server.host}: 3 of the entries had no role name and were skipped.`,
    ]);
  });
});

describe('secrets', () => {
  test('are in no fault at any depth, even if the server repeats them all', async () => {
    const echo = Object.values(CANARIES).join(' ');
    const bodies: [number, unknown][] = [
      [200, { echo }],
      [200, `${echo} is not JSON`],
      [200, `"${echo}"`],
      [400, { error: 'invalid_request', error_description: echo, message: echo }],
      [403, { message: echo }],
      [500, echo],
    ];
    for (const [status, body] of bodies) {
      server.answer(status, body);
      for (const [name, run] of Object.entries(CALLS)) {
        const outcome: unknown = await run(identityCenter).catch((thrown: unknown) => thrown);
        if (name === 'Logout' && status === 200) continue;
        const sent = /registerclient/i.test(name)
          ? []
          : Object.values(CANARIES).filter((canary) => JSON.stringify(lastRequest()).includes(canary));
        const shown = inspect(outcome, { depth: 20, showHidden: true });
        for (const canary of sent) expect(shown, `${name} ${status}`).not.toContain(canary);
      }
    }
  });

  test('the server’s text is one line of limited length without control characters', async () => {
    server.answer(403, { __type: 'ForbiddenException', message: `a\u001b[31m\nb\u0000${'x'.repeat(2_000)}` });
    const { message } = await faultOf(CALLS.ListAccounts(identityCenter));
    expect(message).toMatch(/, a \[31m b x+…\.$/);
    expect(message.length).toBeLessThan(400);
  });
});
