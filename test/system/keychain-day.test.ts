// A day on a real gnome-keyring with a real daemon process: restarts, dead tokens, a locked keychain; one sign-in for all of it.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createEmulator, type Emulator } from '../../src/emulator/emulator.ts';
import { AT_ONCE } from '../helpers/approval.ts';
import { KEYRING_PROGRAMS, startKeyringSession, type KeyringSession } from '../helpers/keyring-session.ts';
import { CONFIG, SESSION } from '../helpers/rig.ts';
import { runRolecall, type ProcessRun } from '../helpers/run-process.ts';
import { systemPart } from '../helpers/system.ts';
import { createTemporaryHome, type TemporaryHome } from '../helpers/temporary-home.ts';
import { waitFor } from '../helpers/wait-for.ts';

const hasKeyring = KEYRING_PROGRAMS.every((path) => systemPart('gnome-keyring', path));

let home: TemporaryHome;
let keyring: KeyringSession;
let emulator: Emulator;
let environment: Record<string, string>;

const rolecall = (...args: string[]) => runRolecall(args, { environment });
const credentials = (account: string, role: string): Promise<ProcessRun> =>
  rolecall('credential-process', '--session', SESSION, '--account', account, '--role', role);
const admin = () => credentials('111111111111', 'Admin-AF-Permission-Set');

describe.skipIf(!hasKeyring)('with the keychain of the desktop', () => {
  beforeEach(async () => {
    home = createTemporaryHome();
    keyring = await startKeyringSession(home.path);
    emulator = createEmulator(AT_ONCE);
    await emulator.listen();
    environment = {
      ...home.environment,
      DBUS_SESSION_BUS_ADDRESS: keyring.environment['DBUS_SESSION_BUS_ADDRESS'] ?? '',
      ...emulator.environment(),
    };
    const config = join(home.path, '.aws', 'config');
    mkdirSync(dirname(config), { mode: 0o700 });
    writeFileSync(config, CONFIG, { mode: 0o600 });
    expect(await rolecall('login')).toMatchObject({ exitCode: 0 });
  });
  afterEach(async () => {
    await rolecall('daemon', 'stop');
    await emulator.close();
    await keyring.stop();
    await home.remove();
  });

  test('the tokens are one item a session, beside one for the registration', async () => {
    const found = await keyring.run('/usr/bin/secret-tool', ['search', '--all', 'service', 'rolecall']);
    const names = [...found.matchAll(/attribute\.username = (.*)/g)].map(([, name]) => name);
    expect(names.filter((name) => name?.startsWith(`session:${SESSION}`))).toHaveLength(1);
    expect(names.filter((name) => name?.startsWith('registration:'))).toHaveLength(1);
    expect((await rolecall('status')).stdout).toContain('in the OS keychain');
  });

  test('a daemon that was restarted or killed needs no new sign-in', async () => {
    expect(await rolecall('daemon', 'restart')).toMatchObject({ exitCode: 0 });
    expect(await admin()).toMatchObject({ exitCode: 0, stderr: '' });
    const { pid } = JSON.parse((await rolecall('status', '--json')).stdout) as { pid: number };
    process.kill(pid, 'SIGKILL');
    expect(await admin()).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await rolecall('status', '--check')).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    expect(emulator.countCalls('StartDeviceAuthorization')).toBe(1);
    expect(emulator.countCalls('RegisterClient')).toBe(1);
  });

  test('with a dead access token and a living refresh token, the next credential needs no browser', async () => {
    emulator.expireAccessTokens();
    expect(await admin()).toMatchObject({ exitCode: 0, stderr: '' });
    expect(emulator.countCalls('CreateToken', 'refresh_token')).toBe(1);
    expect(emulator.countCalls('StartDeviceAuthorization')).toBe(1);
    // The rotated refresh token is the one that was kept.
    await rolecall('daemon', 'restart');
    emulator.expireAccessTokens();
    expect(await credentials('222222222222', 'ReadOnly')).toMatchObject({ exitCode: 0, stderr: '' });
    expect(emulator.countCalls('StartDeviceAuthorization')).toBe(1);
  });

  test('with both dead, cached keys are served and the rest ends at once with one line and a command', async () => {
    const before = await admin();
    emulator.expireAccessTokens();
    emulator.killRefreshTokens();
    emulator.resetCalls();
    expect(await credentials('333333333333', 'ReadOnly')).toEqual({
      exitCode: 4,
      stdout: '',
      stderr: `rolecall: Your sign-in to ${SESSION} has ended. [sign-in-expired]\nRun: rolecall login ${SESSION}\n`,
    });
    // Asked once, refreshed once, and nobody waits for a back-off when there is nothing to wait for.
    expect(emulator.requests().map(({ operation, status }) => `${operation} ${status}`)).toEqual([
      'GetRoleCredentials 401',
      'CreateToken 400',
    ]);
    expect(await admin()).toEqual(before);
    expect(await rolecall('status', '--check')).toEqual({ exitCode: 4, stdout: '', stderr: '' });
    expect(await rolecall('login')).toMatchObject({ exitCode: 0 });
    expect(emulator.countCalls('StartDeviceAuthorization')).toBe(1);
    expect(await credentials('333333333333', 'ReadOnly')).toMatchObject({ exitCode: 0, stderr: '' });
  });

  test('a keychain that is installed later gets the sign-in, without a restart', async () => {
    await rolecall('daemon', 'stop');
    await keyring.killProvider();
    expect(await rolecall('login')).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('no keychain') });
    const driver = async () =>
      (JSON.parse((await rolecall('status', '--json')).stdout) as { store: { driver: string } }).store.driver;
    expect(await driver()).toBe('memory');
    await keyring.startProvider({ unlocked: true });
    // A person acts; on a terminal `rolecall status` does it too.
    expect(await rolecall('login')).toMatchObject({ exitCode: 0 });
    await waitFor('the tokens in the keychain', async () => (await driver()) === 'keychain', { intervalMs: 100 });
    expect((await rolecall('status')).stdout).not.toContain('no keychain');
    expect(await rolecall('daemon', 'restart')).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await admin()).toMatchObject({ exitCode: 0, stderr: '' });
    expect(emulator.countCalls('StartDeviceAuthorization')).toBe(2);
  });

  test('a logout where the keychain is out of reach fails, and works once it is back', async () => {
    await rolecall('daemon', 'stop');
    const withBus = environment;
    environment = { ...withBus, DBUS_SESSION_BUS_ADDRESS: '' };
    expect(await rolecall('logout')).toEqual({
      exitCode: 7,
      stdout: '',
      stderr: expect.stringContaining(
        "The keychain can't be reached, so a sign-in that is stored in it was not ended.",
      ),
    });
    expect(emulator.countCalls('Logout')).toBe(0);
    await rolecall('daemon', 'stop');

    environment = withBus;
    expect(await admin()).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await rolecall('logout')).toMatchObject({ exitCode: 0, stderr: '' });
    expect(emulator.countCalls('Logout')).toBe(1);
  });

  test('a locked keychain is told as such, and nothing in it is lost', async () => {
    await rolecall('daemon', 'stop');
    await keyring.lock();
    expect(await admin()).toMatchObject({ exitCode: 7, stdout: '', stderr: expect.stringContaining('locked') });
    expect(await rolecall('status')).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('locked') });
    await keyring.killProvider();
    await keyring.startProvider({ unlocked: true });
    await rolecall('daemon', 'restart');
    expect(await admin()).toMatchObject({ exitCode: 0, stderr: '' });
    expect(emulator.countCalls('StartDeviceAuthorization')).toBe(1);
  });
});
