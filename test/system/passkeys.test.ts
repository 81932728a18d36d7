// Passkeys in a real Chromium with a virtual authenticator, against a real daemon: registered, used, and refused.
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { ApprovalDocument } from '../../src/local-api/schemas.ts';
import { exchange, formatRequest } from '../daemon/raw-http.ts';
import { hasChromium, openPage, startBrowser, type TestBrowser } from '../helpers/browser.ts';
import { findLastingPort, hasIpv6 } from '../helpers/lasting-port.ts';
import { createRig, SESSION, type Rig } from '../helpers/rig.ts';
import { canBeSomebodyElse, runAsSomebodyElse } from '../helpers/somebody-else.ts';
import { addVirtualAuthenticator, type VirtualAuthenticator } from '../helpers/virtual-authenticator.ts';

/** A browser that was just installed, on a machine that does other things, takes its time for all that a test does. */
const SLOW_MS = 120_000;
const ROLE = { session: SESSION, accountId: '111111111111', permissionSet: 'Admin-AF-Permission-Set' };
const OTHER = { session: SESSION, accountId: '222222222222', permissionSet: 'Admin-AF-Permission-Set' };
const PASSKEY = '[[protect]]\npermission_set = "Admin-*"\napprove = "passkey"\n';

let browser: TestBrowser;
let rig: Rig;
let context: BrowserContext;
let others: Server[] = [];

beforeAll(async () => {
  if (hasChromium) browser = await startBrowser();
}, SLOW_MS);
afterAll(() => browser?.close());
afterEach(async () => {
  await context?.close();
  await rig?.remove();
  for (const server of others) {
    server.closeAllConnections();
    server.close();
  }
  others = [];
});

async function start(settings = ''): Promise<void> {
  rig = await createRig({ settings: `${settings}${PASSKEY}` });
  context = await browser.newContext({ reducedMotion: 'reduce' });
  expect(await rig.runCli(['login', '--no-browser'])).toMatchObject({ exitCode: 0 });
}

const panelOf = (page: Page, id: string) =>
  page.locator('.approval').filter({ has: page.locator(`[id="approval-${id}"]`) });
const stateOf = async (id: string) => (await rig.client.call('approval', { id })).state;
const ask = (role = ROLE): Promise<ApprovalDocument> => rig.client.call('askApproval', { body: role });

/** Approves a passkey by a click, and registers it on the page. */
async function createPasskey(page: Page): Promise<void> {
  const { id } = await rig.client.call('addPasskey', { body: { label: 'blue key' } });
  await panelOf(page, id).waitFor();
  expect(rig.daemon().approvals.approve(id, 'click')).toBe(true);
  await page.getByRole('button', { name: 'Create the passkey' }).click();
  await page.getByText('The passkey was added.').waitFor();
}

/** A page with one registered passkey, which a click approved. */
async function openWithPasskey(): Promise<{ page: Page } & VirtualAuthenticator> {
  const { page, complaints } = await openPage(context, rig);
  const authenticator = await addVirtualAuthenticator(page);
  await createPasskey(page);
  expect(complaints).toEqual([]);
  return { page, ...authenticator };
}

/** In the page: the answer of the authenticator to a challenge, with `change` of the options. */
const SIGN = `async (options, change) => {
  const bytes = (text) => Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
  const publicKey = { ...options, ...change };
  publicKey.challenge = bytes(publicKey.challenge);
  publicKey.allowCredentials = options.allowCredentials.map((one) => ({ ...one, id: bytes(one.id) }));
  const { rawId, response } = await navigator.credentials.get({ publicKey });
  return {
    id: text(rawId),
    clientDataJSON: text(response.clientDataJSON),
    authenticatorData: text(response.authenticatorData),
    signature: text(response.signature),
  };
}`;

const readToken = () => JSON.parse(readFileSync(rig.paths.webAddressFile, 'utf8')) as { port: number; token: string };

/** What a program of the user's own can ask for, with the token of the page. */
async function post(target: string, body?: unknown): Promise<{ status: number; body: Record<string, unknown> }> {
  const { port, token } = readToken();
  const text = body === undefined ? '' : JSON.stringify(body);
  const answer = await exchange(
    { host: '127.0.0.1', port },
    formatRequest({
      method: 'POST',
      target,
      body: text,
      headers: [
        ['Host', `localhost:${port}`],
        ['Authorization', `Bearer ${token}`],
        ...(body === undefined ? [] : ([['Content-Type', 'application/json']] as const)),
        ['Content-Length', String(Buffer.byteLength(text))],
      ],
    }),
  );
  return { status: answer.status, body: JSON.parse(answer.body) as Record<string, unknown> };
}

const challengeOf = async (id: string) => (await post(`/v1/approvals/${id}/challenge`)).body['options'] as object;
const sign = (page: Page, options: object, change: object = {}): Promise<Record<string, string>> =>
  page.evaluate(`(${SIGN})(${JSON.stringify(options)}, ${JSON.stringify(change)})`);
const handIn = async (id: string, assertion: unknown) => {
  const { status, body } = await post(`/v1/approvals/${id}/assertion`, assertion);
  return { status, code: body['code'] ?? body['state'] };
};
const REFUSED = { status: 403, code: 'passkey-refused' };

/** A page of another program on this machine. */
async function serve(host: '127.0.0.1' | '::1' = '127.0.0.1'): Promise<string> {
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>nice</title>nice');
  });
  others.push(server);
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  return `http://localhost:${(server.address() as AddressInfo).port}`;
}

describe.skipIf(!hasChromium)('a passkey', { timeout: SLOW_MS }, () => {
  test('is registered after a click, approves a role, and refuses another', async () => {
    await start();
    const query = { session: ROLE.session, account: ROLE.accountId, role: ROLE.permissionSet };
    // Without one, nothing weaker takes its place.
    await expect(rig.client.call('credentials', { query })).rejects.toMatchObject({
      code: 'approval-refused',
      message: expect.stringContaining('No passkey is registered.'),
      hint: 'rolecall passkey add',
    });
    const { page } = await openWithPasskey();
    expect((await rig.runCli(['passkey', 'list'])).stdout).toMatch(/^Passkey\s+ID\s+Added\nblue key\s+\S{12}\s+20/);
    const served = rig.client.call('credentials', { query });
    await page.getByRole('button', { name: 'Approve with passkey' }).click();
    expect(await served).toMatchObject({ Version: 1, AccountId: ROLE.accountId });
    const refused = await ask(OTHER);
    await panelOf(page, refused.id).getByRole('button', { name: 'Refuse' }).click();
    await panelOf(page, refused.id).locator('.outcome').waitFor();
    expect(await stateOf(refused.id)).toBe('refused');
    // A removal needs the passkey too, and no click.
    const removing = rig.runCli(['passkey', 'remove', 'blue key', '--print']);
    await page.getByRole('button', { name: 'Approve with passkey' }).click();
    expect(await removing).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('Removed "blue key".') });
    expect((await rig.client.call('passkeys', {})).passkeys).toEqual([]);
  });

  test('is refused without verification, with another challenge, twice, and for another approval', async () => {
    await start();
    const { page, setUserVerified } = await openWithPasskey();
    const [approval, other] = [await ask(), await ask(OTHER)];
    // The page decides what it asks for, so only the signed bit says what was done.
    await setUserVerified(false);
    const unverified = await sign(page, await challengeOf(approval.id), { userVerification: 'discouraged' });
    expect(await handIn(approval.id, unverified)).toEqual(REFUSED);
    await setUserVerified(true);
    const foreign = await sign(page, await challengeOf(approval.id), { challenge: 'AAAA' });
    expect(await handIn(approval.id, foreign)).toEqual(REFUSED);
    const right = await sign(page, await challengeOf(approval.id));
    expect(await handIn(other.id, right)).toEqual(REFUSED);
    expect([await stateOf(approval.id), await stateOf(other.id)]).toEqual(['pending', 'pending']);
    expect(await handIn(approval.id, right)).toEqual({ status: 200, code: 'approved' });
    expect(await handIn(approval.id, right)).toEqual({ status: 404, code: 'approval-not-found' });
    expect(await handIn(other.id, right)).toEqual(REFUSED);
    expect(await stateOf(other.id)).toBe('pending');
  });

  test('signs for a page of another port, which the daemon refuses, and not for a name below localhost', async () => {
    await start();
    const { page } = await openWithPasskey();
    const approval = await ask();
    const attacker = await serve();
    await page.goto(attacker);
    // The scope of a passkey has no port: the browser signs. What it signs contains the origin.
    const relayed = await sign(page, await challengeOf(approval.id));
    expect(JSON.parse(Buffer.from(relayed['clientDataJSON'] ?? '', 'base64url').toString())).toMatchObject({
      origin: attacker,
    });
    expect(await handIn(approval.id, relayed)).toEqual(REFUSED);
    for (const name of ['x.localhost', '127.0.0.1']) {
      await page.goto(attacker.replace('localhost', name));
      await expect(sign(page, await challengeOf(approval.id))).rejects.toThrow('SecurityError');
    }
    expect(await stateOf(approval.id)).toBe('pending');
  });

  test.skipIf(!canBeSomebodyElse)('is worth nothing to another user, on either loopback address', async () => {
    await start();
    const { page } = await openWithPasskey();
    const approval = await ask();
    const { port, token } = readToken();
    const right = await sign(page, await challengeOf(approval.id));
    const script = `
      const [port, token, path, body] = process.argv.slice(1);
      const headers = { host: 'localhost:' + port, authorization: 'Bearer ' + token, 'content-type': 'application/json' };
      const send = (host) => new Promise((resolve) => require('http')
        .request({ host, port, path, method: 'POST', headers }, ({ statusCode }) => resolve(String(statusCode)))
        .on('error', ({ code }) => resolve(code)).end(body));
      const listen = (host) => new Promise((resolve) => {
        require('net').createServer().on('error', ({ code }) => resolve(code)).listen(port, host, () => resolve('listens'));
      });
      (async () => {
        const results = [];
        for (const host of ['127.0.0.1', '::1']) results.push(await listen(host), await send(host));
        console.log(JSON.stringify(results));
        process.exit();
      })();`;
    const args = [String(port), token, `/v1/approvals/${approval.id}/assertion`, JSON.stringify(right)];
    const results = JSON.parse(await runAsSomebodyElse(script, args)) as string[];
    const dropped = expect.stringMatching(/^(ECONNRESET|EPIPE)$/) as string;
    expect(results.slice(0, hasIpv6 ? 4 : 2)).toEqual(
      Array.from({ length: hasIpv6 ? 2 : 1 }, () => ['EADDRINUSE', dropped]).flat(),
    );
    expect(await stateOf(approval.id)).toBe('pending');
    // It was the connection that was refused.
    expect(await handIn(approval.id, right)).toEqual({ status: 200, code: 'approved' });
  });

  test('is used at a port of its own if the page has a fixed one, whose origin somebody has prepared', async () => {
    const port = await findLastingPort();
    const planter = createServer((request, response) => {
      const isWorker = request.url === '/worker.js';
      response
        .writeHead(200, { 'content-type': isWorker ? 'text/javascript' : 'text/html' })
        .end(isWorker ? `addEventListener('fetch', (event) => event.respondWith(new Response('planted')))` : 'nice');
    });
    await new Promise<void>((resolve) => planter.listen(port, '127.0.0.1', resolve));
    context = await browser.newContext();
    const planted = await context.newPage();
    await planted.goto(`http://localhost:${port}/`);
    await planted.evaluate(`navigator.serviceWorker.register('/worker.js').then(() => navigator.serviceWorker.ready)`);
    planter.closeAllConnections();
    await new Promise((resolve) => planter.close(resolve));
    const prepared = context;
    await start(`web_port = ${port}\n`);
    await context.close();
    context = prepared;

    // The planted page gets no answer of the daemon, and no passkey of its origin counts.
    await planted.goto(`http://localhost:${port}/`);
    expect(await planted.locator('body').textContent()).toBe('planted');
    const { page, complaints } = await openPage(context, rig);
    expect(new URL(page.url()).hostname).toMatch(/^rolecall-[0-9a-f]{32}\.localhost$/);
    const { url } = await rig.client.call('passkeyPage', {});
    const own = new URL(url);
    expect({ hostname: own.hostname, isOther: own.port !== String(port) }).toEqual({
      hostname: 'localhost',
      isOther: true,
    });
    expect((await rig.client.call('passkeys', {})).url).toBe(own.origin);
    await page.goto(url);
    await page.locator('#connection[data-state="live"]').waitFor();
    expect(await page.locator('body').textContent()).not.toBe('planted');
    await addVirtualAuthenticator(page);
    await createPasskey(page);
    // The page under the random name can't use it, and says where it can be used.
    const { page: named } = await openPage(context, rig);
    const approval = await ask();
    const panel = panelOf(named, approval.id);
    await panel.getByRole('button', { name: 'Approve with passkey' }).click();
    const address = panel.getByText(own.origin);
    await address.waitFor();
    await page.goto(/http:\S+/.exec((await address.textContent()) ?? '')?.[0] ?? '');
    await panelOf(page, approval.id).getByRole('button', { name: 'Approve with passkey' }).click();
    await panel.locator('.outcome').waitFor();
    expect(await stateOf(approval.id)).toBe('approved');
    expect(complaints).toEqual([]);
  });
});
