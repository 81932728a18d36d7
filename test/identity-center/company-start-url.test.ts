// A company's own start URL: one redirect to an access portal of AWS, over TLS and through the proxy.
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { loadCaBundle } from '../../src/identity-center/certificate-authorities.ts';
import { createIdentityCenter } from '../../src/identity-center/identity-center.ts';
import { IdentityCenterFault } from '../../src/sso/ports.ts';
import { startConnectProxy } from '../helpers/connect-proxy.ts';
import { createPrivateCa, type PrivateCa } from '../helpers/private-ca.ts';
import { createTemporaryHome } from '../helpers/temporary-home.ts';
import { startScriptedServer } from './scripted-server.ts';

const COMPANY = 'https://aws.corp.example/';
const PORTAL = 'https://d-1234567890.awsapps.com/start';

const home = createTemporaryHome();
let ca: PrivateCa;
beforeAll(() => {
  ca = createPrivateCa(home.path);
});
afterAll(() => home.remove());

const sessionOf = (startUrl: string, region = 'us-east-1') => ({
  sessionName: 'corp',
  startUrl,
  region,
  registrationScopes: [],
});

/** The company's page, which the proxy leads to. */
async function startCompany(options: { readonly caBundle?: boolean } = {}) {
  const server = await startScriptedServer(ca.issue(['aws.corp.example']));
  const proxy = await startConnectProxy({ leadTo: () => ({ host: '127.0.0.1', port: server.port }) });
  const identityCenter = createIdentityCenter({
    endpointsOf: () => ({}),
    proxyForUrl: () => proxy.url,
    ...(options.caBundle === false ? {} : { caBundle: () => loadCaBundle(ca.path, 'test') }),
    requestTimeoutMs: 20_000,
  });
  onTestFinished(async () => {
    identityCenter.close();
    await proxy.close();
    await server.close();
  });
  const resolve = (startUrl = COMPANY, region = 'us-east-1') =>
    identityCenter.resolveStartUrl(sessionOf(startUrl, region));
  const redirect = (location: string, status = 302) => server.answer(status, '', { location });
  return { server, proxy, resolve, redirect };
}

const faultOf = (resolving: Promise<string>) =>
  resolving.then(
    (startUrl) => ({ startUrl }),
    (fault: unknown) => (fault instanceof IdentityCenterFault ? { kind: fault.kind, message: fault.message } : fault),
  );

test.each([
  [301, PORTAL, PORTAL],
  [302, `${PORTAL}/#/?tab=accounts`, PORTAL],
  [303, 'https://d-1234567890.awsapps.com/', PORTAL],
  [307, 'HTTPS://ssoins-1.portal.us-east-1.app.aws:443/', 'https://ssoins-1.portal.us-east-1.app.aws'],
  [308, '//acme.awsapps.com/start', 'https://acme.awsapps.com/start'],
])('%i to %s leads to %s', async (status, location, startUrl) => {
  const { redirect, resolve, server, proxy } = await startCompany();
  redirect(location, status);
  expect(await resolve()).toBe(startUrl);
  expect(server.requests.map(({ method, url }) => `${method} ${url}`)).toEqual(['HEAD /']);
  // The only host that was asked; AWS's is not.
  expect(proxy.targets).toEqual(['aws.corp.example:443']);
});

test('sends nothing secret', async () => {
  const { redirect, resolve, server } = await startCompany();
  redirect(PORTAL);
  await resolve('https://user:password@aws.corp.example/sso?team=x#fragment');
  expect(
    server.requests.map(({ headers, ...request }) => ({ ...request, headers: Object.keys(headers).toSorted() })),
  ).toEqual([{ method: 'HEAD', url: '/sso?team=x', body: '', headers: ['accept', 'connection', 'host'] }]);
});

test.each([405, 501])('asks with GET after %i', async (status) => {
  const { resolve, server } = await startCompany();
  server.answerWith((response) => {
    const isHead = server.requests.at(-1)?.method === 'HEAD';
    response.writeHead(isHead ? status : 302, isHead ? {} : { location: PORTAL }).end();
  });
  expect(await resolve()).toBe(PORTAL);
  expect(server.requests.map(({ method }) => method)).toEqual(['HEAD', 'GET']);
});

test.each([
  ['http://d-1234567890.awsapps.com/start', 'http://d-1234567890.awsapps.com/start, which is not https'],
  [
    'https://sso.corp.example/',
    'https://sso.corp.example/, which is not an access portal of AWS (only one redirect counts)',
  ],
  ['/start', 'https://aws.corp.example/start, which is not an access portal of AWS (only one redirect counts)'],
  [
    'https://awsapps.com.evil.example/start?token=x',
    'https://awsapps.com.evil.example/start, which is not an access portal of AWS (only one redirect counts)',
  ],
  [
    'https://x.execute-api.us-east-1.amazonaws.com/',
    'https://x.execute-api.us-east-1.amazonaws.com/, which is not an access portal of AWS (only one redirect counts)',
  ],
  [
    'https://d-1234567890.awsapps.com:8443/start',
    'https://d-1234567890.awsapps.com:8443/start, which is not an access portal of AWS (only one redirect counts)',
  ],
  [
    'https://user@d-1234567890.awsapps.com/start',
    'https://d-1234567890.awsapps.com/start, which is not an access portal of AWS (only one redirect counts)',
  ],
  [
    'https://start.home.awsapps.cn/directory/acme',
    'https://start.home.awsapps.cn/directory/acme, which is in the partition aws-cn, but the sso_region us-east-1 is in aws',
  ],
  ['javascript:alert(1)', 'javascript://alert(1), which is not https'],
  ['https://', 'no valid address'],
])('refuses a redirect to %s', async (location, reason) => {
  const { redirect, resolve } = await startCompany();
  redirect(location);
  expect(await faultOf(resolve())).toEqual({
    kind: 'start-url-unresolved',
    message: `aws.corp.example redirects to ${reason}.`,
  });
});

test.each([
  [200, 'start-url-unresolved', 'aws.corp.example does not redirect to AWS (it answered HTTP 200).'],
  [404, 'start-url-unresolved', 'aws.corp.example does not redirect to AWS (it answered HTTP 404).'],
  [503, 'unreachable', 'aws.corp.example answered HTTP 503.'],
])('reports an answer of %i', async (status, kind, message) => {
  const { resolve, server } = await startCompany();
  server.answer(status, '');
  expect(await faultOf(resolve())).toEqual({ kind, message });
});

test('reports a page that cannot be reached, or whose certificate is not trusted', async () => {
  const { redirect, resolve } = await startCompany({ caBundle: false });
  redirect(PORTAL);
  expect(await faultOf(resolve())).toMatchObject({
    kind: 'unreachable',
    message: expect.stringContaining('HEAD at aws.corp.example failed: '),
  });
});

test('remembers where it led while the page is down, and not while it leads elsewhere', async () => {
  const { redirect, resolve, server } = await startCompany();
  redirect(PORTAL);
  expect(await resolve()).toBe(PORTAL);
  server.answerWith((response) => response.destroy());
  expect(await resolve()).toBe(PORTAL);
  expect(await faultOf(resolve('https://aws.corp.example/other'))).toMatchObject({ kind: 'unreachable' });
  redirect('https://evil.example/');
  expect(await faultOf(resolve())).toMatchObject({ kind: 'start-url-unresolved' });
});

test.each([
  ['https://start.home.awsapps.cn/directory/acme', 'us-east-1'],
  [PORTAL, 'us-gov-west-1'],
  ['https://ssoins-1.portal.us-east-1.app.aws', 'cn-north-1'],
])('refuses %s in %s, which is in another partition, and asks nobody', async (startUrl, region) => {
  const { proxy, resolve } = await startCompany();
  expect(await faultOf(resolve(startUrl, region))).toMatchObject({ kind: 'start-url-refused' });
  expect(proxy.targets).toEqual([]);
});

test("asks nobody for AWS's own start URLs, for other schemes, and with an emulator", async () => {
  const { proxy, resolve } = await startCompany();
  const own = [
    PORTAL,
    'https://ssoins-1.portal.us-east-1.app.aws',
    'https://identitycenter.amazonaws.com/ssoins-1',
    // A portal that AWS may open one day.
    'https://ssoins-1.portal.us-east-1.new.aws/',
    'https://ssoins-1.us-east-1.new.amazonaws.com/',
    'http://aws.corp.example/',
    'no URL',
  ];
  for (const startUrl of own) expect(await resolve(startUrl)).toBe(startUrl);
  // AWS's isolated partitions, whose portals are not published.
  expect(await resolve('https://portal.example/start', 'us-iso-east-1')).toBe('https://portal.example/start');
  expect(proxy.targets).toEqual([]);

  const emulated = createIdentityCenter({
    endpointsOf: () => ({ ssoOidc: 'http://127.0.0.1:4000' }),
    proxyForUrl: () => proxy.url,
  });
  expect(await emulated.resolveStartUrl(sessionOf(COMPANY))).toBe(COMPANY);
  expect(proxy.targets).toEqual([]);
});
