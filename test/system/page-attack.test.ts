// As an attacker: a page of another origin, and one under a rebound name, try everything that a browser offers, and get nothing.
import { readFileSync } from 'node:fs';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { BrowserContext } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasChromium, openPage, REBOUND_HOST, startBrowser, type TestBrowser } from '../helpers/browser.ts';
import { findLastingPort } from '../helpers/lasting-port.ts';
import { createRig, SESSION, type Rig } from '../helpers/rig.ts';
import { waitFor } from '../helpers/wait-for.ts';

/** A browser that was just installed, on a machine that does other things, takes its time for all that a test does. */
const SLOW_MS = 120_000;

let browser: TestBrowser;
let context: BrowserContext;
let rig: Rig;
let attacker: Server;
let attackerUrl = '';
let daemonUrl = '';
let token = '';
/** What the attacker's own server was told, by whatever got out. */
const told: string[] = [];

beforeAll(async () => {
  if (!hasChromium) return;
  subscribe('http.server.response.finish', onAnswer);
  browser = await startBrowser();
  context = await browser.newContext();
  rig = await createRig();
  await rig.runCli(['login', '--no-browser']);
  ({ url: daemonUrl, token } = JSON.parse(readFileSync(rig.paths.webAddressFile, 'utf8')) as {
    url: string;
    token: string;
  });
  attacker = createServer((request, response) => {
    told.push(request.url ?? '');
    response
      .writeHead(200, { 'content-type': 'text/html' })
      .end('<!doctype html><title>nice</title><h1>A nice page</h1>');
  });
  await new Promise<void>((resolve) => attacker.listen(0, '127.0.0.1', resolve));
  attackerUrl = `http://localhost:${(attacker.address() as AddressInfo).port}`;
}, SLOW_MS);
afterAll(async () => {
  if (!hasChromium) return;
  unsubscribe('http.server.response.finish', onAnswer);
  await context.close();
  await browser.close();
  attacker.closeAllConnections();
  attacker.close();
  await rig.remove();
});

/** In the attacker's page: every way to speak to the daemon, and what came of each. `BASE` is the daemon. */
const ATTACK = `async (BASE, SESSION, TOKEN, CODE) => {
  const signOut = BASE + '/v1/sessions/' + SESSION + '/sign-out';
  const within = (promise) =>
    Promise.race([promise, new Promise((resolve) => setTimeout(() => resolve('nothing'), 1500))]);
  const tryFetch = async (url, options) => {
    try {
      const answer = await fetch(url, options);
      return answer.type === 'opaque' ? 'opaque' : String(answer.status);
    } catch {
      return 'refused';
    }
  };
  const load = (tag, attributes, good = 'load') =>
    within(
      new Promise((resolve) => {
        const made = document.createElement(tag);
        made.addEventListener(good, () => resolve('loaded'));
        made.addEventListener('error', () => resolve('refused'));
        Object.assign(made, attributes);
        document.body.append(made);
      }),
    );
  const read = (made) => {
    try {
      return made.contentDocument === null ? 'unreadable' : made.contentDocument.body.textContent;
    } catch {
      return 'unreadable';
    }
  };
  const submit = (action, fields, enctype) =>
    within(
      new Promise((resolve) => {
        const target = document.createElement('iframe');
        target.name = 'target' + Math.random();
        const form = document.createElement('form');
        Object.assign(form, { method: 'post', action, target: target.name, enctype });
        for (const [name, value] of Object.entries(fields)) {
          const input = document.createElement('input');
          Object.assign(input, { name, value });
          form.append(input);
        }
        document.body.append(target, form);
        let loads = 0;
        target.addEventListener('load', () => (loads += 1) > 0 && setTimeout(() => resolve(read(target)), 300));
        form.submit();
      }),
    );
  const plain = { 'content-type': 'text/plain' };
  const authorized = { authorization: 'Bearer ' + TOKEN };
  const json = { 'content-type': 'application/json' };
  const exchange = JSON.stringify({ code: CODE });
  const results = {
    status: await tryFetch(BASE + '/v1/status'),
    'status with the right token': await tryFetch(BASE + '/v1/status', { headers: authorized }),
    'status without CORS': await tryFetch(BASE + '/v1/status', { mode: 'no-cors' }),
    'the page without CORS': await tryFetch(BASE + '/', { mode: 'no-cors' }),
    'the page': await tryFetch(BASE + '/'),
    'events with the right token': await tryFetch(BASE + '/v1/events', { headers: authorized }),
    'sign-out with the right token': await tryFetch(signOut, { method: 'POST', headers: authorized }),
    'sign-out without CORS': await tryFetch(signOut, { method: 'POST', mode: 'no-cors', headers: plain, body: '{}' }),
    'sign-out kept alive': await tryFetch(signOut, { method: 'POST', mode: 'no-cors', keepalive: true }),
    'no role current': await tryFetch(BASE + '/v1/current', { method: 'PUT', headers: json, body: 'null' }),
    'the exchange of a right code': await tryFetch(BASE + '/v1/web-token', { method: 'POST', headers: json, body: exchange }),
    'the exchange without CORS': await tryFetch(BASE + '/v1/web-token', {
      method: 'POST',
      mode: 'no-cors',
      headers: plain,
      body: exchange,
    }),
    beacon: String(navigator.sendBeacon(signOut, '{}')),
    image: await load('img', { src: BASE + '/icon.svg' }),
    script: await load('script', { src: BASE + '/page.js', type: 'module' }),
    'classic script': await load('script', { src: BASE + '/wording.js' }),
    style: await load('link', { rel: 'stylesheet', href: BASE + '/page.css' }),
    object: await load('object', { data: BASE + '/' }),
    frame: await load('iframe', { src: BASE + '/' }).then(() => read(document.querySelector('iframe[src]'))),
    'form for sign-out': await submit(signOut, {}, 'application/x-www-form-urlencoded'),
    'form as text': await submit(BASE + '/v1/web-token', { ['{"code":"' + CODE + '","x":"']: '"}' }, 'text/plain'),
    events: await within(
      new Promise((resolve) => {
        const source = new EventSource(BASE + '/v1/events');
        source.addEventListener('open', () => resolve('open'));
        source.addEventListener('error', () => resolve('refused'));
      }),
    ),
    socket: await within(
      new Promise((resolve) => {
        const socket = new WebSocket(BASE.replace('http', 'ws') + '/v1/events');
        socket.addEventListener('open', () => resolve('open'));
        socket.addEventListener('error', () => resolve('refused'));
      }),
    ),
  };
  return results;
}`;

/** An answer that a page can't look into says nothing to it; that it was a 403 is seen by the test alone. */
const NOTHING = ['refused', 'opaque', 'unreadable', 'nothing'];

/** What the daemon's port has answered so far: a browser does not tell of answers that it keeps from a page. */
const answers: { readonly port: number | undefined; readonly line: string }[] = [];
const onAnswer = (message: unknown) => {
  const { request, response } = message as { request: IncomingMessage; response: ServerResponse };
  answers.push({ port: request.socket.localPort, line: `${response.statusCode} ${request.method} ${request.url}` });
};
const takeAnswers = () =>
  answers.splice(0).flatMap(({ port, line }) => (port === Number(new URL(daemonUrl).port) ? [line] : []));

async function attack(from: string, base: string) {
  const page = await context.newPage();
  takeAnswers();
  const answer = await page.goto(from);
  const { code } = await rig.client.call('webCode', {});
  const results = (await page.evaluate(
    `(${ATTACK})(${[base, SESSION, token, code].map((word) => JSON.stringify(word)).join(', ')})`,
  )) as Record<string, string>;
  const text = await page.locator('body').textContent();
  // What has no answer to the page may be under way still.
  await waitFor('an answer to every kind of request', () => {
    const asked = new Set(answers.map(({ line }) => line.slice(line.indexOf(' ') + 1)));
    return REQUESTS.every((request) => asked.has(request));
  }).catch(() => undefined);
  await page.close();
  const answered = takeAnswers();
  // The code was used up by nobody.
  const own = await fetch(`${daemonUrl}/v1/web-token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ code }),
  });
  return { status: answer?.status(), results, answered, text, own: own.status };
}

/** Every kind of request that an attack comes to. */
const REQUESTS = [
  'GET /',
  'GET /icon.svg',
  'GET /page.css',
  'GET /page.js',
  'GET /v1/events',
  'GET /v1/status',
  `POST /v1/sessions/${SESSION}/sign-out`,
  'POST /v1/web-token',
];

/** All that reached the daemon, of every kind, and nothing but refusals. */
function expectRefusals(answered: readonly string[]): void {
  expect(answered.filter((line) => !line.startsWith('403 '))).toEqual([]);
  const asked = new Set(answered.map((line) => line.slice('403 '.length)));
  expect([...asked]).toEqual(expect.arrayContaining(REQUESTS));
}

describe.skipIf(!hasChromium)('a page of another origin', { timeout: SLOW_MS }, () => {
  test('gets nothing of the daemon and does nothing to it, with the right token and a right code in its hands', async () => {
    const before = await rig.client.call('status', {});
    const { results, answered, own } = await attack(`${attackerUrl}/`, daemonUrl);
    const { beacon, ...others } = results;
    // It only says that it was sent.
    expect(beacon).toBe('true');
    expect(Object.entries(others).filter(([, result]) => !NOTHING.includes(result))).toEqual([]);
    expect(Object.keys(others).length).toBeGreaterThan(20);
    expectRefusals(answered);
    expect(own).toBe(200);
    const after = await rig.client.call('status', {});
    expect(after.sessions.map(({ session, state }) => ({ session, state }))).toEqual([
      { session: SESSION, state: 'live' },
    ]);
    expect(after.current).toEqual(before.current);
    expect(told.filter((path) => path.includes(token))).toEqual([]);
  });

  test('cannot frame, open or look into a page that is in use', async () => {
    const { page } = await openPage(context, rig);
    const foreign = await context.newPage();
    await foreign.goto(`${attackerUrl}/`);
    const opening = context.waitForEvent('page');
    await foreign.evaluate(`void (window.opened = window.open(${JSON.stringify(`${daemonUrl}/`)}))`);
    const opened = await opening;
    // A link from elsewhere does not even show the page.
    await opened.locator('body', { hasText: 'caller-not-allowed' }).waitFor();
    const seen = await foreign.evaluate(`(() => {
      try {
        return window.opened.document.body.textContent;
      } catch (error) {
        return error.name;
      }
    })()`);
    expect(seen).toBe('SecurityError');
    expect(await page.locator('#connection').getAttribute('data-state')).toBe('live');
    for (const one of [page, foreign, opened]) await one.close();
  });
});

describe.skipIf(!hasChromium)('a page under a name that leads here', { timeout: SLOW_MS }, () => {
  test('is shown nothing, and gets nothing by what is its own origin now', async () => {
    const rebound = daemonUrl.replace('localhost', REBOUND_HOST);
    const { status, text, results, answered, own } = await attack(`${rebound}/`, rebound);
    expect({ status, text }).toEqual({ status: 403, text: expect.stringContaining('caller-not-allowed') });
    // Of its own origin it may read the answers: each is a refusal.
    const got = Object.entries(results).filter(
      ([what, result]) =>
        what !== 'beacon' && ![...NOTHING, '403'].includes(result) && !result.includes('caller-not-allowed'),
    );
    expect(got).toEqual([]);
    expectRefusals(answered);
    expect(own).toBe(200);
    expect((await rig.client.call('status', {})).sessions).toMatchObject([{ state: 'live' }]);
  });
});

describe.skipIf(!hasChromium)('a service worker left on the fixed port while the daemon was down', () => {
  test('never comes between the page and the daemon', { timeout: SLOW_MS }, async () => {
    const port = await findLastingPort();
    const planter = createServer((request, response) => {
      const isWorker = request.url === '/worker.js';
      response
        .writeHead(200, { 'content-type': isWorker ? 'text/javascript' : 'text/html' })
        .end(isWorker ? `addEventListener('fetch', (event) => event.respondWith(new Response('planted')))` : 'nice');
    });
    await new Promise<void>((resolve) => planter.listen(port, '127.0.0.1', resolve));
    const victim = await browser.newContext();
    const page = await victim.newPage();
    await page.goto(`http://127.0.0.1:${port}/`);
    await page.evaluate(`navigator.serviceWorker.register('/worker.js').then(() => navigator.serviceWorker.ready)`);
    planter.closeAllConnections();
    await new Promise((resolve) => planter.close(resolve));

    const own = await createRig({ settings: `web_port = ${port}\n` });
    try {
      // It answers for the origin at which it was left, whoever has the port by now.
      await page.goto(`http://127.0.0.1:${port}/`);
      expect(await page.locator('body').textContent()).toBe('planted');
      const { url } = await own.client.call('webCode', {});
      await page.goto(url);
      expect(await page.locator('body').textContent()).not.toBe('planted');
      await page.locator('#connection[data-state="live"]').waitFor();
    } finally {
      await victim.close();
      await own.remove();
    }
  });
});
