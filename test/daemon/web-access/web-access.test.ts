// How the page gets its token: a code, valid once and for a minute, over both surfaces of a real daemon.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import {
  CODE_LIFETIME_MS,
  createWebAccess,
  MAX_CODES,
  MAX_WRONG_CODES,
} from '../../../src/daemon/web-access/web-access.ts';
import { createFakeClock, FAKE_NOW_MS } from '../../helpers/fake-clock.ts';
import { hasIpv6 } from '../../helpers/lasting-port.ts';
import { createRig, type Rig } from '../../helpers/rig.ts';
import { waitFor } from '../../helpers/wait-for.ts';
import { canBeSomebodyElse, runAsSomebodyElse } from '../../helpers/somebody-else.ts';
import { exchange, formatRequest, type RawAnswer } from '../raw-http.ts';

const WRONG = 'A'.repeat(43);

/** Does what the page does, in a process of another user. */
async function askAsSomebodyElse(wish: { host: string; port: number; code: string }): Promise<unknown> {
  const script = `
    const [host, port, code] = process.argv.slice(1);
    const headers = { host: 'localhost:' + port, 'content-type': 'application/json' };
    const path = '/v1/web-token';
    require('http').request({ host, port, path, method: 'POST', headers }, (answer) => {
      console.log(JSON.stringify({ status: answer.statusCode }));
      answer.resume();
    }).on('error', (error) => console.log(JSON.stringify({ error: error.code }))).end(JSON.stringify({ code }));`;
  return JSON.parse(await runAsSomebodyElse(script, [wish.host, String(wish.port), wish.code])) as unknown;
}

describe('the codes', () => {
  function open() {
    const clock = createFakeClock();
    const access = createWebAccess({ audit: { record: () => undefined }, clock, randomBytes });
    access.openedAt({ url: 'http://localhost:4000', passkeyUrl: 'http://localhost:4001' });
    return { access, clock };
  }
  const refusal = expect.objectContaining({ code: 'token-required', hint: 'rolecall web', httpStatus: 401 });
  const outcome = (work: () => string) => {
    try {
      return work();
    } catch (error) {
      return error;
    }
  };

  test('are 32 random bytes in the fragment of a URL, valid for a minute', () => {
    const { access } = open();
    const issued = access.issueCode();
    expect(issued).toEqual({
      url: `http://localhost:4000/#${issued.code}`,
      code: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/),
      expiresAt: new Date(FAKE_NOW_MS + CODE_LIFETIME_MS).toISOString().replace('.000Z', 'Z'),
    });
    expect(access.issueCode().code).not.toBe(issued.code);
    expect(access.token).toMatch(/^[A-Za-z0-9_-]{43}$/);
  });

  test('can each be exchanged once, in any order', () => {
    const { access } = open();
    const [one, other] = [access.issueCode().code, access.issueCode().code];
    expect(outcome(() => access.exchange(other))).toBe(access.token);
    expect(outcome(() => access.exchange(other))).toEqual(refusal);
    expect(outcome(() => access.exchange(one))).toBe(access.token);
    expect(outcome(() => access.exchange(one))).toEqual(refusal);
  });

  test('do not match anything else', () => {
    const { access } = open();
    const { code } = access.issueCode();
    for (const wrong of [WRONG, '', code.slice(0, -1), `${code}A`, code.toLowerCase(), access.token]) {
      expect(outcome(() => access.exchange(wrong))).toEqual(refusal);
    }
    expect(outcome(() => access.exchange(code))).toBe(access.token);
  });

  test('expire after a minute, also if the clock jumps', async () => {
    const { access, clock } = open();
    const [early, late, slept] = [access.issueCode().code, access.issueCode().code, access.issueCode().code];
    await clock.advance(CODE_LIFETIME_MS - 1);
    expect(outcome(() => access.exchange(early))).toBe(access.token);
    await clock.advance(1);
    expect(outcome(() => access.exchange(late))).toEqual(refusal);
    clock.jump(CODE_LIFETIME_MS);
    expect(outcome(() => access.exchange(slept))).toEqual(refusal);
  });

  test('are limited in number, and the oldest are dropped', () => {
    const { access } = open();
    const codes = Array.from({ length: MAX_CODES + 1 }, () => access.issueCode().code);
    const outcomes = codes.map((code) => outcome(() => access.exchange(code)));
    expect(outcomes).toEqual([refusal, ...Array.from({ length: MAX_CODES }, () => access.token)]);
  });

  test('are all revoked after too many wrong ones, and a new one works again', () => {
    const { access } = open();
    const { code } = access.issueCode();
    for (let tried = 0; tried < MAX_WRONG_CODES; tried += 1) outcome(() => access.exchange(WRONG));
    expect(outcome(() => access.exchange(code))).toEqual(refusal);
    const next = access.issueCode().code;
    for (let tried = 1; tried < MAX_WRONG_CODES; tried += 1) outcome(() => access.exchange(WRONG));
    expect(outcome(() => access.exchange(next))).toBe(access.token);
  });

  test('are not issued before the surface is open', () => {
    const access = createWebAccess({
      audit: { record: () => undefined },
      clock: createFakeClock(),
      randomBytes,
    });
    const unavailable = expect.objectContaining({ code: 'web-unavailable', httpStatus: 503 });
    expect(() => access.issueCode()).toThrow(unavailable);
    expect(access.passkeyUrl()).toBeUndefined();
    access.openedAt({ url: 'http://x.localhost:1', passkeyUrl: 'http://localhost:2' });
    expect(access.issueCode('passkeyUrl').url).toMatch(/^http:\/\/localhost:2\/#/);
    expect(access.passkeyUrl()).toBe('http://localhost:2');
    // Another program may answer there now.
    access.lostAddress();
    expect(() => access.issueCode()).toThrow(unavailable);
    expect(access.passkeyUrl()).toBeUndefined();
  });
});

describe('over real sockets', () => {
  let rig: Rig | undefined;
  afterEach(async () => {
    await rig?.remove();
    rig = undefined;
  });

  async function start() {
    const clock = createFakeClock();
    rig = await createRig({ clock });
    const address = JSON.parse(readFileSync(rig.paths.webAddressFile, 'utf8')) as {
      url: string;
      port: number;
      token: string;
    };
    const { client, paths } = rig;
    const post = (
      target: string,
      body: string | undefined,
      options: { on?: 'socket' | 'web'; headers?: readonly (readonly [string, string])[] } = {},
    ): Promise<RawAnswer> => {
      const isSocket = options.on === 'socket';
      return exchange(
        isSocket ? { path: paths.socketPath } : { host: '127.0.0.1', port: address.port },
        formatRequest({
          method: 'POST',
          target,
          headers: [
            ['Host', isSocket ? 'localhost' : `localhost:${address.port}`],
            ...(body === undefined
              ? []
              : ([
                  ['Content-Type', 'application/json'],
                  ['Content-Length', String(Buffer.byteLength(body))],
                ] as const)),
            ...(options.headers ?? []),
          ],
          ...(body === undefined ? {} : { body }),
        }),
      );
    };
    const redeem = (code: string, headers: readonly (readonly [string, string])[] = []) =>
      post('/v1/web-token', JSON.stringify({ code }), { headers });
    /** The exchanges and refusals of the audit log, once there are so many. */
    const audited = (count: number) =>
      waitFor(`${count} lines about codes`, () => {
        const lines = readFileSync(paths.auditFile, 'utf8').trimEnd().split('\n');
        const events = lines.map((line) => JSON.parse(line) as { event: string; surface: string });
        const found = events.filter(({ event }) => event.startsWith('web-code-'));
        return found.length === count && found.map(({ event, surface }) => `${event} ${surface}`);
      });
    return { address, audited, client, clock, post, redeem };
  }
  const told = (answer: RawAnswer) => ({
    status: answer.status,
    body: JSON.parse(answer.body) as unknown,
  });
  const refused = (status: number, code: string) => ({ status, body: expect.objectContaining({ code }) });

  test('a code from the socket becomes the token of web.json, once', async () => {
    const { address, audited, client, redeem } = await start();
    const { code, url } = await client.call('webCode', {});
    expect(url).toBe(`${address.url}/#${code}`);
    expect(told(await redeem(code))).toEqual({ status: 200, body: { token: address.token } });
    expect(told(await redeem(code))).toEqual(refused(401, 'token-required'));
    expect(await audited(2)).toEqual(['web-code-exchanged web', 'web-code-refused web']);
  });

  test('a wrong code, an expired one and one of another start get the same refusal', async () => {
    const { client, clock, redeem } = await start();
    const wrong = await redeem(WRONG);
    const { code } = await client.call('webCode', {});
    await clock.advance(CODE_LIFETIME_MS);
    const old = await redeem(code);
    expect(told(wrong)).toEqual(refused(401, 'token-required'));
    expect(old.body).toBe(wrong.body);
    const before = await client.call('webCode', {});
    await rig?.restartDaemon();
    const { port } = JSON.parse(readFileSync(rig?.paths.webAddressFile ?? '', 'utf8')) as { port: number };
    const answer = await fetch(`http://localhost:${port}/v1/web-token`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ code: before.code }),
    });
    expect({ status: answer.status, text: await answer.text() }).toEqual({ status: 401, text: wrong.body });
  });

  test('a page of another origin can exchange nothing, and its attempt does not use up the code', async () => {
    const { address, client, redeem } = await start();
    const { code } = await client.call('webCode', {});
    for (const header of [
      ['Origin', 'https://evil.example'],
      ['Origin', 'null'],
      ['Origin', `http://localhost:${address.port + 1}`],
      ['Referer', 'https://evil.example/'],
      ['Sec-Fetch-Site', 'same-site'],
      ['Sec-Fetch-Site', 'cross-site'],
    ] as const) {
      expect(told(await redeem(code, [header]))).toEqual(refused(403, 'caller-not-allowed'));
    }
    const own = await redeem(code, [
      ['Origin', address.url],
      ['Sec-Fetch-Site', 'same-origin'],
    ]);
    expect(told(own)).toEqual({ status: 200, body: { token: address.token } });
  });

  test.skipIf(!canBeSomebodyElse)(
    'another user who has read the code gets nothing for it, and does not use it up',
    async () => {
      const { address, audited, client, redeem } = await start();
      const { code } = await client.call('webCode', {});
      for (const host of ['127.0.0.1', '::ffff:127.0.0.1', ...(hasIpv6 ? ['::1'] : [])]) {
        const answer = await askAsSomebodyElse({ host, port: address.port, code });
        expect(answer).toEqual({ error: expect.stringMatching(/^(ECONNRESET|EPIPE)$/) });
      }
      expect(told(await redeem(code))).toEqual({ status: 200, body: { token: address.token } });
      expect(await audited(1)).toEqual(['web-code-exchanged web']);
    },
  );

  test('a request that a page may send to another origin exchanges nothing', async () => {
    const { client, post } = await start();
    const { code } = await client.call('webCode', {});
    const body = JSON.stringify({ code });
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
      const headers = [
        ['Content-Type', type],
        ['Content-Length', String(body.length)],
      ] as const;
      expect(told(await post('/v1/web-token', undefined, { headers }))).toEqual(refused(415, 'unsupported-media-type'));
    }
  });

  test.each([
    ['nothing', undefined],
    ['no code', '{}'],
    ['a number', '{"code":1}'],
    ['a short code', JSON.stringify({ code: WRONG.slice(1) })],
    ['other letters', JSON.stringify({ code: `${WRONG.slice(1)}=` })],
    ['one field more', JSON.stringify({ code: WRONG, token: 'x' })],
    ['null', 'null'],
  ])('%s is no code', async (_what, body) => {
    const { post } = await start();
    expect(told(await post('/v1/web-token', body))).toEqual(refused(400, 'invalid-request'));
  });

  test('each route exists only on its own surface', async () => {
    const { address, post } = await start();
    const authorized = [['Authorization', `Bearer ${address.token}`]] as const;
    expect(told(await post('/v1/web-code', undefined, { headers: authorized }))).toEqual(
      refused(404, 'route-not-found'),
    );
    expect(told(await post('/v1/web-code', undefined))).toEqual(refused(401, 'token-required'));
    expect(told(await post('/v1/web-token', JSON.stringify({ code: WRONG }), { on: 'socket' }))).toEqual(
      refused(404, 'route-not-found'),
    );
  });
});
