// The keychain driver against a real gnome-keyring: the contract, locked, absent, hanging and killed.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createProblems } from '../../src/core/problems.ts';
import { Secret } from '../../src/core/secret.ts';
import { createPasskeyStore } from '../../src/daemon/passkeys/passkey-store.ts';
import { chooseSecretStore } from '../../src/secret-store/choose.ts';
import { createKeychainStore } from '../../src/secret-store/keychain.ts';
import {
  KEYRING_PROGRAMS,
  startKeyringSession,
  type KeyringOptions,
  type KeyringSession,
} from '../helpers/keyring-session.ts';
import { systemPart } from '../helpers/system.ts';
import { createTemporaryHome } from '../helpers/temporary-home.ts';
import { testSecretStore } from '../secret-store/contract.ts';

// The native module reads this process's own environment, which vitest gives to this file alone (a forked process).
const VARIABLES = ['DBUS_SESSION_BUS_ADDRESS', 'XDG_RUNTIME_DIR', 'XDG_DATA_HOME', 'HOME'] as const;
const original = new Map(VARIABLES.map((name) => [name, process.env[name]]));

function enter(environment: Readonly<Record<string, string>>): void {
  for (const name of VARIABLES) {
    const value = environment[name];
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
}

const home = createTemporaryHome();

afterAll(async () => {
  await home.remove();
  for (const [name, value] of original) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
});

const isMissing = KEYRING_PROGRAMS.map((path) => systemPart('the keychain', path)).includes(false);

describe.skipIf(isMissing)('real gnome-keyring', () => {
  let session: KeyringSession;

  beforeAll(async () => {
    session = await startKeyringSession(home.path);
    enter(session.environment);
  });
  afterAll(() => session.stop());

  // One store for all, as in a daemon; and every test opens what the ones before it wrote. Twenty calls in one queue
  // take more than the usual deadline where other files of the suite are busy too; the deadline has tests of its own.
  const store = createKeychainStore({ timeoutMs: 30_000 });
  testSecretStore(() => store);

  test('a second process’s store reads what this one saved', async () => {
    await store.save('session:shared', new Secret('x'.repeat(6_000)));
    expect((await createKeychainStore().load('session:shared'))?.reveal()).toBe('x'.repeat(6_000));
  });

  test('items are found as service rolecall with the name as their username', async () => {
    await store.save('session:my-sso-session', new Secret('refresh-token'));
    const listed = await session.run('/usr/bin/secret-tool', ['search', '--all', 'service', 'rolecall']);
    expect(listed).toContain('secret = refresh-token');
    expect(listed).toContain('attribute.username = session:my-sso-session');
  });

  test('has the passkeys in one item; if another program clears it, that is a problem, and it is put back', async () => {
    const problems = createProblems();
    const passkeys = createPasskeyStore({ store, problems });
    const passkey = {
      id: 'AQ',
      label: 'blue key',
      algorithm: -8,
      publicKey: 'Ag',
      counter: 0,
      transports: ['usb'],
      addedAt: '2026-11-30T12:00:00Z',
    };
    expect(await passkeys.add(passkey, { mustBeFirst: true })).toBe(true);
    const search = () => session.run('/usr/bin/secret-tool', ['search', '--all', 'username', 'passkeys']);
    expect(await search()).toContain('"label":"blue key"');
    await session.run('/usr/bin/secret-tool', ['clear', 'username', 'passkeys', 'service', 'rolecall']);
    expect(await passkeys.compare()).toEqual([passkey]);
    expect(problems.list()).toMatchObject([{ code: 'passkeys-changed' }]);
    expect(await search()).toContain('"label":"blue key"');
    await passkeys.remove('AQ');
    expect(await createPasskeyStore({ store, problems }).list()).toEqual([]);
  });

  test('is the choice without a problem', async () => {
    const choice = await chooseSecretStore({
      wanted: 'keychain',
      statePath: '/nonexistent',
      settingsFile: '/config.toml',
    });
    expect([choice.store.driver, choice.problem]).toEqual(['keychain', undefined]);
  });
});

describe.skipIf(isMissing)('a real keyring in trouble', () => {
  let session: KeyringSession | undefined;
  const started = async (options?: KeyringOptions) => {
    session = await startKeyringSession(home.path, options);
    enter(session.environment);
    return session;
  };
  afterEach(async () => {
    await session?.stop();
    session = undefined;
  });

  test('locked: every call says so, nothing reads as absent, and unlocking brings it all back', async () => {
    const { lock, killProvider, startProvider } = await started();
    const store = createKeychainStore();
    await store.save('session:a', new Secret('kept'));
    // Its first load of an absent name leaves the item that proves later that the keychain is open.
    expect(await store.load('session:absent')).toBeUndefined();
    await lock();
    for (const call of [
      store.load('session:a'),
      store.load('session:absent'),
      store.save('session:a', new Secret('lost')),
      store.delete('session:a'),
    ]) {
      await expect(call).rejects.toMatchObject({ errorClass: 'UnavailableError', code: 'secret-store-locked' });
    }
    const choice = await chooseSecretStore({
      wanted: 'keychain',
      statePath: '/nonexistent',
      settingsFile: '/config.toml',
    });
    expect([choice.store.driver, choice.problem?.code]).toEqual(['keychain', 'secret-store-locked']);

    await killProvider();
    await startProvider({ unlocked: true });
    expect((await store.load('session:a'))?.reveal()).toBe('kept');
  });

  test('never unlocked since the machine was started: locked', async () => {
    const { killProvider, startProvider } = await started();
    await createKeychainStore().save('session:a', new Secret('kept'));
    await killProvider();
    await startProvider({ unlocked: false });
    const store = createKeychainStore();
    await expect(store.load('session:a')).rejects.toMatchObject({ code: 'secret-store-locked' });
    await expect(store.load('session:absent')).rejects.toMatchObject({ code: 'secret-store-locked' });
  });

  test('a password prompt that nobody answers is bounded, and the rest of the process goes on', async () => {
    const { lock } = await started({ prompter: 'hangs' });
    await createKeychainStore().save('session:a', new Secret('kept'));
    await lock();
    const store = createKeychainStore({ timeoutMs: 500 });
    const startedAtMs = performance.now();
    const calls = await Promise.allSettled(Array.from({ length: 8 }, () => store.load('session:a')));
    expect(
      calls.map((call) => (call.status === 'rejected' ? (call.reason as { code: string }).code : 'fulfilled')),
    ).toEqual(Array.from({ length: 8 }, () => 'secret-store-unavailable'));
    // All threads of the pool would be waiting if the calls were not made in turn.
    const { readFile } = await import('node:fs/promises');
    await readFile('/dev/null');
    expect(performance.now() - startedAtMs).toBeLessThan(20_000);
  });

  test('killed in the middle: unavailable, never empty, and the same store works with its successor', async () => {
    const { killProvider, startProvider } = await started();
    const store = createKeychainStore();
    await store.save('session:a', new Secret('kept'));
    await killProvider();
    await expect(store.load('session:a')).rejects.toMatchObject({ code: 'secret-store-unavailable' });
    await expect(store.save('session:b', new Secret('x'))).rejects.toMatchObject({ code: 'secret-store-unavailable' });
    await startProvider({ unlocked: true });
    expect((await store.load('session:a'))?.reveal()).toBe('kept');
    expect(await store.load('session:b')).toBeUndefined();
  });

  test('stopped in the middle: unavailable within its own deadline', async () => {
    const { providerPid } = await started();
    await createKeychainStore().save('session:a', new Secret('kept'));
    const store = createKeychainStore({ timeoutMs: 1_000 });
    process.kill(providerPid(), 'SIGSTOP');
    await expect(store.load('session:a')).rejects.toMatchObject({ code: 'secret-store-unavailable' });
    process.kill(providerPid(), 'SIGCONT');
    // The call that hung ends first, after D-Bus's own two seconds.
    const patient = createKeychainStore({ timeoutMs: 30_000 });
    expect((await patient.load('session:a'))?.reveal()).toBe('kept');
  });

  test('a bus on which nobody keeps secrets: memory, with the problem said', async () => {
    await started({ provider: false });
    const choice = await chooseSecretStore({
      wanted: 'keychain',
      statePath: '/nonexistent',
      settingsFile: '/config.toml',
    });
    expect(choice.store.driver).toBe('memory');
    expect(choice.problem?.message).toMatch(/kept in memory only, until the daemon stops/);
  });

  test('the address of a bus that is gone: memory, and a driver whose calls reject', async () => {
    const { stop } = await started();
    await stop();
    await expect(createKeychainStore().load('session:a')).rejects.toMatchObject({ code: 'secret-store-unavailable' });
    const choice = await chooseSecretStore({
      wanted: 'keychain',
      statePath: '/nonexistent',
      settingsFile: '/config.toml',
    });
    expect([choice.store.driver, choice.problem?.code]).toEqual(['memory', 'secret-store-unavailable']);
  });
});
