// Chained roles: one AssumeRole for all callers, renewed like any role, with the source's own credentials behind it.
import { describe, expect, it } from 'vitest';
import { RefusedError } from '../../../src/core/errors.ts';
import type { Role } from '../../../src/core/model.ts';
import { Secret } from '../../../src/core/secret.ts';
import type { CallerIdentity } from '../../../src/sso/ports.ts';
import { NEVER_LOCKED } from '../../../src/sso/serving-lock.ts';
import { createChainWorld, type ChainWorld } from '../chain-world.ts';
import { ACCOUNT_ID, failureOf, MINUTE_MS, ROLE, SESSION } from '../world.ts';

const HOUR_MS = 60 * MINUTE_MS;

const ask = ({ broker }: ChainWorld, role: Role) => broker.credentials(SESSION, role);
const portalCalls = ({ identityCenter }: ChainWorld) => identityCenter.count('getRoleCredentials');
const idOf = async (world: ChainWorld, role: Role) => (await ask(world, role)).accessKeyId;
const problemsOf = ({ problems }: ChainWorld) => problems.list().map(({ code, session }) => ({ code, session }));

/** Runs the refresh engine each minute. */
async function runFor(world: ChainWorld, durationMs: number): Promise<void> {
  for (let passedMs = 0; passedMs < durationMs; passedMs += MINUTE_MS) {
    await world.clock.advance(MINUTE_MS);
    await world.broker.refreshAhead();
  }
}

describe('a chained role', () => {
  it('costs 200 callers one request to the portal and one to STS', async () => {
    const world = await createChainWorld();
    const role = world.define('deploy', { policy: '{}', externalId: 'x' });
    const given = await Promise.all(Array.from({ length: 200 }, () => ask(world, role)));
    expect(new Set(given).size).toBe(1);
    expect(given[0]).toMatchObject({ accessKeyId: 'CHAIN-1', expiresAtMs: world.clock.nowMs() + HOUR_MS });
    expect(portalCalls(world)).toBe(1);
    expect(world.sts.calls).toEqual([
      { definition: world.definitions.get('deploy'), caller: 'ASIA-5', atMs: world.clock.nowMs() },
    ]);
    expect(world.broker.peekCredentials(SESSION, role)).toBe(given[0]);
  });

  it('of a chained role goes through both, and the first one is cached on the way', async () => {
    const world = await createChainWorld();
    const first = world.define('first');
    const second = world.define('second', { source: first, roleArn: 'arn:aws:iam::033333333333:role/Audit' });
    expect(await idOf(world, second)).toBe('CHAIN-2');
    expect(world.sts.calls.map(({ caller }) => caller)).toEqual(['ASIA-5', 'CHAIN-1']);
    expect(await idOf(world, first)).toBe('CHAIN-1');
    expect(portalCalls(world)).toBe(1);
  });

  it('is renewed before any caller sees less than 20 minutes, over three turnovers', async () => {
    const world = await createChainWorld();
    const first = world.define('first');
    const second = world.define('second', { source: first, roleArn: 'arn:aws:iam::033333333333:role/Audit' });
    const seen = new Set<string>();
    const left: number[] = [];
    for (let minute = 0; minute < 150; minute += 1) {
      const { accessKeyId, expiresAtMs } = await ask(world, second);
      seen.add(accessKeyId);
      left.push(expiresAtMs - world.clock.nowMs());
      await runFor(world, MINUTE_MS);
    }
    expect(seen.size).toBeGreaterThanOrEqual(4);
    expect(Math.min(...left)).toBeGreaterThan(20 * MINUTE_MS);
    // Each about once per 38 minutes.
    expect(world.sts.calls.length).toBeLessThanOrEqual(10);
    expect(portalCalls(world)).toBeLessThanOrEqual(5);
    expect(world.broker.rolesInUse(SESSION).map(({ role, state }) => [role.permissionSet, state])).toEqual(
      expect.arrayContaining([
        ['chain:second', 'fresh'],
        ['chain:first', 'fresh'],
        [ROLE.permissionSet, 'fresh'],
      ]),
    );
  });

  it('that nobody asks for any more is not renewed, nor is its source', async () => {
    const world = await createChainWorld();
    await ask(world, world.define('deploy'));
    await runFor(world, 4 * HOUR_MS);
    const calls = [world.sts.calls.length, portalCalls(world)];
    await runFor(world, 4 * HOUR_MS);
    expect([world.sts.calls.length, portalCalls(world)]).toEqual(calls);
    expect(world.broker.rolesInUse(SESSION)).toEqual([]);
  });

  it('is asked for again when its definition, or that of its source, has changed', async () => {
    const world = await createChainWorld();
    const first = world.define('first');
    const second = world.define('second', { source: first, roleArn: 'arn:aws:iam::033333333333:role/Audit' });
    expect(await idOf(world, second)).toBe('CHAIN-2');
    world.define('first', { policy: '{"Version":"2012-10-17"}' });
    expect(world.broker.peekCredentials(SESSION, second)).toBeUndefined();
    expect(await idOf(world, second)).toBe('CHAIN-4');
    expect(world.sts.calls.slice(2).map(({ definition }) => definition.policy)).toEqual([
      '{"Version":"2012-10-17"}',
      undefined,
    ]);
  });

  it('is not shared by callers of two definitions', async () => {
    const world = await createChainWorld();
    const role = world.define('deploy');
    const release = world.sts.hold();
    const before = ask(world, role);
    await world.clock.advance(1);
    world.define('deploy', { policy: '{}' });
    const after = ask(world, role);
    await world.clock.advance(1);
    release();
    expect([(await before).accessKeyId, (await after).accessKeyId]).toEqual(['CHAIN-1', 'CHAIN-2']);
    expect(world.sts.calls[1]?.definition.policy).toBe('{}');
    expect(await idOf(world, role)).toBe('CHAIN-2');
  });

  it('that is not defined any more is refused at once, though its credentials are valid', async () => {
    const world = await createChainWorld();
    const role = world.define('deploy');
    await ask(world, role);
    world.definitions.clear();
    expect(world.broker.peekCredentials(SESSION, role)).toBeUndefined();
    expect(await failureOf(ask(world, role))).toMatchObject({
      code: 'chain-unavailable',
      message: 'chain:deploy is not defined.',
    });
    expect(await failureOf(world.broker.requireAssigned(SESSION, role))).toMatchObject({ code: 'chain-unavailable' });
    await runFor(world, HOUR_MS);
    expect(world.sts.calls).toHaveLength(1);
  });

  it('in a circle, or of very many steps, is refused', async () => {
    const world = await createChainWorld();
    const other = world.define('other');
    const loop = world.define('loop', { source: other });
    world.define('other', { source: loop });
    expect(await failureOf(ask(world, loop))).toMatchObject({
      errorClass: 'NotFoundError',
      code: 'chain-unavailable',
      message: 'The chained role "loop" leads through more than 8 roles, or in a circle.',
    });
    let deep = ROLE;
    for (let step = 0; step < 9; step += 1) deep = world.define(`step-${step}`, { source: deep });
    expect(await failureOf(ask(world, deep))).toMatchObject({ code: 'chain-unavailable' });
    expect(world.sts.calls).toEqual([]);
  });

  it('is never asked of the portal when there are no chains', async () => {
    const world = await createChainWorld();
    const role = { ...ROLE, permissionSet: 'chain:deploy' };
    world.definitions.clear();
    expect(await failureOf(ask(world, role))).toMatchObject({ code: 'chain-unavailable' });
    expect(portalCalls(world)).toBe(0);
  });

  it('is assigned if the role that it starts from is', async () => {
    const world = await createChainWorld();
    await world.list();
    const role = world.define('second', { source: world.define('first') });
    await world.broker.requireAssigned(SESSION, role);
    const away = world.define('away', { source: { ...ROLE, permissionSet: 'Gone' } });
    expect(await failureOf(world.broker.requireAssigned(SESSION, away))).toMatchObject({
      code: 'permission-set-not-assigned',
    });
  });
});

describe('STS that refuses', () => {
  it('the role names the role and its source, and nothing is kept', async () => {
    const world = await createChainWorld();
    const role = world.define('deploy');
    world.sts.fail('forbidden');
    expect(await failureOf(ask(world, role))).toMatchObject({
      errorClass: 'RefusedError',
      code: 'assume-role-refused',
      message:
        'AWS does not let Admin-AF-Permission-Set in account 011111111111 assume arn:aws:iam::022222222222:role/Deploy: STS says forbidden.',
    });
    expect(world.sts.calls).toHaveLength(1);
    world.sts.recover();
    expect(await idOf(world, role)).toBe('CHAIN-2');
  });

  it('the role at a renewal stops serving it', async () => {
    const world = await createChainWorld();
    const role = world.define('deploy');
    await ask(world, role);
    world.sts.fail('forbidden');
    await runFor(world, 40 * MINUTE_MS);
    expect(await failureOf(ask(world, role))).toMatchObject({ code: 'assume-role-refused' });
    // The source still is served.
    expect(await ask(world, ROLE)).toMatchObject({ accessKeyId: expect.stringContaining('ASIA') });
  });

  it('the role to older keys of its source is asked once more with new ones, and then not for a minute', async () => {
    const world = await createChainWorld();
    const role = world.define('deploy');
    const other = world.define('other');
    const source = await idOf(world, ROLE);
    await world.clock.advance(2 * MINUTE_MS);
    world.sts.fail('forbidden', { times: 1 });
    expect(await idOf(world, role)).toBe('CHAIN-2');
    expect(world.sts.calls[0]?.caller).toBe(source);
    expect(world.sts.calls[1]?.caller).not.toBe(source);
    world.sts.fail('forbidden');
    expect(await failureOf(ask(world, other))).toMatchObject({ code: 'assume-role-refused' });
    expect(world.sts.calls).toHaveLength(3);
    expect(portalCalls(world)).toBe(2);
  });

  it('the role to older keys of its source keeps these while AWS gives no others', async () => {
    const world = await createChainWorld();
    const source = await idOf(world, ROLE);
    await world.clock.advance(2 * MINUTE_MS);
    world.sts.fail('forbidden');
    world.identityCenter.fail('getRoleCredentials', { kind: 'unreachable' });
    expect(await failureOf(ask(world, world.define('deploy')))).toMatchObject({ code: 'assume-role-refused' });
    expect(world.sts.calls).toHaveLength(1);
    expect(await idOf(world, ROLE)).toBe(source);
  });

  it('the session policy says so', async () => {
    const world = await createChainWorld();
    world.sts.fail('invalid-policy');
    expect(await failureOf(ask(world, world.define('deploy', { policy: '{}' })))).toMatchObject({
      errorClass: 'UsageError',
      code: 'invalid-policy',
      message:
        'AWS does not accept the session policy for arn:aws:iam::022222222222:role/Deploy: STS says invalid-policy.',
    });
  });

  it('the keys of the source gets new ones, once', async () => {
    const world = await createChainWorld();
    const role = world.define('deploy');
    await ask(world, ROLE);
    world.sts.fail('unauthorized', { times: 1 });
    expect(await idOf(world, role)).toBe('CHAIN-2');
    expect(world.sts.calls.map(({ caller }) => caller)).toEqual(['ASIA-5', 'ASIA-6']);
    world.definitions.clear();
    world.sts.fail('unauthorized');
    expect(await failureOf(ask(world, world.define('other')))).toMatchObject({ code: 'unusable-response' });
    expect(world.sts.calls).toHaveLength(4);
  });
});

describe('an outage of STS', () => {
  it('serves what is valid, and everything again afterwards', async () => {
    const world = await createChainWorld();
    const role = world.define('deploy');
    await ask(world, role);
    world.sts.fail('unreachable');
    await runFor(world, 55 * MINUTE_MS);
    expect(await idOf(world, role)).toBe('CHAIN-1');
    expect(problemsOf(world)).toContainEqual({ code: 'identity-center-unreachable', session: SESSION.sessionName });
    // The portal is not concerned.
    expect(await idOf(world, { ...ROLE })).toMatch(/^ASIA/);
    expect(world.broker.upstreamHealth(SESSION)).toContainEqual(
      expect.objectContaining({ service: 'sts.us-east-1', circuit: expect.stringMatching(/open/) }),
    );
    world.sts.recover();
    await runFor(world, 2 * MINUTE_MS);
    expect(await idOf(world, role)).not.toBe('CHAIN-1');
    expect(problemsOf(world)).toEqual([]);
    expect(world.broker.upstreamHealth(SESSION).map(({ service }) => service)).toEqual(['oidc', 'portal']);
  });

  it('is tried three times for a caller with nothing to use, and then by nobody for a while', async () => {
    const world = await createChainWorld();
    const role = world.define('deploy');
    world.sts.fail('unreachable');
    const first = failureOf(ask(world, role));
    await world.clock.advance(5000);
    expect(await first).toMatchObject({
      errorClass: 'UnavailableError',
      code: 'identity-center-unreachable',
      message: "AWS STS can't be reached: STS says unreachable.",
    });
    expect(world.sts.calls).toHaveLength(3);
    const second = failureOf(ask(world, role));
    await world.clock.advance(5000);
    await second;
    expect(world.sts.calls).toHaveLength(5);
    expect(await failureOf(ask(world, role))).toMatchObject({ code: 'identity-center-unreachable' });
    expect(world.sts.calls).toHaveLength(5);
  });

  it('in one region is none in another', async () => {
    const world = await createChainWorld();
    const broken = world.define('broken', { region: 'eu-nowhere-1' });
    world.sts.fail('unreachable', { times: 5 });
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const failed = failureOf(ask(world, broken));
      await world.clock.advance(5000);
      await failed;
    }
    expect(await idOf(world, world.define('deploy'))).toBe('CHAIN-6');
  });

  it('keeps the pause that STS asks for', async () => {
    const world = await createChainWorld();
    const role = world.define('deploy');
    world.sts.fail('throttled', { retryAfterMs: 60_000 });
    expect(await failureOf(ask(world, role))).toMatchObject({
      code: 'identity-center-throttled',
      retryAfterMs: 60_000,
    });
    expect(await failureOf(ask(world, role))).toMatchObject({ code: 'identity-center-throttled' });
    expect(world.sts.calls).toHaveLength(1);
  });
});

describe('the session of a chained role', () => {
  it('that has ended is served while its credentials are valid, then asks for a sign-in', async () => {
    const world = await createChainWorld();
    const role = world.define('deploy');
    await ask(world, role);
    world.identityCenter.endSessions();
    world.clock.jump(50 * MINUTE_MS);
    expect(await idOf(world, role)).toMatch(/^CHAIN/);
    world.clock.jump(2 * HOUR_MS);
    expect(await failureOf(ask(world, role))).toMatchObject({ code: 'sign-in-expired' });
    await world.signIn();
    expect(await idOf(world, role)).toMatch(/^CHAIN/);
  });

  it('that has ended is renewed as long as the keys of its source are valid', async () => {
    const world = await createChainWorld();
    world.identityCenter.settings.credentialsSeconds = 12 * 3600;
    const role = world.define('deploy');
    await ask(world, role);
    world.identityCenter.endSessions();
    const left: number[] = [];
    for (let minutes = 0; minutes < 600; minutes += 10) {
      world.clock.jump(10 * MINUTE_MS);
      left.push((await ask(world, role)).expiresAtMs - world.clock.nowMs());
      await world.broker.refreshAhead();
    }
    expect(Math.min(...left)).toBeGreaterThan(20 * MINUTE_MS);
    expect(portalCalls(world)).toBe(1);
  });

  it('serves nothing after a sign-out, also what was in flight', async () => {
    const world = await createChainWorld();
    const role = world.define('deploy');
    const release = world.sts.hold();
    const inFlight = failureOf(ask(world, role));
    await world.clock.advance(1);
    await world.broker.signOut(SESSION);
    release();
    expect(await inFlight).toMatchObject({ code: 'sign-in-required' });
    expect(await failureOf(ask(world, role))).toMatchObject({ code: 'sign-in-required' });
    expect(world.broker.peekCredentials(SESSION, role)).toBeUndefined();
  });

  it('drops it when another user signs in', async () => {
    const world = await createChainWorld();
    const role = world.define('deploy');
    await ask(world, role);
    await world.signIn();
    expect(world.broker.peekCredentials(SESSION, role)).toBeUndefined();
    expect(await idOf(world, role)).toBe('CHAIN-2');
  });

  it('drops it when its source turns out to be revoked', async () => {
    const world = await createChainWorld();
    const first = world.define('first');
    const second = world.define('second', { source: first });
    await ask(world, second);
    world.identityCenter.unassign(ACCOUNT_ID, [ROLE.permissionSet]);
    world.clock.jump(50 * MINUTE_MS);
    expect(await failureOf(ask(world, ROLE))).toMatchObject({ code: 'permission-set-not-assigned' });
    expect(world.broker.peekCredentials(SESSION, second)).toBeUndefined();
    expect(await failureOf(ask(world, second))).toMatchObject({ code: 'permission-set-not-assigned' });
    expect(world.broker.rolesInUse(SESSION)).toEqual([]);
  });

  it('is checked for its user with the source, never with what STS calls the chained role', async () => {
    const asked: string[] = [];
    let user = 'taylor';
    const callerIdentity: CallerIdentity = {
      async fetchUser(_session, { accessKeyId }) {
        asked.push(accessKeyId);
        return user;
      },
    };
    const world = await createChainWorld({ callerIdentity });
    const role = world.define('deploy', { roleSessionName: 'rolecall' });
    await ask(world, role);
    expect(await world.broker.checkUser(SESSION)).toEqual({ state: 'confirmed', user: 'taylor' });
    await world.signIn();
    expect(await idOf(world, role)).toMatch(/^CHAIN/);
    expect(world.broker.signedInUser(SESSION)).toEqual({ state: 'confirmed', user: 'taylor' });
    user = 'alex';
    await world.signIn();
    expect(await failureOf(ask(world, role))).toMatchObject({ code: 'sign-in-unconfirmed' });
    expect(world.broker.peekCredentials(SESSION, role)).toBeUndefined();
    expect(asked.every((id) => id.startsWith('ASIA'))).toBe(true);
    expect(asked).toHaveLength(3);
    // Nor is a role assumed for somebody who is not confirmed.
    await runFor(world, HOUR_MS);
    expect(world.sts.calls).toHaveLength(2);
  });

  it('does not serve it while its source is locked', async () => {
    let isLocked = false;
    const locked = new RefusedError('locked', 'locked');
    const refusal = (role?: Role) => (isLocked && role !== undefined ? locked : undefined);
    const lock = {
      ...NEVER_LOCKED,
      refusal,
      requireUnlocked(role?: Role) {
        const error = refusal(role);
        if (error !== undefined) throw error;
      },
    };
    const world = await createChainWorld({ lock });
    const role = world.define('deploy');
    await ask(world, role);
    isLocked = true;
    world.broker.seal();
    expect(world.broker.peekCredentials(SESSION, role)).toBeUndefined();
    expect(await failureOf(ask(world, role))).toBe(locked);
    await runFor(world, HOUR_MS);
    expect(world.sts.calls).toHaveLength(1);
    isLocked = false;
    expect(await idOf(world, role)).toBe('CHAIN-2');
  });
});

it('credentials of a chained role that STS has not issued for its time are not kept', async () => {
  const world = await createChainWorld({
    roleAssumer: {
      assumeRole: async () => ({
        accessKeyId: 'CHAIN',
        secretAccessKey: new Secret('key'),
        sessionToken: new Secret('token'),
        expiresAtMs: 0,
      }),
    },
  });
  expect(await failureOf(ask(world, world.define('deploy')))).toMatchObject({ code: 'unusable-response' });
});
