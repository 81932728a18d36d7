// Sign-in by device code: one pending per session, every outcome, and failures of network and store in between.
import { describe, expect, it } from 'vitest';
import { registrationSecretName } from '../../../src/sso/issuer.ts';
import type { FaultKind } from '../../../src/sso/ports.ts';
import { FAKE_NOW_MS } from '../../helpers/fake-clock.ts';
import { createWorld, failureOf, LOCKED, ROLE, SECRET_NAME, SESSION, type World } from '../world.ts';

const SECOND_MS = 1000;
const PROMPT = {
  flow: 'device',
  flowReason: 'setting',
  userCode: 'USER-code-2',
  verificationUri: 'https://demo.awsapps.com/start/#/device',
  verificationUriComplete: 'https://demo.awsapps.com/start/#/device?c=code-2',
  expiresAtMs: FAKE_NOW_MS + 600 * SECOND_MS,
};

const start = ({ broker }: World, force = false, session = SESSION) => broker.startSignIn(session, { force });
/** When CreateToken was asked, in seconds from the start of the test. */
const pollsOf = ({ identityCenter }: World) =>
  identityCenter.arrivals
    .filter(({ operation }) => operation === 'createTokenByDeviceCode')
    .map(({ atMs }) => (atMs - FAKE_NOW_MS) / SECOND_MS);

describe('a sign-in', () => {
  it('shows a code, waits for the user, and is approved', async () => {
    const world = createWorld({ intervalSeconds: 5 });
    expect(world.broker.signInState(SESSION)).toBeUndefined();
    expect(await start(world)).toEqual({ state: 'pending', ...PROMPT });
    await world.clock.advance(12 * SECOND_MS);
    expect(world.broker.signInState(SESSION)).toEqual({ state: 'pending', ...PROMPT });
    expect(world.signedIn).toEqual([]);
    world.identityCenter.answerCode('approved');
    await world.clock.advance(5 * SECOND_MS);
    expect(world.broker.signInState(SESSION)).toEqual({ state: 'approved', ...PROMPT });
    expect(pollsOf(world)).toEqual([5, 10, 15]);
    expect(world.signedIn).toEqual(['my-sso-session']);
    expect(await world.broker.describe(SESSION)).toMatchObject({ state: 'live', signedInAtMs: FAKE_NOW_MS + 15_000 });
    await world.clock.advance(700 * SECOND_MS);
    expect(pollsOf(world)).toHaveLength(3);
    expect(world.clock.pendingSleeps()).toBe(0);
  });

  it('is shared by concurrent and by later starts', async () => {
    const world = createWorld();
    const states = await Promise.all(Array.from({ length: 50 }, (_, index) => start(world, index % 2 === 0)));
    states.push(await start(world), await start(world, true));
    for (const state of states) expect(state).toEqual({ state: 'pending', ...PROMPT });
    expect(world.identityCenter.count('startDeviceAuthorization')).toBe(1);
  });

  it('needs no code while the session is live', async () => {
    const world = createWorld();
    await world.signIn();
    world.identityCenter.forgetArrivals();
    expect(await start(world)).toEqual({ state: 'live' });
    expect(world.broker.signInState(SESSION)).toEqual({ state: 'live' });
    expect(world.identityCenter.arrivals.map(({ operation }) => operation)).toEqual(['listAccounts']);
  });

  it('needs no code while the session can be refreshed', async () => {
    const world = createWorld();
    await world.signIn();
    world.clock.jump(24 * 3_600_000);
    world.identityCenter.forgetArrivals();
    expect(await start(world)).toEqual({ state: 'live' });
    expect(world.identityCenter.arrivals.map(({ operation }) => operation)).toEqual([
      'createTokenByRefreshToken',
      'listAccounts',
    ]);
  });

  it('requests a code if the session was ended elsewhere, even with valid-looking tokens', async () => {
    const world = createWorld();
    await world.signIn();
    world.identityCenter.endSessions();
    expect(await start(world)).toMatchObject({ state: 'pending' });
  });

  it('requests a code if forced, and the session continues until that is approved', async () => {
    const world = createWorld();
    await world.signIn();
    expect(await start(world, true)).toMatchObject({ state: 'pending' });
    expect(await world.broker.describe(SESSION)).toMatchObject({ state: 'live' });
    expect(await world.broker.credentials(SESSION, ROLE)).toMatchObject({ accessKeyId: 'ASIA-6' });
  });

  it('requests a code if forced, even while an unforced start finds the session live', async () => {
    const world = createWorld();
    await world.signIn();
    const [unforced, forced] = await Promise.all([start(world), start(world, true)]);
    expect([unforced.state, forced.state]).toEqual(['live', 'pending']);
  });

  it('names the start URL and the region if Identity Center refuses them', async () => {
    const world = createWorld();
    world.identityCenter.fail('startDeviceAuthorization', { kind: 'start-url-refused' });
    expect(await failureOf(start(world))).toMatchObject({
      code: 'unusable-response',
      message: `Identity Center in ${SESSION.region} does not accept ${SESSION.startUrl}, the start URL of ${SESSION.sessionName}: the URL or the region is wrong.`,
      hint: '${EDITOR:-vi} "${AWS_CONFIG_FILE:-$HOME/.aws/config}"',
    });
  });

  it('names the partitions of a start URL and a region that do not belong together', async () => {
    const world = createWorld();
    const session = { ...SESSION, startUrl: 'https://start.home.awsapps.cn/directory/acme', region: 'us-east-1' };
    world.identityCenter.fail('startDeviceAuthorization', { kind: 'start-url-refused' });
    expect(await failureOf(world.broker.startSignIn(session, { force: false }))).toMatchObject({
      code: 'unusable-response',
      message:
        `Identity Center in us-east-1 does not accept ${session.startUrl}, the start URL of ${session.sessionName}: it is in ` +
        `the partition aws-cn, and the region in aws. Correct sso_region in [sso-session ${session.sessionName}].`,
    });
  });

  it('names the region that the start URL belongs to', async () => {
    const world = createWorld();
    world.identityCenter.settings.homeRegion = 'eu-central-1';
    world.identityCenter.fail('startDeviceAuthorization', { kind: 'start-url-refused' });
    expect(await failureOf(start(world))).toMatchObject({
      code: 'unusable-response',
      message:
        `Identity Center in ${SESSION.region} does not accept ${SESSION.startUrl}, the start URL of ${SESSION.sessionName}: ` +
        `it belongs to eu-central-1. Set sso_region = eu-central-1 in [sso-session ${SESSION.sessionName}].`,
      hint: '${EDITOR:-vi} "${AWS_CONFIG_FILE:-$HOME/.aws/config}"',
    });
    world.identityCenter.settings.homeRegion = SESSION.region;
    expect(await failureOf(start(world))).toMatchObject({
      message: expect.stringMatching(/the URL or the region is wrong\.$/),
    });
  });

  it('fails without requesting a code if it cannot check whether the session is live', async () => {
    const world = createWorld();
    await world.signIn();
    const before = world.broker.signInState(SESSION);
    world.identityCenter.fail('listAccounts', { kind: 'unreachable' });
    world.identityCenter.forgetArrivals();
    expect(await failureOf(start(world))).toMatchObject({ code: 'identity-center-unreachable' });
    expect(world.identityCenter.count('startDeviceAuthorization')).toBe(0);
    expect(world.broker.signInState(SESSION)).toEqual(before);
  });

  it('does not affect other sessions', async () => {
    const world = createWorld();
    const other = { ...SESSION, sessionName: 'other', startUrl: 'https://other.awsapps.com/start' };
    await world.signIn(other);
    await start(world);
    world.broker.cancelSignIn(SESSION);
    expect([world.broker.signInState(SESSION)?.state, world.broker.signInState(other)?.state]).toEqual([
      'cancelled',
      'approved',
    ]);
  });

  it('starts over, without the old code, if the section was edited', async () => {
    const world = createWorld();
    await start(world);
    const edited = { ...SESSION, startUrl: 'https://right.awsapps.com/start' };
    expect(world.broker.signInState(edited)).toBeUndefined();
    const state = await start(world, false, edited);
    expect(state).toMatchObject({ state: 'pending', verificationUri: 'https://right.awsapps.com/start/#/device' });
    await world.clock.advance(3 * SECOND_MS);
    const polls = world.identityCenter.arrivals.filter(({ operation }) => operation === 'createTokenByDeviceCode');
    expect(new Set(polls.map(({ startUrl }) => startUrl))).toEqual(new Set(['https://right.awsapps.com/start']));
  });
});

describe('polling', () => {
  it('adds five seconds permanently after each slow_down', async () => {
    const world = createWorld({ intervalSeconds: 1 });
    await start(world);
    world.identityCenter.fail('createTokenByDeviceCode', { kind: 'slow-down', times: 2 });
    await world.clock.advance(45 * SECOND_MS);
    expect(pollsOf(world)).toEqual([1, 7, 18, 29, 40]);
  });

  it.each([0, -1])('treats an interval of %d as five seconds', async (intervalSeconds) => {
    const world = createWorld({ intervalSeconds });
    await start(world);
    await world.clock.advance(11 * SECOND_MS);
    expect(pollsOf(world)).toEqual([5, 10]);
  });

  it('keeps the code through network failures', async () => {
    const world = createWorld();
    await start(world);
    world.identityCenter.fail('createTokenByDeviceCode', { kind: 'unreachable', times: 30 });
    await world.clock.advance(30 * SECOND_MS);
    expect(world.broker.signInState(SESSION)).toEqual({ state: 'pending', ...PROMPT });
    world.identityCenter.answerCode('approved');
    await world.clock.advance(SECOND_MS);
    expect(world.broker.signInState(SESSION)).toEqual({ state: 'approved', ...PROMPT });
  });

  it('pauses as long as a 429 asks, then returns to its interval', async () => {
    const world = createWorld();
    await start(world);
    world.identityCenter.fail('createTokenByDeviceCode', { kind: 'throttled', retryAfterMs: 20_000, times: 1 });
    await world.clock.advance(23 * SECOND_MS);
    expect(pollsOf(world)).toEqual([1, 21, 22, 23]);
  });

  it('pauses for 30 s at most, so that one odd answer does not cost the code', async () => {
    const world = createWorld();
    await start(world);
    world.identityCenter.fail('createTokenByDeviceCode', { kind: 'unreachable', retryAfterMs: 900_000, times: 1 });
    await world.clock.advance(2 * SECOND_MS);
    world.identityCenter.answerCode('approved');
    await world.clock.advance(29 * SECOND_MS);
    expect(world.broker.signInState(SESSION)).toEqual({ state: 'approved', ...PROMPT });
  });

  it('reports on time that the code has expired, even if the next poll is later', async () => {
    const world = createWorld({ intervalSeconds: 400 });
    await start(world);
    await world.clock.advance(600 * SECOND_MS - 1);
    expect(world.broker.signInState(SESSION)?.state).toBe('pending');
    await world.clock.advance(1);
    expect(world.broker.signInState(SESSION)).toEqual({ state: 'expired', ...PROMPT });
    await world.clock.advance(600 * SECOND_MS);
    expect(pollsOf(world)).toEqual([400]);
    expect(world.expired).toEqual([SESSION.sessionName]);
    expect(world.clock.pendingSleeps()).toBe(0);
  });
});

describe('outcomes', () => {
  it('denied by the user', async () => {
    const world = createWorld();
    await start(world);
    world.identityCenter.answerCode('denied');
    await world.clock.advance(SECOND_MS);
    expect(world.broker.signInState(SESSION)).toEqual({ state: 'denied', ...PROMPT });
    await world.clock.advance(60 * SECOND_MS);
    expect(pollsOf(world)).toEqual([1]);
    expect(world.expired).toEqual([]);
    expect(await start(world)).toMatchObject({ state: 'pending', userCode: 'USER-code-3' });
  });

  it('expired by the server', async () => {
    const world = createWorld();
    await start(world);
    world.identityCenter.fail('createTokenByDeviceCode', { kind: 'device-code-expired' });
    await world.clock.advance(SECOND_MS);
    expect(world.broker.signInState(SESSION)).toEqual({ state: 'expired', ...PROMPT });
    expect(world.expired).toEqual([SESSION.sessionName]);
  });

  it('expired while the machine slept: the next start returns a new code at once', async () => {
    const world = createWorld();
    await start(world);
    world.clock.jump(3_600_000);
    expect(world.broker.signInState(SESSION)).toEqual({ state: 'expired', ...PROMPT });
    expect(world.expired).toEqual([SESSION.sessionName]);
    expect(await start(world)).toMatchObject({ state: 'pending', userCode: 'USER-code-3' });
    await world.clock.advance(3 * SECOND_MS);
    expect(world.identityCenter.count('createTokenByDeviceCode')).toBe(3);
  });

  it.each<[FaultKind, string]>([
    ['unusable-response', 'unusable-response'],
    ['invalid-client', 'unusable-response'],
    ['invalid-grant', 'sign-in-expired'],
  ])('%s ends it with the reason', async (kind, code) => {
    const world = createWorld();
    await start(world);
    world.identityCenter.fail('createTokenByDeviceCode', { kind });
    await world.clock.advance(SECOND_MS);
    expect(world.broker.signInState(SESSION)).toEqual({
      state: 'expired',
      ...PROMPT,
      error: expect.objectContaining({ code }),
    });
    await world.clock.advance(60 * SECOND_MS);
    expect(pollsOf(world)).toEqual([1]);
  });

  it('cancelled by the user: no more polls, even if the code is approved later', async () => {
    const world = createWorld();
    await start(world);
    world.broker.cancelSignIn(SESSION);
    expect(world.broker.signInState(SESSION)).toEqual({ state: 'cancelled', ...PROMPT });
    expect(world.clock.pendingSleeps()).toBe(0);
    world.identityCenter.answerCode('approved');
    await world.clock.advance(60 * SECOND_MS);
    expect(pollsOf(world)).toEqual([]);
    expect(world.broker.signInState(SESSION)).toEqual({ state: 'cancelled', ...PROMPT });
    expect(await world.broker.describe(SESSION)).toEqual({ state: 'signed-out' });
  });

  it('cancelled while the code is requested: it is returned as cancelled', async () => {
    const world = createWorld();
    const release = world.identityCenter.hold('startDeviceAuthorization');
    const starting = start(world);
    await world.clock.settle();
    world.broker.cancelSignIn(SESSION);
    release();
    expect(await starting).toEqual({ state: 'cancelled', ...PROMPT });
    await world.clock.advance(60 * SECOND_MS);
    expect(pollsOf(world)).toEqual([]);
  });

  it('cancelled during a poll: its tokens are ignored', async () => {
    const world = createWorld();
    await start(world);
    world.identityCenter.answerCode('approved');
    const release = world.identityCenter.hold('createTokenByDeviceCode');
    await world.clock.advance(SECOND_MS);
    world.broker.cancelSignIn(SESSION);
    release();
    await world.clock.settle();
    expect(world.broker.signInState(SESSION)).toEqual({ state: 'cancelled', ...PROMPT });
    expect(await world.broker.describe(SESSION)).toEqual({ state: 'signed-out' });
    expect(world.signedIn).toEqual([]);
  });

  it('cancelled by a sign-out', async () => {
    const world = createWorld();
    await start(world);
    await world.broker.signOut(SESSION);
    expect(world.broker.signInState(SESSION)).toEqual({ state: 'cancelled', ...PROMPT });
    world.identityCenter.answerCode('approved');
    await world.clock.advance(60 * SECOND_MS);
    expect(await world.broker.describe(SESSION)).toEqual({ state: 'signed-out' });
  });

  it('a sign-in with an outcome cannot be cancelled', async () => {
    const world = createWorld();
    world.broker.cancelSignIn(SESSION);
    expect(world.broker.signInState(SESSION)).toBeUndefined();
    await world.signIn();
    world.broker.cancelSignIn(SESSION);
    expect(world.broker.signInState(SESSION)).toMatchObject({ state: 'approved' });
  });

  it('a start that fails keeps the last outcome', async () => {
    const world = createWorld();
    await start(world);
    world.broker.cancelSignIn(SESSION);
    world.identityCenter.fail('startDeviceAuthorization', { kind: 'unreachable' });
    expect(await failureOf(start(world))).toMatchObject({ code: 'identity-center-unreachable' });
    expect(world.broker.signInState(SESSION)).toEqual({ state: 'cancelled', ...PROMPT });
    world.identityCenter.recover();
    expect(await start(world)).toMatchObject({ state: 'pending' });
  });

  it('a first start that fails leaves no state, and the next one works', async () => {
    const world = createWorld();
    world.identityCenter.fail('registerClient', { kind: 'throttled', retryAfterMs: 2000 });
    expect(await failureOf(start(world))).toMatchObject({
      code: 'identity-center-throttled',
      message: 'Identity Center of my-sso-session is throttling requests. Sign in again in 2 s.',
      hint: 'rolecall login my-sso-session',
      retryAfterMs: 2000,
    });
    expect(world.broker.signInState(SESSION)).toBeUndefined();
    world.identityCenter.recover();
    expect(await start(world)).toMatchObject({ state: 'pending' });
  });
});

describe('the client registration', () => {
  it('is reused by the next sign-in and after a restart', async () => {
    const world = createWorld();
    await world.signIn();
    await world.signIn();
    world.restart();
    await world.signIn();
    expect(world.identityCenter.count('registerClient')).toBe(1);
  });

  it('is made again once if the server does not know it', async () => {
    const world = createWorld();
    await world.signIn();
    world.identityCenter.forgetClients();
    await world.signIn();
    expect(world.identityCenter.count('registerClient')).toBe(2);
    expect(JSON.parse((await world.store.text(registrationSecretName(SESSION, {}))) ?? '')).toMatchObject({
      clientId: 'client-5',
    });
  });

  it('is not repeated endlessly if the server refuses every client', async () => {
    const world = createWorld();
    world.identityCenter.fail('startDeviceAuthorization', { kind: 'invalid-client' });
    expect(await failureOf(start(world))).toMatchObject({ code: 'unusable-response' });
    expect(world.identityCenter.count('registerClient')).toBe(2);
    expect(world.identityCenter.count('startDeviceAuthorization')).toBe(2);
  });
});

describe('a keychain that is locked', () => {
  it('at the start is reported before the user has to approve anything', async () => {
    const world = createWorld();
    world.store.refuse('load');
    expect(await failureOf(start(world))).toBe(LOCKED);
    expect(await failureOf(start(world, true))).toBe(LOCKED);
    expect(world.identityCenter.arrivals).toEqual([]);
  });

  it('at the approval costs nothing: credentials work, a problem is shown, and flush stores the tokens', async () => {
    const world = createWorld();
    await start(world);
    world.store.refuse('load');
    world.store.refuse('save');
    world.identityCenter.answerCode('approved');
    await world.clock.advance(SECOND_MS);
    expect(world.broker.signInState(SESSION)).toEqual({ state: 'approved', ...PROMPT });
    expect(await world.broker.credentials(SESSION, ROLE)).toMatchObject({ accessKeyId: 'ASIA-5' });
    expect(world.problems.list().map(({ code }) => code)).toEqual(['secret-store-locked']);
    expect(await world.store.text(SECRET_NAME)).toBeUndefined();
    world.store.accept();
    await world.broker.flush();
    expect(await world.store.text(SECRET_NAME)).toContain('"accessToken":"access-3"');
    expect(world.problems.list()).toEqual([]);
  });

  it('that hangs at the approval does not keep the user waiting', async () => {
    const world = createWorld();
    await start(world);
    const release = world.store.hold('save');
    world.identityCenter.answerCode('approved');
    await world.clock.advance(SECOND_MS);
    expect(world.broker.signInState(SESSION)?.state).toBe('approved');
    expect(world.signedIn).toEqual(['my-sso-session']);
    const signingOut = world.broker.signOut(SESSION);
    release();
    await signingOut;
    expect(await world.store.text(SECRET_NAME)).toBeUndefined();
  });
});

it('a failing listener does not undo the sign-in, and is a problem until one succeeds', async () => {
  const world = createWorld();
  world.listenerFault = new Error('no room');
  await world.signIn();
  expect(await world.broker.describe(SESSION)).toMatchObject({ state: 'live' });
  expect(world.problems.list()).toMatchObject([{ code: 'internal', session: 'my-sso-session' }]);
  world.listenerFault = undefined;
  await world.signIn();
  expect(world.problems.list()).toEqual([]);
});
