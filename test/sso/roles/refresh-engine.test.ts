// The refresh engine: renews ahead of every caller, few requests in an outage, immediately after a sleep, nothing for unused roles.
import { afterEach, describe, expect, it } from 'vitest';
import type { Role } from '../../../src/core/model.ts';
import { runTicker } from '../../../src/daemon/process/ticker.ts';
import { ACCOUNT_ID, createWorld, failureOf, MINUTE_MS, ROLE, SESSION, type World } from '../world.ts';

const SECOND_MS = 1000;
const HOUR_MS = 60 * MINUTE_MS;
const TICK_MS = 15 * SECOND_MS;

let stopTicking = () => {};
afterEach(() => stopTicking());

/** Signed in, with so many roles and the engine at work as in a daemon. */
async function createTickingWorld(
  roleCount = 1,
  ...settings: Parameters<typeof createWorld>
): Promise<{ world: World; roles: readonly Role[] }> {
  const world = createWorld(...settings);
  const roles = Array.from({ length: roleCount }, (_, index) => ({ ...ROLE, permissionSet: `set-${index}` }));
  world.identityCenter.assign(
    { accountId: ACCOUNT_ID },
    roles.map(({ permissionSet }) => permissionSet),
  );
  await world.signIn();
  world.identityCenter.forgetArrivals();
  const stop = new AbortController();
  stopTicking = () => stop.abort(new Error('the test is over'));
  void runTicker({
    clock: world.clock,
    log: () => {},
    signal: stop.signal,
    tasks: [{ name: 'refresh', run: () => world.broker.refreshAhead() }],
  });
  return { world, roles };
}

const ask = ({ broker }: World, role: Role) => broker.credentials(SESSION, role);
const askAll = (world: World, roles: readonly Role[]) => Promise.all(roles.map((role) => ask(world, role)));
const portalCalls = ({ identityCenter }: World) => identityCenter.count('getRoleCredentials');
const refreshes = ({ identityCenter }: World) => identityCenter.count('createTokenByRefreshToken');
const codesOf = ({ problems }: World) => [...new Set(problems.list().map(({ code }) => code))];
const statesOf = ({ broker }: World) => broker.rolesInUse(SESSION).map(({ state }) => state);
const circuitsOf = ({ broker }: World) => broker.upstreamHealth(SESSION).map(({ circuit }) => circuit);

function breakEverything({ identityCenter }: World): void {
  for (const operation of ['getRoleCredentials', 'createTokenByRefreshToken', 'listAccounts'] as const) {
    identityCenter.fail(operation, { kind: 'unreachable' });
  }
}

/** Callers of all roles, once each `everyMs`: what they got, in milliseconds left. */
async function askFor(world: World, roles: readonly Role[], durationMs: number, everyMs: number): Promise<number[]> {
  const left: number[] = [];
  for (let passedMs = 0; passedMs < durationMs; passedMs += everyMs) {
    for (const { expiresAtMs } of await askAll(world, roles)) left.push(expiresAtMs - world.clock.nowMs());
    await world.clock.advance(everyMs);
  }
  return left;
}

describe('roles in use', () => {
  it('are renewed before a caller gets one with less than 20 minutes left, and so is the access token', async () => {
    const { world, roles } = await createTickingWorld(40);
    const left = await askFor(world, roles, 8 * HOUR_MS, 5 * MINUTE_MS);
    expect(Math.min(...left)).toBeGreaterThan(20 * MINUTE_MS);
    // Every 38 to 39 minutes of 480.
    expect(portalCalls(world)).toBeLessThanOrEqual(40 * 13);
    expect(refreshes(world)).toBe(11);
    expect(world.identityCenter.mostInFlight('createTokenByRefreshToken')).toBe(1);
  });

  it('requested at the same moment are renewed within the rate limit', async () => {
    const { world, roles } = await createTickingWorld(200);
    await askAll(world, roles);
    world.identityCenter.forgetArrivals();
    await world.clock.advance(40 * MINUTE_MS);
    const times = world.identityCenter.arrivals.map(({ atMs }) => atMs);
    expect(times).toHaveLength(200 + 1);
    const busiest = Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + SECOND_MS).length));
    expect(busiest).toBeLessThanOrEqual(20);
  });

  it('have at most ten renewals in flight, however long they take', async () => {
    const { world, roles } = await createTickingWorld(100);
    await askAll(world, roles);
    world.identityCenter.settings.latencyMs = 10_000;
    world.identityCenter.forgetArrivals();
    await world.clock.advance(45 * MINUTE_MS);
    expect(portalCalls(world)).toBe(100);
    expect(world.identityCenter.mostInFlight('getRoleCredentials')).toBe(10);
  });

  it('show their state and next renewal, and no secrets', async () => {
    const { world, roles } = await createTickingWorld(1);
    const [role = ROLE] = roles;
    const { expiresAtMs } = await ask(world, role);
    const askedAtMs = world.clock.nowMs();
    const shown = () => world.broker.rolesInUse(SESSION);
    const nextRefreshAtMs = expiresAtMs - 22 * MINUTE_MS;
    expect(shown()).toEqual([{ session: SESSION, role, state: 'fresh', askedAtMs, expiresAtMs, nextRefreshAtMs }]);
    world.identityCenter.fail('getRoleCredentials', { kind: 'unusable-response' });
    await world.clock.advance(39 * MINUTE_MS);
    expect(shown()).toMatchObject([{ state: 'failing', expiresAtMs }]);
    expect(shown()[0]?.nextRefreshAtMs).toBeGreaterThan(world.clock.nowMs());
    world.identityCenter.recover();
    const release = world.identityCenter.hold('getRoleCredentials');
    await world.clock.advance(MINUTE_MS);
    expect(statesOf(world)).toEqual(['refreshing']);
    release();
    await world.clock.advance(0);
    expect(statesOf(world)).toEqual(['fresh']);
    world.clock.jump(30 * MINUTE_MS);
    expect(statesOf(world)).toEqual(['unused']);
    await ask(world, role);
    expect(statesOf(world)).toEqual(['fresh']);
  });

  it('of an ended session are left alone, without extra ticks', async () => {
    const { world, roles } = await createTickingWorld(5);
    await askAll(world, roles);
    world.identityCenter.endSessions();
    await world.clock.advance(39 * MINUTE_MS);
    world.identityCenter.forgetArrivals();
    let looks = 0;
    const { describe: original } = world.broker;
    world.broker.describe = (session) => {
      looks += 1;
      return original(session);
    };
    await world.clock.advance(10 * MINUTE_MS);
    expect(world.identityCenter.arrivals).toEqual([]);
    expect(looks).toBe(0);
    expect(codesOf(world)).toEqual(['sign-in-expired']);
  });

  it('are fetched again after the next sign-in, before anybody asks', async () => {
    const { world, roles } = await createTickingWorld(5);
    await askAll(world, roles);
    await world.signIn();
    world.identityCenter.forgetArrivals();
    await world.clock.advance(TICK_MS + SECOND_MS);
    expect(portalCalls(world)).toBe(5);
    await askAll(world, roles);
    expect(portalCalls(world)).toBe(5);
  });

  it('are forgotten with a sign-out', async () => {
    const { world, roles } = await createTickingWorld(5);
    await askAll(world, roles);
    await world.broker.signOut(SESSION);
    expect(world.broker.rolesInUse(SESSION)).toEqual([]);
  });

  it('removed by an administrator are not requested again', async () => {
    const { world, roles } = await createTickingWorld(1);
    await askAll(world, roles);
    world.identityCenter.unassign(ACCOUNT_ID);
    await world.clock.advance(3 * HOUR_MS);
    expect(portalCalls(world)).toBe(2);
    expect(world.broker.rolesInUse(SESSION)).toEqual([]);
  });
});

describe('roles that are no longer requested', () => {
  it('are renewed for one lifetime at most, then removed with their session', async () => {
    const { world, roles } = await createTickingWorld(300);
    await askAll(world, roles);
    await world.clock.advance(2 * HOUR_MS);
    expect(world.broker.rolesInUse(SESSION)).toEqual([]);
    expect(portalCalls(world)).toBe(2 * 300);
    world.identityCenter.forgetArrivals();
    await world.clock.advance(12 * HOUR_MS);
    expect(world.identityCenter.arrivals).toEqual([]);
  });

  it('and never had an answer are removed ten minutes after their last caller', async () => {
    const { world, roles } = await createTickingWorld(3);
    breakEverything(world);
    for (const role of roles) {
      const asking = failureOf(ask(world, role));
      await world.clock.advance(SECOND_MS);
      await asking;
    }
    expect(world.broker.rolesInUse(SESSION)).toHaveLength(3);
    await world.clock.advance(11 * MINUTE_MS);
    expect(world.broker.rolesInUse(SESSION)).toEqual([]);
    await world.clock.advance(30 * MINUTE_MS);
    expect(codesOf(world)).toEqual([]);
    expect(circuitsOf(world)).toEqual(['closed', 'closed']);
  });
});

describe('credentials of twenty seconds', () => {
  it('are never served expired or late, requested each second over fifteen renewals', async () => {
    const { world, roles } = await createTickingWorld(2, { credentialsSeconds: 20, accessTokenSeconds: 60 });
    const left = await askFor(world, roles, 5 * MINUTE_MS, SECOND_MS);
    expect(left).toHaveLength(600);
    expect(Math.min(...left)).toBeGreaterThan((20 / 3 - 1) * SECOND_MS);
    expect(portalCalls(world)).toBeLessThanOrEqual(2 * Math.ceil(300 / 12));
    expect(refreshes(world)).toBeLessThanOrEqual(Math.ceil(300 / 39));
  });
});

describe('an outage', () => {
  it('of a minute: cached credentials are served at once, others fail at once, one problem is shown, and it ends by itself', async () => {
    const { world, roles } = await createTickingWorld(40, { latencyMs: 0 });
    const [, ...cached] = roles;
    await askAll(world, cached);
    await world.clock.advance(38 * MINUTE_MS);
    breakEverything(world);
    world.identityCenter.forgetArrivals();
    for (let second = 0; second < 60; second += 1) {
      await world.clock.advance(SECOND_MS);
      const beforeMs = world.clock.nowMs();
      expect(await askAll(world, cached)).toHaveLength(39);
      expect(world.clock.nowMs()).toBe(beforeMs);
    }
    expect(circuitsOf(world)).toContain('open');
    // Nothing to look at each second while no call may go out.
    expect(await world.broker.refreshAhead()).toBeGreaterThan(SECOND_MS);
    const [cold = ROLE] = roles;
    expect(await failureOf(ask(world, cold))).toMatchObject({
      code: 'identity-center-unreachable',
      retryAfterMs: expect.any(Number),
    });
    expect(codesOf(world)).toEqual(['identity-center-unreachable']);
    expect(world.identityCenter.arrivals.length).toBeLessThan(20);
    world.identityCenter.recover();
    await world.clock.advance(2 * MINUTE_MS);
    expect(codesOf(world)).toEqual([]);
    expect(circuitsOf(world)).toEqual(['closed', 'closed']);
    expect(new Set(statesOf(world))).toEqual(new Set(['fresh']));
    expect(world.identityCenter.count('startDeviceAuthorization')).toBe(0);
  });

  it('of a cold role ends without a new request by its callers', async () => {
    const { world, roles } = await createTickingWorld(3);
    breakEverything(world);
    const asking = roles.map((role) => failureOf(ask(world, role)));
    await world.clock.advance(SECOND_MS);
    expect(await Promise.all(asking)).toMatchObject(roles.map(() => ({ code: 'identity-center-unreachable' })));
    world.identityCenter.recover();
    await world.clock.advance(MINUTE_MS);
    expect(statesOf(world)).toEqual(['fresh', 'fresh', 'fresh']);
    expect(codesOf(world)).toEqual([]);
  });

  it('keeps at most a thousand of the roles that were requested in it', async () => {
    const { world } = await createTickingWorld(1);
    breakEverything(world);
    const names = Array.from({ length: 1500 }, (_, index) => `none-${index}`);
    const asking = names.map((permissionSet) => failureOf(ask(world, { ...ROLE, permissionSet })));
    await world.clock.advance(SECOND_MS);
    await Promise.all(asking);
    expect(world.broker.rolesInUse(SESSION)).toHaveLength(1000);
  });

  it('that prevents a token refresh makes the engine wait for the next attempt', async () => {
    const { world, roles } = await createTickingWorld(1, { credentialsSeconds: 12 * 3600 });
    await askAll(world, roles);
    world.identityCenter.fail('createTokenByRefreshToken', { kind: 'unreachable' });
    await world.clock.advance(40 * MINUTE_MS + TICK_MS);
    expect(refreshes(world)).toBe(1);
    expect(await world.broker.refreshAhead()).toBeGreaterThan(SECOND_MS);
  });

  it('in the middle of a refresh: nobody waits more than half a second, and nothing is lost', async () => {
    const { world, roles } = await createTickingWorld(2);
    const [warm = ROLE, cold = ROLE] = roles;
    const first = await ask(world, warm);
    const release = world.identityCenter.hold('createTokenByRefreshToken');
    // The tick at which the access token is due hangs.
    await world.clock.advance(41 * MINUTE_MS);
    const fromMs = world.clock.nowMs();
    const served = [ask(world, warm), ask(world, cold)];
    await world.clock.advance(500);
    expect(await served[0]).toMatchObject({ expiresAtMs: expect.any(Number) });
    expect((await served[1])?.expiresAtMs).toBeGreaterThan(fromMs);
    expect((await served[0])?.expiresAtMs).toBeGreaterThanOrEqual(first.expiresAtMs);
    expect(refreshes(world)).toBe(1);
    world.identityCenter.fail('createTokenByRefreshToken', { kind: 'unreachable', times: 1 });
    release();
    await world.clock.advance(2 * MINUTE_MS);
    expect(refreshes(world)).toBe(2);
    expect(codesOf(world)).toEqual([]);
    expect(await world.broker.describe(SESSION)).toMatchObject({ state: 'live' });
  });

  it('does not stop a person from signing in when it is over, even with an open circuit', async () => {
    const { world, roles } = await createTickingWorld(3);
    breakEverything(world);
    const asking = roles.map((role) => failureOf(ask(world, role)));
    await world.clock.advance(SECOND_MS);
    await Promise.all(asking);
    expect(circuitsOf(world)).toEqual(['closed', 'open']);
    world.identityCenter.recover();
    expect(await world.broker.startSignIn(SESSION, { force: false })).toEqual({ state: 'live' });
  });
});

describe('a series of 429s', () => {
  it('reduces the requests to a few, costs no sign-in, and ends by itself', async () => {
    const { world, roles } = await createTickingWorld(40);
    world.identityCenter.fail('getRoleCredentials', { kind: 'throttled' });
    const asking: Promise<unknown>[] = [];
    for (let second = 0; second < 60; second += 1) {
      asking.push(...roles.map((role) => failureOf(ask(world, role))));
      await world.clock.advance(SECOND_MS);
    }
    await world.clock.advance(5 * SECOND_MS);
    for (const failure of await Promise.all(asking)) {
      expect(failure).toMatchObject({ code: 'identity-center-throttled' });
    }
    // Forty at once before the first answer; 2,400 questions in all.
    expect(portalCalls(world)).toBeLessThan(40 + 60);
    expect(world.identityCenter.count('startDeviceAuthorization')).toBe(0);
    expect(refreshes(world)).toBe(0);
    world.identityCenter.recover();
    await world.clock.advance(MINUTE_MS);
    expect(statesOf(world)).toEqual(roles.map(() => 'fresh'));
  });

  it('makes urgent requests wait for the rate budget', async () => {
    const { world, roles } = await createTickingWorld(60);
    world.identityCenter.fail('getRoleCredentials', { kind: 'throttled', times: 60 });
    const asking = Promise.all(roles.map((role) => ask(world, role)));
    await world.clock.advance(0);
    expect(portalCalls(world)).toBe(60);
    world.identityCenter.settings.latencyMs = 1000;
    world.identityCenter.forgetArrivals();
    await world.clock.advance(10 * SECOND_MS);
    expect(await asking).toHaveLength(60);
    const times = world.identityCenter.arrivals.map(({ atMs }) => atMs);
    // The first answer ends the storm, and what has not gone out by then is urgent again.
    expect(times.filter((at) => at < (times[0] ?? 0) + SECOND_MS)).toHaveLength(19);
  });

  it('that names a time stops all callers and ticks until then', async () => {
    const { world, roles } = await createTickingWorld(10);
    await askAll(world, roles);
    world.identityCenter.fail('getRoleCredentials', { kind: 'throttled', retryAfterMs: 5 * MINUTE_MS, times: 1 });
    await world.clock.advance(38 * MINUTE_MS + SECOND_MS);
    world.identityCenter.forgetArrivals();
    const left = await askFor(world, roles, 4.5 * MINUTE_MS, 10 * SECOND_MS);
    expect(portalCalls(world)).toBe(0);
    expect(Math.min(...left)).toBeGreaterThan(0);
    await world.clock.advance(2 * MINUTE_MS);
    expect(portalCalls(world)).toBe(10);
  });
});

describe('300 cold callers over 15 roles', () => {
  it('with a dead access token cost one refresh and 15 calls', async () => {
    const { world, roles } = await createTickingWorld(15);
    world.identityCenter.settings.latencyMs = 300;
    world.clock.jump(2 * HOUR_MS);
    const asking = Promise.all(Array.from({ length: 300 }, (_, index) => ask(world, roles[index % 15] ?? ROLE)));
    await world.clock.advance(SECOND_MS);
    expect(new Set(await asking).size).toBe(15);
    expect([refreshes(world), portalCalls(world)]).toEqual([1, 15]);
    await world.clock.advance(MINUTE_MS);
    expect([refreshes(world), portalCalls(world)]).toEqual([1, 15]);
  });
});

describe('a sleep', () => {
  it('of two minutes with credentials of twenty seconds: the first request after it gets valid ones', async () => {
    const { world, roles } = await createTickingWorld(1, { credentialsSeconds: 20 });
    await askFor(world, roles, MINUTE_MS, SECOND_MS);
    world.clock.jump(2 * MINUTE_MS);
    const [key] = await askAll(world, roles);
    expect(key?.expiresAtMs).toBe(world.clock.nowMs() + 20 * SECOND_MS);
  });

  it('ends every back-off, so that the first tick renews everything that is due', async () => {
    const { world, roles } = await createTickingWorld(8);
    await askAll(world, roles);
    breakEverything(world);
    await world.clock.advance(43 * MINUTE_MS);
    expect(circuitsOf(world)).toContain('open');
    world.identityCenter.recover();
    world.identityCenter.forgetArrivals();
    world.clock.jump(5 * MINUTE_MS);
    await world.clock.advance(2 * TICK_MS);
    expect(portalCalls(world)).toBe(8);
    expect(refreshes(world)).toBe(1);
    expect(codesOf(world)).toEqual([]);
  });

  it('over a weekend costs the first caller one refresh and one request', async () => {
    const { world, roles } = await createTickingWorld(40);
    await askAll(world, roles);
    world.identityCenter.forgetArrivals();
    world.clock.jump(60 * HOUR_MS);
    await world.clock.advance(TICK_MS);
    expect(world.identityCenter.arrivals).toEqual([]);
    expect(world.broker.rolesInUse(SESSION)).toEqual([]);
    const { expiresAtMs } = await ask(world, roles[0] ?? ROLE);
    expect(expiresAtMs).toBe(world.clock.nowMs() + HOUR_MS);
    expect([refreshes(world), portalCalls(world)]).toEqual([1, 1]);
  });

  it('a clock that is set back keeps every role renewed', async () => {
    const { world, roles } = await createTickingWorld(5);
    await askAll(world, roles);
    world.clock.jump(-3 * HOUR_MS);
    const left = await askFor(world, roles, 6 * HOUR_MS, 5 * MINUTE_MS);
    expect(Math.min(...left)).toBeGreaterThan(20 * MINUTE_MS);
  });
});

describe('when an outage is over', () => {
  it('everything that failed is renewed on the next tick, and nothing is a problem any more', async () => {
    const { world, roles } = await createTickingWorld(5);
    await askAll(world, roles);
    breakEverything(world);
    await world.clock.advance(45 * MINUTE_MS);
    expect(codesOf(world)).toEqual(['identity-center-unreachable']);
    expect(statesOf(world)).not.toContain('fresh');
    world.identityCenter.recover();
    for (let ticks = 0; circuitsOf(world).some((circuit) => circuit !== 'closed'); ticks += 1) {
      expect(ticks).toBeLessThan(4);
      await world.clock.advance(TICK_MS);
    }
    await world.clock.advance(TICK_MS);
    expect(codesOf(world)).toEqual([]);
    expect(statesOf(world)).toEqual(roles.map(() => 'fresh'));
    expect(world.broker.nextRenewal(SESSION).retry).toBeUndefined();
  });
});
