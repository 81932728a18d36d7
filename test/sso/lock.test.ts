// A locked broker: fetches and renews nothing that is locked, forgets it, and reads its tokens again after the unlock.
import { describe, expect, it } from 'vitest';
import { RefusedError } from '../../src/core/errors.ts';
import type { Role } from '../../src/core/model.ts';
import { createWorld, failureOf, MINUTE_MS, ROLE, SECRET_NAME, SESSION, settle, type World } from './world.ts';

const OTHER: Role = { ...ROLE, permissionSet: 'ReadOnly' };
const REFUSAL = new RefusedError('caller-not-allowed', 'rolecall is locked.');

interface LockedWorld extends World {
  /** Locks everything, or only one role; undefined unlocks. */
  setLock(locked: 'all' | Role | undefined): void;
}

async function createSignedInWorld(driver: 'keychain' | 'memory' = 'keychain'): Promise<LockedWorld> {
  let locked: 'all' | Role | undefined;
  const refusal = (role?: Role) =>
    locked === 'all' || (locked !== undefined && role?.permissionSet === locked.permissionSet) ? REFUSAL : undefined;
  const lock = {
    refusal,
    requireUnlocked(role?: Role) {
      if (refusal(role) !== undefined) throw REFUSAL;
    },
  };
  const world = createWorld({}, { lock, driver });
  world.identityCenter.assign({ accountId: ROLE.accountId }, [ROLE.permissionSet, OTHER.permissionSet]);
  await world.signIn();
  return Object.assign(world, {
    setLock(wanted: 'all' | Role | undefined) {
      locked = wanted;
      world.broker.seal();
    },
  });
}

const callsOf = ({ identityCenter }: World) => identityCenter.count('getRoleCredentials');

describe('locking everything', () => {
  it('forgets the credentials, fetches none, and renews nothing until it is unlocked', async () => {
    const world = await createSignedInWorld();
    await world.broker.credentials(SESSION, ROLE);
    world.setLock('all');
    expect(world.broker.peekCredentials(SESSION, ROLE)).toBeUndefined();
    expect(await failureOf(world.broker.credentials(SESSION, ROLE))).toBe(REFUSAL);
    expect(await failureOf(world.broker.accessToken(SESSION))).toBe(REFUSAL);
    world.clock.jump(50 * MINUTE_MS);
    world.identityCenter.forgetArrivals();
    expect(await world.broker.refreshAhead()).toBeUndefined();
    expect(world.identityCenter.arrivals).toEqual([]);
    world.setLock(undefined);
    expect(await world.broker.credentials(SESSION, ROLE)).toBe(world.broker.peekCredentials(SESSION, ROLE));
    expect(callsOf(world)).toBe(1);
  });

  it('drops what arrives while it is locked', async () => {
    const world = await createSignedInWorld();
    world.identityCenter.settings.latencyMs = 1000;
    const asked = settle(world.broker.credentials(SESSION, ROLE));
    await world.clock.settle();
    world.setLock('all');
    await world.clock.advance(5000);
    expect(callsOf(world)).toBe(1);
    expect(await failureOf(asked.result())).toBe(REFUSAL);
    world.setLock(undefined);
    expect(world.broker.peekCredentials(SESSION, ROLE)).toBeUndefined();
  });

  it('keeps no token in memory that the keychain has, and still knows the state of the session', async () => {
    const world = await createSignedInWorld();
    const before = await world.broker.describe(SESSION);
    const loads = () => world.store.log.filter((line) => line === `load ${SECRET_NAME}`).length;
    const loadsBefore = loads();
    world.setLock('all');
    expect(await world.broker.describe(SESSION)).toEqual(before);
    expect(loads()).toBe(loadsBefore);
    world.setLock(undefined);
    await world.broker.credentials(SESSION, ROLE);
    expect(loads()).toBe(loadsBefore + 1);
  });

  it('does not lose the refresh token that a request in flight brings', async () => {
    const world = await createSignedInWorld();
    world.identityCenter.settings.rotates = true;
    world.identityCenter.settings.latencyMs = 1000;
    world.clock.jump(58 * MINUTE_MS);
    const asked = settle(world.broker.credentials(SESSION, ROLE));
    await world.clock.settle();
    world.setLock('all');
    await world.clock.advance(5000);
    expect(await failureOf(asked.result())).toBe(REFUSAL);
    world.broker.seal();
    world.setLock(undefined);
    world.clock.jump(120 * MINUTE_MS);
    world.identityCenter.settings.latencyMs = 0;
    expect(await world.broker.credentials(SESSION, ROLE)).toBeDefined();
  });

  it('keeps the tokens of a memory store, which are nowhere else', async () => {
    const world = await createSignedInWorld('memory');
    world.setLock('all');
    world.setLock(undefined);
    expect(await world.broker.credentials(SESSION, ROLE)).toBeDefined();
    expect(world.store.log.filter((line) => line === `load ${SECRET_NAME}`)).toEqual([]);
  });

  it('keeps tokens that the keychain did not accept', async () => {
    const world = await createSignedInWorld();
    world.store.refuse('save');
    await world.signIn();
    world.setLock('all');
    world.setLock(undefined);
    expect(await world.broker.credentials(SESSION, ROLE)).toBeDefined();
  });

  it('lets a person sign out: the keychain is read for the tokens that AWS has to end', async () => {
    const world = await createSignedInWorld();
    world.setLock('all');
    expect(await world.broker.signOut(SESSION)).toEqual({ endedAtAws: true });
    expect(world.identityCenter.count('logout')).toBe(1);
    expect(await world.broker.describe(SESSION)).toEqual({ state: 'signed-out' });
  });
});

describe('locking one role', () => {
  it('serves and renews the others', async () => {
    const world = await createSignedInWorld();
    await world.broker.credentials(SESSION, ROLE);
    const other = await world.broker.credentials(SESSION, OTHER);
    world.setLock(ROLE);
    expect(world.broker.peekCredentials(SESSION, ROLE)).toBeUndefined();
    expect(world.broker.peekCredentials(SESSION, OTHER)).toBe(other);
    expect(await failureOf(world.broker.credentials(SESSION, ROLE))).toBe(REFUSAL);
    expect(await world.broker.accessToken(SESSION)).toBeDefined();
    world.clock.jump(50 * MINUTE_MS);
    const before = callsOf(world);
    await world.broker.refreshAhead();
    expect(callsOf(world)).toBe(before + 1);
    expect(world.broker.peekCredentials(SESSION, OTHER)).not.toBe(other);
  });
});
