// SSO OIDC on the wire: registration, device authorizations, tokens, and all refusals.
import { describe, expect, test } from 'vitest';
import {
  DEVICE_CODE_GRANT,
  START_URL,
  oidcError,
  oidcErrorShape,
  pollToken,
  refreshToken,
  registerClient,
  signIn,
  startDevice,
  startEmulator,
} from '../start.ts';

const NOW_S = Date.UTC(2026, 10, 24, 6, 0, 0) / 1000;

describe('RegisterClient', () => {
  test('returns an id and a secret for ninety days, in epoch seconds', async () => {
    const started = await startEmulator();
    const answer = await started.post('/client/register', { clientName: 'x', clientType: 'public' });
    expect({ status: answer.status, type: answer.headers['content-type'], body: answer.json }).toEqual({
      status: 200,
      type: 'application/json',
      body: {
        authorizationEndpoint: null,
        tokenEndpoint: null,
        clientId: expect.stringMatching(/^[\w-]{28}$/),
        clientSecret: expect.stringMatching(/^eyJ[\w-]{300,}$/),
        clientIdIssuedAt: NOW_S,
        clientSecretExpiresAt: NOW_S + 90 * 24 * 3600,
      },
    });
    expect(answer.headers['x-amzn-requestid']).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('accepts what the AWS CLI sends for PKCE', async () => {
    const started = await startEmulator();
    const client = await registerClient(started, {
      grantTypes: ['authorization_code', 'refresh_token'],
      redirectUris: ['http://127.0.0.1/oauth/callback'],
      issuerUrl: START_URL,
    });
    expect(client.clientId).toMatch(/^[\w-]{28}$/);
    const answer = await started.post('/device_authorization', { ...client, startUrl: START_URL });
    expect(oidcErrorShape(answer)).toEqual(
      oidcError(
        400,
        'UnauthorizedClientException',
        'unauthorized_client',
        'The client is not authorized for this grant',
      ),
    );
    const redemption = {
      code: 'x',
      redirectUri: 'http://127.0.0.1:41234/oauth/callback',
      codeVerifier: 'x'.repeat(64),
    };
    const token = await started.post('/token', { ...client, grantType: 'authorization_code', ...redemption });
    expect(token.json).toEqual({ error: 'invalid_grant', error_description: 'Invalid authorization code provided' });
  });

  const pkce = { grantTypes: ['authorization_code'], redirectUris: ['http://127.0.0.1/cb'], issuerUrl: START_URL };
  test.each([
    ['a body that is no JSON', '{', 'InvalidRequestException', 'invalid_request'],
    ['a body that is a list', '[]', 'InvalidRequestException', 'invalid_request'],
    ['no clientName', { clientType: 'public' }, 'InvalidRequestException', 'invalid_request'],
    ['no clientType', { clientName: 'x' }, 'InvalidRequestException', 'invalid_request'],
    [
      'another clientType',
      { clientName: 'x', clientType: 'confidential' },
      'InvalidClientMetadataException',
      'invalid_client_metadata',
    ],
    ['scopes that are no list', { scopes: 'sso:account:access' }, 'InvalidScopeException', 'invalid_scope'],
    ['a scope that is none', { scopes: ['everything please'] }, 'InvalidScopeException', 'invalid_scope'],
    ['grantTypes that are no list', { grantTypes: 7 }, 'UnsupportedGrantTypeException', 'unsupported_grant_type'],
    ['a grant that is none', { grantTypes: ['password'] }, 'UnsupportedGrantTypeException', 'unsupported_grant_type'],
    [
      'device_code and authorization_code together',
      { ...pkce, grantTypes: [DEVICE_CODE_GRANT, 'authorization_code'] },
      'InvalidScopeException',
      'invalid_scope',
    ],
    [
      'authorization_code without issuerUrl',
      { ...pkce, issuerUrl: undefined },
      'InvalidRequestException',
      'invalid_request',
    ],
    [
      'authorization_code without redirectUris',
      { ...pkce, redirectUris: [] },
      'InvalidRedirectUriException',
      'invalid_redirect_uri',
    ],
    [
      'a redirect to a site',
      { ...pkce, redirectUris: ['https://example.com/'] },
      'InvalidRedirectUriException',
      'invalid_redirect_uri',
    ],
    [
      'a redirect that is no URI',
      { ...pkce, redirectUris: ['::'] },
      'InvalidRedirectUriException',
      'invalid_redirect_uri',
    ],
  ])('refuses %s', async (_what, body, exception, error) => {
    const started = await startEmulator();
    const isWhole = typeof body === 'string' || 'clientName' in body || 'clientType' in body;
    const answer = await started.post(
      '/client/register',
      isWhole ? body : { clientName: 'x', clientType: 'public', ...(body as object) },
    );
    expect(oidcErrorShape(answer)).toEqual(oidcError(400, exception, error, expect.any(String) as unknown as string));
  });
});

describe('StartDeviceAuthorization', () => {
  test('returns codes, seconds and the emulator’s own device page', async () => {
    const started = await startEmulator();
    const client = await registerClient(started);
    const answer = await started.post('/device_authorization', { ...client, startUrl: START_URL });
    expect({ status: answer.status, body: answer.json }).toEqual({
      status: 200,
      body: {
        deviceCode: expect.stringMatching(/^[\w-]{80}$/),
        userCode: expect.stringMatching(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/),
        verificationUri: `${started.url}/device`,
        verificationUriComplete: `${started.url}/device?user_code=${String(answer.json['userCode'])}`,
        expiresIn: 600,
        interval: 1,
      },
    });
    expect(started.emulator.pendingDeviceAuthorizations()).toEqual([
      {
        userCode: answer.json['userCode'],
        clientName: 'rolecall-test',
        expiresAtMs: (NOW_S + 600) * 1000,
      },
    ]);
  });

  test('can keep the user code out of the complete URI', async () => {
    const started = await startEmulator({ completeUriHasUserCode: false });
    const { userCode, verificationUriComplete } = await startDevice(started, await registerClient(started));
    expect(verificationUriComplete).toMatch(/\/device\?request_uri=[\w-]{32}$/);
    expect(verificationUriComplete).not.toContain(userCode);
  });

  test('accepts a start URL with a trailing slash or #/', async () => {
    const started = await startEmulator();
    const client = await registerClient(started);
    for (const ending of ['/', '#/', '/#/']) {
      const answer = await started.post('/device_authorization', { ...client, startUrl: START_URL + ending });
      expect(answer.status, ending).toBe(200);
    }
  });

  test('refuses a foreign start URL, an unknown client, a wrong secret and an expired one', async () => {
    const started = await startEmulator();
    const client = await registerClient(started);
    const start = (body: object) => started.post('/device_authorization', { ...client, startUrl: START_URL, ...body });
    const invalidClient = oidcError(401, 'InvalidClientException', 'invalid_client', 'Invalid client provided');

    expect(oidcErrorShape(await start({ startUrl: 'https://other.awsapps.com/start' }))).toEqual(
      oidcError(400, 'InvalidRequestException', 'invalid_request', 'Invalid start url provided'),
    );
    expect(oidcErrorShape(await start({ clientId: 'nobody' }))).toEqual(invalidClient);
    expect(oidcErrorShape(await start({ clientSecret: 'wrong' }))).toEqual(invalidClient);
    await started.clock.advance(90 * 24 * 3600 * 1000);
    expect(oidcErrorShape(await start({}))).toEqual(invalidClient);
  });

  test('refuses every client after its registration was expired by control', async () => {
    const started = await startEmulator();
    const { client, refreshToken: token } = await signIn(started);
    started.emulator.expireRegistrations();
    expect(oidcErrorShape(await refreshToken(started, client, token))).toEqual(
      oidcError(401, 'InvalidClientException', 'invalid_client', 'Invalid client provided'),
    );
  });
});

describe('CreateToken by device code', () => {
  const pending = oidcError(
    400,
    'AuthorizationPendingException',
    'authorization_pending',
    'Authorization is still pending',
  );
  const slowDown = oidcError(400, 'SlowDownException', 'slow_down', 'The client is polling too fast');

  test('is pending until Allow, slows down fast pollers, and issues one token once', async () => {
    const started = await startEmulator({ forgivenEarlyPolls: 0 });
    const client = await registerClient(started);
    const { deviceCode, userCode } = await startDevice(started, client);

    expect(oidcErrorShape(await pollToken(started, client, deviceCode))).toEqual(pending);
    await started.clock.advance(500);
    expect(oidcErrorShape(await pollToken(started, client, deviceCode))).toEqual(slowDown);
    await started.clock.advance(1000);
    expect(oidcErrorShape(await pollToken(started, client, deviceCode))).toEqual(pending);

    started.emulator.approve(userCode.toLowerCase().replace('-', ' '), 'taylor');
    const answer = await pollToken(started, client, deviceCode);
    expect({ status: answer.status, body: answer.json }).toEqual({
      status: 200,
      body: {
        accessToken: expect.stringMatching(/^aoaAAAAA/),
        refreshToken: expect.stringMatching(/^aorAAAAA/),
        tokenType: 'Bearer',
        expiresIn: 3600,
        idToken: null,
      },
    });
    expect(started.emulator.pendingDeviceAuthorizations()).toEqual([]);
    expect(oidcErrorShape(await pollToken(started, client, deviceCode))).toEqual(
      oidcError(400, 'InvalidGrantException', 'invalid_grant', 'Invalid grant provided'),
    );
  });

  test('tolerates the two initial polls of the AWS CLI, but no more', async () => {
    const started = await startEmulator();
    const client = await registerClient(started);
    const { deviceCode } = await startDevice(started, client);
    const polls = [];
    for (let poll = 0; poll < 3; poll += 1) polls.push(oidcErrorShape(await pollToken(started, client, deviceCode)));
    expect(polls).toEqual([pending, pending, slowDown]);
  });

  test('uses the interval of the knob', async () => {
    const started = await startEmulator({
      pollIntervalSeconds: 5,
      deviceCodeLifetimeSeconds: 30,
      forgivenEarlyPolls: 0,
    });
    const client = await registerClient(started);
    const { deviceCode } = await startDevice(started, client);
    await pollToken(started, client, deviceCode);
    await started.clock.advance(4000);
    expect(oidcErrorShape(await pollToken(started, client, deviceCode))).toEqual(slowDown);
    await started.clock.advance(5000);
    expect(oidcErrorShape(await pollToken(started, client, deviceCode))).toEqual(pending);
    await started.clock.advance(21_000);
    expect(oidcErrorShape(await pollToken(started, client, deviceCode))).toEqual(
      oidcError(400, 'ExpiredTokenException', 'expired_token', 'The device code has expired'),
    );
  });

  test('keeps answering access_denied after Deny', async () => {
    const started = await startEmulator();
    const client = await registerClient(started);
    const { deviceCode, userCode } = await startDevice(started, client);
    started.emulator.deny(userCode);
    for (let poll = 0; poll < 2; poll += 1) {
      expect(oidcErrorShape(await pollToken(started, client, deviceCode))).toEqual(
        oidcError(400, 'AccessDeniedException', 'access_denied', 'Access denied'),
      );
    }
  });

  test('accepts a code only from the client that started it', async () => {
    const started = await startEmulator({ autoApprove: true });
    const { deviceCode } = await startDevice(started, await registerClient(started));
    const other = await registerClient(started);
    expect(oidcErrorShape(await pollToken(started, other, deviceCode))).toEqual(
      oidcError(400, 'InvalidGrantException', 'invalid_grant', 'Invalid grant provided'),
    );
  });

  test('refuses an unknown grant, a grant not registered for, and a missing field', async () => {
    const started = await startEmulator();
    const client = await registerClient(started, { grantTypes: [DEVICE_CODE_GRANT] });
    expect((await started.post('/token', { ...client, grantType: 'password' })).json['error']).toBe(
      'unsupported_grant_type',
    );
    expect((await refreshToken(started, client, 'x')).json['error']).toBe('unauthorized_client');
    expect((await started.post('/token', { ...client, grantType: DEVICE_CODE_GRANT })).json).toEqual({
      error: 'invalid_request',
      error_description: 'deviceCode is missing or not a string',
    });
  });

  test('is approved automatically as the first user, or as the user in the knob', async () => {
    const started = await startEmulator({ autoApprove: true });
    const client = await registerClient(started);
    const whoIsIt = async () => {
      const { deviceCode } = await startDevice(started, client);
      const { json } = await pollToken(started, client, deviceCode);
      const accounts = await started.portal('/assignment/accounts', String(json['accessToken']));
      return (accounts.json['accountList'] as unknown[]).length;
    };
    expect(await whoIsIt()).toBe(4);
    started.emulator.turnKnobs({ autoApprove: 'sam' });
    expect(await whoIsIt()).toBe(1);
  });

  test('stays pending when the auto-approving user was removed', async () => {
    const started = await startEmulator({ autoApprove: 'sam' });
    const document = started.emulator.directory.toDocument();
    started.emulator.directory.replace({ ...document, users: [], assignments: [] });
    const client = await registerClient(started);
    const { deviceCode, userCode } = await startDevice(started, client);
    expect(oidcErrorShape(await pollToken(started, client, deviceCode))).toEqual(pending);
    expect(() => started.emulator.approve(userCode)).toThrow('There is no user "" in the directory.');
  });

  test('approves and denies only pending codes', async () => {
    const started = await startEmulator();
    expect(() => started.emulator.approve('ABCD-EFGH')).toThrow('No pending sign-in has the code "ABCD-EFGH".');
    expect(() => started.emulator.deny('ABCD-EFGH')).toThrow('No pending sign-in has the code "ABCD-EFGH".');
    const { userCode } = await startDevice(started, await registerClient(started));
    expect(() => started.emulator.approve(userCode, 'nobody')).toThrow('There is no user "nobody" in the directory.');
    await started.clock.advance(600_000);
    expect(() => started.emulator.approve(userCode)).toThrow(/No pending sign-in/);
  });
});

describe('CreateToken by refresh token', () => {
  const dead = oidcError(400, 'InvalidGrantException', 'invalid_grant', 'Invalid refresh token provided');

  test('rotates: the new token works, the old one does not, the old access token stays valid', async () => {
    const started = await startEmulator();
    const { client, accessToken, refreshToken: first } = await signIn(started);
    const { status, json } = await refreshToken(started, client, first);
    expect({ status, json }).toEqual({
      status: 200,
      json: {
        accessToken: expect.stringMatching(/^aoaAAAAA/),
        refreshToken: expect.stringMatching(/^aorAAAAA/),
        tokenType: 'Bearer',
        expiresIn: 3600,
        idToken: null,
      },
    });
    expect(json['refreshToken']).not.toBe(first);
    expect(oidcErrorShape(await refreshToken(started, client, first))).toEqual(dead);
    expect((await started.portal('/assignment/accounts', accessToken)).status).toBe(200);
    expect((await started.portal('/assignment/accounts', String(json['accessToken']))).status).toBe(200);
    expect((await refreshToken(started, client, String(json['refreshToken']))).status).toBe(200);
  });

  test('refuses a token of another client', async () => {
    const started = await startEmulator();
    const { refreshToken: token } = await signIn(started);
    const other = await registerClient(started);
    expect(oidcErrorShape(await refreshToken(started, other, token))).toEqual(dead);
  });

  test('ends with the session, and so does the last access token', async () => {
    const started = await startEmulator({ sessionLifetimeSeconds: 5400 });
    const { client, refreshToken: first } = await signIn(started);
    await started.clock.advance(3600_000);
    const { json } = await refreshToken(started, client, first);
    expect(json['expiresIn']).toBe(1800);
    await started.clock.advance(1800_000);
    expect(oidcErrorShape(await refreshToken(started, client, String(json['refreshToken'])))).toEqual(dead);
    expect((await started.portal('/assignment/accounts', String(json['accessToken']))).status).toBe(401);
  });

  test.each([
    ['no scopes (the legacy form): eight hours, no refresh token', { scopes: [] }, 28_800, false],
    ['account access and no grants, as the AWS CLI does: an hour and a refresh token', {}, 3600, true],
    ['account access and both grants', { grantTypes: [DEVICE_CODE_GRANT, 'refresh_token'] }, 3600, true],
    ['account access without the refresh grant', { grantTypes: [DEVICE_CODE_GRANT] }, 3600, false],
    ['another scope only', { scopes: ['codewhisperer:completions'] }, 3600, false],
  ])('a client registered with %s', async (_what, registration, expiresIn, isRefreshable) => {
    const started = await startEmulator({ autoApprove: true });
    const client = await registerClient(started, registration);
    const { deviceCode } = await startDevice(started, client);
    const { json } = await pollToken(started, client, deviceCode);
    expect({ expiresIn: json['expiresIn'], refreshToken: json['refreshToken'] }).toEqual({
      expiresIn,
      refreshToken: isRefreshable ? expect.stringMatching(/^aor/) : null,
    });
  });

  test('the portal refuses an access token without the account scope', async () => {
    const started = await startEmulator();
    const { accessToken } = await signIn(started, 'taylor', { scopes: ['codewhisperer:completions'] });
    expect((await started.portal('/assignment/accounts', accessToken)).status).toBe(401);
  });

  test('control revokes sessions, expires access tokens and kills refresh tokens, of one user or all', async () => {
    const started = await startEmulator();
    const { emulator } = started;
    const taylor = await signIn(started, 'taylor');
    const sam = await signIn(started, 'sam');
    const isAlive = async ({ accessToken }: { accessToken: string }) =>
      (await started.portal('/assignment/accounts', accessToken)).status === 200;

    expect(emulator.expireAccessTokens('taylor')).toBe(1);
    expect([await isAlive(taylor), await isAlive(sam)]).toEqual([false, true]);
    const renewed = await refreshToken(started, taylor.client, taylor.refreshToken);
    expect(renewed.status).toBe(200);

    expect(emulator.killRefreshTokens()).toBe(2);
    expect(oidcErrorShape(await refreshToken(started, sam.client, sam.refreshToken))).toEqual(dead);
    expect(await isAlive(sam)).toBe(true);

    expect(emulator.revokeSessions('sam')).toBe(1);
    expect(await isAlive(sam)).toBe(false);
    expect(await isAlive({ accessToken: String(renewed.json['accessToken']) })).toBe(true);
    expect(emulator.revokeSessions()).toBe(1);
    expect(await isAlive({ accessToken: String(renewed.json['accessToken']) })).toBe(false);
    expect(emulator.revokeSessions()).toBe(0);
  });
});
