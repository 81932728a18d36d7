// Random sequences of outages, 429s, sleeps, clock changes, sign-ins and sign-outs, with the invariants that must hold in all of them.
import { expect, it } from 'vitest';
import type { RoleCredentials } from '../../src/core/model.ts';
import { runTicker } from '../../src/daemon/process/ticker.ts';
import type { FaultKind } from '../../src/sso/ports.ts';
import { ACCOUNT_ID, createWorld, MINUTE_MS, ROLE, SESSION } from './world.ts';
import { createRandom } from '../helpers/seeded-random.ts';

const STEPS = 300;
const ROLES = Array.from({ length: 6 }, (_, index) => ({ ...ROLE, permissionSet: `set-${index}` }));
const FAULTS: readonly FaultKind[] = ['unreachable', 'throttled', 'unusable-response', 'unauthorized'];
const OPERATIONS = ['getRoleCredentials', 'createTokenByRefreshToken'] as const;

/** The same story for the same seed. */
function createChance(seed: number) {
  const random = createRandom(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  return { random, below, oneOf: <T>(items: readonly T[]): T => items[below(items.length)] as T };
}

const MAX_LATENCY_MS = 3000;

/** Everything that was wrong in one story; `answers` says that it was a story at all. */
async function tell(seed: number): Promise<{ wrongs: string[]; answers: number }> {
  const chance = createChance(seed);
  const world = createWorld({ intervalSeconds: 1 });
  const { broker, clock, identityCenter } = world;
  identityCenter.assign(
    { accountId: ACCOUNT_ID },
    ROLES.map(({ permissionSet }) => permissionSet),
  );
  const wrongs: string[] = [];
  const inFlight = new Map<string, number>();
  const { getRoleCredentials } = identityCenter;
  identityCenter.getRoleCredentials = async (session, token, role) => {
    const now = (inFlight.get(role.permissionSet) ?? 0) + 1;
    if (now > 1) wrongs.push(`${now} GetRoleCredentials under way for ${role.permissionSet}`);
    inFlight.set(role.permissionSet, now);
    try {
      return await getRoleCredentials(session, token, role);
    } finally {
      inFlight.set(role.permissionSet, (inFlight.get(role.permissionSet) ?? 0) - 1);
    }
  };
  const stop = new AbortController();
  const ticking = runTicker({
    clock,
    signal: stop.signal,
    log: (_, message) => void wrongs.push(message),
    tasks: [{ name: 'refresh', run: () => broker.refreshAhead() }],
  });

  let isSignedIn = false;
  let signInsAsked = 0;
  let signOuts = 0;
  let answers = 0;
  async function ask(): Promise<void> {
    const askedWithout = !isSignedIn;
    const generation = [signInsAsked, signOuts].join();
    try {
      const given: RoleCredentials = await broker.credentials(SESSION, chance.oneOf(ROLES));
      answers += 1;
      if (given.expiresAtMs <= clock.nowMs()) wrongs.push(`expired since ${clock.nowMs() - given.expiresAtMs} ms`);
      if (askedWithout && generation === [signInsAsked, signOuts].join()) wrongs.push('served without a sign-in');
    } catch (error) {
      if ((error as { code?: string }).code === 'internal') wrongs.push(`internal: ${String(error)}`);
    }
  }

  /** A sign-in or sign-out waits for a refresh in flight, and would wait for ever while the clock stands still. */
  async function endCallsInFlight(): Promise<void> {
    identityCenter.settings.latencyMs = 0;
    await clock.advance(MAX_LATENCY_MS);
  }

  async function signIn(): Promise<void> {
    identityCenter.recover();
    await endCallsInFlight();
    signInsAsked += 1;
    await broker.startSignIn(SESSION, { force: true });
    identityCenter.answerCode('approved');
    await clock.advance(1000);
    isSignedIn = true;
  }

  const asking: Promise<void>[] = [];
  const deeds: (() => unknown)[] = [
    () => identityCenter.fail(chance.oneOf(OPERATIONS), { kind: chance.oneOf(FAULTS), times: 1 + chance.below(20) }),
    () =>
      identityCenter.fail('getRoleCredentials', { kind: 'throttled', times: 3, retryAfterMs: chance.below(90_000) }),
    () => {
      for (const operation of OPERATIONS) identityCenter.fail(operation, { kind: 'unreachable' });
    },
    () => identityCenter.recover(),
    () => identityCenter.recover(),
    () => void (identityCenter.settings.latencyMs = chance.oneOf([0, 0, 200, MAX_LATENCY_MS])),
    () => void (identityCenter.settings.credentialsSeconds = chance.oneOf([20, 900, 3600])),
    () => void (identityCenter.settings.accessTokenSeconds = chance.oneOf([60, 900, 3600])),
    () => clock.jump(chance.oneOf([MINUTE_MS, 2 * MINUTE_MS, 120 * MINUTE_MS, 3000 * MINUTE_MS])),
    () => clock.jump(-chance.below(30 * MINUTE_MS)),
    () => identityCenter.refuseAccessTokens(),
    () => chance.below(6) === 0 && identityCenter.endSessions(),
    async () => {
      if (chance.below(6) > 0) return;
      await endCallsInFlight();
      signOuts += 1;
      isSignedIn = false;
      await broker.signOut(SESSION);
    },
    async () => {
      if (!isSignedIn || (await broker.describe(SESSION)).state !== 'live') await signIn();
    },
  ];
  await signIn();
  for (let step = 0; step < STEPS; step += 1) {
    if (chance.below(3) === 0) await chance.oneOf(deeds)();
    const crowd = chance.oneOf([1, 1, 1, 30]);
    for (let index = 0; index < crowd; index += 1) asking.push(ask());
    await clock.advance(chance.oneOf([0, 100, 1000, 15_000, 5 * MINUTE_MS]));
  }
  identityCenter.recover();
  stop.abort(new Error('the story is over'));
  await clock.advance(5 * MINUTE_MS);
  await Promise.all([...asking, ticking]);
  const most = identityCenter.mostInFlight('createTokenByRefreshToken');
  if (most > 1) wrongs.push(`${most} refreshes under way`);
  const codes = identityCenter.count('startDeviceAuthorization');
  if (codes !== signInsAsked) wrongs.push(`${codes} sign-ins, of which ${signInsAsked} were asked for`);
  if (clock.pendingSleeps() > 0) wrongs.push(`${clock.pendingSleeps()} sleeps left behind`);
  return { wrongs: [...new Set(wrongs)], answers };
}

const SEEDS = Array.from({ length: 25 }, (_, index) => index + 1);
/** A new story may be signed out for most of its time: seed 430302830 has 70. */
const NEW_SEED = SEEDS.length + 1 + Math.floor(Math.random() * 2 ** 31);

it.each([...SEEDS, NEW_SEED])(
  'never an expired key, one call a role, one refresh, no sign-in of its own: seed %i',
  async (seed) => {
    const { answers, wrongs } = await tell(seed);
    expect(wrongs).toEqual([]);
    expect(answers).toBeGreaterThan(seed === NEW_SEED ? STEPS / 30 : STEPS / 4);
  },
);
