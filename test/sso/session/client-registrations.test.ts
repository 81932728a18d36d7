// Client registrations: made once, stored, reused until 30 days before they expire.
import { describe, expect, it } from 'vitest';
import { registrationSecretName } from '../../../src/sso/issuer.ts';
import { createTokenWorld, failureOf, LOCKED, SESSION } from '../world.ts';

const NAME = registrationSecretName(SESSION, {});
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

describe('client registrations', () => {
  it('are made once, also for concurrent callers, and stored with their expiry', async () => {
    const { clock, identityCenter, registrations, store } = createTokenWorld();
    const expiresAtMs = clock.nowMs() + 90 * DAY_MS;
    const given = await Promise.all(Array.from({ length: 50 }, () => registrations.ensure(SESSION)));
    expect(new Set(given.map(({ clientId }) => clientId))).toEqual(new Set(['client-1']));
    expect(identityCenter.count('registerClient')).toBe(1);
    expect(JSON.parse((await store.text(NAME)) ?? '')).toEqual({
      schemaVersion: 1,
      clientId: 'client-1',
      clientSecret: 'secret of client-1',
      expiresAtMs,
    });
  });

  it('are reused after a restart', async () => {
    const world = createTokenWorld();
    const first = await world.registrations.ensure(SESSION);
    world.restart();
    const again = await world.registrations.ensure(SESSION);
    expect(again).toEqual(first);
    expect(again.clientSecret.reveal()).toBe(first.clientSecret.reveal());
    expect(world.identityCenter.count('registerClient')).toBe(1);
  });

  it('are shared by sessions of one issuer and scopes, and not by others', async () => {
    const { identityCenter, registrations } = createTokenWorld();
    const asked = [
      SESSION,
      { ...SESSION, sessionName: 'same' },
      { ...SESSION, region: 'eu-west-1' },
      { ...SESSION, registrationScopes: ['sso:account:access', 'more'] },
    ];
    const ids = [];
    for (const session of asked) ids.push((await registrations.ensure(session)).clientId);
    expect(ids).toEqual(['client-1', 'client-1', 'client-2', 'client-3']);
    expect(identityCenter.count('registerClient')).toBe(3);
  });

  it('are replaced in their last 30 days', async () => {
    const { clock, registrations } = createTokenWorld();
    await registrations.ensure(SESSION);
    clock.jump(60 * DAY_MS - 1);
    const before = await registrations.ensure(SESSION);
    clock.jump(1);
    const after = [await registrations.ensure(SESSION), await registrations.ensure(SESSION)];
    expect([before, ...after].map(({ clientId }) => clientId)).toEqual(['client-1', 'client-2', 'client-2']);
  });

  it('replace an unexpired one in the store only when their sign-in is approved', async () => {
    const world = createTokenWorld();
    await world.registrations.ensure(SESSION);
    world.clock.jump(60 * DAY_MS);
    const renewed = await world.registrations.ensure(SESSION);
    expect(await world.store.text(NAME)).toContain('"client-1"');
    expect((await world.registrations.find(SESSION, 'client-1'))?.clientId).toBe('client-1');
    await world.tokens.accept(SESSION, renewed, world.identityCenter.issueTokens(renewed.clientId));
    expect(await world.store.text(NAME)).toContain('"client-2"');
    world.restart();
    expect((await world.registrations.ensure(SESSION)).clientId).toBe('client-2');
  });

  it("are kept and forgotten by their client id for a company's own start URL, which leads to AWS's", async () => {
    const world = createTokenWorld();
    const atAws = { ...SESSION, startUrl: 'https://d-9999999999.awsapps.com/start' };
    await world.registrations.ensure(atAws, 'pkce');
    world.clock.jump(60 * DAY_MS);
    const renewed = await world.registrations.ensure(atAws, 'pkce');
    await world.tokens.accept(SESSION, renewed, world.identityCenter.issueTokens(renewed.clientId));
    world.restart();
    expect((await world.registrations.ensure(atAws, 'pkce')).clientId).toBe('client-2');
    await world.registrations.forget(SESSION, 'client-2');
    expect((await world.registrations.ensure(atAws, 'pkce')).clientId).not.toBe('client-2');
  });

  it('are only made again if the store refuses them after the approval', async () => {
    const world = createTokenWorld();
    await world.registrations.ensure(SESSION);
    world.clock.jump(60 * DAY_MS);
    world.store.refuse('save');
    expect(await world.signIn()).toBe('access-3');
    world.store.accept();
    expect(await world.signIn()).toBe('access-5');
    expect(await world.store.text(NAME)).toContain('"client-2"');
  });

  it('are found by their client id until they expire', async () => {
    const { clock, registrations } = createTokenWorld();
    await registrations.ensure(SESSION);
    const found = [await registrations.find(SESSION, 'client-1'), await registrations.find(SESSION, 'client-9')];
    clock.jump(90 * DAY_MS - 1);
    found.push(await registrations.find(SESSION, 'client-1'));
    clock.jump(1);
    found.push(await registrations.find(SESSION, 'client-1'));
    expect(found.map((registration) => registration?.clientId)).toEqual(['client-1', undefined, 'client-1', undefined]);
  });

  it('are found without the store once they were read', async () => {
    const world = createTokenWorld();
    await world.registrations.ensure(SESSION);
    world.store.refuse('load');
    expect((await world.registrations.find(SESSION, 'client-1'))?.clientId).toBe('client-1');
    world.restart();
    expect(await failureOf(world.registrations.find(SESSION, 'client-1'))).toBe(LOCKED);
  });

  it('are forgotten only by their own client id', async () => {
    const { registrations, store } = createTokenWorld();
    await registrations.ensure(SESSION);
    await registrations.forget(SESSION, 'client-9');
    expect((await registrations.ensure(SESSION)).clientId).toBe('client-1');
    await registrations.forget(SESSION, 'client-1');
    expect(await store.text(NAME)).toBeUndefined();
    expect((await registrations.ensure(SESSION)).clientId).toBe('client-2');
    // The news that client-1 is dead may come late; by then another one is registered.
    await registrations.forget(SESSION, 'client-1');
    expect((await registrations.ensure(SESSION)).clientId).toBe('client-2');
  });

  it('a locked store is an error, and nothing is registered', async () => {
    const { identityCenter, registrations, store } = createTokenWorld();
    store.refuse('load');
    expect(await failureOf(registrations.ensure(SESSION))).toBe(LOCKED);
    expect(identityCenter.count('registerClient')).toBe(0);
    store.accept();
    store.refuse('save');
    expect(await failureOf(registrations.ensure(SESSION))).toBe(LOCKED);
    store.accept();
    expect((await registrations.ensure(SESSION)).clientId).toBe('client-2');
  });

  it.each([
    ['garbage', '}{'],
    ['of a newer schema', '{"schemaVersion":2,"clientId":"a","clientSecret":"b","expiresAtMs":9e15}'],
    ['without its secret', '{"schemaVersion":1,"clientId":"a","expiresAtMs":9e15}'],
    ['without its end', '{"schemaVersion":1,"clientId":"a","clientSecret":"b"}'],
  ])('one that is %s is an error and is left unchanged', async (_, text) => {
    const { identityCenter, registrations, store } = createTokenWorld();
    await store.plant(NAME, text);
    for (const failure of [
      await failureOf(registrations.ensure(SESSION)),
      await failureOf(registrations.find(SESSION, 'a')),
    ]) {
      expect(failure).toMatchObject({ code: 'secret-store-unavailable' });
    }
    expect(await store.text(NAME)).toBe(text);
    expect(identityCenter.count('registerClient')).toBe(0);
  });
});
