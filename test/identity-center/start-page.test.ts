// The region on AWS's start page, which is fetched only from AWS's hosts.
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { loadCaBundle } from '../../src/identity-center/certificate-authorities.ts';
import { startConnectProxy } from '../helpers/connect-proxy.ts';
import { createPrivateCa, type PrivateCa } from '../helpers/private-ca.ts';
import { createTemporaryHome } from '../helpers/temporary-home.ts';
import { createAt, startScriptedServer, type ScriptedServer } from './scripted-server.ts';

const START_URL = 'https://d-1234567890.awsapps.com/start';
const page = (head: string) => `<!doctype html><html><head><meta charset="utf-8">${head}</head><body></body></html>`;
const REGION_TAG = '<meta name="region" content="eu-central-1"/>';

const home = createTemporaryHome();
let ca: PrivateCa;
beforeAll(() => {
  ca = createPrivateCa(home.path);
});
afterAll(() => home.remove());

/** All of AWS's portals end at one server of ours, by a proxy that leads there. */
async function startPortal() {
  const server = await startScriptedServer(ca.issue(['*.awsapps.com', '*.portal.us-east-1.app.aws', 'evil.example']));
  const proxy = await startConnectProxy({ leadTo: () => ({ host: '127.0.0.1', port: server.port }) });
  const identityCenter = createAt(server.url, {
    proxyForUrl: () => proxy.url,
    caBundle: () => loadCaBundle(ca.path, 'test'),
    requestTimeoutMs: 2000,
  });
  onTestFinished(async () => {
    identityCenter.close();
    await proxy.close();
    await server.close();
  });
  const html = (text: string, status = 200, headers = {}) =>
    server.answer(status, text, { 'content-type': 'text/html', ...headers });
  return { server, proxy, identityCenter, html } satisfies { server: ScriptedServer } & Record<string, unknown>;
}

test.each([
  [REGION_TAG, 'eu-central-1'],
  ['<META content="us-west-2" NAME="region">', 'us-west-2'],
  ["<meta name='region' content='ap-southeast-2'>", 'ap-southeast-2'],
  ['<meta name="regional" content="eu-central-1">', undefined],
  ['<meta name="region" content="evil.example/">', undefined],
  ['', undefined],
])('%s names %s', async (head, region) => {
  const { identityCenter, html } = await startPortal();
  html(page(head));
  expect(await identityCenter.findRegion(START_URL)).toBe(region);
});

test('the region of a session is in the name of its portal, else on its page', async () => {
  const { identityCenter, html, proxy } = await startPortal();
  html(page(REGION_TAG));
  const regionOf = (startUrl: string) =>
    identityCenter.findHomeRegion({ sessionName: 's', startUrl, region: 'us-east-1', registrationScopes: [] });
  expect(await regionOf('https://ssoins-1.portal.eu-west-1.app.aws')).toBe('eu-west-1');
  expect(await regionOf('https://ssoins-1.cn-north-1.portal.amazonaws.com.cn')).toBe('cn-north-1');
  expect(await regionOf('https://evil.example/start')).toBeUndefined();
  expect(await regionOf('no URL')).toBeUndefined();
  // With an emulator, AWS is not asked for pages.
  expect(await regionOf(START_URL)).toBeUndefined();
  expect(proxy.targets).toEqual([]);
});

test('redirects are followed only to hosts of AWS', async () => {
  const { identityCenter, html, proxy, server } = await startPortal();
  server.answerWith((response) => {
    const isFirst = server.requests.length === 1;
    response
      .writeHead(isFirst ? 302 : 200, isFirst ? { location: 'https://acme.awsapps.com/start/' } : {})
      .end(page(REGION_TAG));
  });
  expect(await identityCenter.findRegion(START_URL)).toBe('eu-central-1');
  html('', 302, { location: 'https://evil.example/start' });
  expect(await identityCenter.findRegion(START_URL)).toBeUndefined();
  html('', 302, { location: 'http://d-1234567890.awsapps.com/start' });
  expect(await identityCenter.findRegion(START_URL)).toBeUndefined();
  html('', 302, { location: START_URL });
  expect(await identityCenter.findRegion(START_URL)).toBeUndefined();
  expect(proxy.targets.every((target) => target.includes('.awsapps.com:443'))).toBe(true);
});

test("a host that is none of AWS's is never asked", async () => {
  const { identityCenter, html, proxy } = await startPortal();
  html(page(REGION_TAG));
  expect(await identityCenter.findRegion('https://evil.example/start')).toBeUndefined();
  expect(proxy.targets).toEqual([]);
});

test('an endless page, or no network, gives no region and no error', async () => {
  const { identityCenter, server } = await startPortal();
  server.answerWith((response) => {
    response.writeHead(200);
    const timer = setInterval(() => response.write('x'.repeat(65_536)), 1);
    response.on('close', () => clearInterval(timer)).on('error', () => clearInterval(timer));
  });
  expect(await identityCenter.findRegion(START_URL)).toBeUndefined();
  await server.close();
  server.close = async () => undefined;
  expect(await identityCenter.findRegion(START_URL)).toBeUndefined();
}, 20_000);
