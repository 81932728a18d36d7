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
import { describeMissingKeychain } from '../../src/secret-store/missing-keychain.ts';
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
  test('a readable keychain is the choice, without a problem', async () => {
    const keychain = keychainThatIs('readable');
    expect(await chooseSecretStore({ wanted: 'keychain', statePath, settingsFile, keychain })).toEqual({
      store: keychain,
    });
  });

  test('a locked keychain stays the choice, with a problem', async () => {
    const keychain = keychainThatIs('locked', new UnavailableError('secret-store-locked', 'The keychain is locked.'));
    expect(await chooseSecretStore({ wanted: 'keychain', statePath, settingsFile, keychain })).toEqual({
      store: keychain,
      problem: { code: 'secret-store-locked', message: 'The keychain is locked.', hint: 'rolecall status' },
    });
  });

  test('a failing keychain stays the choice too: tokens that are in it must not be forgotten', async () => {
    const keychain = keychainThatIs('failing', new UnavailableError('secret-store-unavailable', 'No reply.'));
    expect(await chooseSecretStore({ wanted: 'keychain', statePath, settingsFile, keychain })).toMatchObject({
      store: { driver: 'keychain' },
      problem: { code: 'secret-store-unavailable', message: 'No reply.' },
    });
  });

  test('no keychain on the machine is memory, and says so plainly', async () => {
    const keychain = keychainThatIs('absent', new UnavailableError('secret-store-unavailable', 'No bus.'));
    expect(await chooseSecretStore({ wanted: 'keychain', statePath, settingsFile, keychain })).toMatchObject({
      store: { driver: 'memory' },
      problem: {
        code: 'secret-store-unavailable',
        message: expect.stringMatching(/^This machine offers no keychain, so tokens are kept in memory only/),
      },
    });
  });

  test.each([
    [true, '/usr/bin/dnf', 'sudo dnf install gnome-keyring'],
    [true, '/home/me', '${EDITOR:-vi} /home/me/config.toml'],
    [false, '/usr/bin/dnf', 'mkdir -p -m 700 /home/me && ${EDITOR:-vi} /home/me/config.toml'],
  ])('who has none is told how to get one, or what does without (bus %s, %s)', (hasBus, program, hint) => {
    const { message, ...rest } = describeMissingKeychain({
      settingsFile,
      hasBus,
      isThere: (path) => path === program,
    });
    expect(rest).toEqual({ code: 'secret-store-unavailable', hint });
    expect(message.includes('install gnome-keyring')).toBe(hint.startsWith('sudo'));
    expect(message).toContain('secret_store = "file" in /home/me/config.toml');
  });

  test('without a bus the keychain is not even asked', async () => {
    const keychain = keychainThatIs('readable');
    expect(
      await chooseSecretStore({ wanted: 'keychain', statePath, settingsFile, keychain, hasBus: false }),
    ).toMatchObject({
      store: { driver: 'memory' },
      problem: { code: 'secret-store-unavailable' },
    });
  });

  test('a bus is named by a variable, lies in the runtime directory, or can be started on a display', () => {
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

  test('memory is memory, and no problem when it was asked for', async () => {
    const choice = await chooseSecretStore({ wanted: 'memory', statePath, settingsFile });
    expect([choice.store.driver, choice.problem]).toEqual(['memory', undefined]);
  });

  test('file with its passphrase is the file in the state folder', async () => {
    const choice = await chooseSecretStore({ wanted: 'file', statePath, settingsFile, passphrase: new Secret('p') });
    expect([choice.store.driver, choice.problem]).toEqual(['file', undefined]);
    expect(await readdir(statePath)).not.toContain('secrets.json');
    await choice.store.save('session:a', new Secret('x'));
    expect(await readdir(statePath)).toContain('secrets.json');
  });

  test('file without a passphrase is locked and names the variable', async () => {
    const choice = await chooseSecretStore({ wanted: 'file', statePath, settingsFile });
    expect(choice.problem).toEqual({
      code: 'secret-store-locked',
      message: 'The secret file needs a passphrase: set ROLECALL_PASSPHRASE where the daemon is started.',
      hint: 'bash -c \'read -rsp "Passphrase: " ROLECALL_PASSPHRASE && export ROLECALL_PASSPHRASE && rolecall daemon restart\'',
    });
    await expect(choice.store.load('session:a')).rejects.toMatchObject({ code: 'secret-store-locked' });
  });

  test('file with the wrong passphrase is locked', async () => {
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
