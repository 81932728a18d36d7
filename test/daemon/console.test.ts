// POST /v1/console over real sockets: the shortcut link on both surfaces, the federated sign-in on the socket alone.
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import type { ConsoleDocument } from '../../src/local-api/schemas.ts';
import { CONFIG, createRig, createSignedInRig, SESSION, type Rig, type RigOptions } from '../helpers/rig.ts';
import { exchange, formatRequest } from './raw-http.ts';

let rig: Rig | undefined;
afterEach(async () => {
  await rig?.remove();
  rig = undefined;
});

async function openSignedInRig(options?: RigOptions): Promise<Rig> {
  rig = await createSignedInRig(options);
  return rig;
}

const ROLE = { session: SESSION, accountId: '222222222222', permissionSet: 'ReadOnly' } as const;
const LINK = 'account_id=222222222222&role_name=ReadOnly';

/** One request with its body as it is, for mistakes that our own client would not make. */
async function ask(its: Rig, surface: 'socket' | 'web', body: unknown) {
  const { port, token } = JSON.parse(readFileSync(its.paths.webAddressFile, 'utf8')) as { port: number; token: string };
  const text = JSON.stringify(body);
  const answer = await exchange(
    surface === 'socket' ? { path: its.paths.socketPath } : { host: '127.0.0.1', port },
    formatRequest({
      method: 'POST',
      target: '/v1/console',
      body: text,
      headers: [
        ['Host', surface === 'socket' ? 'localhost' : `localhost:${port}`],
        ...(surface === 'socket' ? [] : ([['Authorization', `Bearer ${token}`]] as const)),
        ['Content-Type', 'application/json'],
        ['Content-Length', String(Buffer.byteLength(text))],
      ],
    }),
  );
  return { status: answer.status, json: JSON.parse(answer.body) as Record<string, unknown> };
}

/** Where a browser would end up, and what it would show there. */
async function open(url: string) {
  const answer = await fetch(url, { redirect: 'follow' });
  const text = await answer.text();
  const read = (id: string) => new RegExp(`id="${id}">([^<]*)<`).exec(text)?.[1];
  return {
    status: answer.status,
    path: new URL(answer.url).pathname,
    role: read('role'),
    account: read('account'),
    service: read('service'),
    region: read('region'),
  };
}

/** The link's page with the script's one step made for it: the fragment is asked of the server. */
const openShortcut = (url: string) => open(url.replace('/start/#/console?', '/start/console?'));

const SHOWN = { status: 200, path: '/console', role: 'ReadOnly', account: '222222222222' };

describe('the shortcut link', () => {
  test('is the same on both surfaces, and opens as the right role', async () => {
    const its = await openSignedInRig();
    const expected = {
      url: `${its.emulator.url}/start/#/console?${LINK}`,
      secret: false,
      ...ROLE,
      accountName: 'professional-af',
      protected: false,
      browser: null,
    };
    for (const surface of ['socket', 'web'] as const) {
      expect(await ask(its, surface, ROLE)).toEqual({ status: 200, json: expected });
      expect(await ask(its, surface, { ...ROLE, federated: false })).toEqual({ status: 200, json: expected });
    }
    expect((await fetch(expected.url)).status).toBe(200);
    expect(await openShortcut(expected.url)).toEqual({ ...SHOWN, service: 'console', region: 'us-east-1' });
  });

  test('needs no sign-in: the portal asks for one', async () => {
    rig = await createRig();
    expect(await ask(rig, 'web', ROLE)).toMatchObject({ status: 200, json: { secret: false, accountName: null } });
    expect(rig.emulator.countCalls('GetRoleCredentials')).toBe(0);
  });

  test('leads to a service and a region; the region is that of the settings, else of the session', async () => {
    const its = await openSignedInRig({
      settings: `[[role]]\naccount_id = "222222222222"\nregion = "eu-central-1"\n`,
    });
    const shownFor = async (wish: object) => {
      const { url } = (await ask(its, 'socket', wish)).json as unknown as ConsoleDocument;
      const { service, region } = await openShortcut(url);
      return { service, region };
    };
    expect(await shownFor({ ...ROLE, service: 'ec2', region: 'eu-west-3' })).toEqual({
      service: 'ec2',
      region: 'eu-west-3',
    });
    expect(await shownFor({ ...ROLE, service: 's3' })).toEqual({ service: 's3', region: 'eu-central-1' });
    expect(await shownFor({ ...ROLE, region: 'ap-south-1' })).toEqual({ service: 'console', region: 'ap-south-1' });
    expect(
      await shownFor({ ...ROLE, accountId: '111111111111', permissionSet: 'Admin-AF-Permission-Set', service: 's3' }),
    ).toEqual({
      service: 's3',
      region: 'us-east-1',
    });
  });

  test('leads to the start URL where the endpoints are AWS’s own', async () => {
    rig = await createRig({
      config: CONFIG.replace(
        'https://d-1234567890.awsapps.com/start',
        'https://start.us-gov-home.awsapps.com/directory/acme/',
      ).replaceAll('us-east-1', 'us-gov-west-1'),
      environment: { AWS_ENDPOINT_URL_SSO: '' },
    });
    const { json } = await ask(rig, 'socket', { ...ROLE, service: 's3' });
    expect(json['url']).toBe(
      `https://start.us-gov-home.awsapps.com/directory/acme/#/console?${LINK}` +
        '&destination=https%3A%2F%2Fus-gov-west-1.console.amazonaws-us-gov.com%2Fs3%2Fhome%3Fregion%3Dus-gov-west-1',
    );
  });

  test('says which roles are protected', async () => {
    rig = await createRig({ settings: `[[protect]]\npermission_set = "Admin*"\napprove = "none"\n` });
    expect(await ask(rig, 'socket', ROLE)).toMatchObject({ json: { protected: false } });
    expect(await ask(rig, 'web', { ...ROLE, permissionSet: 'AdministratorAccess' })).toMatchObject({
      json: { protected: true },
    });
  });

  test('carries the browser of its session', async () => {
    rig = await createRig({ settings: `[session.${SESSION}]\nlabel = "x"\nbrowser = "firefox -P work"\n` });
    expect(await ask(rig, 'socket', ROLE)).toMatchObject({ json: { browser: 'firefox -P work', browserLine: 3 } });
  });

  test('does not exist for a chained role, whose console needs its keys', async () => {
    const its = await openSignedInRig();
    for (const surface of ['socket', 'web'] as const) {
      expect(await ask(its, surface, { ...ROLE, permissionSet: 'chain:prod/Deployer' })).toEqual({
        status: 400,
        json: {
          code: 'invalid-request',
          message: 'The access portal has links to permission sets only, and prod/Deployer is a chained role.',
          hint: 'rolecall console prod/Deployer',
        },
      });
    }
  });

  test('is refused for what is no wish', async () => {
    const its = await openSignedInRig();
    const wishes: [string, object, number, string][] = [
      ['a session that is none', { ...ROLE, session: 'nosuch' }, 404, 'session-not-found'],
      ['a role that is not assigned', { ...ROLE, permissionSet: 'Admin' }, 403, 'permission-set-not-assigned'],
      ['an account of another', { ...ROLE, accountId: '999999999999' }, 404, 'account-not-found'],
      ['a region of another partition', { ...ROLE, region: 'cn-north-1' }, 400, 'invalid-request'],
      ['a region that is none', { ...ROLE, region: 'x' }, 400, 'invalid-request'],
      ['a region that would be another host', { ...ROLE, region: 'evil.example' }, 400, 'invalid-request'],
      ['a service that would be another path', { ...ROLE, service: '../x' }, 400, 'invalid-request'],
      ['a service that would be another host', { ...ROLE, service: '@evil' }, 400, 'invalid-request'],
      ['no role', {}, 400, 'invalid-request'],
      ['a field that it does not know', { ...ROLE, destination: 'https://evil.example' }, 400, 'invalid-request'],
      ['a wish that is no yes or no', { ...ROLE, federated: 'true' }, 400, 'invalid-request'],
    ];
    const answers: unknown[] = [];
    for (const [what, wish] of wishes) {
      const { status, json } = await ask(its, 'socket', wish);
      answers.push([what, wish, status, json['code']]);
    }
    expect(answers).toEqual(wishes);
  });

  test('is refused for a start URL that is no https URL', async () => {
    rig = await createRig({
      config: CONFIG.replace('https://d-1234567890', 'http://d-1234567890'),
      environment: { AWS_ENDPOINT_URL_SSO: '' },
    });
    expect(await ask(rig, 'socket', ROLE)).toMatchObject({ status: 400, json: { code: 'config-malformed' } });
  });
});

describe('a federated sign-in', () => {
  test('makes the round trip: the URL opens the console of the right account and role', async () => {
    const its = await openSignedInRig();
    const answer = await its.client.call('console', {
      body: { ...ROLE, federated: true, service: 'ec2', region: 'eu-west-1' },
    });
    expect(answer).toMatchObject({ ...ROLE, secret: true, endsAt: expect.stringMatching(/Z$/) as string });
    const url = new URL(answer.url);
    expect({ origin: url.origin, path: url.pathname, issuer: url.searchParams.get('Issuer') }).toEqual({
      origin: its.emulator.url,
      path: '/federation',
      issuer: `${its.emulator.url}/start`,
    });
    expect(await open(answer.url)).toEqual({ ...SHOWN, service: 'ec2', region: 'eu-west-1' });
    const home = await its.client.call('console', { body: { ...ROLE, federated: true } });
    expect(await open(home.url)).toEqual({ ...SHOWN, service: 'console', region: 'us-east-1' });
  });

  test('is refused on the web, however it is wished for', async () => {
    const its = await openSignedInRig();
    for (const federated of [true, 'true', 1, null, [], {}]) {
      expect(await ask(its, 'web', { ...ROLE, federated })).toEqual({
        status: 403,
        json: {
          code: 'caller-not-allowed',
          message: '"federated" is available only over the unix socket.',
          hint: 'rolecall web',
        },
      });
    }
    expect(its.emulator.countCalls('GetSigninToken')).toBe(0);
    expect(its.emulator.countCalls('GetRoleCredentials')).toBe(0);
  });

  test('of nobody needs a sign-in', async () => {
    rig = await createRig();
    await expect(rig.client.call('console', { body: { ...ROLE, federated: true } })).rejects.toMatchObject({
      code: 'sign-in-required',
    });
  });

  test('says what the endpoint did, and no secret', async () => {
    const its = await openSignedInRig();
    const failureOf = async (fault: Parameters<typeof its.emulator.addFault>[0]) => {
      its.emulator.clearFaults();
      its.emulator.addFault(fault);
      const { json } = await ask(its, 'socket', { ...ROLE, federated: true });
      return { code: json['code'], message: json['message'] };
    };
    const host = new URL(its.emulator.url).host;
    const words = `Signing in to the AWS console failed: getSigninToken at ${host} failed:`;
    expect(await failureOf({ operation: 'GetSigninToken', kind: 'status', status: 503 })).toEqual({
      code: 'identity-center-unreachable',
      message: `${words} HTTP 503.`,
    });
    expect(await failureOf({ operation: 'GetSigninToken', kind: 'throttle' })).toEqual({
      code: 'identity-center-throttled',
      message: `${words} HTTP 429.`,
    });
    expect(await failureOf({ operation: 'GetSigninToken', kind: 'exception', exception: 'InvalidSession' })).toEqual({
      code: 'unusable-response',
      message: `${words} HTTP 400.`,
    });
    expect(await failureOf({ operation: 'GetSigninToken', kind: 'status', status: 405 })).toEqual({
      code: undefined,
      message: undefined,
    });
    // Nothing of this says that the session is over.
    const { sessions } = await its.client.call('status', {});
    expect(sessions[0]?.state).toBe('live');
  });

  test('is in no log, though who asked for what is', async () => {
    const its = await openSignedInRig();
    const { url } = await its.client.call('console', { body: { ...ROLE, federated: true } });
    const token = new URL(url).searchParams.get('SigninToken') ?? '';
    expect(token.length).toBeGreaterThan(200);
    const log = its.logLines.join('\n');
    expect(log).toContain(`federated console of ${SESSION} 222222222222 ReadOnly`);
    expect(log).not.toContain(token);
    expect(log).not.toContain('SigninToken');
  });
});
