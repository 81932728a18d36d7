// The next renewal of a session, and why it is delayed: outage, pause that the server asked for, back-off.
import { describe, expect, it } from 'vitest';
import { createWorld, failureOf, MINUTE_MS, ROLE, SESSION, type World } from './world.ts';

const next = ({ broker }: World) => broker.nextRenewal(SESSION);
const ask = ({ broker }: World) => broker.credentials(SESSION, ROLE);

async function createSignedInWorld(): Promise<World> {
  const world = createWorld();
  await world.signIn();
  return world;
}

/** A caller without keys, who tries several times. */
async function askInVain(world: World): Promise<void> {
  const failed = failureOf(ask(world));
  await world.clock.advance(2000);
  await failed;
}

describe('the next renewal of a session', () => {
  it('is unknown until a role is in use', async () => {
    const world = await createSignedInWorld();
    expect(next(world)).toEqual({});
  });

  it('is that of the keys or of the access token, whichever is first', async () => {
    const world = await createSignedInWorld();
    const { expiresAtMs } = await ask(world);
    expect(next(world)).toEqual({ atMs: expiresAtMs - 22 * MINUTE_MS });
    await world.clock.advance(39 * MINUTE_MS);
    await world.broker.refreshAhead();
    // The token is due at 20 minutes left, the new keys later.
    expect(next(world).atMs).toBeLessThanOrEqual(world.clock.nowMs() + 39 * MINUTE_MS);
    expect(next(world).atMs).toBeGreaterThan(world.clock.nowMs());
  });

  it('waits after a failed renewal, which is named, and has no reason left after the next success', async () => {
    const world = await createSignedInWorld();
    await ask(world);
    await world.clock.advance(39 * MINUTE_MS);
    world.identityCenter.fail('getRoleCredentials', { kind: 'unreachable' });
    await world.broker.refreshAhead();
    const { atMs = 0, retry } = next(world);
    expect(retry).toMatchObject({ reason: 'back-off', error: { code: 'identity-center-unreachable' }, atMs });
    expect(atMs).toBeGreaterThan(world.clock.nowMs());
    world.identityCenter.recover();
    await world.clock.advance(MINUTE_MS);
    await world.broker.refreshAhead();
    expect(next(world).retry).toBeUndefined();
  });

  it('waits for the circuit in an outage, whatever single roles wait for', async () => {
    const world = await createSignedInWorld();
    world.identityCenter.fail('getRoleCredentials', { kind: 'unreachable' });
    for (let turn = 0; turn < 2; turn += 1) await askInVain(world);
    const upstream = world.broker.upstreamHealth(SESSION).find(({ circuit }) => circuit !== 'closed');
    expect(next(world).retry).toMatchObject({ reason: 'outage', atMs: upstream?.nextTryAtMs });
  });

  it('waits as long as a throttling server asks for', async () => {
    const world = await createSignedInWorld();
    world.identityCenter.fail('getRoleCredentials', { kind: 'throttled', retryAfterMs: 2 * MINUTE_MS });
    expect(await failureOf(ask(world))).toMatchObject({ code: 'identity-center-throttled' });
    expect(next(world).retry).toMatchObject({ reason: 'server-pause', atMs: world.clock.nowMs() + 2 * MINUTE_MS });
  });
});
