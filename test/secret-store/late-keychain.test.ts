// Moving secrets from memory to a keychain that comes later.
import { expect, test } from 'vitest';
import { UnavailableError } from '../../src/core/errors.ts';
import { Secret } from '../../src/core/secret.ts';
import { createLateKeychain } from '../../src/secret-store/late-keychain.ts';
import { createMemoryStore } from '../../src/secret-store/memory.ts';

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
