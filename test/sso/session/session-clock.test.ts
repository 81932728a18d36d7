// When a session ends: learned from sessions that expired, not from revoked ones, and remembered for the next.
import { describe, expect, it, test } from 'vitest';
import { describeSessionEnd, observeSessionLength } from '../../../src/sso/session/session-clock.ts';
import { createTokenWorld, createWorld, failureOf, MINUTE_MS, SESSION, type TokenWorld } from '../world.ts';

const HOUR_MS = 60 * MINUTE_MS;

test.each([
  ['alive at 9:40, over at 10:20: ten hours', 9 + 2 / 3, 10 + 1 / 3, 10],
  ['alive at 7:50, over at 8:00: eight hours', 7 + 5 / 6, 8, 8],
  ['alive at 8:10, over at 8:50: half past, for no whole hour is in between', 8 + 1 / 6, 8 + 5 / 6, 8.5],
  ['alive at 8:05, over at 8:20: no round length, so what was seen', 8 + 1 / 12, 8 + 1 / 3, 8 + 1 / 3],
  ['alive a minute after ten hours by our clock: ten hours', 10 + 1 / 60, 10 + 2 / 3, 10],
  ['alive at 7:30, over at 9:00: the earlier one, for a warning too early is better', 7.5, 9, 8],
  ['never refreshed, over after 70 minutes: an hour', 0, 7 / 6, 1],
  ['asleep for the night in between: too vague', 6, 15, undefined],
  ['over within the hour: rather revoked', 0.2, 0.8, undefined],
  ['a clock that was set back', 5, 4, undefined],
])('%s', (_, aliveHours, overHours, expectedHours) => {
  const from = Date.UTC(2026, 10, 24, 8);
  const lengthMs = observeSessionLength(from, from + aliveHours * HOUR_MS, from + overHours * HOUR_MS);
  expect(lengthMs === undefined ? undefined : Math.round(lengthMs / 1000)).toBe(
    expectedHours === undefined ? undefined : Math.round(expectedHours * 3600),
  );
});

test('the configured length takes precedence over the observed one; without a sign-in there is no end', () => {
  const state = { signedInAtMs: 0, observedLengthMs: 10 * HOUR_MS };
  expect(describeSessionEnd(state, 8)).toEqual({ atMs: 8 * HOUR_MS, source: 'configured' });
  expect(describeSessionEnd(state, undefined)).toEqual({ atMs: 10 * HOUR_MS, source: 'observed' });
  expect(describeSessionEnd({ signedInAtMs: 0 }, undefined)).toBeUndefined();
  expect(describeSessionEnd({ observedLengthMs: 10 * HOUR_MS }, 8)).toBeUndefined();
});

/** Refreshes as the engine does, from the sign-in on, until the session is over after `hours`. */
async function liveFor(world: TokenWorld, hours: number): Promise<void> {
  for (let minute = 0; minute < hours * 60; minute += 5) {
    world.clock.jump(5 * MINUTE_MS);
    await world.tokens.fresh(SESSION);
  }
  world.identityCenter.endSessions();
  for (let minute = 0; minute < 60; minute += 5) {
    world.clock.jump(5 * MINUTE_MS);
    await world.tokens.fresh(SESSION).catch(() => undefined);
  }
  expect(await world.tokens.describe(SESSION)).toMatchObject({ state: 'expired' });
}

const learnedHours = async ({ tokens }: TokenWorld) => {
  const { observedLengthMs } = await tokens.describe(SESSION);
  return observedLengthMs === undefined ? undefined : observedLengthMs / HOUR_MS;
};

describe('a session that ends by itself', () => {
  it('gives the length of the next one, also after restarts and a sign-out', async () => {
    const world = createTokenWorld();
    await world.signIn();
    expect(await learnedHours(world)).toBeUndefined();
    await liveFor(world, 10);
    expect(await learnedHours(world)).toBe(10);
    world.restart();
    expect(await learnedHours(world)).toBe(10);
    await world.signIn();
    await world.tokens.drop(SESSION);
    expect(await learnedHours(world)).toBeUndefined();
    await world.signIn();
    expect(await learnedHours(world)).toBe(10);
    world.restart();
    expect(await learnedHours(world)).toBe(10);
  });

  it('is replaced by the next observation', async () => {
    const world = createTokenWorld();
    await world.signIn();
    await liveFor(world, 10);
    await world.signIn();
    await liveFor(world, 8);
    expect(await learnedHours(world)).toBe(8);
  });

  it('is forgotten when a session has outlived it', async () => {
    const world = createTokenWorld();
    await world.signIn();
    await liveFor(world, 3);
    await world.signIn();
    for (let minute = 0; minute < 4 * 60; minute += 5) {
      world.clock.jump(5 * MINUTE_MS);
      await world.tokens.fresh(SESSION);
    }
    expect(await learnedHours(world)).toBeUndefined();
    world.restart();
    expect(await learnedHours(world)).toBeUndefined();
  });

  it('of another start URL has no influence', async () => {
    const world = createTokenWorld();
    await world.signIn();
    await liveFor(world, 10);
    const edited = { ...SESSION, startUrl: 'https://other.awsapps.com/start' };
    await world.signIn(edited);
    expect(await world.tokens.describe(edited)).not.toHaveProperty('observedLengthMs');
  });
});

describe('a session that somebody ends', () => {
  it('by a sign-out, or by an administrator soon after the sign-in, is not used', async () => {
    const world = createTokenWorld();
    await world.signIn();
    world.clock.jump(45 * MINUTE_MS);
    world.identityCenter.endSessions();
    await world.tokens.fresh(SESSION);
    world.clock.jump(30 * MINUTE_MS);
    await failureOf(world.tokens.fresh(SESSION));
    expect(await world.tokens.describe(SESSION)).toMatchObject({ state: 'expired' });
    expect(await learnedHours(world)).toBeUndefined();
  });

  it('because the server has forgotten the registration is not used', async () => {
    const world = createTokenWorld();
    await world.signIn();
    await world.tokens.fresh(SESSION);
    for (let turn = 0; turn < 3; turn += 1) {
      world.clock.jump(50 * MINUTE_MS);
      await world.tokens.fresh(SESSION);
    }
    world.identityCenter.forgetClients();
    world.clock.jump(70 * MINUTE_MS);
    await failureOf(world.tokens.fresh(SESSION));
    expect(await learnedHours(world)).toBeUndefined();
  });
});

it('the broker returns the end of a session, and none without a sign-in', async () => {
  const world = createWorld();
  const sessionEnd = async () => world.broker.sessionEnd(SESSION, await world.broker.describe(SESSION));
  expect(await sessionEnd()).toBeUndefined();
  await world.signIn();
  expect(await sessionEnd()).toBeUndefined();
  const signedInAtMs = world.clock.nowMs();
  for (let minute = 0; minute < 8 * 60; minute += 5) {
    world.clock.jump(5 * MINUTE_MS);
    await world.broker.accessToken(SESSION);
  }
  world.identityCenter.endSessions();
  world.clock.jump(45 * MINUTE_MS);
  await world.broker.accessToken(SESSION).catch(() => undefined);
  expect(await sessionEnd()).toEqual({ atMs: signedInAtMs + 8 * HOUR_MS, source: 'observed' });
});
