// A sign-out ends the session at AWS, or says that it stays active there.
import { describe, expect, it } from 'vitest';
import type { FaultKind } from '../../../src/sso/ports.ts';
import { createWorld, failureOf, LOCKED, MINUTE_MS, SECRET_NAME, SESSION, type World } from '../world.ts';

const HOUR_MS = 60 * MINUTE_MS;
const ENDED = { endedAtAws: true };
const livesOn = (reason: string) => ({
  endedAtAws: false,
  note: `The session of my-sso-session could not be ended at AWS and stays active there until it expires. ${reason}`,
});

async function createSignedInWorld(): Promise<World> {
  const world = createWorld();
  await world.signIn();
  world.identityCenter.forgetArrivals();
  return world;
}
const callsOf = ({ identityCenter }: World) =>
  identityCenter.arrivals.map(({ operation, token }) => [operation, token]);

describe('a sign-out', () => {
  it('calls sso:Logout with the current access token', async () => {
    const world = await createSignedInWorld();
    expect(await world.broker.signOut(SESSION)).toEqual(ENDED);
    expect(callsOf(world)).toEqual([['logout', 'access-3']]);
  });

  it('refreshes first after an idle hour, also after a restart', async () => {
    for (const prepare of [() => undefined, (world: World) => world.restart()]) {
      const world = await createSignedInWorld();
      prepare(world);
      world.clock.jump(HOUR_MS);
      expect(await world.broker.signOut(SESSION)).toEqual(ENDED);
      expect(callsOf(world)).toEqual([
        ['createTokenByRefreshToken', 'refresh-4'],
        ['logout', 'access-5'],
      ]);
      expect(await world.broker.describe(SESSION)).toEqual({ state: 'signed-out' });
    }
  });

  it('also refreshes if the portal refuses a token that has not expired', async () => {
    const world = await createSignedInWorld();
    world.identityCenter.refuseAccessTokens();
    expect(await world.broker.signOut(SESSION)).toEqual(ENDED);
    expect(callsOf(world).map(([operation]) => operation)).toEqual(['logout', 'createTokenByRefreshToken', 'logout']);
  });

  it('waits for a refresh in flight and uses its result, because it has used up the refresh token', async () => {
    const world = await createSignedInWorld();
    world.clock.jump(HOUR_MS);
    const release = world.identityCenter.hold('createTokenByRefreshToken');
    const listing = failureOf(world.broker.refreshCatalog(SESSION));
    await world.clock.settle();
    const signingOut = world.broker.signOut(SESSION);
    await world.clock.settle();
    release();
    expect(await signingOut).toEqual(ENDED);
    expect(await listing).toMatchObject({ code: 'sign-in-required' });
    expect(callsOf(world)).toEqual([
      ['createTokenByRefreshToken', 'refresh-4'],
      ['logout', 'access-5'],
    ]);
  });

  it.each([0, HOUR_MS])('counts as done if the session has already ended, %s ms after the sign-in', async (afterMs) => {
    const world = await createSignedInWorld();
    world.identityCenter.endSessions();
    world.clock.jump(afterMs);
    expect(await world.broker.signOut(SESSION)).toEqual(ENDED);
  });

  it.each<FaultKind>(['unreachable', 'throttled', 'unusable-response'])(
    'says that the session lives on when AWS can not be told: %s',
    async (kind) => {
      for (const [operation, afterMs] of [
        ['logout', 0],
        ['createTokenByRefreshToken', HOUR_MS],
      ] as const) {
        const world = await createSignedInWorld();
        world.identityCenter.fail(operation, { kind });
        world.clock.jump(afterMs);
        expect(await world.broker.signOut(SESSION)).toEqual({
          endedAtAws: false,
          note: expect.stringContaining(livesOn('').note),
        });
        expect(await world.broker.describe(SESSION)).toEqual({ state: 'signed-out' });
      }
    },
  );

  it('reports an expired token that cannot be refreshed', async () => {
    const world = createWorld({ givesRefreshTokens: false });
    await world.signIn();
    world.clock.jump(HOUR_MS);
    expect(await world.broker.signOut(SESSION)).toEqual(
      livesOn('Its access token has expired and cannot be refreshed.'),
    );
  });

  it('fails if a locked store hides the tokens, and ends the session at AWS as soon as they can be read', async () => {
    const world = await createSignedInWorld();
    world.restart();
    for (const operation of ['load', 'delete'] as const) world.store.refuse(operation);
    expect(await failureOf(world.broker.signOut(SESSION))).toBe(LOCKED);
    await world.broker.flush();
    expect(await failureOf(world.broker.signOut(SESSION))).toBe(LOCKED);
    expect(callsOf(world)).toEqual([]);
    world.store.accept();
    for (let turn = 0; turn < 2; turn += 1) await world.broker.flush();
    expect(callsOf(world)).toEqual([['logout', 'access-3']]);
    expect(await world.store.text(SECRET_NAME)).toBeUndefined();
  });

  it('ends the session too if the user tries again', async () => {
    const world = await createSignedInWorld();
    world.restart();
    for (const operation of ['load', 'delete'] as const) world.store.refuse(operation);
    await failureOf(world.broker.signOut(SESSION));
    world.store.accept();
    expect(await world.broker.signOut(SESSION)).toEqual(ENDED);
    await world.broker.flush();
    expect(callsOf(world)).toEqual([['logout', 'access-3']]);
  });

  it('reports both failures if the store refuses', async () => {
    const world = await createSignedInWorld();
    world.store.refuse('delete');
    world.identityCenter.fail('logout', { kind: 'unreachable' });
    expect(await failureOf(world.broker.signOut(SESSION))).toMatchObject({
      code: LOCKED.code,
      message: expect.stringMatching(
        /^The keychain is locked.* stays active there until it expires\. .*can't be reached/,
      ),
    });
  });
});
