// Sign-in by authorization code with PKCE: the page, the browser that comes back, the token, and all that can go wrong.
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { UnavailableError } from '../../../src/core/errors.ts';
import { Secret } from '../../../src/core/secret.ts';
import { registrationSecretName } from '../../../src/sso/issuer.ts';
import type { SignInState } from '../../../src/sso/session/sign-in.ts';
import { FAKE_NOW_MS } from '../../helpers/fake-clock.ts';
import { createWorld, failureOf, LOCKED, SESSION, type FakeCallback, type World } from '../world.ts';

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const PKCE = { flow: 'pkce', reason: 'asked' } as const;
const AUTO = { flow: 'pkce', reason: 'here' } as const;
const DEVICE = { flow: 'device', reason: 'asked' } as const;

type Decision = typeof PKCE | typeof AUTO | typeof DEVICE;

const start = ({ broker }: World, decision: Decision = PKCE) => broker.startSignIn(SESSION, { force: true, decision });
const stateOf = ({ broker }: World) => broker.signInState(SESSION)?.state;
const pageOf = (state: SignInState | undefined) => (state as { verificationUri: string }).verificationUri;
const lastOf = ({ callbacks }: World) => callbacks.at(-1) as FakeCallback;
const count = ({ identityCenter }: World) => identityCenter.count('createTokenByAuthorizationCode');

/** The person allows the sign-in, and the browser comes back. */
async function allow(world: World, page = pageOf(world.broker.signInState(SESSION))): Promise<void> {
  const code = new Secret(world.identityCenter.allow(page));
  lastOf(world).comeBack({ code });
  await world.clock.settle();
}

describe('a sign-in with PKCE', () => {
  it('stays pending for everybody who follows it until the one with a code that replaces it is ready', async () => {
    const world = createWorld();
    const page = pageOf(await start(world));
    const replacing = start(world, DEVICE);
    expect(world.broker.signInState(SESSION)).toMatchObject({ state: 'pending', verificationUri: page });
    await replacing;
    expect(world.broker.signInState(SESSION)).toMatchObject({ state: 'pending', flow: 'device' });
  });

  it('sends the browser to the page of AWS with the parameters of the AWS CLI', async () => {
    const world = createWorld();
    const state = await start(world);
    const { origin, pathname, searchParams } = new URL(pageOf(state));
    expect([origin, pathname]).toEqual(['https://oidc.us-east-1.amazonaws.com', '/authorize']);
    expect(Object.fromEntries(searchParams)).toEqual({
      response_type: 'code',
      client_id: 'client-1',
      redirect_uri: 'http://127.0.0.1:4001/oauth/callback',
      state: lastOf(world).state,
      code_challenge_method: 'S256',
      scopes: 'sso:account:access',
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
    });
    expect(Buffer.from(lastOf(world).state, 'base64url')).toHaveLength(32);
    expect(state).toEqual({
      state: 'pending',
      flow: 'pkce',
      flowReason: 'asked',
      verificationUri: pageOf(state),
      verificationUriComplete: pageOf(state),
      expiresAtMs: FAKE_NOW_MS + 10 * MINUTE_MS,
    });
    expect(world.identityCenter.arrivals).toMatchObject([{ operation: 'registerClient', flow: 'pkce' }]);
  });

  it('separates the scopes of the config section by %20, and registers and asks for the same ones', async () => {
    const world = createWorld();
    const session = { ...SESSION, registrationScopes: ['codewhisperer:completions'] };
    const state = await world.broker.startSignIn(session, { force: true, decision: PKCE });
    expect(pageOf(state)).toContain('&scopes=sso%3Aaccount%3Aaccess%20codewhisperer%3Acompletions&');
  });

  it('is approved once the token is issued, and only then tells the browser so', async () => {
    const world = createWorld();
    await start(world);
    const release = world.identityCenter.hold('createTokenByAuthorizationCode');
    await allow(world);
    expect([stateOf(world), lastOf(world).closed]).toEqual(['pending', undefined]);
    release();
    await world.clock.settle();
    expect([stateOf(world), lastOf(world).closed]).toEqual(['approved', ['approved']]);
    expect(world.signedIn).toEqual(['my-sso-session']);
    expect(await world.broker.describe(SESSION)).toMatchObject({ state: 'live' });
    expect(world.clock.pendingSleeps()).toBe(0);
  });

  it('has a verifier of 64 characters that nobody else has seen, and another state, verifier and port each time', async () => {
    const world = createWorld();
    const verifiers: string[] = [];
    const { createTokenByAuthorizationCode } = world.identityCenter;
    world.identityCenter.createTokenByAuthorizationCode = async (session, registration, grant) => {
      verifiers.push(grant.codeVerifier.reveal());
      return createTokenByAuthorizationCode(session, registration, grant);
    };
    const pages: string[] = [];
    for (let round = 0; round < 2; round += 1) {
      pages.push(pageOf(await start(world)));
      await allow(world);
    }
    for (const [index, verifier] of verifiers.entries()) {
      expect(verifier).toMatch(/^[A-Za-z0-9._~-]{64}$/);
      expect(pages[index]).not.toContain(verifier);
      const challenge = createHash('sha256').update(verifier).digest('base64url');
      expect(pages[index]).toContain(`&code_challenge=${challenge}`);
    }
    expect(new Set(verifiers).size).toBe(2);
    expect(new Set(world.callbacks.map(({ state }) => state)).size).toBe(2);
    expect(world.identityCenter.count('registerClient')).toBe(1);
  });

  it('keeps its client apart from that of the device code, whose secret keeps its name', async () => {
    const world = createWorld();
    await start(world);
    await allow(world);
    await world.signIn();
    const stored = async (flow: 'device' | 'pkce') =>
      JSON.parse((await world.store.text(registrationSecretName(SESSION, {}, flow))) ?? '') as object;
    expect([await stored('pkce'), await stored('device')]).toMatchObject([
      { clientId: 'client-1' },
      { clientId: expect.not.stringMatching('client-1$') },
    ]);
    expect(registrationSecretName(SESSION, {})).toBe('registration:8b4d32d0fd7dcdab');
  });

  it('is renewed with the client that it came from, also after a restart and with another flow since', async () => {
    const world = createWorld();
    await start(world);
    await allow(world);
    world.restart();
    await start(world, DEVICE);
    world.clock.jump(2 * 60 * MINUTE_MS);
    expect(await world.broker.verifyLive(SESSION)).toBe(true);
    expect(
      world.identityCenter.arrivals.filter(({ operation }) => operation === 'createTokenByRefreshToken'),
    ).toMatchObject([{ clientId: 'client-1' }]);
  });
});

describe('the wait for the browser', () => {
  it('ends after ten minutes; a browser that comes back later finds nothing', async () => {
    const world = createWorld();
    await start(world);
    await world.clock.advance(10 * MINUTE_MS - SECOND_MS);
    expect([stateOf(world), lastOf(world).isOpen()]).toEqual(['pending', true]);
    await world.clock.advance(6 * SECOND_MS);
    expect([stateOf(world), lastOf(world).isOpen(), lastOf(world).closed]).toEqual(['expired', false, ['expired']]);
    expect([world.expired, world.clock.pendingSleeps()]).toEqual([['my-sso-session'], 0]);
  });

  it('ends when the machine has slept overnight, before any timer runs', async () => {
    const world = createWorld();
    await start(world);
    world.clock.jump(9 * 60 * MINUTE_MS);
    expect(lastOf(world).isOpen()).toBe(false);
    expect(stateOf(world)).toBe('expired');
    expect(lastOf(world).closed).toEqual(['expired']);
  });

  it.each([-9, 9])('goes on when the clock is corrected by %d minutes, for ten minutes at most', async (minutes) => {
    const world = createWorld();
    await start(world);
    world.clock.jump(minutes * MINUTE_MS);
    expect([stateOf(world), lastOf(world).isOpen()]).toEqual(['pending', true]);
    await world.clock.advance(10 * MINUTE_MS);
    expect(stateOf(world)).toBe('expired');
  });

  it('does not end a sign-in whose browser is back in time, however long AWS takes', async () => {
    const world = createWorld({ latencyMs: 30 * SECOND_MS });
    const starting = start(world);
    await world.clock.advance(MINUTE_MS);
    await starting;
    await world.clock.advance(9 * MINUTE_MS + 20 * SECOND_MS);
    await allow(world);
    world.clock.jump(10 * MINUTE_MS);
    expect(stateOf(world)).toBe('pending');
    await world.clock.advance(MINUTE_MS);
    expect(stateOf(world)).toBe('approved');
  });

  it('ends at once when the sign-in is cancelled or the session is signed out', async () => {
    for (const end of ['cancelSignIn', 'signOut'] as const) {
      const world = createWorld();
      await start(world);
      await world.broker[end](SESSION);
      await world.clock.settle();
      expect([stateOf(world), lastOf(world).closed]).toEqual(['cancelled', ['cancelled']]);
      expect(world.clock.pendingSleeps()).toBe(0);
    }
  });

  it('opens no port that stays open when it is cancelled while the client is registered', async () => {
    const world = createWorld();
    const release = world.identityCenter.hold('registerClient');
    const starting = start(world);
    await world.clock.settle();
    world.broker.cancelSignIn(SESSION);
    release();
    expect(await starting).toMatchObject({ state: 'cancelled' });
    expect(lastOf(world).closed).toEqual(['cancelled']);
    await world.clock.settle();
    expect(world.clock.pendingSleeps()).toBe(0);
  });
});

describe('two sign-ins at once', () => {
  it('are one, whatever the flow, unless another flow is asked for', async () => {
    const world = createWorld();
    const states = await Promise.all([start(world), start(world, AUTO), start(world)]);
    expect(new Set(states.map(pageOf)).size).toBe(1);
    const unasked = { force: false, decision: { flow: 'device', reason: 'ssh' } } as const;
    expect(pageOf(await world.broker.startSignIn(SESSION, unasked))).toBe(pageOf(states[0]));
    expect(world.callbacks).toHaveLength(1);
  });

  it('with another flow asked for: the new one replaces the old one, whose port closes', async () => {
    const world = createWorld();
    const page = pageOf(await start(world));
    expect(await start(world, DEVICE)).toMatchObject({ state: 'pending', flow: 'device' });
    expect(lastOf(world).closed).toEqual(['cancelled']);
    lastOf(world).comeBack({ code: new Secret(world.identityCenter.allow(page)) });
    await world.clock.settle();
    expect([count(world), stateOf(world)]).toEqual([0, 'pending']);

    expect(await start(world)).toMatchObject({ state: 'pending', flow: 'pkce' });
    world.identityCenter.answerCode('approved');
    await world.clock.advance(5 * SECOND_MS);
    expect(world.identityCenter.count('createTokenByDeviceCode')).toBe(0);
    await allow(world);
    expect(stateOf(world)).toBe('approved');
  });

  it('with both flows asked for at the same moment: each caller gets its own flow, and the last one stays', async () => {
    const world = createWorld();
    const [pkce, device] = await Promise.all([start(world), start(world, DEVICE)]);
    expect([pkce, device]).toMatchObject([{ flow: 'pkce' }, { state: 'pending', flow: 'device' }]);
    expect(world.broker.signInState(SESSION)).toMatchObject({ state: 'pending', flow: 'device' });
    expect(lastOf(world).closed).toEqual(['cancelled']);
  });

  it('gives each of three callers at a live session its own flow, also if two of them force it at once', async () => {
    const world = createWorld();
    await world.signIn();
    const force = (decision: Decision) => world.broker.startSignIn(SESSION, { force: true, decision });
    const states = await Promise.all([world.broker.startSignIn(SESSION, { force: false }), force(DEVICE), force(PKCE)]);
    expect(states).toMatchObject([{ state: 'live' }, { flow: 'device' }, { flow: 'pkce' }]);
    expect(world.broker.signInState(SESSION)).toMatchObject({ state: 'pending', flow: 'pkce' });
  });
});

describe('a browser that comes back with an error', () => {
  it('denies the sign-in with access_denied', async () => {
    const world = createWorld();
    await start(world);
    lastOf(world).comeBack({ error: 'access_denied', description: 'The user denied access' });
    await world.clock.settle();
    expect([stateOf(world), lastOf(world).closed]).toEqual(['denied', ['denied']]);
  });

  it('ends the sign-in with any other error, which names the way around it', async () => {
    const world = createWorld();
    await start(world);
    lastOf(world).comeBack({ error: 'unauthorized_client', description: 'Not for you.' });
    await world.clock.settle();
    const error = {
      code: 'sign-in-expired',
      message: 'The sign-in page of my-sso-session answered with an error: unauthorized_client: Not for you.',
      hint: 'rolecall login --use-device-code my-sso-session',
    };
    expect(world.broker.signInState(SESSION)).toMatchObject({ state: 'expired', error });
    expect(lastOf(world).closed).toEqual(['expired', error.message]);
    expect(count(world)).toBe(0);
  });
});

describe('the token of a code', () => {
  it('is asked for again while the network is down, and the code is not lost', async () => {
    const world = createWorld();
    await start(world);
    world.identityCenter.fail('createTokenByAuthorizationCode', { kind: 'unreachable', times: 3 });
    await allow(world);
    expect(stateOf(world)).toBe('pending');
    await world.clock.advance(5 * SECOND_MS);
    expect([stateOf(world), count(world)]).toEqual(['approved', 4]);
  });

  it('is given up after a minute, with the reason', async () => {
    const world = createWorld();
    await start(world);
    world.identityCenter.fail('createTokenByAuthorizationCode', { kind: 'unreachable' });
    await allow(world);
    await world.clock.advance(MINUTE_MS);
    expect(world.broker.signInState(SESSION)).toMatchObject({
      state: 'expired',
      error: { code: 'identity-center-unreachable' },
    });
    expect([lastOf(world).closed?.[0], world.clock.pendingSleeps()]).toEqual(['expired', 0]);
  });

  it('is refused for a code of another sign-in, and of another client', async () => {
    const world = createWorld();
    const earlier = pageOf(await start(world));
    const injected = world.identityCenter.allow(earlier);
    world.broker.cancelSignIn(SESSION);
    await start(world);
    lastOf(world).comeBack({ code: new Secret(injected) });
    await world.clock.settle();
    expect(world.broker.signInState(SESSION)).toMatchObject({
      state: 'expired',
      error: {
        code: 'sign-in-expired',
        message: 'Identity Center of my-sso-session does not accept the answer of the sign-in page: fake invalid-grant',
        hint: 'rolecall login my-sso-session',
      },
    });
    expect(world.signedIn).toEqual([]);
  });

  it('is dropped if the sign-in is cancelled meanwhile', async () => {
    const world = createWorld();
    await start(world);
    const release = world.identityCenter.hold('createTokenByAuthorizationCode');
    await allow(world);
    world.broker.cancelSignIn(SESSION);
    release();
    await world.clock.settle();
    expect([stateOf(world), world.signedIn, lastOf(world).closed]).toEqual(['cancelled', [], ['cancelled']]);
  });
});

describe('a client that AWS no longer knows', () => {
  it('is registered again, once, when nobody came back with it: AWS tells only the browser', async () => {
    const world = createWorld();
    await start(world);
    await allow(world);
    world.identityCenter.forgetClients();
    const page = pageOf(await start(world));
    expect(() => world.identityCenter.allow(page)).toThrow('does not know the client');
    world.broker.cancelSignIn(SESSION);
    await start(world);
    await allow(world);
    expect([stateOf(world), world.identityCenter.count('registerClient')]).toEqual(['approved', 2]);
    await start(world);
    await allow(world);
    expect(world.identityCenter.count('registerClient')).toBe(2);
  });

  it('is registered again by the sign-in after the one whose token was refused', async () => {
    const world = createWorld();
    await start(world);
    const code = world.identityCenter.allow(pageOf(world.broker.signInState(SESSION)));
    world.identityCenter.forgetClients();
    lastOf(world).comeBack({ code: new Secret(code) });
    await world.clock.settle();
    expect(world.broker.signInState(SESSION)).toMatchObject({ state: 'expired', error: { code: 'sign-in-expired' } });
    await start(world);
    await allow(world);
    expect([stateOf(world), world.identityCenter.count('registerClient')]).toEqual(['approved', 2]);
  });
});

describe('where PKCE is impossible', () => {
  const NO_PORT = new UnavailableError('no-callback-port', 'No port can be opened.');

  it.each([
    ['Identity Center refuses authorization codes', 'pkce-refused'],
    ['no port can be opened', 'no-callback-port'],
  ] as const)(
    'because %s: auto takes the device code and says why, and what was asked for fails',
    async (_, reason) => {
      const world = createWorld();
      if (reason === 'no-callback-port') world.callbackFault = NO_PORT;
      else world.identityCenter.fail('registerClient', { kind: 'grant-refused', times: 1 });
      expect(await start(world, AUTO)).toMatchObject({ state: 'pending', flow: 'device', flowReason: reason });
      world.identityCenter.answerCode('approved');
      await world.clock.advance(2 * SECOND_MS);
      expect(stateOf(world)).toBe('approved');

      if (reason === 'pkce-refused') world.identityCenter.fail('registerClient', { kind: 'grant-refused', times: 1 });
      expect(await failureOf(start(world))).toMatchObject({ code: reason });
      expect(stateOf(world)).toBe('approved');
    },
  );

  it('because the client cannot be stored: no flow would help', async () => {
    const world = createWorld();
    world.store.refuse('save', LOCKED);
    expect(await failureOf(start(world, AUTO))).toBe(LOCKED);
    expect(world.callbacks).toEqual([]);
  });
});
