// The web pages: the device page and the access portal, in plain HTML that escapes everything.
import { describe, expect, test } from 'vitest';
import { generateDirectory } from '../../src/emulator/directory/generate-directory.ts';
import { type Answer, type Started, call, pollToken, registerClient, startDevice, startEmulator } from './start.ts';

/** The fields of a page's forms, as a browser would send them. */
function hiddenFields(answer: Answer): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const [, name = '', value = ''] of answer.text.matchAll(
    /<input type="hidden" name="([^"]+)" value="([^"]*)">/g,
  )) {
    fields[name] = value;
  }
  return fields;
}

function heading(answer: Answer): string | undefined {
  return /<h1>([^<]*)<\/h1>/.exec(answer.text)?.[1];
}

function problem(answer: Answer): string | undefined {
  return /<p class="note bad" role="alert">([^<]*)<\/p>/.exec(answer.text)?.[1];
}

async function startWithCode(completeUriHasUserCode = true) {
  const started = await startEmulator({ completeUriHasUserCode });
  const client = await registerClient(started, { clientName: 'my <b>laptop</b>' });
  const device = await startDevice(started, client);
  const open = () => call(device.verificationUriComplete);
  const confirm = async (form: Record<string, string>) =>
    started.submit('/device', { ...hiddenFields(await open()), ...form });
  return { ...started, started, client, device, open, confirm };
}

describe('the device page', () => {
  test('gives the client its token after sign-in, comparing the code and Allow', async () => {
    const { started, client, device, open, confirm } = await startWithCode();
    const first = await open();
    expect({ status: first.status, heading: heading(first) }).toEqual({ status: 200, heading: 'Sign in to continue' });
    expect(first.text).toContain(`value="${device.userCode}"`);
    expect(first.text).toContain('<button class="person" name="user" value="taylor">');
    expect(first.text).toContain('There are no passwords');
    expect(first.text).toContain('my &#60;b&#62;laptop&#60;/b&#62;');

    const second = await confirm({ user_code: device.userCode, user: 'taylor' });
    expect({ status: second.status, heading: heading(second) }).toEqual({ status: 200, heading: 'Is this your code?' });
    expect(second.text).toContain(`<p class="usercode" id="user-code">${device.userCode}</p>`);
    expect(second.text).toContain('Signed in as <b>Taylor Reed</b>');
    expect((await pollToken(started, client, device.deviceCode)).json['error']).toBe('authorization_pending');

    const third = await started.submit('/device/decision', { ...hiddenFields(second), decision: 'allow' });
    expect({ status: third.status, heading: heading(third) }).toEqual({ status: 200, heading: 'Access allowed' });
    expect((await pollToken(started, client, device.deviceCode)).status).toBe(200);
  });

  test('reports Deny to the client', async () => {
    const { started, client, device, confirm } = await startWithCode();
    const confirmation = await confirm({ user_code: device.userCode, user: 'sam' });
    const outcome = await started.submit('/device/decision', { ...hiddenFields(confirmation), decision: 'deny' });
    expect(heading(outcome)).toBe('Access denied');
    expect((await pollToken(started, client, device.deviceCode)).json['error']).toBe('access_denied');
  });

  test('works with an opaque request, and still shows the code to compare', async () => {
    const { device, open, confirm } = await startWithCode(false);
    const first = await open();
    expect(first.text).not.toContain(device.userCode);
    expect(first.text).not.toContain('class="code"');
    const second = await confirm({ user: 'taylor' });
    expect(second.text).toContain(`<p class="usercode" id="user-code">${device.userCode}</p>`);
  });

  test('accepts a typed code in any case and without the dash if the URL has none', async () => {
    const { started, device } = await startWithCode();
    const first = await started.page('/device');
    expect(first.text).toContain('<input class="code" id="code" name="user_code" value=""');
    const typed = device.userCode.replace('-', '').toLowerCase();
    const second = await started.submit('/device', { ...hiddenFields(first), user_code: typed, user_name: ' taylor ' });
    expect(second.text).toContain(`<p class="usercode" id="user-code">${device.userCode}</p>`);
  });

  test('reports an unknown, used or expired code', async () => {
    const { started, device, clock, open } = await startWithCode();
    const noSuchCode = 'No sign-in is waiting for this code. It may have been used or have expired.';
    const wrong = await started.page('/device?user_code=AAAA-AAAA');
    expect({ status: wrong.status, problem: problem(wrong) }).toEqual({ status: 400, problem: noSuchCode });
    expect(problem(await started.page('/device?request_uri=nonsense'))).toBe(noSuchCode);
    const form = hiddenFields(await open());
    expect(problem(await started.submit('/device', { ...form, user_code: 'AAAA-AAAA', user: 'taylor' }))).toBe(
      noSuchCode,
    );
    expect(problem(await started.submit('/device/decision', { ...form, decision: 'allow' }))).toBe(noSuchCode);
    await clock.advance(600_000);
    expect(problem(await open())).toBe(noSuchCode);
    expect(device.userCode).toMatch(/-/);
  });

  test('reports an unknown user, or that none was chosen', async () => {
    const { started, device, confirm } = await startWithCode();
    const stranger = await confirm({ user_code: device.userCode, user_name: 'x"><script>' });
    expect({ status: stranger.status, problem: problem(stranger) }).toEqual({
      status: 400,
      problem: 'There is no user x&#34;&#62;&#60;script&#62; in this directory.',
    });
    expect(stranger.text).toContain('value="x&#34;&#62;&#60;script&#62;"');
    expect(problem(await confirm({ user_code: device.userCode }))).toBe('Please choose who you are.');
    const undecided = await started.submit('/device/decision', {
      ...hiddenFields(await started.page('/device')),
      user_code: device.userCode,
      decision: 'allow',
    });
    expect(problem(undecided)).toBe('Please choose who you are.');
  });

  test('reports an unknown user of an opaque request', async () => {
    const { confirm } = await startWithCode(false);
    const stranger = await confirm({ user_name: 'nobody' });
    expect(problem(stranger)).toBe('There is no user nobody in this directory.');
    expect(hiddenFields(stranger)['request_uri']).toMatch(/^[\w-]{32}$/);
  });
});

describe('forms', () => {
  test('have no effect without a nonce, or with a forged or old one', async () => {
    const { started, client, device, clock, open } = await startWithCode();
    const { nonce = '' } = hiddenFields(await open());
    const decide = async (form: Record<string, string>) => {
      const answer = await started.submit('/device/decision', {
        user_code: device.userCode,
        user: 'taylor',
        decision: 'allow',
        ...form,
      });
      return { status: answer.status, heading: heading(answer) };
    };
    const tooOld = { status: 403, heading: 'This page has expired' };
    expect(await decide({})).toEqual(tooOld);
    expect(await decide({ nonce: 'made-up' })).toEqual(tooOld);
    await clock.advance(600_000);
    expect(await decide({ nonce })).toEqual(tooOld);
    for (const path of ['/device', '/start', '/start/keys']) {
      expect((await started.submit(path, {})).status, path).toBe(403);
    }
    expect((await pollToken(started, client, device.deviceCode)).json['error']).toBe('expired_token');
    // New pages remove old nonces.
    expect(hiddenFields(await started.page('/device'))['nonce']).not.toBe(nonce);
  });

  test.each<[string, Record<string, string>]>([
    ['another origin', { origin: 'https://evil.example' }],
    ['another port of this machine', { origin: 'http://127.0.0.1:1' }],
    ['a sandboxed page', { origin: 'null' }],
    ['another site, as the browser says', { 'sec-fetch-site': 'cross-site' }],
    ['another port, as the browser says', { 'sec-fetch-site': 'same-site' }],
    ['a rebound name', { host: 'evil.example' }],
  ])('from %s are refused even with a valid nonce', async (_who, headers) => {
    const { started, device, client, open } = await startWithCode();
    const form = { ...hiddenFields(await open()), user_code: device.userCode, user: 'taylor', decision: 'allow' };
    const answer = await started.submit('/device/decision', form, headers);
    expect({ status: answer.status, code: answer.json['code'] }).toEqual({ status: 403, code: 'caller-not-allowed' });
    expect((await pollToken(started, client, device.deviceCode)).json['error']).toBe('authorization_pending');
  });

  test('from the emulator’s own pages are accepted, by its address and by localhost', async () => {
    const { started, device, open } = await startWithCode();
    const { port } = new URL(started.url);
    for (const origin of [started.url, `http://localhost:${port}`]) {
      const answer = await started.submit(
        '/device',
        { ...hiddenFields(await open()), user_code: device.userCode, user: 'taylor' },
        { origin, 'sec-fetch-site': 'same-origin' },
      );
      expect(heading(answer), origin).toBe('Is this your code?');
    }
  });

  test('no page may be framed or cached, or run any script but the one for shortcut links', async () => {
    const started = await startEmulator();
    const script = '<script src="/shortcut.js"></script>';
    for (const [path, ownScript] of [
      ['/device', ''],
      ['/console', ''],
      ['/start/console', ''],
      ['/start', script],
      ['/start?user=taylor', script],
    ] as const) {
      const { headers, text } = await started.page(path);
      expect(text.match(/<script[^]*?<\/script>/gi)?.join('') ?? '', path).toBe(ownScript);
      expect({
        csp: headers['content-security-policy'],
        cache: headers['cache-control'],
        sniff: headers['x-content-type-options'],
        referrer: headers['referrer-policy'],
        cookie: headers['set-cookie'],
      }).toEqual({
        csp: `default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'${ownScript === '' ? '' : "; script-src 'self'"}`,
        cache: 'no-store',
        sniff: 'nosniff',
        referrer: 'same-origin',
        cookie: undefined,
      });
    }
  });
});

describe('the access portal', () => {
  async function keysPage(started: Started, form: Record<string, string>) {
    const { nonce = '' } = hiddenFields(await started.page('/start'));
    return started.submit('/start/keys', { nonce, user: 'taylor', ...form });
  }

  test('is the start page, with and without a slash', async () => {
    const started = await startEmulator();
    const front = await started.page('/');
    expect({ status: front.status, location: front.headers['location'] }).toEqual({ status: 302, location: '/start' });
    expect(heading(await started.page('/start'))).toBe('AWS access portal');
    expect(heading(await started.page('/start/'))).toBe('AWS access portal');
  });

  test('shows a user exactly their accounts and permission sets', async () => {
    const started = await startEmulator();
    const signedIn = await started.submit('/start', { ...hiddenFields(await started.page('/start')), user: 'sam' });
    expect({ status: signedIn.status, location: signedIn.headers['location'] }).toEqual({
      status: 303,
      location: '/start?user=sam',
    });
    const portal = await started.page('/start?user=sam');
    expect(portal.text).toContain('Signed in as <b>Sam Okafor</b>');
    expect(portal.text).toContain('1 account for sam');
    expect([...portal.text.matchAll(/<summary><b>([^<]*)<\/b>/g)].map(([, name]) => name)).toEqual(['Log Archive']);
    expect(portal.text).toContain('044444444444 · aws+log-archive@example.com');
    expect([...portal.text.matchAll(/<li><code>([^<]*)<\/code>/g)].map(([, name]) => name)).toEqual(['ReadOnly']);
    expect(portal.text).toContain('sso_start_url = https://d-1234567890.awsapps.com/start');
    expect(portal.text).toContain(`export AWS_ENDPOINT_URL_SSO_OIDC=${started.url}`);
    expect((await started.page('/start?user=taylor')).text).toContain('<span class="tag">management</span>');
  });

  test('STS accepts its temporary keys', async () => {
    const started = await startEmulator();
    const answer = await keysPage(started, { account_id: '222222222222', role_name: 'ReadOnly' });
    expect({ status: answer.status, heading: heading(answer) }).toEqual({ status: 200, heading: 'Access keys' });
    expect(answer.text).toContain('<b>ReadOnly</b> in professional-af 222222222222, until 2026-11-24T10:00:00Z');
    const keyOf = (name: string) => new RegExp(`export ${name}="([^"]+)"`).exec(answer.text)?.[1] ?? '';
    const identity = await call(`${started.url}/`, {
      method: 'POST',
      headers: {
        authorization: `AWS4-HMAC-SHA256 Credential=${keyOf('AWS_ACCESS_KEY_ID')}/20261124/us-east-1/sts/aws4_request`,
        'x-amz-security-token': keyOf('AWS_SESSION_TOKEN'),
      },
      body: 'Action=GetCallerIdentity&Version=2011-06-15',
    });
    expect(identity.text).toContain('<Account>222222222222</Account>');
    expect(answer.text).toContain('[222222222222_ReadOnly]');
  });

  test('issues no keys without an assignment, a user or a role', async () => {
    const started = await startEmulator();
    for (const form of [
      { account_id: '111111111111', role_name: 'ReadOnly' },
      { account_id: '222222222222', role_name: 'ReadOnly', user: 'nobody' },
      {},
    ]) {
      const answer = await keysPage(started, form);
      expect({ status: answer.status, heading: heading(answer) }).toEqual({ status: 403, heading: 'No access' });
      expect(answer.text).not.toContain('ASIA');
    }
  });

  test('reports an unknown user, by link and by form', async () => {
    const started = await startEmulator();
    const byLink = await started.page('/start?user=%3Cb%3E');
    expect({ status: byLink.status, problem: problem(byLink) }).toEqual({
      status: 404,
      problem: 'There is no user &#60;b&#62; in this directory.',
    });
    const byForm = await started.submit('/start', { ...hiddenFields(await started.page('/start')), user_name: 'x' });
    expect(problem(byForm)).toBe('There is no user x in this directory.');
  });

  test('shows hostile names as text, and the id for a missing name', async () => {
    const started = await startEmulator();
    const { directory } = started.emulator;
    const hostile = `<script>alert("1")</script>'"&🚀`;
    directory.addAccount({ accountId: '000000000005', accountName: hostile, emailAddress: '"><img src=x>' });
    directory.addAccount({ accountId: '000000000006' });
    directory.addUser({ userName: 'kim', displayName: '<i>Kim</i>' });
    for (const accountId of ['000000000005', '000000000006']) {
      directory.assign({ accountId, permissionSet: 'ReadOnly', user: 'kim' });
    }
    const { text } = await started.page('/start?user=kim');
    expect(text).not.toMatch(/<script>|<img src=x|<i>/);
    expect([...text.matchAll(/<summary><b>([^<]*)<\/b>/g)].map(([, name]) => name)).toEqual([
      '&#60;script&#62;alert(&#34;1&#34;)&#60;/script&#62;&#39;&#34;&#38;🚀',
      '000000000006',
    ]);
    const keys = await keysPage(started, { user: 'kim', account_id: '000000000005', role_name: 'ReadOnly' });
    expect(keys.text).toContain('&#60;script&#62;alert');
    expect(keys.text).not.toContain('<script');
  });

  test('says when a user has no accounts or a search no results', async () => {
    const started = await startEmulator();
    started.emulator.directory.addUser({ userName: 'newcomer' });
    expect((await started.page('/start?user=newcomer')).text).toContain('No account is assigned to this user');
    expect((await started.page('/start?user=taylor&q=nonsense')).text).toContain('No account matches this search.');
  });

  test('collapses many accounts and searches them by name, id and email', async () => {
    const started = await startEmulator({ directory: generateDirectory({ accountCount: 30, permissionSetCount: 2 }) });
    const countOf = async (query: string) =>
      [...(await started.page(`/start?user=taylor${query}`)).text.matchAll(/<details( open)?><summary><b>/g)].map(
        ([, open]) => open !== undefined,
      );
    const all = await countOf('');
    expect({ count: all.length, isAnyOpen: all.includes(true) }).toEqual({ count: 30, isAnyOpen: false });
    expect(await countOf('&q=ACCOUNT-00007')).toEqual([true]);
    expect(await countOf('&q=100000000030')).toEqual([true]);
    expect(await countOf('&q=account-12@')).toEqual([true]);
    expect((await started.page('/start?user=taylor')).text).toContain('type="search"');
  });

  test('has a text field for the user name when there are many users', async () => {
    const document = generateDirectory({ accountCount: 1, permissionSetCount: 1 });
    const users = Array.from({ length: 9 }, (_, index) => ({ userName: `user-${index}` }));
    const started = await startEmulator({ directory: { ...document, users } });
    const { text } = await started.page('/start');
    expect([...text.matchAll(/class="person"/g)]).toHaveLength(6);
    expect(text).toContain('name="user_name"');
    expect(text).not.toContain('Type a user name instead');
  });
});

test('style and icon are served from the same origin', async () => {
  const started = await startEmulator();
  const style = await started.page('/style.css');
  expect({ status: style.status, type: style.headers['content-type'] }).toEqual({
    status: 200,
    type: 'text/css; charset=utf-8',
  });
  expect(style.text).toContain('prefers-color-scheme: dark');
  const icon = await started.page('/icon.svg');
  expect({ status: icon.status, type: icon.headers['content-type'] }).toEqual({ status: 200, type: 'image/svg+xml' });
});
