// Who signed in, without a daemon: what survives restarts, slow or failing STS, and sign-ins in between.
import { expect, it } from 'vitest';
import { createProblems } from '../../../src/core/problems.ts';
import { Secret } from '../../../src/core/secret.ts';
import { createSignedInUsers, type KeptUser } from '../../../src/sso/session/signed-in-users.ts';
import { createFakeClock } from '../../helpers/fake-clock.ts';
import { SESSION } from '../world.ts';

const KEYS = {
  accessKeyId: 'ASIA',
  secretAccessKey: new Secret('a'),
  sessionToken: new Secret('b'),
  expiresAtMs: Number.MAX_SAFE_INTEGER,
};

function create(fetchUser: () => Promise<string>, kept: ReadonlyMap<string, KeptUser> = new Map()) {
  const clock = createFakeClock();
  const file = {
    kept,
    saved: kept,
    save(users: ReadonlyMap<string, KeptUser>) {
      file.saved = new Map(users);
    },
  };
  const confirmed: string[] = [];
  const users = createSignedInUsers({
    callerIdentity: { fetchUser },
    file,
    clock,
    problems: createProblems(() => undefined),
    onConfirmed: (_, user) => void confirmed.push(user),
  });
  return { users, clock, file, confirmed };
}

/** After `alice` was confirmed, somebody signs in anew. */
async function createWithAlice(next: () => Promise<string>) {
  let isFirst = true;
  const world = create(async () => {
    if (!isFirst) return next();
    isFirst = false;
    return 'alice';
  });
  await world.users.check(SESSION, KEYS);
  world.users.startOver(SESSION);
  return world;
}

const UNCONFIRMED = { code: 'sign-in-unconfirmed' };

it('the first user of a session is served before anybody has checked', async () => {
  const { users } = create(() => new Promise(() => undefined));
  expect([users.isServing(SESSION), users.describe(SESSION)]).toEqual([true, { state: 'unchecked' }]);
  await users.require(SESSION, KEYS);
});

it('a different user is still not served after a restart', async () => {
  const { users, file } = await createWithAlice(async () => 'bob');
  await expect(users.require(SESSION, KEYS)).rejects.toMatchObject(UNCONFIRMED);
  const { users: later, confirmed } = create(async () => 'bob', file.saved);
  expect(later.isServing(SESSION)).toBe(false);
  expect(later.describe(SESSION)).toEqual({ state: 'unconfirmed', user: 'bob', previousUser: 'alice' });
  later.accept(SESSION, 'alice');
  expect(later.isServing(SESSION)).toBe(false);
  expect([confirmed, later.lastConfirmed(SESSION)]).toEqual([[], { previousUser: 'alice' }]);
  later.accept(SESSION, 'bob');
  expect(later.describe(SESSION)).toEqual({ state: 'confirmed', user: 'bob' });
  expect([confirmed, later.lastConfirmed(SESSION)]).toEqual([['bob'], { user: 'bob' }]);
});

it('if STS fails the session is served, with the reason', async () => {
  const { users } = await createWithAlice(() => Promise.reject(new Error('no network')));
  await users.require(SESSION, KEYS);
  expect(users.describe(SESSION)).toEqual({ state: 'unchecked', reason: 'no network' });
});

it('waits two seconds for STS, and a later answer still counts', async () => {
  let answer: (user: string) => void = () => undefined;
  const { users, clock } = await createWithAlice(() => new Promise((resolve) => (answer = resolve)));
  const waiting = users.require(SESSION, KEYS);
  await clock.advance(2000);
  await waiting;
  expect(users.isServing(SESSION)).toBe(true);
  answer('bob');
  await clock.settle();
  expect(users.isServing(SESSION)).toBe(false);
});

it('an answer about an earlier sign-in does not apply to a later one', async () => {
  let answer: (user: string) => void = () => undefined;
  const { users, clock } = await createWithAlice(() => new Promise((resolve) => (answer = resolve)));
  const waiting = users.require(SESSION, KEYS);
  users.startOver(SESSION);
  answer('alice');
  await expect(waiting).rejects.toMatchObject(UNCONFIRMED);
  await clock.settle();
  expect(users.describe(SESSION)).toEqual({ state: 'unchecked' });
});

it('STS is asked again after a failure, and may name a different user', async () => {
  const answers: (() => string)[] = [
    () => {
      throw new Error('503');
    },
    () => 'bob',
  ];
  const { users } = await createWithAlice(async () => answers.shift()?.() ?? '');
  await users.check(SESSION, KEYS);
  expect([users.isServing(SESSION), users.isUnchecked(SESSION)]).toEqual([true, true]);
  await users.check(SESSION, KEYS);
  expect([users.isServing(SESSION), users.isUnchecked(SESSION)]).toEqual([false, false]);
});
