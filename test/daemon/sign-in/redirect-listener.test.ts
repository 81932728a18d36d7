// The port to which a browser comes back from the sign-in page, over real sockets: the one right request, and every wrong one.
import { readFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import type { SignInDocument } from '../../../src/local-api/schemas.ts';
import { createSystemClock } from '../../../src/core/clock.ts';
import { Secret } from '../../../src/core/secret.ts';
import { openRedirectListener } from '../../../src/daemon/sign-in/redirect-listener.ts';
import { createFakeClock } from '../../helpers/fake-clock.ts';
import { createRig, SESSION, type Rig, type RigOptions } from '../../helpers/rig.ts';
import { canBeSomebodyElse, runAsSomebodyElse } from '../../helpers/somebody-else.ts';
import { waitFor } from '../../helpers/wait-for.ts';
import { exchange, formatRequest, type RawAnswer } from '../raw-http.ts';

let rig: Rig | undefined;
afterEach(async () => {
  await rig?.remove();
  rig = undefined;
});

interface Started {
  readonly rig: Rig;
  readonly document: SignInDocument;
  readonly port: number;
  readonly state: string;
  /** Where AWS's page sends the browser once the person allows the sign-in. */
  allow(): Promise<string>;
  /** The answer at the callback port; `target` is the path with its query. */
  send(target: string, request?: Parameters<typeof formatRequest>[0]): Promise<RawAnswer>;
  now(): Promise<SignInDocument['state'] | undefined>;
}

/** A pending sign-in with PKCE. */
async function start(options: RigOptions = {}): Promise<Started> {
  const its = await createRig({ ...options, emulator: { autoApprove: true, ...options.emulator } });
  rig = its;
  return begin(its);
}

async function begin(its: Rig): Promise<Started> {
  const body = { flow: 'pkce', force: true } as const;
  const document = await its.client.call('startSignIn', { session: SESSION, body });
  const { searchParams } = new URL(document.verificationUri ?? '');
  const port = Number(new URL(searchParams.get('redirect_uri') ?? '').port);
  return {
    rig: its,
    document,
    port,
    state: searchParams.get('state') ?? '',
    async allow() {
      const page = await fetch(document.verificationUri ?? '', { redirect: 'manual' });
      return page.headers.get('location') ?? '';
    },
    send: (target, request = {}) =>
      exchange(
        { host: '127.0.0.1', port },
        formatRequest({ target, headers: [['Host', `127.0.0.1:${port}`]], ...request }),
      ),
    now: async () => (await its.client.call('signIn', { session: SESSION }))?.state,
  };
}

const HELD_MS = 60_000;
/** A clock for the emulator, with which an answer that is delayed by `HELD_MS` comes when the test says so. */
function holdAnswers() {
  const clock = createSystemClock();
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  const sleep = (ms: number, signal?: AbortSignal) => (ms === HELD_MS ? released : clock.sleep(ms, signal));
  return { clock: { ...clock, sleep }, release };
}

const targetOf = (location: string) => location.replace(/^http:\/\/127\.0\.0\.1:\d+/, '');
const headingOf = ({ body }: RawAnswer) => /<h1>([^<]*)<\/h1>/.exec(body)?.[1];

describe('the browser that comes back', () => {
  test('signs in, and the page says so: small, without script, secrets or a way to be framed', async () => {
    const { rig: its, document, allow, send, now, state, port } = await start();
    expect(document).toEqual({
      state: 'pending',
      flow: 'pkce',
      flowReason: 'asked',
      verificationUri: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/authorize\?/),
      verificationUriComplete: document.verificationUri,
      openUri: document.verificationUri,
      expiresAt: expect.stringMatching(/Z$/),
    });
    const location = await allow();
    expect(location).toMatch(new RegExp(`^http://127\\.0\\.0\\.1:${port}/oauth/callback\\?`));
    const page = await send(targetOf(location));
    expect(page.status).toBe(200);
    expect(page.headers).toEqual({
      'cache-control': 'no-store',
      'content-security-policy': expect.stringMatching(
        /^default-src 'none'; style-src 'sha256-[A-Za-z0-9+/=]{44}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'$/,
      ),
      'content-type': 'text/html; charset=utf-8',
      'content-length': expect.any(String),
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      connection: 'close',
      date: expect.any(String),
    });
    expect(headingOf(page)).toBe(`Signed in to ${SESSION}`);
    expect(page.body).toContain('You can close this page.');
    expect(page.body).not.toMatch(/<script|https?:|\bsrc=|\bhref=/);
    const { searchParams } = new URL(location);
    for (const secret of [state, searchParams.get('code') ?? '']) expect(page.text).not.toContain(secret);
    // The page came after the token.
    expect(await now()).toBe('approved');
    await its.client.call('credentials', {
      query: { session: SESSION, account: '111111111111', role: 'Admin-AF-Permission-Set' },
    });
    const audited = await readAudit(its, 'sign-in-approved');
    expect(audited).toMatchObject({ session: SESSION, flow: 'pkce', surface: 'daemon' });
  });

  test('finds the port closed after that: nothing listens on it any more', async () => {
    const { allow, send } = await start();
    const target = targetOf(await allow());
    await send(target);
    await waitFor('the port to close', () => isClosed(send(target)));
  });

  test('is told that the sign-in was denied', async () => {
    const { rig: its, document, send, now } = await start({ emulator: { autoApprove: false } });
    await fetch(document.verificationUri ?? '');
    const [pending] = its.emulator.pendingAuthorizations();
    const page = await send(targetOf(its.emulator.denyAuthorization(pending?.requestId ?? '')));
    expect([page.status, headingOf(page)]).toEqual([200, 'The sign-in was denied']);
    expect(page.body).toContain('You can close this page.');
    expect(await now()).toBe('denied');
    expect(await readAudit(its, 'sign-in-denied')).toMatchObject({ session: SESSION, flow: 'pkce' });
  });

  test('is told of an error as text: no markup, no control characters, no more than a few lines', async () => {
    const { rig: its, state, send } = await start();
    const description = `<img src=x onerror=alert(1)>\u001b[31m\n\u202e${'x'.repeat(2000)}`;
    const query = new URLSearchParams({ error: 'server_error', error_description: description, state });
    const page = await send(`/oauth/callback?${query.toString()}`);
    expect([page.status, headingOf(page)]).toEqual([200, 'The sign-in failed']);
    expect(page.body).toContain('server_error: &lt;img src=x onerror=alert(1)&gt; [31m xxx');
    expect(page.body).not.toMatch(/<img|[\u0000-\u0009\u000b-\u001f\u202e]/);
    expect(page.body.length).toBeLessThan(2000);
    const document = await its.client.call('signIn', { session: SESSION });
    expect(document).toMatchObject({ state: 'expired', flow: 'pkce', error: { code: 'sign-in-expired' } });
    expect(document?.error?.message).toMatch(
      /answered with an error: server_error: <img src=x onerror=alert\(1\)> \[31m x+…\.$/,
    );
    expect(document?.error?.message.length).toBeLessThan(350);
  });

  test('is told why, when AWS does not accept the code', async () => {
    const { state, send, now } = await start();
    const page = await send(`/oauth/callback?code=guessed&state=${state}`);
    expect([page.status, headingOf(page)]).toEqual([200, 'The sign-in failed']);
    expect(page.body).toContain('does not accept the answer of the sign-in page');
    expect(page.body).toContain(`<code>rolecall login ${SESSION}</code>`);
    expect(await now()).toBe('expired');
  });

  test('is told after a while that AWS has not answered yet, and the sign-in goes on', async () => {
    const clock = createSystemClock();
    // The clock of the answer's deadline runs a hundred times as fast.
    const quick = {
      ...clock,
      sleep: (ms: number, signal?: AbortSignal) => clock.sleep(ms === 15_000 ? 150 : ms, signal),
    };
    const held = holdAnswers();
    const { rig: its, allow, send, now } = await start({ clock: quick, emulator: { clock: held.clock } });
    its.emulator.addFault({ operation: 'CreateToken', kind: 'delay', delayMs: HELD_MS, count: 1 });
    const page = await send(targetOf(await allow()));
    expect([page.status, headingOf(page)]).toEqual([200, `Still signing in to ${SESSION}`]);
    held.release();
    await waitFor('the sign-in', async () => (await now()) === 'approved');
  });

  test('is back in time with a clock that is ten minutes off, and keys follow', async () => {
    const clock = createSystemClock();
    for (const minutes of [-10, 10]) {
      const skewed = { ...clock, nowMs: () => clock.nowMs() + minutes * 60_000 };
      const { allow, send, now } = await start({ emulator: { clock: skewed } });
      expect(headingOf(await send(targetOf(await allow())))).toBe(`Signed in to ${SESSION}`);
      expect(await now()).toBe('approved');
      await rig?.remove();
      rig = undefined;
    }
  });

  test('is told that the sign-in was cancelled, when it was while AWS was asked for the token', async () => {
    const held = holdAnswers();
    const { rig: its, allow, send } = await start({ emulator: { clock: held.clock } });
    its.emulator.addFault({ operation: 'CreateToken', kind: 'delay', delayMs: HELD_MS, count: 1 });
    const answering = send(targetOf(await allow()));
    await waitFor('the token to be asked for', () => its.emulator.countCalls('CreateToken') > 0);
    await its.client.call('cancelSignIn', { session: SESSION });
    expect(headingOf(await answering)).toBe('The sign-in was cancelled');
    held.release();
  });
});

describe('a wrong request', () => {
  const ATTACKS: readonly [string, number, (its: Started) => Promise<RawAnswer>][] = [
    ['without a state', 403, ({ send }) => send('/oauth/callback?code=x')],
    ['with an empty state', 403, ({ send }) => send('/oauth/callback?code=x&state=')],
    ['with another state', 403, ({ send }) => send(`/oauth/callback?code=x&state=${'A'.repeat(43)}`)],
    ['with a part of the state', 403, ({ send, state }) => send(`/oauth/callback?code=x&state=${state.slice(0, -1)}`)],
    ['with an error and another state', 403, ({ send }) => send('/oauth/callback?error=access_denied&state=A')],
    ['with the state twice', 400, ({ send, state }) => send(`/oauth/callback?code=x&state=${state}&state=${state}`)],
    ['with the code twice', 400, ({ send, state }) => send(`/oauth/callback?code=x&code=y&state=${state}`)],
    ['with an error twice', 400, ({ send, state }) => send(`/oauth/callback?error=a&error=b&state=${state}`)],
    ['with code and error', 400, ({ send, state }) => send(`/oauth/callback?code=x&error=a&state=${state}`)],
    ['with neither code nor error', 400, ({ send, state }) => send(`/oauth/callback?state=${state}`)],
    ['with an empty code', 400, ({ send, state }) => send(`/oauth/callback?code=&state=${state}`)],
    [
      'with a control character in the code',
      400,
      ({ send, state }) => send(`/oauth/callback?code=a%0ab&state=${state}`),
    ],
    ['with the parameters in the fragment', 404, ({ send, state }) => send(`/oauth/callback#code=x&state=${state}`)],
    ['for /', 404, ({ send, state }) => send(`/?code=x&state=${state}`)],
    ['for the icon', 404, ({ send }) => send('/favicon.ico')],
    ['for a path below', 404, ({ send, state }) => send(`/oauth/callback/?code=x&state=${state}`)],
    ['for an encoded path', 404, ({ send, state }) => send(`/oauth/%63allback?code=x&state=${state}`)],
    ['for a path in capitals', 404, ({ send, state }) => send(`/OAUTH/callback?code=x&state=${state}`)],
    [
      'for an absolute address',
      404,
      ({ send, state, port }) => send(`http://127.0.0.1:${port}/oauth/callback?code=x&state=${state}`),
    ],
    ['with two question marks', 404, ({ send, state }) => send(`/oauth/callback?code=x?&state=${state}`)],
    ['with HEAD', 405, ({ send, state }) => send(`/oauth/callback?code=x&state=${state}`, { method: 'HEAD' })],
    ['with POST', 405, ({ send, state }) => send(`/oauth/callback?code=x&state=${state}`, { method: 'POST' })],
    ['with OPTIONS', 405, ({ send, state }) => send(`/oauth/callback?code=x&state=${state}`, { method: 'OPTIONS' })],
    ['with CONNECT', 400, ({ send }) => send('127.0.0.1:1', { method: 'CONNECT' })],
    [
      'with a body',
      400,
      ({ send, state, port }) =>
        send(`/oauth/callback?code=x&state=${state}`, {
          headers: [
            ['Host', `127.0.0.1:${port}`],
            ['Content-Length', '1'],
          ],
          body: 'x',
        }),
    ],
    ['with a huge query', 414, ({ send, state }) => send(`/oauth/callback?code=${'x'.repeat(9000)}&state=${state}`)],
    [
      'with a header over Node’s limit',
      400,
      ({ send, state }) => send(`/oauth/callback?code=${'x'.repeat(90_000)}&state=${state}`),
    ],
    ['that is no HTTP', 400, ({ port }) => exchange({ host: '127.0.0.1', port }, 'SSH-2.0-OpenSSH_9\r\n\r\n')],
    [
      'of an image',
      403,
      ({ send, state, port }) =>
        send(`/oauth/callback?code=x&state=${state}`, {
          headers: [
            ['Host', `127.0.0.1:${port}`],
            ['Sec-Fetch-Dest', 'image'],
          ],
        }),
    ],
    [
      'of a frame',
      403,
      ({ send, state, port }) =>
        send(`/oauth/callback?code=x&state=${state}`, {
          headers: [
            ['Host', `127.0.0.1:${port}`],
            ['Sec-Fetch-Dest', 'iframe'],
          ],
        }),
    ],
    [
      'of a WebSocket, which Chromium sends without saying so in Sec-Fetch-Dest',
      403,
      ({ send, state, port }) =>
        send(`/oauth/callback?code=x&state=${state}`, {
          headers: [
            ['Host', `127.0.0.1:${port}`],
            ['Connection', 'Upgrade'],
            ['Upgrade', 'websocket'],
            ['Origin', 'https://page.example'],
          ],
        }),
    ],
    [
      'of a browser that fetches it in advance (Sec-Purpose: prefetch;prerender)',
      403,
      ({ send, state, port }) =>
        send(`/oauth/callback?code=x&state=${state}`, {
          headers: [
            ['Host', `127.0.0.1:${port}`],
            ['Sec-Fetch-Dest', 'document'],
            ['Sec-Purpose', 'prefetch;prerender'],
          ],
        }),
    ],
    [
      'of a browser that fetches it in advance (X-Moz: prefetch)',
      403,
      ({ send, state, port }) =>
        send(`/oauth/callback?code=x&state=${state}`, {
          headers: [
            ['Host', `127.0.0.1:${port}`],
            ['Sec-Fetch-Dest', 'document'],
            ['X-Moz', 'prefetch'],
          ],
        }),
    ],
    ['without a Host', 403, ({ send, state }) => send(`/oauth/callback?code=x&state=${state}`, { headers: [] })],
    [
      'with a Host without the port',
      403,
      ({ send, state }) => send(`/oauth/callback?code=x&state=${state}`, { headers: [['Host', '127.0.0.1']] }),
    ],
    [
      'with localhost as its Host',
      403,
      ({ send, state, port }) =>
        send(`/oauth/callback?code=x&state=${state}`, { headers: [['Host', `localhost:${port}`]] }),
    ],
    [
      'with a Host that leads here',
      403,
      ({ send, state, port }) =>
        send(`/oauth/callback?code=x&state=${state}`, { headers: [['Host', `evil.example:${port}`]] }),
    ],
    [
      'with two Hosts',
      403,
      ({ send, state, port }) =>
        send(`/oauth/callback?code=x&state=${state}`, {
          headers: [
            ['Host', `127.0.0.1:${port}`],
            ['Host', 'evil.example'],
          ],
        }),
    ],
  ];

  test('is refused and changes nothing, whatever is wrong with it, and the sign-in goes on', async () => {
    const its = await start();
    const found: unknown[] = [];
    for (const [name, , attack] of ATTACKS) {
      const answer = await attack(its);
      expect(answer.text).not.toContain(its.state);
      found.push([name, answer.status, await its.now()]);
    }
    expect(found).toEqual(ATTACKS.map(([name, status]) => [name, status, 'pending']));
    expect(its.rig.emulator.countCalls('CreateToken')).toBe(0);
    expect(headingOf(await its.send(targetOf(await its.allow())))).toBe(`Signed in to ${SESSION}`);
  });

  test('by the second use of an answer is refused while the token is asked for, and the sign-in goes on', async () => {
    const held = holdAnswers();
    const { rig: its, allow, send, state, now } = await start({ emulator: { clock: held.clock } });
    its.emulator.addFault({ operation: 'CreateToken', kind: 'delay', delayMs: HELD_MS, count: 1 });
    const target = targetOf(await allow());
    const first = send(target);
    await waitFor('the token to be asked for', () => its.emulator.countCalls('CreateToken') > 0);
    const others = await Promise.all([send(target), send(`/oauth/callback?error=access_denied&state=${state}`)]);
    expect(others.map((answer) => [answer.status, headingOf(answer)])).toEqual(
      others.map(() => [410, `The sign-in to ${SESSION} has its answer already`]),
    );
    held.release();
    expect(headingOf(await first)).toBe(`Signed in to ${SESSION}`);
    expect([await now(), its.emulator.countCalls('CreateToken')]).toEqual(['approved', 1]);
  });

  test('with the answer of an earlier sign-in, at the port of the next one, is refused', async () => {
    const earlier = await start();
    const location = await earlier.allow();
    await earlier.rig.client.call('cancelSignIn', { session: SESSION });
    const its = await begin(earlier.rig);
    const answer = await its.send(targetOf(location));
    expect([answer.status, headingOf(answer)]).toEqual([403, 'Not a sign-in']);
    expect(await its.now()).toBe('pending');
    expect(await isClosed(earlier.send(targetOf(location)))).toBe(true);
  });

  test.runIf(canBeSomebodyElse)('of another user is dropped, though it knows the state', async () => {
    const its = await start();
    const location = await its.allow();
    const script = `require('http').get(process.argv[1], ({ statusCode }) => console.log(statusCode)).on('error', ({ code }) => console.log(code))`;
    expect((await runAsSomebodyElse(script, [location])).trim()).toBe('ECONNRESET');
    expect([await its.now(), its.rig.emulator.countCalls('CreateToken')]).toEqual(['pending', 0]);
    expect(headingOf(await its.send(targetOf(location)))).toBe(`Signed in to ${SESSION}`);
  });

  test('that never comes to its end, on more connections than the port serves, does not keep the browser out', async () => {
    const its = await start();
    const silent = Array.from({ length: 40 }, () => createConnection({ host: '127.0.0.1', port: its.port }));
    for (const socket of silent) socket.on('error', () => undefined).write('GET /oauth');
    await Promise.all(silent.map((socket) => new Promise((resolve) => socket.once('connect', resolve))));
    expect(headingOf(await its.send(targetOf(await its.allow())))).toBe(`Signed in to ${SESSION}`);
    for (const socket of silent) socket.destroy();
  });

  test('is in the log without anything of it, ten at most', async () => {
    const its = await start();
    for (let round = 0; round < 15; round += 1) await its.send('/oauth/callback?code=mallory&state=mallory');
    const lines = its.rig.logLines.filter((line) => line.includes('callback port'));
    expect(lines).toHaveLength(10);
    expect(its.rig.logLines.join('\n')).not.toContain('mallory');
  });
});

test('an Identity Center that refuses authorization codes gives a device code, unless somebody wanted no other flow', async () => {
  rig = await createRig({ emulator: { autoApprove: false } });
  const its = rig;
  const signIn = (body: { browser?: 'here'; flow?: 'pkce' }) =>
    its.client.call('startSignIn', { session: SESSION, body: { ...body, force: true } });
  expect(await signIn({ browser: 'here' })).toMatchObject({ flow: 'pkce', flowReason: 'here' });
  await its.client.call('cancelSignIn', { session: SESSION });
  its.emulator.addFault({
    operation: 'RegisterClient',
    detail: 'authorization_code',
    kind: 'exception',
    exception: 'UnsupportedGrantTypeException',
  });
  expect(await signIn({ browser: 'here' })).toMatchObject({
    state: 'pending',
    flow: 'device',
    flowReason: 'pkce-refused',
    userCode: expect.stringMatching(/^[A-Z]{4}-[A-Z]{4}$/),
  });
  await expect(signIn({ flow: 'pkce' })).rejects.toMatchObject({
    code: 'pkce-refused',
    hint: `rolecall login --use-device-code ${SESSION}`,
  });
});

test('a port that cannot be opened is an error with the way around it', async () => {
  const open = openRedirectListener(
    {
      connectionRules: { maxServed: 1, maxUnchecked: 1, headersDeadlineMs: 1000 },
      clock: createFakeClock(),
      log: () => undefined,
      listen: () => Promise.reject(Object.assign(new Error('no more files'), { code: 'EMFILE' })),
    },
    {
      session: { sessionName: 'work', startUrl: '', region: '', registrationScopes: [] },
      state: new Secret('state'),
      isOpen: () => true,
    },
  );
  await expect(open).rejects.toMatchObject({
    code: 'no-callback-port',
    message: 'No port of 127.0.0.1 can be opened for the sign-in page of work to come back to: EMFILE.',
    hint: 'rolecall login --use-device-code work',
  });
});

test('the port is on 127.0.0.1 only, another one for each sign-in, and closes with it', async () => {
  const first = await start();
  const table = readFileSync('/proc/net/tcp', 'utf8') + readFileSync('/proc/net/tcp6', 'utf8');
  const port = first.port.toString(16).toUpperCase().padStart(4, '0');
  const listening = table.split('\n').flatMap((row) => {
    const [, local = '', , state] = row.trim().split(/\s+/);
    return local.endsWith(`:${port}`) && state === '0A' ? [local] : [];
  });
  expect(listening).toEqual([`0100007F:${port}`]);
  await first.rig.client.call('startSignIn', { session: SESSION, body: { flow: 'device', force: true } });
  expect(await isClosed(first.send('/'))).toBe(true);
  const second = await begin(first.rig);
  expect([second.state === first.state, await isClosed(second.send('/'))]).toEqual([false, false]);
  await first.rig.restartDaemon();
  expect(await isClosed(second.send('/'))).toBe(true);
});

/** Whether nothing of ours answers; another program may have the port by now. */
function isClosed(answer: Promise<RawAnswer>): Promise<boolean> {
  return answer.then(
    ({ body }) => !body.includes('· rolecall</title>'),
    () => true,
  );
}

async function readAudit({ paths }: Rig, event: string): Promise<unknown> {
  return waitFor(`${event} in the audit log`, () => {
    const lines = readFileSync(paths.auditFile, 'utf8').split('\n');
    const found = lines.find((line) => line.includes(`"event":"${event}"`));
    return found !== undefined && (JSON.parse(found) as unknown);
  });
}
