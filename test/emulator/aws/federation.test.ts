// Federation and shortcut links: from keys or a link to the console page of the right role.
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { type Answer, type Started, call, signIn, startEmulator } from '../start.ts';

const DESTINATION = 'https://eu-west-1.console.aws.amazon.com/ec2/home?region=eu-west-1';

interface Keys {
  readonly sessionId: string;
  readonly sessionKey: string;
  readonly sessionToken: string;
}

async function fetchKeys(started: Started): Promise<Keys> {
  const { accessToken } = await signIn(started);
  const { json } = await started.portal(
    '/federation/credentials?account_id=222222222222&role_name=ReadOnly',
    accessToken,
  );
  const keys = json['roleCredentials'] as Record<string, string>;
  return {
    sessionId: keys['accessKeyId'] ?? '',
    sessionKey: keys['secretAccessKey'] ?? '',
    sessionToken: keys['sessionToken'] ?? '',
  };
}

/** Keys of a role that was assumed with those of `fetchKeys`. */
async function assumeRole(started: Started): Promise<Keys> {
  const { sessionId, sessionToken } = await fetchKeys(started);
  const form = {
    Action: 'AssumeRole',
    RoleArn: 'arn:aws:iam::111111111111:role/team/Deployer',
    RoleSessionName: 'build-7',
  };
  const { text } = await started.submit('/', form, {
    authorization: `AWS4-HMAC-SHA256 Credential=${sessionId}/20261124/us-east-1/sts/aws4_request`,
    'x-amz-security-token': sessionToken,
  });
  const read = (name: string) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(text)?.[1] ?? '';
  return {
    sessionId: read('AccessKeyId'),
    sessionKey: read('SecretAccessKey'),
    sessionToken: read('SessionToken'),
  };
}

const tokenRequest = (keys: unknown, extra: Record<string, string> = {}) => ({
  Action: 'getSigninToken',
  Session: JSON.stringify(keys),
  ...extra,
});

function shown(answer: Answer) {
  const read = (id: string) => new RegExp(`id="${id}">([^<]*)<`).exec(answer.text)?.[1];
  return {
    status: answer.status,
    role: read('role'),
    account: read('account'),
    accountName: read('account-name'),
    service: read('service'),
    region: read('region'),
  };
}

const CONSOLE = {
  status: 200,
  role: 'ReadOnly',
  account: '222222222222',
  accountName: 'professional-af',
  service: 'ec2',
  region: 'eu-west-1',
};
const NO_CONSOLE = {
  role: undefined,
  account: undefined,
  accountName: undefined,
  service: undefined,
  region: undefined,
};

async function follow(started: Started, answer: Answer): Promise<Answer> {
  expect(answer.status).toBe(303);
  return started.page(answer.headers['location'] ?? '');
}

const login = (started: Started, token: string, destination = DESTINATION) =>
  started.page(
    `/federation?Action=login&Issuer=x&Destination=${encodeURIComponent(destination)}&SigninToken=${encodeURIComponent(token)}`,
  );

describe('federation', () => {
  test.each(['POST', 'GET'])('by %s: exchanges keys for a token, which opens the console', async (method) => {
    const started = await startEmulator();
    const form = tokenRequest(await fetchKeys(started), { SessionDuration: '43200' });
    const issued =
      method === 'POST'
        ? await started.submit('/federation', form)
        : await started.page(`/federation?${new URLSearchParams(form).toString()}`);
    const token = String(issued.json['SigninToken']);
    expect(token.length).toBeGreaterThan(200);
    const answer = await login(started, token);
    expect(answer.headers['location']).not.toContain(token);
    const page = await follow(started, answer);
    expect(shown(page)).toEqual(CONSOLE);
    expect(page.text).toContain('ReadOnly/taylor');
  });

  test('refuses keys that are wrong in any part, expired or missing', async () => {
    const started = await startEmulator();
    const keys = await fetchKeys(started);
    const statusOf = async (form: Record<string, string>) => (await started.submit('/federation', form)).status;
    expect(await statusOf(tokenRequest(keys))).toBe(200);
    for (const wrong of [
      { ...keys, sessionKey: 'x' },
      { ...keys, sessionToken: 'x' },
      { ...keys, sessionId: 'ASIAAAAAAAAAAAAAAAAA' },
      {},
      null,
      'x',
    ]) {
      expect(await statusOf(tokenRequest(wrong))).toBe(400);
    }
    expect(await statusOf({ Action: 'getSigninToken', Session: '{' })).toBe(400);
    expect(await statusOf({ Action: 'login' })).toBe(400);
    for (const SessionDuration of ['899', '43201', 'x', '']) {
      expect(await statusOf(tokenRequest(keys, { SessionDuration }))).toBe(400);
    }
    await started.clock.advance(4 * 3_600_000);
    expect(await statusOf(tokenRequest(keys))).toBe(400);
  });

  test('a token is valid for fifteen minutes, a console session as long as its keys', async () => {
    const started = await startEmulator();
    const token = String(
      (await started.submit('/federation', tokenRequest(await fetchKeys(started)))).json['SigninToken'],
    );
    await started.clock.advance(899_000);
    const answer = await login(started, token);
    expect(shown(await follow(started, answer))).toEqual(CONSOLE);
    await started.clock.advance(1000);
    expect((await login(started, token)).status).toBe(400);
    expect(shown(await follow(started, answer))).toEqual(CONSOLE);
    await started.clock.advance(4 * 3_600_000);
    expect(shown(await follow(started, answer))).toEqual({ status: 403, ...NO_CONSOLE });
  });

  test('takes keys of a chained role without a duration, as AWS does', async () => {
    const started = await startEmulator();
    const keys = await assumeRole(started);
    expect((await started.submit('/federation', tokenRequest(keys, { SessionDuration: '900' }))).status).toBe(400);
    const issued = await started.submit('/federation', tokenRequest(keys));
    const page = await follow(started, await login(started, String(issued.json['SigninToken'])));
    expect(shown(page)).toEqual({ ...CONSOLE, role: 'Deployer', account: '111111111111', accountName: 'taylor' });
    expect(page.text).toContain('Deployer/build-7');
  });

  test.each([
    'https://evil.example/',
    'https://console.aws.amazon.com.evil.example/',
    'http://console.aws.amazon.com/',
    'javascript:alert(1)',
    '',
  ])('does not lead to %j', async (destination) => {
    const started = await startEmulator();
    const token = String(
      (await started.submit('/federation', tokenRequest(await fetchKeys(started)))).json['SigninToken'],
    );
    expect((await login(started, token, destination)).status).toBe(400);
  });
});

describe('a shortcut link', () => {
  const link = `/start/console?account_id=222222222222&role_name=ReadOnly&destination=${encodeURIComponent(DESTINATION)}`;

  test('is followed by the only script of the access portal', async () => {
    const started = await startEmulator();
    expect((await started.page('/start/')).text).toContain('<script src="/shortcut.js"></script>');
    const { headers, text } = await started.page('/shortcut.js');
    expect(headers['content-type']).toBe('text/javascript; charset=utf-8');
    const went: string[] = [];
    const run = (hash: string) => {
      const location = { hash, replace: (to: string) => void went.push(to) };
      runInNewContext(text, { location, addEventListener: () => undefined });
    };
    run('#/console?account_id=222222222222&role_name=ReadOnly');
    run('#/');
    run('');
    expect(went).toEqual(['/start/console?account_id=222222222222&role_name=ReadOnly']);
  });

  test('asks for the user and shows the console as that role', async () => {
    const started = await startEmulator();
    const asked = await started.page(link);
    expect(asked.text).toContain('To the console of 222222222222 as <b>ReadOnly</b>');
    const fields = Object.fromEntries(
      [...asked.text.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)">/g)].map(([, name, value]) => [
        name,
        value,
      ]),
    ) as Record<string, string>;
    const answer = await started.submit('/start/console', { ...fields, user: 'taylor' });
    expect(shown(await follow(started, answer))).toEqual(CONSOLE);
    const stranger = await started.submit('/start/console', { ...fields, user: '<b>' });
    expect(stranger.status).toBe(404);
    expect(stranger.text).toContain('There is no user &#60;b&#62; in this directory.');
    expect((await started.submit('/start/console', { ...fields, nonce: 'x', user: 'taylor' })).status).toBe(403);
  });

  test('needs no click with automatic approval', async () => {
    const started = await startEmulator({ autoApprove: true });
    expect(shown(await follow(started, await started.page(link)))).toEqual(CONSOLE);
    const asSam = await startEmulator({ autoApprove: 'sam' });
    const refused = await asSam.page(link);
    expect(refused.status).toBe(403);
    expect(refused.text).toContain('ReadOnly in 222222222222 is not assigned to sam.');
  });

  test('opens the account without a role, and no foreign page', async () => {
    const started = await startEmulator({ autoApprove: true });
    expect((await started.page('/start/console?account_id=222222222222')).headers['location']).toBe(
      '/start?user=taylor&q=222222222222',
    );
    expect((await started.page('/start/console?account_id=999999999999')).status).toBe(403);
    const foreign = await started.page(
      '/start/console?account_id=222222222222&role_name=ReadOnly&destination=https%3A%2F%2Fevil.example%2F',
    );
    expect(foreign.status).toBe(400);
    const home = await follow(started, await started.page('/start/console?account_id=222222222222&role_name=ReadOnly'));
    expect(shown(home)).toEqual({ ...CONSOLE, service: 'console', region: 'us-east-1' });
  });

  test('refuses a rebound host name', async () => {
    const started = await startEmulator({ autoApprove: true });
    for (const path of [link, '/console?session=x', '/federation?Action=login']) {
      expect((await call(started.url + path, { headers: { host: 'evil.example' } })).status, path).toBe(403);
    }
  });
});
