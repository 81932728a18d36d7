// Role credentials: one request for all callers, fresh enough for every SDK, served in an outage and never after a sign-out.
import { describe, expect, it } from 'vitest';
import type { Role, RoleCredentials } from '../../../src/core/model.ts';
import type { FaultKind } from '../../../src/sso/ports.ts';
import { ACCOUNT_ID, createWorld, failureOf, LOCKED, MINUTE_MS, ROLE, SESSION, type World } from '../world.ts';

const HOUR_MS = 60 * MINUTE_MS;
const SECOND_MS = 1000;

const ask = ({ broker }: World, role = ROLE) => broker.credentials(SESSION, role);
const callsOf = ({ identityCenter }: World) => identityCenter.count('getRoleCredentials');
const problemsOf = ({ problems }: World) => problems.list().map(({ code, session }) => ({ code, session }));

async function createSignedInWorld(...settings: Parameters<typeof createWorld>): Promise<World> {
  const world = createWorld(...settings);
  await world.signIn();
  world.identityCenter.forgetArrivals();
  return world;
}

/** What comes while the clock runs for `durationMs`: the answer, or what was thrown. */
async function within(world: World, durationMs: number, promise: Promise<RoleCredentials>): Promise<unknown> {
  const settled = promise.catch((thrown: unknown) => thrown);
  await world.clock.advance(durationMs);
  return Promise.race([settled, Promise.resolve('still waiting')]);
}

describe('a cold role', () => {
  it('costs 200 callers one request, and gives all of them the same answer', async () => {
    const world = await createSignedInWorld();
    const given = await Promise.all(Array.from({ length: 200 }, () => ask(world)));
    expect(new Set(given).size).toBe(1);
    expect(given[0]).toMatchObject({ accessKeyId: 'ASIA-5', expiresAtMs: world.clock.nowMs() + HOUR_MS });
    expect(given[0]?.secretAccessKey.reveal()).toBe('key of ASIA-5');
    expect(given[0]?.sessionToken.reveal()).toBe('token of ASIA-5');
    expect(await ask(world)).toBe(given[0]);
    expect(callsOf(world)).toBe(1);
  });

  it('and 14 more, requested by 200 callers with an expired access token, cost one refresh and 15 requests', async () => {
    const world = await createSignedInWorld();
    const roles: Role[] = Array.from({ length: 15 }, (_, index) => ({ ...ROLE, permissionSet: `set-${index}` }));
    world.identityCenter.assign(
      { accountId: ACCOUNT_ID },
      roles.map(({ permissionSet }) => permissionSet),
    );
    world.clock.jump(2 * HOUR_MS);
    const given = await Promise.all(Array.from({ length: 200 }, (_, index) => ask(world, roles[index % 15])));
    expect(new Set(given).size).toBe(15);
    expect(callsOf(world)).toBe(15);
    expect(world.identityCenter.count('createTokenByRefreshToken')).toBe(1);
  });

  it('with credentials that claim to be valid for a year is an unusable answer that is not kept', async () => {
    const world = await createSignedInWorld({ credentialsSeconds: 365 * 24 * 3600 });
    expect(await failureOf(ask(world))).toMatchObject({
      code: 'unusable-response',
      message: expect.stringContaining('more than 36 hours ahead'),
    });
    world.identityCenter.settings.credentialsSeconds = 12 * 3600;
    expect(await ask(world)).toMatchObject({ expiresAtMs: world.clock.nowMs() + 12 * HOUR_MS });
  });

  it('with expired credentials is an unusable answer that is not kept', async () => {
    const world = await createSignedInWorld({ credentialsSeconds: -60 });
    expect(await failureOf(ask(world))).toMatchObject({
      code: 'unusable-response',
      message: expect.stringContaining('have expired already'),
    });
    world.identityCenter.settings.credentialsSeconds = 3600;
    expect(await ask(world)).toMatchObject({ expiresAtMs: world.clock.nowMs() + HOUR_MS });
  });

  it('is tried three times with growing pauses; the failure is shared and not kept', async () => {
    const world = await createSignedInWorld();
    world.identityCenter.fail('getRoleCredentials', { kind: 'unreachable' });
    const failures = Array.from({ length: 20 }, () => failureOf(ask(world)));
    await world.clock.advance(750);
    const thrown = await Promise.all(failures);
    expect(new Set(thrown).size).toBe(1);
    expect(thrown[0]).toMatchObject({ errorClass: 'UnavailableError', code: 'identity-center-unreachable' });
    expect(callsOf(world)).toBe(3);
    world.identityCenter.recover();
    expect(await ask(world)).toMatchObject({ accessKeyId: 'ASIA-5' });
  });

  it('is answered if the second attempt works', async () => {
    const world = await createSignedInWorld();
    world.identityCenter.fail('getRoleCredentials', { kind: 'unreachable', times: 1 });
    expect(await within(world, 250, ask(world))).toMatchObject({ accessKeyId: 'ASIA-5' });
    expect(problemsOf(world)).toEqual([]);
  });

  it('does not wait for a server that asks for a minute', async () => {
    const world = await createSignedInWorld();
    world.identityCenter.fail('getRoleCredentials', { kind: 'throttled', retryAfterMs: 60_000 });
    expect(await failureOf(ask(world))).toMatchObject({ code: 'identity-center-throttled', retryAfterMs: 60_000 });
    expect(callsOf(world)).toBe(1);
  });

  it('without a sign-in fails at once without a request', async () => {
    const world = createWorld();
    expect(await failureOf(ask(world))).toMatchObject({ code: 'sign-in-required' });
    expect(world.identityCenter.arrivals).toEqual([]);
  });

  it('with an ended session fails at once: no retries, no sleeps', async () => {
    const world = await createSignedInWorld();
    world.identityCenter.endSessions();
    world.clock.jump(2 * HOUR_MS);
    expect(await failureOf(ask(world))).toMatchObject({
      code: 'sign-in-expired',
      hint: 'rolecall login my-sso-session',
    });
    expect(world.identityCenter.arrivals.map(({ operation }) => operation)).toEqual(['createTokenByRefreshToken']);
    expect(await failureOf(ask(world))).toMatchObject({ code: 'sign-in-expired' });
    expect(world.identityCenter.arrivals).toHaveLength(1);
  });

  it('with a locked store is unavailable', async () => {
    const world = await createSignedInWorld();
    world.restart();
    world.store.refuse('load');
    expect(await failureOf(ask(world))).toBe(LOCKED);
    expect(world.identityCenter.arrivals).toEqual([]);
  });

  it('reports an unusable answer as such, and a bug as internal', async () => {
    const world = await createSignedInWorld();
    world.identityCenter.fail('getRoleCredentials', { kind: 'unusable-response' });
    expect(await failureOf(ask(world))).toMatchObject({ errorClass: 'ProtocolError', code: 'unusable-response' });
    world.identityCenter.fail('getRoleCredentials', { kind: 'unreachable', thrown: new TypeError('bug') });
    expect(await failureOf(ask(world))).toMatchObject({ code: 'internal' });
  });
});

describe('a portal that answers 401', () => {
  it('is called once more with a refreshed token', async () => {
    const world = await createSignedInWorld();
    world.identityCenter.refuseAccessTokens();
    const given = await Promise.all(
      Array.from({ length: 50 }, (_, index) => {
        const permissionSet = `set-${index}`;
        return { ...ROLE, permissionSet };
      }).map(async (role) => {
        world.identityCenter.assign({ accountId: role.permissionSet }, [role.permissionSet]);
        return ask(world, { ...role, accountId: role.permissionSet });
      }),
    );
    expect(new Set(given).size).toBe(50);
    expect(world.identityCenter.count('createTokenByRefreshToken')).toBe(1);
    expect(callsOf(world)).toBe(100);
  });

  it('again to the refreshed token ends the session, whatever the local expiry says', async () => {
    const world = await createSignedInWorld();
    world.identityCenter.fail('getRoleCredentials', { kind: 'unauthorized' });
    const failures = await Promise.all(Array.from({ length: 20 }, () => failureOf(ask(world))));
    for (const failure of failures) expect(failure).toMatchObject({ code: 'sign-in-expired' });
    expect(callsOf(world)).toBe(2);
    expect(world.identityCenter.count('createTokenByRefreshToken')).toBe(1);
    expect(await world.broker.describe(SESSION)).toMatchObject({ state: 'expired' });
    world.identityCenter.recover();
    expect(await failureOf(ask(world))).toMatchObject({ code: 'sign-in-expired' });
    expect(callsOf(world)).toBe(2);
  });

  it('for a token from before a new sign-in does not end the new session', async () => {
    const world = await createSignedInWorld();
    world.identityCenter.fail('getRoleCredentials', { kind: 'unauthorized', times: 2 });
    const releaseFirst = world.identityCenter.hold('getRoleCredentials');
    const asking = ask(world);
    await world.clock.settle();
    releaseFirst();
    const releaseSecond = world.identityCenter.hold('getRoleCredentials');
    await world.clock.settle();
    expect(callsOf(world)).toBe(2);
    await world.signIn();
    releaseSecond();
    expect(await asking).toMatchObject({ accessKeyId: expect.stringMatching(/^ASIA/) });
    expect(await world.broker.describe(SESSION)).toMatchObject({ state: 'live' });
    expect(problemsOf(world)).toEqual([]);
  });
});

describe('renewal', () => {
  it.each([
    ['20 minutes of an hour', 3600, 40 * MINUTE_MS],
    ['20 minutes of twelve hours', 12 * 3600, 12 * HOUR_MS - 20 * MINUTE_MS],
    ['a third of 15 minutes', 900, 10 * MINUTE_MS],
  ])('happens with %s left, and never later while new ones can be had', async (_, credentialsSeconds, dueMs) => {
    const world = await createSignedInWorld({ credentialsSeconds });
    const first = await ask(world);
    world.clock.jump(dueMs - 1);
    expect(await ask(world)).toBe(first);
    world.clock.jump(1);
    const renewed = await Promise.all(Array.from({ length: 50 }, () => ask(world)));
    expect(new Set(renewed).size).toBe(1);
    expect(renewed[0]?.expiresAtMs).toBe(world.clock.nowMs() + credentialsSeconds * 1000);
    expect(callsOf(world)).toBe(2);
    expect(world.clock.pendingSleeps()).toBe(0);
  });

  it('that fails keeps the valid ones in use, shows a problem, retries after 30 s, and clears the problem', async () => {
    const world = await createSignedInWorld();
    const first = await ask(world);
    world.clock.jump(45 * MINUTE_MS);
    world.identityCenter.fail('getRoleCredentials', { kind: 'unreachable' });
    world.identityCenter.fail('createTokenByRefreshToken', { kind: 'unreachable' });
    expect(await ask(world)).toBe(first);
    expect(await ask(world)).toBe(first);
    expect(callsOf(world)).toBe(2);
    expect(problemsOf(world)).toEqual([
      { code: 'identity-center-unreachable', session: 'my-sso-session' },
      { code: 'identity-center-unreachable', session: 'my-sso-session' },
    ]);
    world.clock.jump(30 * SECOND_MS - 1);
    expect(await ask(world)).toBe(first);
    expect(callsOf(world)).toBe(2);
    world.identityCenter.recover();
    world.clock.jump(1);
    expect(await ask(world)).not.toBe(first);
    expect(callsOf(world)).toBe(3);
    expect(problemsOf(world)).toEqual([]);
  });

  it.each<[FaultKind, string]>([
    ['unusable-response', 'unusable-response'],
    ['throttled', 'identity-center-throttled'],
  ])('that fails because of %s is reported too', async (kind, code) => {
    const world = await createSignedInWorld();
    const first = await ask(world);
    world.clock.jump(45 * MINUTE_MS);
    world.identityCenter.fail('getRoleCredentials', { kind });
    expect(await ask(world)).toBe(first);
    expect(problemsOf(world)).toEqual([{ code, session: 'my-sso-session' }]);
  });

  it('waits as long as the server asked', async () => {
    const world = await createSignedInWorld();
    const first = await ask(world);
    world.clock.jump(45 * MINUTE_MS);
    world.identityCenter.fail('getRoleCredentials', { kind: 'throttled', retryAfterMs: 120_000, times: 1 });
    expect(await ask(world)).toBe(first);
    world.clock.jump(119_999);
    expect(await ask(world)).toBe(first);
    world.clock.jump(1);
    expect(await ask(world)).not.toBe(first);
  });

  it('that hangs delays the valid ones by half a second at most, and is used when it arrives', async () => {
    const world = await createSignedInWorld();
    const first = await ask(world);
    world.clock.jump(45 * MINUTE_MS);
    const release = world.identityCenter.hold('getRoleCredentials');
    const asking = ask(world);
    expect(await within(world, 499, asking)).toBe('still waiting');
    await world.clock.advance(1);
    expect(await asking).toBe(first);
    expect(callsOf(world)).toBe(2);
    release();
    await world.clock.settle();
    expect(await ask(world)).not.toBe(first);
    expect(callsOf(world)).toBe(2);
  });

  it('that hangs until the valid ones expire is waited for: expired ones are never served', async () => {
    const world = await createSignedInWorld();
    const first = await ask(world);
    world.clock.jump(HOUR_MS - 400);
    const release = world.identityCenter.hold('getRoleCredentials');
    const asking = ask(world);
    expect(await within(world, 10_000, asking)).toBe('still waiting');
    release();
    expect((await asking).accessKeyId).not.toBe(first.accessKeyId);
  });

  it('that hangs and then fails causes no unhandled rejection', async () => {
    const world = await createSignedInWorld();
    const first = await ask(world);
    world.clock.jump(45 * MINUTE_MS);
    world.identityCenter.unassign(ACCOUNT_ID);
    const release = world.identityCenter.hold('getRoleCredentials');
    expect(await within(world, 500, ask(world))).toBe(first);
    release();
    await world.clock.settle();
    expect(await failureOf(ask(world))).toMatchObject({ code: 'permission-set-not-assigned' });
  });

  it('is retried when the clock is set back', async () => {
    const world = await createSignedInWorld();
    const first = await ask(world);
    world.clock.jump(45 * MINUTE_MS);
    world.identityCenter.fail('getRoleCredentials', { kind: 'unreachable', times: 1 });
    expect(await ask(world)).toBe(first);
    world.clock.jump(-1);
    expect(await ask(world)).not.toBe(first);
  });

  it('that fails after the old ones have expired is an error: expired ones are never served', async () => {
    const world = await createSignedInWorld();
    await ask(world);
    world.clock.jump(HOUR_MS);
    world.identityCenter.fail('createTokenByRefreshToken', { kind: 'unreachable' });
    expect(await failureOf(ask(world))).toMatchObject({ code: 'identity-center-unreachable' });
    world.identityCenter.recover();
    expect(await ask(world)).toMatchObject({ expiresAtMs: world.clock.nowMs() + HOUR_MS });
  });

  it('after a weekend asleep gives new ones with a new token', async () => {
    const world = await createSignedInWorld();
    const first = await ask(world);
    world.clock.jump(60 * HOUR_MS);
    const after = await ask(world);
    expect(after).not.toBe(first);
    expect(after.expiresAtMs).toBe(world.clock.nowMs() + HOUR_MS);
    expect(world.identityCenter.count('createTokenByRefreshToken')).toBe(1);
  });
});

describe('credentials that are valid', () => {
  it('are served until they expire, even after the session has ended', async () => {
    const world = await createSignedInWorld();
    const first = await ask(world);
    world.identityCenter.endSessions();
    world.clock.jump(59 * MINUTE_MS);
    expect(await ask(world)).toBe(first);
    world.clock.jump(30 * SECOND_MS);
    expect(await ask(world)).toBe(first);
    // The end of the session is told once, by the session.
    expect(problemsOf(world)).toEqual([{ code: 'sign-in-expired', session: 'my-sso-session' }]);
    world.clock.jump(30 * SECOND_MS);
    expect(await failureOf(ask(world))).toMatchObject({ code: 'sign-in-expired' });
  });

  it('are not dropped by a refresh of the token', async () => {
    const world = await createSignedInWorld({ credentialsSeconds: 12 * 3600 });
    const first = await ask(world);
    world.clock.jump(2 * HOUR_MS);
    expect((await world.broker.accessToken(SESSION)).secret.reveal()).toBe('access-6');
    expect(await ask(world)).toBe(first);
    expect(callsOf(world)).toBe(1);
  });

  it('are not those of a section that was edited to name another Identity Center', async () => {
    const world = await createSignedInWorld();
    await ask(world);
    const edited = { ...SESSION, startUrl: 'https://other.awsapps.com/start' };
    expect(await failureOf(world.broker.credentials(edited, ROLE))).toMatchObject({ code: 'sign-in-required' });
  });
});

describe('a role that the portal refuses', () => {
  it('is refused with the names of what is assigned, from the list on disk after a restart', async () => {
    const world = createWorld();
    world.identityCenter.assign({ accountId: ACCOUNT_ID, accountName: 'taylor' }, ['ReadOnly', 'Admin', 'Billing']);
    await world.signIn();
    await world.list();
    world.restart();
    expect(await failureOf(ask(world, { ...ROLE, permissionSet: 'Adm1n' }))).toMatchObject({
      errorClass: 'RefusedError',
      code: 'permission-set-not-assigned',
      message:
        'Permission set Adm1n is not assigned to you in account 011111111111 (taylor). ' +
        'Assigned to you there: Admin, Billing, ReadOnly.',
      hint: 'rolecall ls --refresh',
    });
  });

  it('in an account that is not on the list is account-not-found', async () => {
    const world = await createSignedInWorld();
    await world.list();
    expect(await failureOf(ask(world, { ...ROLE, accountId: '999999999999' }))).toMatchObject({
      errorClass: 'NotFoundError',
      code: 'account-not-found',
      message: 'Account 999999999999 is not among your accounts in my-sso-session.',
    });
  });

  it('is refused without those names if the list is missing or cannot be read', async () => {
    const world = await createSignedInWorld();
    const role = { ...ROLE, permissionSet: 'Other' };
    const expected = {
      code: 'permission-set-not-assigned',
      message: 'Permission set Other is not assigned to you in account 011111111111.',
    };
    expect(await failureOf(ask(world, role))).toMatchObject(expected);
    world.files.load = () => Promise.reject(new Error('EIO'));
    expect(await failureOf(ask(world, role))).toMatchObject(expected);
  });

  it('is not account-not-found if the list is incomplete', async () => {
    const world = await createSignedInWorld();
    world.files.saved.set(SESSION.sessionName, { asOfMs: 0, complete: false, accounts: [] });
    expect(await failureOf(ask(world, { ...ROLE, accountId: '999999999999' }))).toMatchObject({
      code: 'permission-set-not-assigned',
    });
  });

  it('loses its cached credentials at the next renewal, and is requested again by the next caller', async () => {
    const world = await createSignedInWorld();
    await ask(world);
    world.identityCenter.unassign(ACCOUNT_ID, [ROLE.permissionSet]);
    world.clock.jump(45 * MINUTE_MS);
    expect(await failureOf(ask(world))).toMatchObject({ code: 'permission-set-not-assigned' });
    world.identityCenter.fail('getRoleCredentials', { kind: 'unusable-response' });
    expect(await failureOf(ask(world))).toMatchObject({ code: 'unusable-response' });
    world.identityCenter.recover();
    world.identityCenter.assign({ accountId: ACCOUNT_ID }, [ROLE.permissionSet]);
    expect(await ask(world)).toMatchObject({ expiresAtMs: world.clock.nowMs() + HOUR_MS });
  });

  it('is refused for a 404 as for a 403', async () => {
    const world = await createSignedInWorld();
    world.identityCenter.fail('getRoleCredentials', { kind: 'not-found' });
    expect(await failureOf(ask(world))).toMatchObject({ code: 'permission-set-not-assigned' });
    expect(callsOf(world)).toBe(1);
  });
});

describe('a sign-out', () => {
  it('stops serving before it has finished, and tells AWS', async () => {
    const world = await createSignedInWorld();
    await ask(world);
    const release = world.identityCenter.hold('logout');
    const signingOut = world.broker.signOut(SESSION);
    expect(await failureOf(ask(world))).toMatchObject({ code: 'sign-in-required' });
    release();
    await signingOut;
    expect(world.identityCenter.arrivals.filter(({ operation }) => operation === 'logout')).toMatchObject([
      { token: 'access-3' },
    ]);
  });

  it('during GetRoleCredentials: the answer is neither served nor cached', async () => {
    const world = await createSignedInWorld();
    const release = world.identityCenter.hold('getRoleCredentials');
    const asking = failureOf(ask(world));
    await world.clock.settle();
    await world.broker.signOut(SESSION);
    const late = failureOf(ask(world));
    release();
    expect(await asking).toMatchObject({ code: 'sign-in-required' });
    expect(await late).toMatchObject({ code: 'sign-in-required' });
    expect(await failureOf(ask(world))).toMatchObject({ code: 'sign-in-required' });
  });

  it('at the same moment as a request wins, even if the store has to be read first', async () => {
    const world = await createSignedInWorld();
    world.restart();
    const release = world.store.hold('load');
    const before = failureOf(ask(world));
    const signingOut = world.broker.signOut(SESSION);
    const after = failureOf(ask(world));
    release();
    await signingOut;
    expect([await before, await after]).toMatchObject([{ code: 'sign-in-required' }, { code: 'sign-in-required' }]);
    expect(callsOf(world)).toBe(0);
  });

  it('while a caller waits for a hanging renewal: the old credentials are not served', async () => {
    const world = await createSignedInWorld();
    await ask(world);
    world.clock.jump(45 * MINUTE_MS);
    const release = world.identityCenter.hold('getRoleCredentials');
    const asking = failureOf(ask(world));
    await world.clock.advance(100);
    await world.broker.signOut(SESSION);
    await world.clock.advance(1000);
    release();
    expect(await asking).toMatchObject({ code: 'sign-in-required' });
  });

  it('clears the problems of the session', async () => {
    const world = await createSignedInWorld();
    await ask(world);
    world.clock.jump(45 * MINUTE_MS);
    world.identityCenter.fail('getRoleCredentials', { kind: 'unreachable' });
    await ask(world);
    expect(problemsOf(world)).toHaveLength(1);
    await world.broker.signOut(SESSION);
    expect(problemsOf(world)).toEqual([]);
  });

  it.each<FaultKind>(['unreachable', 'unauthorized'])('resolves though AWS answers %s', async (kind) => {
    const world = await createSignedInWorld();
    world.identityCenter.fail('logout', { kind });
    await world.broker.signOut(SESSION);
    expect(await world.broker.describe(SESSION)).toEqual({ state: 'signed-out' });
  });

  it('without a sign-in makes no request', async () => {
    const world = createWorld();
    await world.broker.signOut(SESSION);
    expect(world.identityCenter.arrivals).toEqual([]);
  });

  it('that the store refuses has ended the session at AWS, and is an error that names the store', async () => {
    const world = await createSignedInWorld();
    world.store.refuse('delete');
    expect(await failureOf(world.broker.signOut(SESSION))).toBe(LOCKED);
    expect(world.identityCenter.count('logout')).toBe(1);
    expect(await world.broker.describe(SESSION)).toEqual({ state: 'signed-out' });
  });

  it('of one session does not affect another one, nor its requests in flight', async () => {
    const world = await createSignedInWorld();
    const other = { ...SESSION, sessionName: 'my-sso-session-2' };
    await world.signIn(other);
    world.identityCenter.forgetArrivals();
    const cached = await ask(world);
    const release = world.identityCenter.hold('getRoleCredentials');
    const asking = world.broker.credentials(other, { ...ROLE, sessionName: other.sessionName });
    await world.clock.settle();
    await world.broker.signOut(SESSION);
    release();
    expect(await asking).toMatchObject({ accessKeyId: expect.stringMatching(/^ASIA/) });
    expect(await asking).not.toBe(cached);
    expect(callsOf(world)).toBe(2);
  });
});

describe('a new sign-in', () => {
  it('drops what was cached: another user may have signed in', async () => {
    const world = await createSignedInWorld();
    const first = await ask(world);
    await world.signIn();
    expect(await ask(world)).not.toBe(first);
    expect(callsOf(world)).toBe(2);
  });

  it('during GetRoleCredentials: waiting callers get credentials of the new one', async () => {
    const world = await createSignedInWorld();
    const release = world.identityCenter.hold('getRoleCredentials');
    const asking = ask(world);
    await world.clock.settle();
    await world.signIn();
    release();
    await asking;
    const tokens = world.identityCenter.arrivals
      .filter(({ operation }) => operation === 'getRoleCredentials')
      .map(({ token }) => token);
    expect(tokens).toEqual(['access-3', (await world.broker.accessToken(SESSION)).secret.reveal()]);
    expect(await ask(world)).toBe(await asking);
  });

  it('during a GetRoleCredentials that is then refused: the refusal was the other user’s', async () => {
    const world = await createSignedInWorld();
    world.identityCenter.fail('getRoleCredentials', { kind: 'forbidden', times: 1 });
    const release = world.identityCenter.hold('getRoleCredentials');
    const asking = ask(world);
    await world.clock.settle();
    await world.signIn();
    release();
    expect(await asking).toMatchObject({ accessKeyId: expect.stringMatching(/^ASIA/) });
  });
});
