// The authorization code with PKCE: the authorize page, its redirects, and the one use of a code.
import { describe, expect, test } from 'vitest';
import { generateDirectory } from '../../../src/emulator/directory/generate-directory.ts';
import {
  type Answer,
  CALLBACK,
  CODE_CHALLENGE as CHALLENGE,
  CODE_CLIENT as REGISTRATION,
  CODE_VERIFIER as VERIFIER,
  authorizePath,
  call,
  codeOf,
  oidcError,
  oidcErrorShape,
  redeemCode as redeem,
  refreshToken,
  registerClient,
  startEmulator,
} from '../start.ts';

async function start(options: Parameters<typeof startEmulator>[0] = {}, registration: Record<string, unknown> = {}) {
  const started = await startEmulator(options);
  const client = await registerClient(started, { ...REGISTRATION, clientName: 'my <b>laptop</b>', ...registration });
  const open = (changes?: Record<string, string | undefined>) => started.page(authorizePath(client, changes));
  return { ...started, started, client, open };
}

/** What a redirect carries, apart from the code, which is only checked for its form. */
function sentTo(answer: Answer) {
  const { origin, pathname, searchParams } = new URL(String(answer.headers.location));
  return { status: answer.status, to: origin + pathname, ...Object.fromEntries(searchParams) };
}

function shown(answer: Answer) {
  return {
    status: answer.status,
    location: answer.headers.location,
    heading: /<h1>([^<]*)<\/h1>/.exec(answer.text)?.[1],
    problem: /<p class="note bad" role="alert">([^<]*)<\/p>/.exec(answer.text)?.[1],
  };
}

function hiddenFields({ text }: Answer): Record<string, string> {
  const fields = text.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)">/g);
  return Object.fromEntries([...fields].map(([, name = '', value = '']) => [name, value]));
}

const invalidGrant = oidcError(400, 'InvalidGrantException', 'invalid_grant', 'Invalid authorization code provided');

describe('the authorize page', () => {
  test('shows the client, lets the user choose, and Allow brings code and state to the client', async () => {
    const { started, client, emulator, open } = await start();
    const page = await open();
    expect(shown(page)).toMatchObject({ status: 200, heading: 'Allow access?' });
    expect(page.text).toContain('<b>my &#60;b&#62;laptop&#60;/b&#62;</b> wants to list your accounts');
    expect(page.text).toContain('<input type="radio" name="user" value="taylor" checked>');
    expect(page.text).toContain('<code>127.0.0.1:41234</code>');
    expect(page.text).not.toContain('a state');

    const answer = await started.submit('/authorize/decision', {
      ...hiddenFields(page),
      user: 'sam',
      user_name: '',
      decision: 'allow',
    });
    expect(sentTo(answer)).toEqual({
      status: 303,
      to: CALLBACK,
      code: expect.stringMatching(/^aocAAAAA[\w-]{80}$/),
      state: 'a state',
    });
    const token = await redeem(started, client, codeOf(answer.headers.location));
    expect({ status: token.status, body: token.json }).toEqual({
      status: 200,
      body: {
        accessToken: expect.stringMatching(/^aoaAAAAA/),
        refreshToken: expect.stringMatching(/^aorAAAAA/),
        tokenType: 'Bearer',
        expiresIn: 3600,
        idToken: null,
      },
    });
    const accounts = await started.portal('/assignment/accounts', String(token.json['accessToken']));
    expect(accounts.json['accountList']).toHaveLength(1);
    expect((await refreshToken(started, client, String(token.json['refreshToken']))).status).toBe(200);
    expect(emulator.countCalls('Authorize')).toBe(1);
    expect(emulator.countCalls('CreateToken', 'authorization_code')).toBe(1);
    expect(JSON.stringify(emulator.requests())).not.toContain('a+state');
  });

  test('Deny brings access_denied and the state to the client', async () => {
    const { started, open } = await start();
    const answer = await started.submit('/authorize/decision', { ...hiddenFields(await open()), decision: 'deny' });
    expect(sentTo(answer)).toEqual({
      status: 303,
      to: CALLBACK,
      error: 'access_denied',
      error_description: 'The user denied access',
      state: 'a state',
    });
  });

  test('lets a browser follow the redirect to the client, and no other', async () => {
    const { open } = await start();
    const page = await open();
    expect(page.headers['content-security-policy']).toBe(
      "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self' http://127.0.0.1:41234; " +
        "base-uri 'none'; frame-ancestors 'none'",
    );
    expect(page.headers['cache-control']).toBe('no-store');
  });

  test('is answered once: a second Allow, and one after ten minutes, have no effect', async () => {
    const { started, clock, open } = await start();
    const first = hiddenFields(await open());
    const allow = (form: Record<string, string>) =>
      started.submit('/authorize/decision', { ...form, user: 'taylor', decision: 'allow' });
    expect((await allow(first)).status).toBe(303);
    expect(shown(await allow(first))).toEqual({
      status: 400,
      location: undefined,
      heading: 'This sign-in cannot continue',
      problem: 'This sign-in has been answered already, or has expired.',
    });
    const second = hiddenFields(await open());
    await clock.advance(600_000);
    expect(shown(await allow(second))).toMatchObject({ status: 403, heading: 'This page has expired' });
  });

  test('asks again after an unknown user, or none', async () => {
    const { started, open } = await start();
    const decide = async (form: Record<string, string>) =>
      started.submit('/authorize/decision', { ...hiddenFields(await open()), decision: 'allow', ...form });
    const unknown = await decide({ user: 'taylor', user_name: 'x"><script>' });
    expect(shown(unknown)).toMatchObject({
      status: 400,
      problem: 'There is no user x&#34;&#62;&#60;script&#62; in this directory.',
    });
    expect(shown(await decide({}))).toMatchObject({ status: 400, problem: 'Please choose who you are.' });
    expect((await decide({ user_name: ' sam ' })).status).toBe(303);
  });

  test('offers a field for the name in a directory with many users', async () => {
    const { emulator, open } = await start({
      directory: generateDirectory({ accountCount: 3, permissionSetCount: 1 }),
    });
    for (let number = 0; number < 20; number += 1) emulator.directory.addUser({ userName: `extra-${number}` });
    const { text } = await open();
    expect(text.match(/type="radio"/g)).toHaveLength(6);
    expect(text).toContain('<details class="plain" open>');
  });

  test('keeps its request when the page is loaded again', async () => {
    const { emulator, open } = await start();
    expect(hiddenFields(await open())['request']).toBe(hiddenFields(await open())['request']);
    await open({ state: 'another' });
    expect(emulator.pendingAuthorizations()).toHaveLength(2);
  });

  test.each<[string, Record<string, string>]>([
    ['another origin', { origin: 'https://evil.example' }],
    ['another site, as the browser says', { 'sec-fetch-site': 'cross-site' }],
    ['a rebound name', { host: 'evil.example' }],
  ])('refuses a form from %s', async (_who, headers) => {
    const { started, emulator, open } = await start();
    const form = { ...hiddenFields(await open()), user: 'taylor', decision: 'allow' };
    const answer = await started.submit('/authorize/decision', form, headers);
    expect({ status: answer.status, code: answer.json['code'] }).toEqual({ status: 403, code: 'caller-not-allowed' });
    expect(emulator.pendingAuthorizations()).toHaveLength(1);
    const forged = await started.submit('/authorize/decision', { ...form, nonce: 'made-up' });
    expect(shown(forged)).toMatchObject({ status: 403, heading: 'This page has expired' });
  });

  test('is not shown under a rebound name', async () => {
    const { started, client } = await start();
    const answer = await call(started.url + authorizePath(client), { headers: { host: 'evil.example' } });
    expect({ status: answer.status, code: answer.json['code'] }).toEqual({ status: 403, code: 'caller-not-allowed' });
  });
});

describe('an authorize request', () => {
  test('is answered at once when sign-ins are approved automatically', async () => {
    const { started, client, emulator, open } = await start({ autoApprove: 'sam' });
    const answer = await open();
    expect(sentTo(answer)).toEqual({ status: 302, to: CALLBACK, code: expect.any(String), state: 'a state' });
    expect((await redeem(started, client, codeOf(answer.headers.location))).status).toBe(200);
    emulator.directory.replace({ ...emulator.directory.toDocument(), users: [], assignments: [] });
    expect(shown(await open())).toMatchObject({ status: 200, heading: 'Allow access?' });
  });

  test.each([
    ['an unknown client', { client_id: 'nobody' }],
    ['no client', { client_id: undefined }],
    ['no redirect URI', { redirect_uri: undefined }],
    ['another path', { redirect_uri: 'http://127.0.0.1:41234/oauth/callback/x' }],
    [
      'a path that only normalizes to the registered one',
      { redirect_uri: 'http://127.0.0.1:41234/x/../oauth/callback' },
    ],
    ['a query', { redirect_uri: `${CALLBACK}?x=1` }],
    ['a fragment', { redirect_uri: `${CALLBACK}#x` }],
    ['a user name', { redirect_uri: 'http://127.0.0.1@evil.example/oauth/callback' }],
    ['another loopback name', { redirect_uri: 'http://localhost:41234/oauth/callback' }],
    ['another host', { redirect_uri: 'http://127.0.0.1.evil.example:41234/oauth/callback' }],
    ['https', { redirect_uri: 'https://127.0.0.1:41234/oauth/callback' }],
    ['a port that is none', { redirect_uri: 'http://127.0.0.1:70000/oauth/callback' }],
  ])('with %s shows an error and redirects nowhere', async (_what, changes) => {
    const { emulator, open } = await start({ autoApprove: true });
    expect(shown(await open(changes))).toEqual({
      status: 400,
      location: undefined,
      heading: 'This sign-in cannot continue',
      problem: expect.any(String),
    });
    expect(emulator.pendingAuthorizations()).toEqual([]);
  });

  test('with a parameter twice, from a device-code client, for another portal or of an expired client redirects nowhere', async () => {
    const { started, client, clock } = await start({ autoApprove: true });
    const problemOf = async (path: string) => shown(await started.page(path)).problem;
    expect(await problemOf(`${authorizePath(client)}&state=x`)).toBe('The parameter state appears more than once.');
    expect(await problemOf(authorizePath(await registerClient(started)))).toBe(
      'This client is not registered for authorization codes.',
    );
    const elsewhere = await registerClient(started, { ...REGISTRATION, issuerUrl: 'https://x.awsapps.com/start' });
    expect(await problemOf(authorizePath(elsewhere))).toBe(
      'The client asks for the portal https://x.awsapps.com/start, which is not here.',
    );
    await clock.advance(90 * 24 * 3600 * 1000);
    expect(await problemOf(authorizePath(client))).toContain(
      'The client_id is unknown, or its registration has expired.',
    );
  });

  test.each([
    ['no response type', { response_type: undefined }, 'invalid_request', 'response_type is missing'],
    ['another response type', { response_type: 'token' }, 'unsupported_response_type', 'response_type must be code'],
    ['a plain challenge', { code_challenge_method: 'plain' }, 'invalid_request', 'code_challenge_method must be S256'],
    ['no challenge method', { code_challenge_method: undefined }, 'invalid_request', expect.any(String)],
    ['no challenge', { code_challenge: undefined }, 'invalid_request', expect.stringContaining('code_challenge must')],
    ['a short challenge', { code_challenge: 'short' }, 'invalid_request', expect.any(String)],
    ['no scopes', { scopes: undefined, scope: 'sso:account:access' }, 'invalid_request', 'scopes is missing'],
    ['a scope that is not registered', { scopes: 'sso:account:access x:y' }, 'invalid_scope', expect.any(String)],
  ])('with %s redirects with an error', async (_what, changes, error, description) => {
    const { open } = await start({ autoApprove: true });
    expect(sentTo(await open(changes))).toEqual({
      status: 302,
      to: CALLBACK,
      error,
      error_description: description,
      state: 'a state',
    });
  });

  test('without a state redirects with an error that has none', async () => {
    const { open } = await start({ autoApprove: true });
    expect(sentTo(await open({ state: undefined }))).toEqual({
      status: 302,
      to: CALLBACK,
      error: 'invalid_request',
      error_description: 'state is missing',
    });
  });

  test('can fail', async () => {
    const { emulator, open } = await start();
    emulator.addFault({ operation: 'Authorize', kind: 'status', status: 503, count: 1 });
    expect((await open()).status).toBe(503);
    expect((await open()).status).toBe(200);
  });
});

describe('a code', () => {
  async function issued(options: Parameters<typeof startEmulator>[0] = {}) {
    const begun = await start({ autoApprove: true, ...options });
    const code = codeOf((await begun.open()).headers.location);
    return { ...begun, code };
  }

  test('is used once', async () => {
    const { started, client, code } = await issued();
    const first = await redeem(started, client, code);
    expect(first.status).toBe(200);
    expect(oidcErrorShape(await redeem(started, client, code))).toEqual(invalidGrant);
    expect((await started.portal('/assignment/accounts', String(first.json['accessToken']))).status).toBe(200);
  });

  test('lives for a minute, or as long as the knob says', async () => {
    const { started, client, code, clock } = await issued();
    await clock.advance(60_000);
    expect(oidcErrorShape(await redeem(started, client, code))).toEqual(invalidGrant);
    const short = await issued({ authorizationCodeLifetimeSeconds: 5 });
    await short.clock.advance(5000);
    expect(oidcErrorShape(await redeem(short.started, short.client, short.code))).toEqual(invalidGrant);
  });

  test('belongs to its client, redirect URI with port, and verifier', async () => {
    const { started, client, code } = await issued();
    const other = await registerClient(started, REGISTRATION);
    for (const [whose, changes] of [
      [other, {}],
      [client, { redirectUri: 'http://127.0.0.1:41235/oauth/callback' }],
      [client, { redirectUri: 'http://127.0.0.1/oauth/callback' }],
      [client, { codeVerifier: `${VERIFIER}x` }],
      [client, { codeVerifier: CHALLENGE }],
      [client, { code: `${code}x` }],
    ] as const) {
      expect(oidcErrorShape(await redeem(started, whose, code, changes))).toEqual(invalidGrant);
    }
    for (const missing of ['code', 'redirectUri', 'codeVerifier']) {
      expect((await redeem(started, client, code, { [missing]: undefined })).json).toEqual({
        error: 'invalid_request',
        error_description: `${missing} is missing or not a string`,
      });
    }
    expect((await redeem(started, client, code)).status).toBe(200);
  });

  test('is used up by an answer that got lost', async () => {
    const { started, client, code, emulator } = await issued();
    emulator.addFault({ operation: 'CreateToken', kind: 'lose-answer', detail: 'authorization_code', count: 1 });
    await expect(redeem(started, client, code)).rejects.toThrow(/hang up|ECONNRESET/);
    expect(oidcErrorShape(await redeem(started, client, code))).toEqual(invalidGrant);
  });

  test('gives a token with only the scopes that were asked for', async () => {
    const scopes = ['sso:account:access', 'codewhisperer:completions'];
    const { started, client, open } = await start({ autoApprove: true }, { scopes });
    const answer = await open({ scopes: 'codewhisperer:completions' });
    const { json } = await redeem(started, client, codeOf(answer.headers.location));
    expect(json['refreshToken']).toBeNull();
    expect((await started.portal('/assignment/accounts', String(json['accessToken']))).status).toBe(401);
  });
});

describe('a client with another redirect URI', () => {
  test.each(['http://localhost/cb', 'http://[::1]:9/cb?from=aws'])('%s gets its code there', async (registered) => {
    const { started, client, open } = await start({}, { redirectUris: [registered] });
    const redirectUri = registered.replace(/(:9)?\/cb/, ':8123/cb');
    const page = await open({ redirect_uri: redirectUri });
    const answer = await started.submit('/authorize/decision', {
      ...hiddenFields(page),
      user: 'taylor',
      decision: 'allow',
    });
    expect(String(answer.headers.location)).toMatch(`${redirectUri}${redirectUri.includes('?') ? '&' : '?'}code=`);
    const code = codeOf(answer.headers.location);
    expect((await redeem(started, client, code, { redirectUri })).status).toBe(200);
  });
});
