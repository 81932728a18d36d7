// The memory driver under the contract.
import { describe, expect, test } from 'vitest';
import { Secret } from '../../src/core/secret.ts';
import { createMemoryStore } from '../../src/secret-store/memory.ts';
import { testSecretStore } from './contract.ts';

describe('memory store', () => {
  const store = createMemoryStore();
  testSecretStore(() => store);

  test('two memory stores share nothing', async () => {
    await store.save('session:mine', new Secret('x'));
    expect(await createMemoryStore().load('session:mine')).toBeUndefined();
    expect(store.driver).toBe('memory');
  });
});
