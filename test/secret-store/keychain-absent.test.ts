// The real native module in a process without a session bus; in a file of its own, for libdbus asks once a process.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Secret } from '../../src/core/secret.ts';
import { chooseSecretStore } from '../../src/secret-store/choose.ts';
import { createKeychainStore } from '../../src/secret-store/keychain.ts';

const VARIABLES = ['DBUS_SESSION_BUS_ADDRESS', 'XDG_RUNTIME_DIR'] as const;

describe.skipIf(process.platform !== 'linux')('a process without a session bus', () => {
  const original = new Map(VARIABLES.map((name) => [name, process.env[name]]));
  beforeAll(() => {
    for (const name of VARIABLES) delete process.env[name];
  });
  afterAll(() => {
    for (const [name, value] of original) if (value !== undefined) process.env[name] = value;
  });

  test('has a keychain driver whose every call rejects', async () => {
    const store = createKeychainStore();
    const expected = { errorClass: 'UnavailableError', code: 'secret-store-unavailable' };
    await expect(store.load('session:a')).rejects.toMatchObject(expected);
    await expect(store.save('session:a', new Secret('x'))).rejects.toMatchObject(expected);
    await expect(store.delete('session:a')).rejects.toMatchObject(expected);
  });

  test('gets the memory store, with a problem', async () => {
    const choice = await chooseSecretStore({
      wanted: 'keychain',
      statePath: '/nonexistent',
      settingsFile: '/config.toml',
    });
    expect(choice.store.driver).toBe('memory');
    expect(choice.problem?.message).toMatch(/kept in memory only, until the daemon stops/);
  });
});
