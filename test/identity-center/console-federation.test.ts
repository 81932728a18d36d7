// The federation client: credentials only in the body, faults without secrets for every bad answer, proxies and CAs used.
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import type { RoleCredentials } from '../../src/core/model.ts';
import { Secret } from '../../src/core/secret.ts';
import { createEmulator } from '../../src/emulator/emulator.ts';
import { loadCaBundle } from '../../src/identity-center/certificate-authorities.ts';
import { createConsoleFederation, type ConsoleFederationDeps } from '../../src/identity-center/console-federation.ts';
import { IdentityCenterFault } from '../../src/sso/ports.ts';
import { startConnectProxy } from '../helpers/connect-proxy.ts';
import { createPrivateCa } from '../helpers/private-ca.ts';
import { createTemporaryHome } from '../helpers/temporary-home.ts';
import { startScriptedServer } from './scripted-server.ts';

const home = createTemporaryHome();
afterAll(() => home.remove());

const CREDENTIALS: RoleCredentials = {
  accessKeyId: 'ASIAEXAMPLE',
  secretAccessKey: new Secret('canary-secret/key+='),
  sessionToken: new Secret('canary-session-token'),
  expiresAtMs: 1_900_000_000_000,
};
const SESSION = { sessionId: 'ASIAEXAMPLE', sessionKey: 'canary-secret/key+=', sessionToken: 'canary-session-token' };

async function startServer(tls?: { key: string; cert: string }) {
  const server = await startScriptedServer(tls);
  onTestFinished(() => server.close());
  server.answer(200, { SigninToken: 'canary-signin-token' });
  return server;
}

function create(deps: Partial<ConsoleFederationDeps> = {}) {
  const federation = createConsoleFederation({ proxyForUrl: () => '', ...deps });
  onTestFinished(() => federation.close());
  return (url: string) => federation.getSigninToken(new URL('/federation', url), CREDENTIALS);
}

/** What a person and a log would get to see of a failure, with everything behind it. */
async function faultOf(call: Promise<unknown>) {
  const thrown = await call.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(thrown instanceof IdentityCenterFault)) throw new Error(`no fault: ${String(thrown)}`);
  let everything = '';
  for (let cause: unknown = thrown; cause instanceof Error; cause = cause.cause) everything += `${cause.stack}\n`;
  expect(everything).not.toContain('canary');
  return { kind: thrown.kind, message: thrown.message, retryAfterMs: thrown.retryAfterMs };
}

test('the credentials are in the body of a POST, and not in the URL', async () => {
  const server = await startServer();
  expect((await create()(server.url)).reveal()).toBe('canary-signin-token');
  const [request] = server.requests;
  expect({ count: server.requests.length, method: request?.method, url: request?.url }).toEqual({
    count: 1,
    method: 'POST',
    url: '/federation',
  });
  expect(request?.headers).toMatchObject({
    host: server.host,
    accept: 'application/json',
    'content-type': 'application/x-www-form-urlencoded',
  });
  const form = Object.fromEntries(new URLSearchParams(request?.body));
  expect({ ...form, Session: JSON.parse(form['Session'] ?? '') as unknown }).toEqual({
    Action: 'getSigninToken',
    Session: SESSION,
  });
});

test('uses the documented GET if POST is not allowed', async () => {
  const server = await startServer();
  server.answerWith((response) => {
    if (server.requests.length === 1) response.writeHead(405).end();
    else response.writeHead(200).end('{"SigninToken":"canary-signin-token"}');
  });
  expect((await create()(server.url)).reveal()).toBe('canary-signin-token');
  const { method, url = '', body } = server.requests[1] ?? {};
  expect({ method, body }).toEqual({ method: 'GET', body: '' });
  const query = new URL(url, server.url).searchParams;
  expect({ action: query.get('Action'), session: JSON.parse(query.get('Session') ?? '') as unknown }).toEqual({
    action: 'getSigninToken',
    session: SESSION,
  });
});

describe('an answer that is', () => {
  test.each<[string, number, unknown, string, string]>([
    ['a refusal', 400, '<h1>canary-session-token</h1>', 'unusable-response', 'HTTP 400'],
    ['a second 405', 405, '', 'unusable-response', 'HTTP 405'],
    ['a redirect', 302, '', 'unusable-response', 'HTTP 302'],
    ['a server error', 503, 'canary-session-token', 'unreachable', 'HTTP 503'],
    [
      'a page of a network',
      200,
      '<html>canary-session-token</html>',
      'unusable-response',
      'the answer contains no SigninToken; a web login may be in the way',
    ],
    [
      'another document',
      200,
      { Token: 'canary' },
      'unusable-response',
      'the answer contains no SigninToken; a web login may be in the way',
    ],
    ['null', 200, 'null', 'unusable-response', 'the answer contains no SigninToken; a web login may be in the way'],
    [
      'an empty token',
      200,
      { SigninToken: '' },
      'unusable-response',
      'the answer contains no SigninToken; a web login may be in the way',
    ],
    [
      'a number',
      200,
      { SigninToken: 5 },
      'unusable-response',
      'the answer contains no SigninToken; a web login may be in the way',
    ],
    [
      'endless',
      200,
      `{"SigninToken":"${'x'.repeat(70_000)}"}`,
      'unusable-response',
      'the answer contains no SigninToken; a web login may be in the way',
    ],
  ])('%s is a fault', async (_what, status, body, kind, reason) => {
    const server = await startServer();
    server.answer(status, body);
    expect(await faultOf(create()(server.url))).toEqual({
      kind,
      message: `getSigninToken at ${server.host} failed: ${reason}.`,
      retryAfterMs: undefined,
    });
  });

  test('429 is throttled, with the time to wait', async () => {
    const server = await startServer();
    server.answer(429, '', { 'retry-after': '7' });
    expect(await faultOf(create()(server.url))).toMatchObject({ kind: 'throttled', retryAfterMs: 7000 });
    server.answer(429, '', { 'retry-after': 'soon' });
    expect(await faultOf(create()(server.url))).toMatchObject({ kind: 'throttled', retryAfterMs: undefined });
  });

  test('truncated, late, or missing is unreachable', async () => {
    const server = await startServer();
    server.answerWith((response) => response.destroy());
    expect(await faultOf(create()(server.url))).toMatchObject({ kind: 'unreachable' });
    const message = `getSigninToken at ${server.host} failed: no answer within 0.3 s.`;
    server.answerWith(() => undefined);
    expect(await faultOf(create({ requestTimeoutMs: 300 })(server.url))).toMatchObject({
      kind: 'unreachable',
      message,
    });
    server.answerWith((response) => void response.writeHead(200).write('{"Sig'));
    expect(await faultOf(create({ requestTimeoutMs: 300 })(server.url))).toMatchObject({
      kind: 'unreachable',
      message,
    });
    expect(await faultOf(create()('http://127.0.0.1:1'))).toMatchObject({ kind: 'unreachable' });
  });
});

test('goes encrypted through the proxy with a CONNECT, and trusts the CA bundle', async () => {
  const ca = createPrivateCa(home.path);
  const server = await startServer(ca.issue(['127.0.0.1']));
  const proxy = await startConnectProxy();
  onTestFinished(() => proxy.close());
  const caBundle = () => loadCaBundle(ca.path, 'AWS_CA_BUNDLE');
  expect((await create({ proxyForUrl: () => proxy.url, caBundle })(server.url)).reveal()).toBe('canary-signin-token');
  expect(proxy.targets).toEqual([server.host]);
  const untrusted = await faultOf(create()(server.url));
  expect(untrusted.message).toContain('its certificate is not signed by a CA that rolecall trusts');
});

test('the emulator accepts its request, and knows the user of the credentials', async () => {
  const emulator = createEmulator();
  const { url } = await emulator.listen();
  onTestFinished(() => emulator.close());
  expect(await faultOf(create()(url))).toMatchObject({ kind: 'unusable-response' });
  expect(emulator.countCalls('GetSigninToken')).toBe(1);
});
