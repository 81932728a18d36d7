// Access tokens: refreshed early with one request in flight, bound to their issuer and client, kept if network or store fail.
import { describe, expect, it } from 'vitest';
import { formatUtcSeconds } from '../../../src/core/clock.ts';
import type { SsoSession } from '../../../src/core/model.ts';
import { Secret } from '../../../src/core/secret.ts';
import { registrationSecretName } from '../../../src/sso/issuer.ts';
import { IdentityCenterFault } from '../../../src/sso/ports.ts';
import { FAKE_NOW_MS } from '../../helpers/fake-clock.ts';
import {
  createTokenWorld,
  failureOf,
  LOCKED,
  MINUTE_MS,
  SECRET_NAME,
  SESSION,
  settle,
  type TokenWorld,
} from '../world.ts';

const HOUR_MS = 60 * MINUTE_MS;
const CLIENT = {
  clientId: 'client-1',
  clientSecret: new Secret('secret of client-1'),
  expiresAtMs: FAKE_NOW_MS + 90 * 24 * HOUR_MS,
};
const LOCAL = { ssoOidc: 'http://127.0.0.1:4000', sso: 'http://127.0.0.1:4000' };
const SIGN_IN_EXPIRED = {
  errorClass: 'SignInRequiredError',
  code: 'sign-in-expired',
  hint: 'rolecall login my-sso-session',
};
const SIGN_IN_REQUIRED = { ...SIGN_IN_EXPIRED, code: 'sign-in-required' };

const textOf = async ({ tokens }: TokenWorld, session = SESSION) => (await tokens.fresh(session)).secret.reveal();
const stored = async ({ store }: TokenWorld, name = SECRET_NAME) =>
  JSON.parse((await store.text(name)) ?? 'null') as Record<string, unknown> | null;
/** As a version left it that stored no registration with the tokens. */
async function restartWithEarlierRecord(world: TokenWorld): Promise<void> {
  const { clientSecret: _, clientExpiresAtMs: __, ...earlier } = (await stored(world)) ?? {};
  world.restart();
  await world.store.plant(SECRET_NAME, JSON.stringify(earlier));
}
const problemsOf = ({ problems }: TokenWorld) => problems.list().map(({ code, session }) => ({ code, session }));
const refreshesOf = ({ identityCenter }: TokenWorld) =>
  identityCenter.arrivals
    .filter(({ operation }) => operation === 'createTokenByRefreshToken')
    .map(({ clientId, token }) => ({ clientId, token }));

describe('a record with an impossible time', () => {
  it.each([
    { expiresAtMs: 1e18 },
    { expiresAtMs: -1 },
    { expiresAtMs: FAKE_NOW_MS + 365 * 24 * HOUR_MS },
    { issuedAtMs: 1e300 },
    { signedInAtMs: 1e300, observedLengthMs: 1e300 },
    { clientExpiresAtMs: 1e300, expiresAtMs: FAKE_NOW_MS },
  ])('%j keeps the sign-in: status shows it, and the token is refreshed', async (absurd) => {
    const world = createTokenWorld();
    const before = await world.signIn();
    const record = await stored(world);
    world.restart();
    await world.store.plant(SECRET_NAME, JSON.stringify({ ...record, ...absurd }));
    const { signedInAtMs, tokenExpiresAtMs, observedLengthMs, state } = await world.tokens.describe(SESSION);
    expect({ state, observedLengthMs }).toEqual({ state: 'live', observedLengthMs: undefined });
    for (const time of [signedInAtMs, tokenExpiresAtMs]) expect(formatUtcSeconds(time ?? Number.NaN)).toMatch(/^20/);
    const isTokenInDoubt = !('signedInAtMs' in absurd);
    expect((await textOf(world)) !== before).toBe(isTokenInDoubt);
    expect(await world.tokens.drop(SESSION)).toMatchObject({ tokens: { accessToken: expect.any(Secret) } });
  });
});

describe('a store that somebody else writes to', () => {
  it('finds a sign-in that was not there at first, but not one that this daemon has ended', async () => {
    const world = createTokenWorld();
    const before = await world.signIn();
    const text = (await world.store.text(SECRET_NAME)) ?? '';
    await world.store.delete(SECRET_NAME);
    world.restart();
    let revision = '1';
    Object.assign(world.store, { revision: () => revision });
    expect(await world.tokens.describe(SESSION)).toEqual({ state: 'signed-out' });
    await world.store.plant(SECRET_NAME, text);
    revision = '2';
    expect(await textOf(world)).toBe(before);

    world.store.refuse('delete');
    await world.tokens.drop(SESSION);
    revision = '3';
    expect(await world.tokens.describe(SESSION)).toEqual({ state: 'signed-out' });
  });
});

describe('without a sign-in', () => {
  it('no request is made', async () => {
    const { identityCenter, tokens } = createTokenWorld();
    expect(await failureOf(tokens.fresh(SESSION))).toMatchObject(SIGN_IN_REQUIRED);
    expect(await failureOf(tokens.replaceRefused(SESSION, new Secret('x')))).toMatchObject(SIGN_IN_REQUIRED);
    expect(await tokens.describe(SESSION)).toEqual({ state: 'signed-out' });
    expect(identityCenter.arrivals).toEqual([]);
  });

  it('the store is read once for many callers', async () => {
    const { store, tokens } = createTokenWorld();
    await Promise.all(Array.from({ length: 50 }, () => tokens.describe(SESSION)));
    await tokens.describe(SESSION);
    expect(store.log).toEqual([`load ${SECRET_NAME}`]);
  });
});

describe('a new sign-in', () => {
  it('is used, is stored with its issuer and client, and survives a restart', async () => {
    const world = createTokenWorld();
    const accessToken = await world.signIn();
    expect(await world.tokens.fresh(SESSION)).toEqual({
      secret: new Secret(accessToken),
      expiresAtMs: FAKE_NOW_MS + HOUR_MS,
    });
    expect(await stored(world)).toEqual({
      schemaVersion: 1,
      issuer: '["https://demo.awsapps.com/start","us-east-1","aws","aws"]',
      signedInAtMs: FAKE_NOW_MS,
      accessToken,
      issuedAtMs: FAKE_NOW_MS,
      expiresAtMs: FAKE_NOW_MS + HOUR_MS,
      refreshToken: 'refresh-3',
      clientId: 'client-1',
      clientSecret: 'secret of client-1',
      clientExpiresAtMs: CLIENT.expiresAtMs,
    });
    world.restart();
    expect(await textOf(world)).toBe(accessToken);
    expect(await world.tokens.describe(SESSION)).toEqual({
      state: 'live',
      signedInAtMs: FAKE_NOW_MS,
      tokenExpiresAtMs: FAKE_NOW_MS + HOUR_MS,
    });
    expect(refreshesOf(world)).toEqual([]);
  });

  it('is used before the store has it', async () => {
    const world = createTokenWorld();
    await world.registrations.ensure(SESSION);
    const release = world.store.hold('save');
    const accepting = world.signIn();
    await world.clock.settle();
    expect(await textOf(world)).toBe('access-2');
    release();
    await accepting;
    expect(await stored(world)).toMatchObject({ accessToken: 'access-2' });
  });

  it('wins over a read of the store in progress', async () => {
    const world = createTokenWorld();
    await world.signIn();
    world.restart();
    const release = world.store.hold('load');
    const reading = world.tokens.fresh(SESSION);
    await world.clock.settle();
    await world.tokens.accept(SESSION, CLIENT, world.identityCenter.issueTokens('client-1'));
    release();
    expect((await reading).secret.reveal()).toBe('access-4');
    expect(await textOf(world)).toBe('access-4');
  });
});

describe('refresh', () => {
  it('is due with 20 minutes left of an hour', async () => {
    const world = createTokenWorld();
    await world.signIn();
    world.clock.jump(40 * MINUTE_MS - 1);
    const before = await textOf(world);
    world.clock.jump(1);
    expect([before, await textOf(world)]).toEqual(['access-2', 'access-4']);
  });

  it('is due with a third left of a short lifetime', async () => {
    const world = createTokenWorld({ accessTokenSeconds: 900 });
    await world.signIn();
    world.clock.jump(10 * MINUTE_MS - 1);
    const before = await textOf(world);
    world.clock.jump(1);
    expect([before, await textOf(world)]).toEqual(['access-2', 'access-4']);
  });

  it('happens once for 200 callers with an expired token, who all get the same result', async () => {
    const world = createTokenWorld();
    await world.signIn();
    world.clock.jump(2 * HOUR_MS);
    const given = await Promise.all(Array.from({ length: 200 }, () => textOf(world)));
    expect(new Set(given)).toEqual(new Set(['access-4']));
    expect(refreshesOf(world)).toHaveLength(1);
  });

  it('keeps the new refresh token and sends it the next time, also after a restart', async () => {
    const world = createTokenWorld();
    await world.signIn();
    for (let turn = 0; turn < 3; turn += 1) {
      world.clock.jump(2 * HOUR_MS);
      await textOf(world);
      world.restart();
    }
    expect(refreshesOf(world)).toEqual([
      { clientId: 'client-1', token: 'refresh-3' },
      { clientId: 'client-1', token: 'refresh-5' },
      { clientId: 'client-1', token: 'refresh-7' },
    ]);
    expect(await stored(world)).toMatchObject({ refreshToken: 'refresh-9', accessToken: 'access-8' });
  });

  it('keeps the old refresh token if the answer has none', async () => {
    const world = createTokenWorld({ rotates: false });
    await world.signIn();
    for (let turn = 0; turn < 2; turn += 1) {
      world.clock.jump(2 * HOUR_MS);
      await textOf(world);
      world.restart();
    }
    expect(refreshesOf(world).map(({ token }) => token)).toEqual(['refresh-3', 'refresh-3']);
  });

  it('keeps the time of the sign-in, and counts the lifetime from the request', async () => {
    const world = createTokenWorld({ latencyMs: 5000 });
    const signing = world.signIn();
    await world.clock.advance(5000);
    await signing;
    world.clock.jump(2 * HOUR_MS);
    const askedAtMs = world.clock.nowMs();
    const refreshed = world.tokens.fresh(SESSION);
    await world.clock.advance(5000);
    await refreshed;
    expect(await world.tokens.describe(SESSION)).toEqual({
      state: 'live',
      signedInAtMs: FAKE_NOW_MS + 5000,
      tokenExpiresAtMs: askedAtMs + HOUR_MS,
    });
  });

  it('gives a valid token after a weekend asleep', async () => {
    const world = createTokenWorld();
    await world.signIn();
    world.clock.jump(60 * HOUR_MS);
    expect((await world.tokens.fresh(SESSION)).expiresAtMs).toBe(world.clock.nowMs() + HOUR_MS);
  });

  it('uses the client that the token was issued to, even if the section or the store have changed', async () => {
    const world = createTokenWorld();
    await world.signIn();
    await world.registrations.forget(SESSION, 'client-1');
    const edited = { ...SESSION, registrationScopes: ['sso:account:access', 'codewhisperer:completions'] };
    const others = [await world.registrations.ensure(SESSION), await world.registrations.ensure(edited)];
    expect(others.map(({ clientId }) => clientId)).toEqual(['client-4', 'client-5']);
    world.clock.jump(2 * HOUR_MS);
    expect(await textOf(world, edited)).toBe('access-6');
    world.restart();
    world.clock.jump(2 * HOUR_MS);
    expect(await textOf(world, edited)).toBe('access-8');
    expect(refreshesOf(world)).toEqual([
      { clientId: 'client-1', token: 'refresh-3' },
      { clientId: 'client-1', token: 'refresh-7' },
    ]);
  });

  it('finds the client of a record from an earlier version in the store, and keeps it from then on', async () => {
    const world = createTokenWorld({ rotates: false });
    await world.signIn();
    await restartWithEarlierRecord(world);
    world.clock.jump(2 * HOUR_MS);
    expect(await textOf(world)).toBe('access-4');
    expect(await stored(world)).toMatchObject({ clientId: 'client-1', clientSecret: 'secret of client-1' });
  });

  it('never uses a client other than the one named in a record from an earlier version', async () => {
    const world = createTokenWorld();
    await world.signIn();
    await restartWithEarlierRecord(world);
    await world.registrations.forget(SESSION, 'client-1');
    await world.registrations.ensure(SESSION);
    world.clock.jump(2 * HOUR_MS);
    expect(await failureOf(world.tokens.fresh(SESSION))).toMatchObject(SIGN_IN_EXPIRED);
    expect(refreshesOf(world)).toEqual([]);
    expect(await stored(world)).toEqual({
      schemaVersion: 1,
      issuer: '["https://demo.awsapps.com/start","us-east-1","aws","aws"]',
      signedInAtMs: FAKE_NOW_MS,
    });
  });

  it('is not tried with a registration that has expired', async () => {
    const world = createTokenWorld({ registrationSeconds: 2 * 3600 });
    await world.signIn();
    world.clock.jump(3 * HOUR_MS);
    expect(await failureOf(world.tokens.fresh(SESSION))).toMatchObject(SIGN_IN_EXPIRED);
    expect(refreshesOf(world)).toEqual([]);
  });

  it('forgets a registration that the server does not know', async () => {
    const world = createTokenWorld();
    await world.signIn();
    world.identityCenter.forgetClients();
    world.clock.jump(2 * HOUR_MS);
    expect(await failureOf(world.tokens.fresh(SESSION))).toMatchObject(SIGN_IN_EXPIRED);
    expect(await world.store.text(registrationSecretName(SESSION, {}))).toBeUndefined();
    expect((await world.registrations.ensure(SESSION)).clientId).toBe('client-4');
  });

  it('ends the session even if the dead registration cannot be deleted', async () => {
    const world = createTokenWorld();
    await world.signIn();
    world.identityCenter.forgetClients();
    world.store.refuse('delete');
    world.clock.jump(2 * HOUR_MS);
    expect(await failureOf(world.tokens.fresh(SESSION))).toMatchObject(SIGN_IN_EXPIRED);
  });
});

describe('a refresh token that is dead', () => {
  it('ends the session at once if the access token has expired too: one request, no pause', async () => {
    const world = createTokenWorld();
    await world.signIn();
    world.identityCenter.endSessions();
    world.clock.jump(2 * HOUR_MS);
    const failures = await Promise.all(Array.from({ length: 20 }, () => failureOf(world.tokens.fresh(SESSION))));
    for (const failure of failures) expect(failure).toMatchObject(SIGN_IN_EXPIRED);
    expect(await failureOf(world.tokens.fresh(SESSION))).toMatchObject(SIGN_IN_EXPIRED);
    expect(refreshesOf(world)).toHaveLength(1);
    expect(world.clock.pendingSleeps()).toBe(0);
    expect(await world.tokens.describe(SESSION)).toEqual({ state: 'expired', signedInAtMs: FAKE_NOW_MS });
    expect(problemsOf(world)).toEqual([{ code: 'sign-in-expired', session: 'my-sso-session' }]);
  });

  it('stays dead after a restart, and a new sign-in clears the problem', async () => {
    const world = createTokenWorld();
    await world.signIn();
    world.identityCenter.endSessions();
    world.clock.jump(2 * HOUR_MS);
    await failureOf(world.tokens.fresh(SESSION));
    expect(problemsOf(world)).toHaveLength(1);
    await world.signIn();
    expect(problemsOf(world)).toEqual([]);
    world.identityCenter.endSessions();
    world.clock.jump(2 * HOUR_MS);
    await failureOf(world.tokens.fresh(SESSION));
    world.restart();
    expect(await failureOf(world.tokens.fresh(SESSION))).toMatchObject(SIGN_IN_EXPIRED);
    expect(await failureOf(world.tokens.replaceRefused(SESSION, new Secret('x')))).toMatchObject(SIGN_IN_EXPIRED);
  });

  it('lets the access token be used until it expires', async () => {
    const world = createTokenWorld();
    await world.signIn();
    world.identityCenter.fail('createTokenByRefreshToken', { kind: 'invalid-grant' });
    world.clock.jump(50 * MINUTE_MS);
    expect([await textOf(world), await textOf(world)]).toEqual(['access-2', 'access-2']);
    expect(await world.tokens.describe(SESSION)).toMatchObject({ state: 'live' });
    world.restart();
    expect(await textOf(world)).toBe('access-2');
    world.clock.jump(10 * MINUTE_MS);
    expect(await world.tokens.describe(SESSION)).toMatchObject({ state: 'expired' });
    expect(await failureOf(world.tokens.fresh(SESSION))).toMatchObject(SIGN_IN_EXPIRED);
    expect(refreshesOf(world)).toHaveLength(1);
  });
});

describe('a session without a refresh token', () => {
  it('lasts as long as its access token', async () => {
    const world = createTokenWorld({ givesRefreshTokens: false });
    await world.signIn();
    world.clock.jump(59 * MINUTE_MS);
    expect(await textOf(world)).toBe('access-2');
    world.clock.jump(MINUTE_MS);
    expect(await failureOf(world.tokens.fresh(SESSION))).toMatchObject(SIGN_IN_EXPIRED);
  });
});

describe('a refresh that fails because of network or server', () => {
  it('keeps the valid token in use, shows a problem, and is retried after 30 s', async () => {
    const world = createTokenWorld();
    await world.signIn();
    world.identityCenter.fail('createTokenByRefreshToken', { kind: 'unreachable' });
    world.clock.jump(45 * MINUTE_MS);
    expect([await textOf(world), await textOf(world)]).toEqual(['access-2', 'access-2']);
    expect(refreshesOf(world)).toHaveLength(1);
    expect(problemsOf(world)).toEqual([{ code: 'identity-center-unreachable', session: 'my-sso-session' }]);
    world.clock.jump(30_000 - 1);
    await textOf(world);
    expect(refreshesOf(world)).toHaveLength(1);
    world.identityCenter.recover();
    world.clock.jump(1);
    expect(await textOf(world)).toBe('access-4');
    expect(problemsOf(world)).toEqual([]);
  });

  it('pauses for 30 s again after a success in between', async () => {
    const world = createTokenWorld();
    await world.signIn();
    const refuse = () => world.identityCenter.fail('createTokenByRefreshToken', { kind: 'unreachable', times: 1 });
    for (let round = 0; round < 3; round += 1) {
      world.clock.jump(45 * MINUTE_MS);
      refuse();
      await textOf(world);
      const before = refreshesOf(world).length;
      world.clock.jump(30_000);
      await textOf(world);
      expect({ round, more: refreshesOf(world).length - before }).toEqual({ round, more: 1 });
    }
  });

  it('is not retried within the pause for a background caller, with or without a valid token', async () => {
    const world = createTokenWorld();
    await world.signIn();
    world.identityCenter.fail('createTokenByRefreshToken', { kind: 'unusable-response' });
    world.clock.jump(61 * MINUTE_MS);
    const failure = await failureOf(world.tokens.fresh(SESSION, 'background'));
    expect(failure).toMatchObject({ code: 'unusable-response' });
    expect(await failureOf(world.tokens.fresh(SESSION, 'background'))).toBe(failure);
    expect(refreshesOf(world)).toHaveLength(1);
    await failureOf(world.tokens.fresh(SESSION));
    expect(refreshesOf(world)).toHaveLength(2);
    world.identityCenter.recover();
    world.clock.jump(MINUTE_MS);
    expect((await world.tokens.fresh(SESSION, 'background')).expiresAtMs).toBeGreaterThan(world.clock.nowMs());
  });

  it('also counts an unusable answer, as from a captive portal', async () => {
    const world = createTokenWorld();
    await world.signIn();
    world.identityCenter.fail('createTokenByRefreshToken', { kind: 'unusable-response' });
    world.clock.jump(45 * MINUTE_MS);
    expect([await textOf(world), await textOf(world)]).toEqual(['access-2', 'access-2']);
    expect(refreshesOf(world)).toHaveLength(1);
    expect(problemsOf(world)).toEqual([{ code: 'unusable-response', session: 'my-sso-session' }]);
  });

  it('is an error with an expired token, is retried at once, and loses nothing', async () => {
    const world = createTokenWorld();
    await world.signIn();
    const before = await stored(world);
    world.identityCenter.fail('createTokenByRefreshToken', { kind: 'unreachable' });
    world.clock.jump(2 * HOUR_MS);
    const failures = await Promise.all(Array.from({ length: 20 }, () => failureOf(world.tokens.fresh(SESSION))));
    expect(new Set(failures).size).toBe(1);
    expect(failures[0]).toMatchObject({ errorClass: 'UnavailableError', code: 'identity-center-unreachable' });
    expect(refreshesOf(world)).toHaveLength(1);
    expect(await stored(world)).toEqual(before);
    expect(await world.tokens.describe(SESSION)).toMatchObject({ state: 'live' });
    world.identityCenter.recover();
    expect(await textOf(world)).toBe('access-4');
    expect(refreshesOf(world).map(({ token }) => token)).toEqual(['refresh-3', 'refresh-3']);
  });

  it('is not retried before the time that the server named', async () => {
    const world = createTokenWorld();
    await world.signIn();
    world.identityCenter.fail('createTokenByRefreshToken', { kind: 'throttled', retryAfterMs: 90_000, times: 1 });
    world.clock.jump(2 * HOUR_MS);
    const first = await failureOf(world.tokens.fresh(SESSION));
    expect(first).toMatchObject({ code: 'identity-center-throttled', retryAfterMs: 90_000 });
    world.clock.jump(90_000 - 1);
    expect(await failureOf(world.tokens.fresh(SESSION))).toMatchObject({
      code: 'identity-center-throttled',
      retryAfterMs: 1,
    });
    expect(refreshesOf(world)).toHaveLength(1);
    world.clock.jump(1);
    expect(await textOf(world)).toBe('access-4');
  });

  it('keeps the valid token during the pause that the server asked for', async () => {
    const world = createTokenWorld();
    await world.signIn();
    world.identityCenter.fail('createTokenByRefreshToken', { kind: 'throttled', retryAfterMs: 90_000, times: 1 });
    world.clock.jump(45 * MINUTE_MS);
    await textOf(world);
    world.clock.jump(89_999);
    expect(await textOf(world)).toBe('access-2');
    world.clock.jump(1);
    expect(await textOf(world)).toBe('access-4');
  });

  it('is not delayed by a pause from before the sign-in', async () => {
    const world = createTokenWorld();
    await world.signIn();
    world.identityCenter.fail('createTokenByRefreshToken', { kind: 'throttled', retryAfterMs: 2 * HOUR_MS, times: 1 });
    world.clock.jump(45 * MINUTE_MS);
    await textOf(world);
    const accessToken = await world.signIn();
    world.clock.jump(45 * MINUTE_MS);
    expect(await textOf(world)).not.toBe(accessToken);
  });

  it('is retried at once when the clock is set back, not after the hours that it was ahead', async () => {
    const world = createTokenWorld();
    await world.signIn();
    world.clock.jump(45 * MINUTE_MS);
    world.identityCenter.fail('createTokenByRefreshToken', { kind: 'unreachable', times: 1 });
    await textOf(world);
    world.clock.jump(-1);
    expect(await textOf(world)).toBe('access-4');
  });

  it('also happens if the store hides the registration: one attempt, and the token stays in use', async () => {
    const world = createTokenWorld();
    await world.signIn();
    await restartWithEarlierRecord(world);
    await textOf(world);
    world.store.refuse('load');
    world.clock.jump(45 * MINUTE_MS);
    expect([await textOf(world), await textOf(world)]).toEqual(['access-2', 'access-2']);
    expect(world.store.log.filter((line) => line.startsWith('load registration'))).toHaveLength(1 + 1);
    expect(problemsOf(world)).toEqual([{ code: 'secret-store-locked', session: 'my-sso-session' }]);
  });
});

describe('a token that the portal refuses', () => {
  it('is replaced by one refresh for 50 callers', async () => {
    const world = createTokenWorld();
    await world.signIn();
    const { secret } = await world.tokens.fresh(SESSION);
    const replaced = await Promise.all(Array.from({ length: 50 }, () => world.tokens.replaceRefused(SESSION, secret)));
    expect(new Set(replaced.map((token) => token.secret.reveal()))).toEqual(new Set(['access-4']));
    expect((await world.tokens.replaceRefused(SESSION, secret)).secret.reveal()).toBe('access-4');
    expect(refreshesOf(world)).toHaveLength(1);
  });

  it.each([
    [
      'there is no refresh token',
      (world: TokenWorld) => void (world.identityCenter.settings.givesRefreshTokens = false),
    ],
    [
      'the refresh token is dead',
      (world: TokenWorld) => world.identityCenter.fail('createTokenByRefreshToken', { kind: 'invalid-grant' }),
    ],
  ])('ends the session when %s, even before it expires', async (_, arrange) => {
    const world = createTokenWorld();
    arrange(world);
    await world.signIn();
    const { secret } = await world.tokens.fresh(SESSION);
    expect(await failureOf(world.tokens.replaceRefused(SESSION, secret))).toMatchObject(SIGN_IN_EXPIRED);
    expect(await world.tokens.describe(SESSION)).toEqual({ state: 'expired', signedInAtMs: FAKE_NOW_MS });
    expect(await stored(world)).not.toHaveProperty('accessToken');
  });

  it('does not end the session while a refresh is impossible', async () => {
    const world = createTokenWorld();
    await world.signIn();
    const { secret } = await world.tokens.fresh(SESSION);
    world.identityCenter.fail('createTokenByRefreshToken', { kind: 'unreachable' });
    expect(await failureOf(world.tokens.replaceRefused(SESSION, secret))).toMatchObject({
      code: 'identity-center-unreachable',
    });
    expect(await world.tokens.describe(SESSION)).toMatchObject({ state: 'live' });
  });

  it('ends nothing after another sign-in', async () => {
    const world = createTokenWorld();
    await world.signIn();
    const { secret } = await world.tokens.fresh(SESSION);
    await world.signIn();
    await world.tokens.end(SESSION, secret);
    expect(await textOf(world)).toBe('access-4');
    expect(problemsOf(world)).toEqual([]);
  });
});

describe('during a refresh', () => {
  async function startRefresh(): Promise<{ world: TokenWorld; release: () => void; refreshing: Promise<unknown> }> {
    const world = createTokenWorld();
    await world.signIn();
    world.clock.jump(2 * HOUR_MS);
    const release = world.identityCenter.hold('createTokenByRefreshToken');
    const refreshing = world.tokens.fresh(SESSION).then(
      ({ secret }) => secret.reveal(),
      (thrown: unknown) => thrown,
    );
    await world.clock.settle();
    return { world, release, refreshing };
  }

  it('a sign-out wins: the answer is neither used nor stored, and is no problem', async () => {
    const { world, release, refreshing } = await startRefresh();
    await world.tokens.drop(SESSION);
    release();
    expect(await refreshing).toMatchObject(SIGN_IN_REQUIRED);
    expect(await failureOf(world.tokens.fresh(SESSION))).toMatchObject(SIGN_IN_REQUIRED);
    expect(await world.store.text(SECRET_NAME)).toBeUndefined();
    expect(problemsOf(world)).toEqual([]);
  });

  it('a new sign-in wins and serves those who waited, whatever the result of the refresh', async () => {
    for (const kind of [undefined, 'unreachable', 'invalid-grant', 'invalid-client'] as const) {
      const { world, release, refreshing } = await startRefresh();
      const accessToken = await world.signIn();
      if (kind !== undefined) world.identityCenter.fail('createTokenByRefreshToken', { kind });
      release();
      expect([kind, await refreshing]).toEqual([kind, accessToken]);
      expect(await stored(world)).toMatchObject({ accessToken });
      expect(problemsOf(world)).toEqual([]);
    }
  });

  it('an edited section does not share it', async () => {
    const { world, release, refreshing } = await startRefresh();
    const edited = { ...SESSION, startUrl: 'https://other.awsapps.com/start' };
    await world.signIn(edited);
    const { secret } = await world.tokens.fresh(edited);
    const replacing = world.tokens.replaceRefused(edited, secret);
    await world.clock.settle();
    release();
    expect(await refreshing).toMatchObject(SIGN_IN_REQUIRED);
    expect((await replacing).secret.reveal()).not.toBe(secret.reveal());
    const sent = world.identityCenter.arrivals.filter(({ operation }) => operation === 'createTokenByRefreshToken');
    expect(sent.map(({ startUrl, token }) => [startUrl, token])).toEqual([
      [SESSION.startUrl, 'refresh-3'],
      [edited.startUrl, 'refresh-6'],
    ]);
  });

  it('a new sign-in also serves who waited to replace a refused token', async () => {
    const world = createTokenWorld();
    await world.signIn();
    const { secret } = await world.tokens.fresh(SESSION);
    const release = world.identityCenter.hold('createTokenByRefreshToken');
    const replacing = world.tokens.replaceRefused(SESSION, secret);
    await world.clock.settle();
    const accessToken = await world.signIn();
    release();
    expect((await replacing).secret.reveal()).toBe(accessToken);
  });
});

describe('tokens of another issuer', () => {
  const OTHERS: readonly (readonly [string, SsoSession])[] = [
    ['start URL', { ...SESSION, startUrl: 'https://other.awsapps.com/start' }],
    ['region', { ...SESSION, region: 'eu-central-1' }],
  ];

  it.each(OTHERS)('under the same name with another %s are never used, sent or touched', async (_, edited) => {
    const world = createTokenWorld();
    await world.signIn();
    const before = await world.store.text(SECRET_NAME);
    world.identityCenter.forgetArrivals();
    for (const jumpMs of [0, 2 * HOUR_MS]) {
      world.restart();
      world.clock.jump(jumpMs);
      expect(await failureOf(world.tokens.fresh(edited))).toMatchObject(SIGN_IN_REQUIRED);
      expect(await failureOf(world.tokens.replaceRefused(edited, new Secret('access-2')))).toMatchObject(
        SIGN_IN_REQUIRED,
      );
      await world.tokens.end(edited, new Secret('access-2'));
      expect(await world.tokens.describe(edited)).toEqual({ state: 'signed-out' });
      await world.tokens.flush();
    }
    expect(world.identityCenter.arrivals).toEqual([]);
    expect(await world.store.text(SECRET_NAME)).toBe(before);
    expect(await world.tokens.describe(SESSION)).toMatchObject({ state: 'live' });
  });

  it('are not returned by a sign-out of the edited section', async () => {
    const [, edited] = OTHERS[0] ?? [];
    const world = createTokenWorld();
    await world.signIn();
    expect(await world.tokens.drop(edited ?? SESSION)).toEqual({});
    world.restart();
    await world.signIn();
    world.restart();
    expect(await world.tokens.drop(edited ?? SESSION)).toEqual({});
  });

  it('at a custom endpoint are stored in a separate item', async () => {
    const world = createTokenWorld();
    await world.signIn();
    world.restart(LOCAL);
    expect(await failureOf(world.tokens.fresh(SESSION))).toMatchObject(SIGN_IN_REQUIRED);
    await world.signIn();
    expect(await textOf(world)).toBe('access-5');
    await world.tokens.drop(SESSION);
    world.restart();
    expect(await textOf(world)).toBe('access-2');
    expect(await world.store.text(`${SECRET_NAME} http://127.0.0.1:4000`)).toBeUndefined();
  });

  it('of one endpoint with another portal are not shared, although the item is', async () => {
    const world = createTokenWorld();
    world.restart(LOCAL);
    await world.signIn();
    world.restart({ ...LOCAL, sso: 'http://127.0.0.1:5000' });
    expect(await failureOf(world.tokens.fresh(SESSION))).toMatchObject(SIGN_IN_REQUIRED);
  });
});

describe('a store that can not be read', () => {
  it('is an error for each caller, never an empty store', async () => {
    const world = createTokenWorld();
    await world.signIn();
    world.restart();
    world.store.refuse('load');
    for (const ask of [
      () => world.tokens.fresh(SESSION),
      () => world.tokens.describe(SESSION),
      () => world.tokens.replaceRefused(SESSION, new Secret('x')),
      () => world.tokens.end(SESSION, new Secret('x')),
    ]) {
      expect(await failureOf(ask())).toBe(LOCKED);
    }
    await world.tokens.flush();
    expect(world.store.log.filter((line) => /^(save|delete) session/.test(line))).toEqual([`save ${SECRET_NAME}`]);
    world.store.accept();
    expect(await textOf(world)).toBe('access-2');
  });

  it.each(['', 'not json', '{"schemaVersion":2,"issuer":"x"}', '{"schemaVersion":1,"issuer":"x","sig'])(
    'an item that says %j is an error and left as it is',
    async (text) => {
      const world = createTokenWorld();
      await world.store.plant(SECRET_NAME, text);
      for (let turn = 0; turn < 2; turn += 1) {
        expect(await failureOf(world.tokens.fresh(SESSION))).toMatchObject({ code: 'secret-store-unavailable' });
      }
      await world.tokens.flush();
      expect(await world.store.text(SECRET_NAME)).toBe(text);
    },
  );
});

describe('a store that can not be written', () => {
  it('does not lose a refreshed token: memory serves, a problem says so, and flush stores it later', async () => {
    const world = createTokenWorld();
    await world.signIn();
    world.store.refuse('save');
    world.clock.jump(2 * HOUR_MS);
    expect(await textOf(world)).toBe('access-4');
    expect(await stored(world)).toMatchObject({ refreshToken: 'refresh-3' });
    expect(problemsOf(world)).toEqual([{ code: 'secret-store-locked', session: undefined }]);
    await world.tokens.flush();
    expect(problemsOf(world)).toHaveLength(1);
    world.clock.jump(2 * HOUR_MS);
    expect(await textOf(world)).toBe('access-6');
    expect(refreshesOf(world).map(({ token }) => token)).toEqual(['refresh-3', 'refresh-5']);
    world.store.accept();
    await world.tokens.flush();
    expect(await stored(world)).toMatchObject({ refreshToken: 'refresh-7', accessToken: 'access-6' });
    expect(problemsOf(world)).toEqual([]);
    const writes = world.store.log.length;
    await world.tokens.flush();
    expect(world.store.log).toHaveLength(writes);
  });

  it('delays no caller of a refreshed token by more than half a second', async () => {
    const world = createTokenWorld();
    await world.signIn();
    const release = world.store.hold('save');
    world.clock.jump(2 * HOUR_MS);
    const asking = settle(textOf(world));
    await world.clock.advance(499);
    const before = asking.isSettled();
    await world.clock.advance(1);
    expect([before, await asking.result()]).toEqual([false, 'access-4']);
    release();
    await world.clock.settle();
    expect(await stored(world)).toMatchObject({ refreshToken: 'refresh-5' });
  });

  it('says what a restart would cost: a sign-in, the end of a session, a sign-out', async () => {
    const world = createTokenWorld();
    await world.signIn();
    world.store.refuse('save');
    world.store.refuse('delete');
    const messages = [];
    for (const act of [
      () => world.signIn(),
      () => world.tokens.end(SESSION, new Secret('access-4')),
      () => world.tokens.drop(SESSION),
    ]) {
      await act();
      messages.push(
        ...world.problems
          .list()
          .filter(({ code }) => code === LOCKED.code)
          .map(({ message }) => message),
      );
    }
    expect(messages.map((message) => message.replace(`${LOCKED.message} `, ''))).toEqual([
      'Until it is saved, the sign-in to my-sso-session exists only in memory: credentials keep working, but after a restart of the daemon you have to sign in again.',
      'Until it is saved, a restarted daemon does not know that the sign-in to my-sso-session has ended.',
      'Until it is deleted there, a restart of the daemon brings back the sign-in to my-sso-session that you ended.',
    ]);
  });

  it('reports an unknown error as internal', async () => {
    const world = createTokenWorld();
    await world.registrations.ensure(SESSION);
    world.store.refuse('save', new Error('EIO'));
    await world.signIn();
    expect(problemsOf(world)).toEqual([{ code: 'internal', session: undefined }]);
  });

  it('gets one write per item at a time, the newest last, however slow it is', async () => {
    const world = createTokenWorld();
    await world.registrations.ensure(SESSION);
    const release = world.store.hold('save');
    const writes = [world.signIn()];
    await world.clock.settle();
    writes.push(world.signIn(), world.signIn());
    await world.clock.settle();
    expect(world.store.log.filter((line) => line === `save ${SECRET_NAME}`)).toHaveLength(1);
    release();
    await Promise.all(writes);
    expect(await stored(world)).toMatchObject({ accessToken: 'access-6' });
    expect(world.store.log.filter((line) => line === `save ${SECRET_NAME}`)).toHaveLength(2);
  });
});

describe('a sign-out', () => {
  it('returns the last access token, even if the store has to be read for it', async () => {
    const world = createTokenWorld();
    await world.signIn();
    const fromMemory = await world.tokens.drop(SESSION);
    await world.signIn();
    world.restart();
    const fromStore = await world.tokens.drop(SESSION);
    expect([fromMemory.tokens?.accessToken.reveal(), fromStore.tokens?.accessToken.reveal()]).toEqual([
      'access-2',
      'access-4',
    ]);
    expect(await world.store.text(SECRET_NAME)).toBeUndefined();
    expect(await world.tokens.drop(SESSION)).toEqual({});
  });

  it('takes effect before the store has answered', async () => {
    const world = createTokenWorld();
    await world.signIn();
    world.restart();
    const release = world.store.hold('load');
    const dropping = world.tokens.drop(SESSION);
    const asking = failureOf(world.tokens.fresh(SESSION));
    expect(await asking).toMatchObject(SIGN_IN_REQUIRED);
    release();
    expect((await dropping).tokens?.accessToken.reveal()).toBe('access-2');
  });

  it('that the store refuses takes effect, is reported, and is completed by flush', async () => {
    const world = createTokenWorld();
    await world.signIn();
    world.store.refuse('delete');
    expect(await world.tokens.drop(SESSION)).toMatchObject({
      tokens: { accessToken: new Secret('access-2') },
      failure: LOCKED,
    });
    expect(await failureOf(world.tokens.fresh(SESSION))).toMatchObject(SIGN_IN_REQUIRED);
    expect(problemsOf(world)).toEqual([{ code: 'secret-store-locked', session: undefined }]);
    world.store.accept();
    await world.tokens.flush();
    expect(await world.store.text(SECRET_NAME)).toBeUndefined();
    expect(problemsOf(world)).toEqual([]);
  });

  it('deletes an item that cannot be read, and reports that AWS was not told', async () => {
    const world = createTokenWorld();
    await world.signIn();
    world.restart();
    world.store.refuse('load');
    expect(await world.tokens.drop(SESSION)).toMatchObject({ failure: { code: 'secret-store-unavailable' } });
    expect(await world.store.text(SECRET_NAME)).toBeUndefined();
  });

  it('is not undone by a save in progress', async () => {
    const world = createTokenWorld();
    await world.registrations.ensure(SESSION);
    const release = world.store.hold('save');
    const accepting = world.signIn();
    await world.clock.settle();
    const dropping = world.tokens.drop(SESSION);
    await world.clock.settle();
    release();
    await Promise.all([accepting, dropping]);
    expect(await world.store.text(SECRET_NAME)).toBeUndefined();
  });

  it('does not undo a sign-in that happens while the store is slow', async () => {
    const world = createTokenWorld();
    await world.signIn();
    world.restart();
    const release = world.store.hold('load');
    const dropping = world.tokens.drop(SESSION);
    await world.tokens.accept(SESSION, CLIENT, world.identityCenter.issueTokens('client-1'));
    release();
    await dropping;
    expect(await textOf(world)).toBe('access-4');
    expect(await stored(world)).toMatchObject({ accessToken: 'access-4' });
  });

  it('clears the problems of the session', async () => {
    const world = createTokenWorld();
    await world.signIn();
    world.identityCenter.fail('createTokenByRefreshToken', { kind: 'unreachable' });
    world.clock.jump(45 * MINUTE_MS);
    await textOf(world);
    expect(problemsOf(world)).toHaveLength(1);
    await world.tokens.drop(SESSION);
    expect(problemsOf(world)).toEqual([]);
  });
});

it('a bug in the adapter is internal and does not end the session', async () => {
  const world = createTokenWorld();
  await world.signIn();
  world.identityCenter.fail('createTokenByRefreshToken', { kind: 'unreachable', thrown: new TypeError('bug') });
  world.clock.jump(2 * HOUR_MS);
  const failure = await failureOf(world.tokens.fresh(SESSION));
  expect(failure).not.toBeInstanceOf(IdentityCenterFault);
  expect(failure).toMatchObject({ code: 'internal' });
  expect(await world.tokens.describe(SESSION)).toMatchObject({ state: 'live' });
});
