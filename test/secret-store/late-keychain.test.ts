// Moving secrets from memory to a keychain that comes later.
import { expect, test } from 'vitest';
import { UnavailableError } from '../../src/core/errors.ts';
import { createProblems } from '../../src/core/problems.ts';
import { Secret } from '../../src/core/secret.ts';
import { createLateKeychain } from '../../src/secret-store/late-keychain.ts';
import { createMemoryStore } from '../../src/secret-store/memory.ts';
import type { SecretStore } from '../../src/sso/ports.ts';
import { createSessionRecords } from '../../src/sso/session/session-records.ts';
import { createFakeClock } from '../helpers/fake-clock.ts';
import { SESSION } from '../sso/world.ts';

test('leaves no secret in a keychain that refuses the next one', async () => {
  const keychain = createMemoryStore();
  let isFull = true;
  const refusing = {
    ...keychain,
    save: async (name: string, secret: Parameters<typeof keychain.save>[1]) => {
      if (isFull && name === 'session:two') throw new UnavailableError('secret-store-unavailable', 'It is full.');
      await keychain.save(name, secret);
    },
  };
  const late = createLateKeychain({ statePath: '/nonexistent', open: async () => ({ keychain: refusing }) });
  await late.store.save('session:one', new Secret('1'));
  await late.store.save('session:two', new Secret('2'));
  expect(await late.lookAgain()).toBe(false);
  expect(await keychain.load('session:one')).toBeUndefined();
  expect((await late.store.load('session:one'))?.reveal()).toBe('1');
  isFull = false;
  expect(await late.lookAgain()).toBe(true);
  expect((await keychain.load('session:one'))?.reveal()).toBe('1');
});

test('shows a sign-in that an earlier daemon left in the keychain', async () => {
  const clock = createFakeClock();
  const recordsIn = (secretStore: SecretStore) =>
    createSessionRecords({ secretStore, endpointsOf: () => ({}), clock, problems: createProblems() });
  const keychain: SecretStore = { ...createMemoryStore(), driver: 'keychain' };
  const nowMs = clock.nowMs();
  const tokens = { accessToken: new Secret('a'), issuedAtMs: nowMs, expiresAtMs: nowMs + 60_000 };
  await recordsIn(keychain).start(SESSION, nowMs, tokens);

  const late = createLateKeychain({ statePath: '/nonexistent', open: async () => ({ keychain }) });
  const records = recordsIn(late.store);
  expect(await records.load(SESSION)).toBeUndefined();
  expect(await late.lookAgain()).toBe(true);
  expect(await records.load(SESSION)).toMatchObject({ tokens: { issuedAtMs: nowMs } });
});
