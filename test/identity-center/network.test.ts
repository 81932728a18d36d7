// The network: timeouts, reused connections, proxies that work or refuse, and certificates of a private CA.
import type { ServerResponse } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { createIdentityCenter, type IdentityCenterDeps } from '../../src/identity-center/identity-center.ts';
import { loadCaBundle } from '../../src/identity-center/certificate-authorities.ts';
import { startConnectProxy, type ConnectProxyOptions } from '../helpers/connect-proxy.ts';
import { createPrivateCa, type PrivateCa } from '../helpers/private-ca.ts';
import { createTemporaryHome } from '../helpers/temporary-home.ts';
import { waitFor } from '../helpers/wait-for.ts';
import { CALLS, SESSION, createAt, faultOf, startScriptedServer } from './scripted-server.ts';

const home = createTemporaryHome();
let ca: PrivateCa;
beforeAll(() => {
  ca = createPrivateCa(home.path);
});
afterAll(() => home.remove());

async function startServer(tls?: { key: string; cert: string }) {
  const server = await startScriptedServer(tls);
  onTestFinished(() => server.close());
  server.answer(200, { accountList: [{ accountId: '111111111111' }], nextToken: null });
  return server;
}

async function startProxy(options?: ConnectProxyOptions) {
  const proxy = await startConnectProxy(options);
  onTestFinished(() => proxy.close());
  return proxy;
}

function create(url: string, deps: Partial<IdentityCenterDeps> = {}) {
  const identityCenter = createAt(url, deps);
  onTestFinished(() => identityCenter.close());
  return identityCenter;
}

/** A port that accepts connections and says nothing, or one that nobody listens on. */
async function startSilence(): Promise<{ host: string; close: () => Promise<void> }> {
  const sockets: { destroy(): unknown }[] = [];
  const server: Server = createServer((socket) => sockets.push(socket.on('error', () => undefined)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      for (const socket of sockets) socket.destroy();
      if (server.listening) await new Promise((resolve) => server.close(resolve));
    },
  };
}

const ANSWER = { items: [{ accountId: '111111111111' }] };

describe('a server that', () => {
  test('is not there is unreachable', async () => {
    const silence = await startSilence();
    await silence.close();
    for (const run of Object.values(CALLS)) {
      const fault = await faultOf(run(create(`http://${silence.host}`)));
      expect(fault.kind).toBe('unreachable');
      expect(fault.message).toMatch(`at ${silence.host} failed: the connection was refused (ECONNREFUSED).`);
    }
    // A name with two addresses: both are tried.
    const byName = silence.host.replace('127.0.0.1', 'localhost');
    expect((await faultOf(CALLS.ListAccounts(create(`http://${byName}`)))).message).toBe(
      `ListAccounts at ${byName} failed: the connection was refused (ECONNREFUSED).`,
    );
  });

  test('has no name in DNS is unreachable', async () => {
    const { kind, message } = await faultOf(CALLS.ListAccounts(create('https://no-such-host.invalid')));
    expect(kind).toBe('unreachable');
    expect(message).toMatch(
      /^ListAccounts at no-such-host\.invalid failed: the host name .* \((ENOTFOUND|EAI_AGAIN)\)\.$/,
    );
  });

  test('never answers is unreachable after the request timeout', async () => {
    const silence = await startSilence();
    onTestFinished(() => silence.close());
    const fault = await faultOf(CALLS.ListAccounts(create(`http://${silence.host}`, { requestTimeoutMs: 200 })));
    expect([fault.kind, fault.message]).toEqual([
      'unreachable',
      `ListAccounts at ${silence.host} failed: no answer within 0.2 s.`,
    ]);
  });

  test('stops in the middle of its answer is unreachable after the request timeout', async () => {
    const server = await startServer();
    server.answerWith((response) => response.writeHead(200, { 'content-length': '100' }).write('{"accountList":['));
    const fault = await faultOf(CALLS.ListAccounts(create(server.url, { requestTimeoutMs: 200 })));
    expect([fault.kind, fault.message]).toEqual([
      'unreachable',
      `ListAccounts at ${server.host} failed: no answer within 0.2 s.`,
    ]);
  });

  test.each<[string, (response: ServerResponse) => void]>([
    ['before', (response) => response.destroy()],
    [
      'in the middle of',
      (response) =>
        response.writeHead(200, { 'content-length': '100' }).write('{"accountList":[', () => response.destroy()),
    ],
  ])('closes the connection %s its answer is unreachable', async (_when, write) => {
    const server = await startServer();
    server.answerWith(write);
    const fault = await faultOf(CALLS.ListAccounts(create(server.url)));
    expect([fault.kind, fault.message]).toEqual([
      'unreachable',
      `ListAccounts at ${server.host} failed: the connection was closed (ECONNRESET).`,
    ]);
  });

  test('no request is made for an invalid region', async () => {
    const identityCenter = createIdentityCenter({ endpointsOf: () => ({}), proxyForUrl: () => '' });
    for (const region of ['', 'us-east-1.evil.example/', 'a b', '-x']) {
      const fault = await faultOf(identityCenter.registerClient({ ...SESSION, region }));
      expect([fault.kind, fault.message]).toEqual([
        'unreachable',
        'The sso_region of the sso-session is not an AWS region name.',
      ]);
    }
  });
});

describe('connections', () => {
  test('are reused for all operations', async () => {
    const server = await startServer();
    const identityCenter = create(server.url);
    for (let turn = 0; turn < 5; turn += 1) await CALLS.ListAccounts(identityCenter);
    await CALLS.Logout(identityCenter);
    expect(server.requests).toHaveLength(6);
    expect(server.connectionCount()).toBe(1);
  });

  test('are closed by close, which also works before any call', async () => {
    createAt('http://127.0.0.1:1').close();
    const server = await startServer();
    const identityCenter = createAt(server.url);
    await CALLS.ListAccounts(identityCenter);
    server.answerWith(() => identityCenter.close());
    expect((await faultOf(CALLS.ListAccounts(identityCenter))).kind).toBe('unreachable');
  });
});

describe('a proxy', () => {
  test.each(['http', 'https'])('carries an %s endpoint through CONNECT, one tunnel for many calls', async (scheme) => {
    const proxy = await startProxy();
    const server = await startServer(scheme === 'https' ? ca.issue(['127.0.0.1']) : undefined);
    const identityCenter = create(server.url, { proxyForUrl: () => proxy.url, caBundle: () => ca.pem });
    for (let turn = 0; turn < 3; turn += 1) expect(await CALLS.ListAccounts(identityCenter)).toEqual(ANSWER);
    expect(server.connectionCount()).toBe(1);
    expect(proxy.targets).toEqual([server.host]);
    expect(proxy.plainRequests).toEqual([]);
  });

  test('is reached over TLS if its URL says so, with the same CAs', async () => {
    const proxy = await startProxy({ tls: ca.issue(['127.0.0.1']) });
    const server = await startServer(ca.issue(['127.0.0.1']));
    const proxyForUrl = () => proxy.url;
    expect(await CALLS.ListAccounts(create(server.url, { proxyForUrl, caBundle: () => ca.pem }))).toEqual(ANSWER);
    const { kind, message } = await faultOf(CALLS.ListAccounts(create(server.url, { proxyForUrl })));
    expect([kind, message]).toEqual([
      'unreachable',
      `ListAccounts at ${server.host} failed: the proxy ${proxy.host} could not be used: UNABLE_TO_VERIFY_LEAF_SIGNATURE.`,
    ]);
  });

  test('is selected by the URL of the endpoint', async () => {
    const asked: string[] = [];
    const server = await startServer();
    const proxyForUrl = (url: string) => {
      asked.push(url);
      return '';
    };
    await CALLS.ListAccounts(create(server.url, { proxyForUrl }));
    expect(asked).toEqual([`${server.url}/`]);
  });

  test('gets user and password, which are in no message', async () => {
    const proxy = await startProxy({ credentials: 'user name:hunter2' });
    const server = await startServer(ca.issue(['127.0.0.1']));
    const through = (userInfo: string) =>
      create(server.url, { proxyForUrl: () => proxy.url.replace('//', `//${userInfo}`), caBundle: () => ca.pem });
    expect(await CALLS.ListAccounts(through('user%20name:hunter2@'))).toEqual(ANSWER);
    for (const userInfo of ['', 'user:wrong-hunter2@']) {
      const fault = await faultOf(CALLS.ListAccounts(through(userInfo)));
      expect([fault.kind, fault.message]).toEqual([
        'unreachable',
        `ListAccounts at ${server.host} failed: the proxy ${proxy.host} refused the connection (407: it requires a user name and password).`,
      ]);
    }
  });

  test.each([401, 403, 404, 429, 502, 503])(
    'that answers %i is unreachable and named, not an answer of AWS',
    async (status) => {
      const proxy = await startProxy({ status });
      const fault = await faultOf(
        CALLS.GetRoleCredentials(
          create('https://portal.example', { proxyForUrl: () => proxy.url.replace('//', '//u:hunter2@') }),
        ),
      );
      expect([fault.kind, fault.message]).toEqual([
        'unreachable',
        `GetRoleCredentials at portal.example failed: the proxy ${proxy.host} refused the connection (${status}).`,
      ]);
    },
  );

  test('that does not exist is unreachable and named, without its password', async () => {
    const silence = await startSilence();
    await silence.close();
    const fault = await faultOf(
      CALLS.ListAccounts(create('https://portal.example', { proxyForUrl: () => `http://u:hunter2@${silence.host}` })),
    );
    expect([fault.kind, fault.message]).toEqual([
      'unreachable',
      `ListAccounts at portal.example failed: the proxy ${silence.host} could not be used: ECONNREFUSED.`,
    ]);
  });

  test('that closes the connection is unreachable and named', async () => {
    const server = createServer((socket) => socket.end());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const fault = await faultOf(
      CALLS.ListAccounts(create('https://portal.example', { proxyForUrl: () => `http://${host}` })),
    );
    expect(fault.kind).toBe('unreachable');
    expect(fault.message).toContain(`the proxy ${host} could not be used: `);
  });

  test('that never answers is unreachable after the connection timeout', async () => {
    const proxy = await startProxy({ status: 'silent' });
    const startedAtMs = performance.now();
    const fault = await faultOf(
      CALLS.ListAccounts(create('https://portal.example', { proxyForUrl: () => proxy.url, connectTimeoutMs: 200 })),
    );
    expect([fault.kind, fault.message]).toEqual([
      'unreachable',
      'ListAccounts at portal.example failed: no connection in time.',
    ]);
    expect(performance.now() - startedAtMs).toBeLessThan(20_000);
  });

  test.each(['http', 'https'])(
    'that never answers over %s is given up, and used again when it does',
    async (scheme) => {
      const server = await startServer();
      const tls = scheme === 'https' ? { tls: ca.issue(['127.0.0.1']) } : {};
      const options = { status: 'silent' as number | 'silent', ...tls };
      const proxy = await startProxy(options);
      const identityCenter = create(server.url, {
        proxyForUrl: () => proxy.url,
        caBundle: () => ca.pem,
        requestTimeoutMs: 1000,
      });
      // The SDK is loaded outside the time that the calls have.
      await CALLS.ListAccounts(create(server.url));
      // As many as the pool has sockets.
      while (proxy.targets.length < 50) {
        await Promise.all(Array.from({ length: 50 }, () => faultOf(CALLS.ListAccounts(identityCenter))));
      }
      options.status = 200;
      const answer = () => CALLS.ListAccounts(identityCenter).catch(() => false as const);
      expect(await waitFor('an answer through the proxy', answer)).toEqual(ANSWER);
    },
  );

  test.each(['socks5://user:hunter2@proxy.example:1080', 'not a url hunter2', 'http://'])(
    'that we cannot speak to (%j) is unreachable, without its password',
    async (proxy) => {
      const fault = await faultOf(CALLS.ListAccounts(create('https://portal.example', { proxyForUrl: () => proxy })));
      expect(fault.kind).toBe('unreachable');
      expect(fault.message).toMatch(/the proxy \(.*…\) is not supported; use an http or https proxy\.$/);
      expect(fault.message).not.toContain('hunter2');
    },
  );
});

describe('certificates', () => {
  test('of a private CA are accepted with its bundle, directly and through a proxy', async () => {
    const server = await startServer(ca.issue(['127.0.0.1']));
    const proxy = await startProxy();
    const caBundle = () => loadCaBundle(ca.path, 'network.ca_bundle');
    expect(await CALLS.ListAccounts(create(server.url, { caBundle }))).toEqual(ANSWER);
    expect(await CALLS.ListAccounts(create(server.url, { caBundle, proxyForUrl: () => proxy.url }))).toEqual(ANSWER);
  });

  test('of an unknown CA are refused, and the setting is named', async () => {
    const server = await startServer(ca.issue(['127.0.0.1']));
    const proxy = await startProxy();
    for (const proxyForUrl of [() => '', () => proxy.url]) {
      const fault = await faultOf(CALLS.ListAccounts(create(server.url, { proxyForUrl })));
      expect(fault.kind).toBe('unreachable');
      expect(fault.message).toBe(
        `ListAccounts at ${server.host} failed: its certificate is not signed by a CA that rolecall trusts ` +
          '(UNABLE_TO_VERIFY_LEAF_SIGNATURE); if your network inspects TLS, set ca_bundle under [network] in the ' +
          'settings, or AWS_CA_BUNDLE.',
      );
    }
    expect(server.requests).toEqual([]);
  });

  test('are checked although NODE_TLS_REJECT_UNAUTHORIZED is 0: of the server, of a server behind a proxy, of the proxy', async () => {
    const server = await startServer(ca.issue(['127.0.0.1']));
    const [proxy, secureProxy] = [await startProxy(), await startProxy({ tls: ca.issue(['127.0.0.1']) })];
    onTestFinished(() => void delete process.env['NODE_TLS_REJECT_UNAUTHORIZED']);
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    for (const proxyForUrl of [() => '', () => proxy.url, () => secureProxy.url]) {
      const { kind, message } = await faultOf(CALLS.ListAccounts(create(server.url, { proxyForUrl })));
      expect([kind, message]).toEqual(['unreachable', expect.stringContaining('UNABLE_TO_VERIFY_LEAF_SIGNATURE')]);
    }
    expect([server.requests, secureProxy.targets]).toEqual([[], []]);
  });

  test('for another host are refused, directly and through a proxy', async () => {
    // As of https-proxy-agent 9.1 a target given as an address would be checked against "localhost".
    const server = await startServer(ca.issue(['localhost', 'other.example']));
    const proxy = await startProxy();
    for (const proxyForUrl of [() => '', () => proxy.url]) {
      const fault = await faultOf(CALLS.ListAccounts(create(server.url, { proxyForUrl, caBundle: () => ca.pem })));
      expect([fault.kind, fault.message]).toEqual([
        'unreachable',
        `ListAccounts at ${server.host} failed: its certificate is for another host (ERR_TLS_CERT_ALTNAME_INVALID).`,
      ]);
    }
    expect(server.requests).toEqual([]);
  });

  test('that have expired are refused', async () => {
    const server = await startServer(ca.issue(['127.0.0.1'], { expired: true }));
    const fault = await faultOf(CALLS.ListAccounts(create(server.url, { caBundle: () => ca.pem })));
    expect(fault.message).toContain(
      'its certificate has expired (or this machine’s clock is wrong) (CERT_HAS_EXPIRED).',
    );
  });

  test('are not needed without TLS', async () => {
    const server = await startServer();
    const fault = await faultOf(CALLS.ListAccounts(create(server.url.replace('http:', 'https:'))));
    expect([fault.kind, fault.message]).toEqual([
      'unreachable',
      expect.stringMatching(/failed: the connection failed \((EPROTO|ERR_SSL_\w+)\)\.$/),
    ]);
  });

  test('a bundle that has become unreadable is reported by every call, until it is fixed', async () => {
    const server = await startServer(ca.issue(['127.0.0.1']));
    const path = join(home.path, 'later.pem');
    const identityCenter = create(server.url, { caBundle: () => loadCaBundle(path, 'network.ca_bundle') });
    const fault = await faultOf(CALLS.ListAccounts(identityCenter));
    expect([fault.kind, fault.message]).toEqual([
      'unreachable',
      `ListAccounts at ${server.host} failed: The CA bundle ${path} (network.ca_bundle) cannot be read.`,
    ]);
    writeFileSync(path, ca.pem);
    expect(await CALLS.ListAccounts(identityCenter)).toEqual(ANSWER);
  });
});

describe('loadCaBundle', () => {
  const write = (text: string) => {
    const path = join(home.path, 'bundle.pem');
    writeFileSync(path, text);
    return path;
  };

  test('returns the certificates without the text between them', () => {
    const path = write(`# my company\nsubject=CN\n${ca.pem}\r\n\r\n${ca.pem.replaceAll('\n', '\r\n')}`);
    expect(loadCaBundle(path, 'AWS_CA_BUNDLE')).toBe(ca.pem + ca.pem);
  });

  test.each([
    ['', 'contains no certificate in PEM format'],
    ['hello', 'contains no certificate in PEM format'],
    [
      '-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n',
      'contains a certificate that cannot be read',
    ],
  ])('%j is refused', (text, reason) => {
    const path = write(text);
    expect(() => loadCaBundle(path, 'AWS_CA_BUNDLE')).toThrow(
      expect.objectContaining({
        errorClass: 'UsageError',
        code: 'settings-invalid',
        message: `The CA bundle ${path} (AWS_CA_BUNDLE) ${reason}.`,
      }),
    );
  });

  test.each([
    ['missing.pem', 'cannot be read'],
    ['a-folder', 'is a folder, not a file'],
  ])('%s is refused', (name, reason) => {
    const path = join(home.path, name);
    mkdirSync(join(home.path, 'a-folder'), { recursive: true });
    expect(() => loadCaBundle(path, 'network.ca_bundle')).toThrow(
      expect.objectContaining({ message: `The CA bundle ${path} (network.ca_bundle) ${reason}.` }),
    );
  });
});
