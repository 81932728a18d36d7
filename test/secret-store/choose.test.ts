// The choice of a store: a value with, at most, a problem to show; nothing is written.
import { mkdirSync, writeFileSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { UnavailableError } from '../../src/core/errors.ts';
import { Secret } from '../../src/core/secret.ts';
import { chooseSecretStore, mayHaveKeychain } from '../../src/secret-store/choose.ts';
import { createFileStore } from '../../src/secret-store/file.ts';
import type { KeychainState, KeychainStore } from '../../src/secret-store/keychain.ts';
import { describeMissingKeychain, type MissingKeychainDeps } from '../../src/secret-store/missing-keychain.ts';
import { createMemoryStore } from '../../src/secret-store/memory.ts';
import { createTemporaryHome } from '../helpers/temporary-home.ts';

const home = createTemporaryHome();
afterAll(() => home.remove());

function keychainThatIs(state: KeychainState, error?: UnavailableError): KeychainStore {
  return {
    ...createMemoryStore(),
    driver: 'keychain',
    probe: async () => (error === undefined ? { state } : { state, error }),
  };
}

const statePath = home.path;
const settingsFile = '/home/me/config.toml';

describe('chooseSecretStore', () => {
  test('uses a readable keychain, without a problem', async () => {
    const keychain = keychainThatIs('readable');
    expect(await chooseSecretStore({ wanted: 'keychain', statePath, settingsFile, keychain })).toEqual({
      store: keychain,
    });
  });

  test('uses a locked keychain, with a problem', async () => {
    const keychain = keychainThatIs('locked', new UnavailableError('secret-store-locked', 'The keychain is locked.'));
    expect(await chooseSecretStore({ wanted: 'keychain', statePath, settingsFile, keychain })).toEqual({
      store: keychain,
      problem: { code: 'secret-store-locked', message: 'The keychain is locked.', hint: 'rolecall status' },
    });
  });

  test('uses a failing keychain too, because the tokens in it must not be forgotten', async () => {
    const keychain = keychainThatIs('failing', new UnavailableError('secret-store-unavailable', 'No reply.'));
    expect(await chooseSecretStore({ wanted: 'keychain', statePath, settingsFile, keychain })).toMatchObject({
      store: { driver: 'keychain' },
      problem: { code: 'secret-store-unavailable', message: 'No reply.' },
    });
  });

  test('uses memory on a machine without a keychain, and says so', async () => {
    const keychain = keychainThatIs('absent', new UnavailableError('secret-store-unavailable', 'No bus.'));
    expect(await chooseSecretStore({ wanted: 'keychain', statePath, settingsFile, keychain })).toMatchObject({
      store: { driver: 'memory' },
      problem: {
        code: 'secret-store-unavailable',
        message: expect.stringMatching(/^This machine has no keychain, so tokens are kept in memory only/),
      },
    });
  });

  const missing = (deps: Partial<MissingKeychainDeps>) =>
    describeMissingKeychain({ settingsFile, hasBus: true, isThere: () => false, osRelease: '', ...deps });

  test.each([
    ['ID=debian', 'sudo apt-get install gnome-keyring'],
    ['NAME="Linux Mint"\nID=linuxmint\nID_LIKE="ubuntu debian"', 'sudo apt-get install gnome-keyring'],
    ['ID=fedora', 'sudo dnf install gnome-keyring'],
    ['ID="rocky"\nID_LIKE="rhel centos fedora"', 'sudo dnf install gnome-keyring'],
    ['ID=arch', 'sudo pacman -S gnome-keyring'],
    ['ID="opensuse-tumbleweed"\nID_LIKE="opensuse suse"', 'sudo zypper install gnome-keyring'],
    ['ID=alpine', 'doas apk add gnome-keyring'],
    ['ID=nixos', 'mkdir -p -m 700 /home/me && ${EDITOR:-vi} /home/me/config.toml'],
    ['', 'mkdir -p -m 700 /home/me && ${EDITOR:-vi} /home/me/config.toml'],
  ])('without a keychain names the package of the distribution (%j)', (osRelease, hint) => {
    const { code, message, hint: actual } = missing({ osRelease });
    expect({ code, hint: actual }).toEqual({ code: 'secret-store-unavailable', hint });
    expect(message).toContain(
      'To keep them, install gnome-keyring and log in to your desktop again; "rolecall status" then moves them there. Or set',
    );
    expect(message).toContain('secret_store = "file" in /home/me/config.toml');
    expect(message + actual).not.toContain('daemon restart');
  });

  test('without a keychain suggests KWallet on KDE, and to start a keyring that is installed', () => {
    expect(missing({ osRelease: 'ID=debian', desktop: 'KDE' })).toMatchObject({
      message: expect.stringContaining('install KWallet and log in'),
      hint: 'sudo apt-get install kwalletmanager',
    });
    expect(missing({ isThere: (path) => path === '/usr/bin/gnome-keyring-daemon' })).toMatchObject({
      message: expect.stringContaining('To keep them, start gnome-keyring, which is installed; "rolecall status"'),
      hint: 'gnome-keyring-daemon --start --components=secrets',
    });
  });

  test('without a session bus suggests only the encrypted file', () => {
    const { message, hint } = missing({
      hasBus: false,
      osRelease: 'ID=debian',
      isThere: (path) => path === '/home/me',
    });
    expect(hint).toBe('${EDITOR:-vi} /home/me/config.toml');
    expect(message).not.toContain('gnome-keyring');
    expect(message).toContain('set secret_store = "file" in /home/me/config.toml');
  });

  test('does not ask the keychain if there is no bus', async () => {
    const keychain = keychainThatIs('readable');
    expect(
      await chooseSecretStore({ wanted: 'keychain', statePath, settingsFile, keychain, hasBus: false }),
    ).toMatchObject({
      store: { driver: 'memory' },
      problem: { code: 'secret-store-unavailable' },
    });
  });

  test('moves what is in memory to a keychain that comes later, unless it refuses', async () => {
    const keychain = keychainThatIs('readable');
    const saved = new Map<string, string>();
    let refusal: UnavailableError | undefined = new UnavailableError('secret-store-locked', 'Not now.');
    let state: KeychainState = 'absent';
    const late: KeychainStore = {
      ...keychain,
      load: async (name) => (saved.has(name) ? new Secret(saved.get(name) ?? '') : undefined),
      async save(name, secret) {
        if (refusal !== undefined) throw refusal;
        saved.set(name, secret.reveal());
      },
      probe: async () =>
        state === 'absent' ? { state, error: new UnavailableError('secret-store-unavailable', 'No.') } : { state },
    };
    const { store, lookAgain } = await chooseSecretStore({
      wanted: 'keychain',
      statePath,
      settingsFile,
      keychain: late,
    });
    await store.save('session:a', new Secret('x'));
    await store.save('session:gone', new Secret('y'));
    await store.delete('session:gone');
    expect([await lookAgain?.(), store.driver]).toEqual([false, 'memory']);
    state = 'readable';
    expect([await lookAgain?.(), store.driver, (await store.load('session:a'))?.reveal()]).toEqual([
      false,
      'memory',
      'x',
    ]);
    refusal = undefined;
    expect([await lookAgain?.(), store.driver, (await store.load('session:a'))?.reveal()]).toEqual([
      true,
      'keychain',
      'x',
    ]);
    await store.save('session:b', new Secret('z'));
    expect([...saved]).toEqual([
      ['session:a', 'x'],
      ['session:b', 'z'],
    ]);
    expect(await lookAgain?.()).toBe(true);
  });

  test('expects a bus if a variable names one, one is in the runtime directory, or a display could start one', () => {
    const withBus = join(statePath, 'with-bus');
    mkdirSync(withBus);
    writeFileSync(join(withBus, 'bus'), '');
    expect([
      mayHaveKeychain('linux', {}),
      mayHaveKeychain('linux', { XDG_RUNTIME_DIR: join(statePath, 'other') }),
      mayHaveKeychain('linux', { XDG_RUNTIME_DIR: withBus }),
      mayHaveKeychain('linux', { DBUS_SESSION_BUS_ADDRESS: 'unix:path=/x' }),
      mayHaveKeychain('linux', { DISPLAY: ':0' }),
      mayHaveKeychain('darwin', {}),
    ]).toEqual([false, false, true, true, true, true]);
  });

  test('uses memory without a problem if the settings ask for it', async () => {
    const choice = await chooseSecretStore({ wanted: 'memory', statePath, settingsFile });
    expect([choice.store.driver, choice.problem]).toEqual(['memory', undefined]);
  });

  test('uses the file in the state folder, with its passphrase', async () => {
    const choice = await chooseSecretStore({ wanted: 'file', statePath, settingsFile, passphrase: new Secret('p') });
    expect([choice.store.driver, choice.problem]).toEqual(['file', undefined]);
    expect(await readdir(statePath)).not.toContain('secrets.json');
    await choice.store.save('session:a', new Secret('x'));
    expect(await readdir(statePath)).toContain('secrets.json');
  });

  test('reports a file without a passphrase as locked, and names the variable', async () => {
    const choice = await chooseSecretStore({ wanted: 'file', statePath, settingsFile });
    expect(choice.problem).toEqual({
      code: 'secret-store-locked',
      message: 'The secret file needs a passphrase: set ROLECALL_PASSPHRASE where the daemon is started.',
      hint: 'bash -c \'read -rsp "Passphrase: " ROLECALL_PASSPHRASE && export ROLECALL_PASSPHRASE && rolecall daemon restart\'',
    });
    await expect(choice.store.load('session:a')).rejects.toMatchObject({ code: 'secret-store-locked' });
  });

  test('reports a file with the wrong passphrase as locked', async () => {
    const folder = join(statePath, 'wrong');
    await mkdir(folder);
    await createFileStore({ path: join(folder, 'secrets.json'), passphrase: new Secret('right') }).save(
      'session:a',
      new Secret('x'),
    );
    const choice = await chooseSecretStore({
      wanted: 'file',
      statePath: folder,
      settingsFile,
      passphrase: new Secret('wrong'),
    });
    expect(choice.problem).toMatchObject({ code: 'secret-store-locked' });
  });
});
