// A keychain that is locked with the screen, on a real gnome-keyring: dialogs are counted, keys keep flowing, nothing is lost.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createFakeClock, type FakeClock } from '../helpers/fake-clock.ts';
import { KEYRING_PROGRAMS, startKeyringSession, type KeyringSession } from '../helpers/keyring-session.ts';
import { createRig, SESSION, type Rig } from '../helpers/rig.ts';
import { systemPart } from '../helpers/system.ts';
import { createTemporaryHome, type TemporaryHome } from '../helpers/temporary-home.ts';
import { waitFor } from '../helpers/wait-for.ts';

const hasKeyring = KEYRING_PROGRAMS.every((path) => systemPart('gnome-keyring', path));
const MINUTE_MS = 60_000;
const ADMIN = { session: SESSION, account: '111111111111', role: 'Admin-AF-Permission-Set' };

// The native module reads this process's own environment, and libdbus reads the address once in the life of a process.
const VARIABLES = ['DBUS_SESSION_BUS_ADDRESS', 'XDG_RUNTIME_DIR', 'XDG_DATA_HOME', 'HOME'] as const;
const original = new Map(VARIABLES.map((name) => [name, process.env[name]]));

const home: TemporaryHome = createTemporaryHome();
let keyring: KeyringSession;
let clock: FakeClock;
let rig: Rig;

const problems = async () =>
  (await rig.client.call('status', {})).problems.filter(({ code }) => code.startsWith('secret-store-'));
const keys = () => rig.client.call('credentials', { query: ADMIN });

/** Lets the daemon's ticks go by; a status after each, as bars and trays ask for it, takes the time that the keychain needs. */
async function passMinutes(minutes: number): Promise<void> {
  for (let tick = 0; tick < minutes * 4; tick += 1) {
    await clock.advance(15_000);
    await rig.client.call('status', {});
  }
}

/** Until the token has been renewed, which the locked keychain does not take. */
async function renewToken(): Promise<void> {
  const before = (await rig.client.call('status', {})).sessions[0]?.tokenExpiresAt;
  await keys();
  clock.jump(45 * MINUTE_MS);
  await waitFor('the token to be renewed', async () => {
    await clock.advance(15_000);
    return (await rig.client.call('status', {})).sessions[0]?.tokenExpiresAt !== before;
  });
}

describe.skipIf(!hasKeyring)('a keychain that is locked with the screen', () => {
  beforeAll(async () => {
    keyring = await startKeyringSession(home.path);
    Object.assign(process.env, keyring.environment);
  });
  afterAll(async () => {
    await keyring.stop();
    await home.remove();
    for (const [name, value] of original) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  });
  beforeEach(async () => {
    clock = createFakeClock();
    rig = await createRig({
      clock,
      emulator: { clock, sessionLifetimeSeconds: 8 * 3600 },
      environment: { ...keyring.environment, ROLECALL_SECRET_STORE: 'keychain' },
    });
    await rig.client.call('startSignIn', { session: SESSION, body: {} });
    await waitFor('the sign-in to be saved', async () => {
      await clock.advance(1000);
      const items = await keyring.run('/usr/bin/secret-tool', ['search', '--all', 'service', 'rolecall']);
      return items.includes(rig.environment['AWS_ENDPOINT_URL_SSO_OIDC'] ?? '');
    });
  });
  afterEach(async () => {
    await keyring.unlock();
    await rig.remove();
  });

  test('is asked once in an hour with nobody there; keys keep flowing, and status says what a restart would lose', async () => {
    const before = keyring.dialogs();
    await keyring.lock();
    await renewToken();
    await waitFor('the refusal', async () => (await problems()).length > 0);
    await passMinutes(60);
    expect(await keys()).toMatchObject({ Version: 1 });
    expect(keyring.dialogs() - before).toBe(1);
    expect(await problems()).toEqual([
      {
        code: 'secret-store-locked',
        message: `The keychain is locked; unlock it and try again. Until it is saved, the sign-in to ${SESSION} exists only in memory: credentials keep working, but after a restart of the daemon you have to sign in again.`,
        hint: 'rolecall status',
      },
    ]);
    // The screen is unlocked, and the keychain with it.
    await keyring.unlock();
    await waitFor('the tokens to be saved', async () => (await problems()).length === 0);
    expect(keyring.dialogs() - before).toBe(1);
    await rig.restartDaemon();
    expect(await keys()).toMatchObject({ Version: 1 });
    expect(rig.emulator.countCalls('StartDeviceAuthorization')).toBe(1);
  });
  test('opens one dialog for each act of a person, and none for what asks by itself', async () => {
    await keyring.lock();
    await renewToken();
    await waitFor('the refusal', async () => (await problems()).length > 0);
    const opened: unknown[] = [];
    for (const [what, act] of [
      ['status in a script', () => rig.runCli(['status'])],
      ['status in a bar', () => rig.runCli(['status', '--format', 'waybar'], { isTerminal: true })],
      ['status in a terminal', () => rig.runCli(['status'], { isTerminal: true })],
      ['logout', () => rig.runCli(['logout'])],
    ] as const) {
      await passMinutes(1);
      const before = keyring.dialogs();
      await act();
      await passMinutes(1);
      opened.push([what, keyring.dialogs() - before]);
    }
    expect(opened).toEqual([
      ['status in a script', 0],
      ['status in a bar', 0],
      ['status in a terminal', 1],
      ['logout', 1],
    ]);
    const before = keyring.dialogs();
    await rig.client.call('stop', {});
    await rig.daemon().stop();
    expect(keyring.dialogs() - before).toBe(1);
  });

  test('that is locked when the daemon starts is asked once, and serves as soon as it is unlocked', async () => {
    const before = keyring.dialogs();
    await keyring.lock();
    await rig.restartDaemon();
    for (let call = 0; call < 20; call += 1) {
      await expect(keys()).rejects.toMatchObject({ code: 'secret-store-locked' });
    }
    await passMinutes(5);
    expect(keyring.dialogs() - before).toBe(1);
    await keyring.unlock();
    expect(await waitFor('keys', () => keys().catch(() => false as const))).toMatchObject({ Version: 1 });
    await waitFor('nothing to be wrong', async () => {
      await passMinutes(1);
      return (await problems()).length === 0;
    });
    expect(keyring.dialogs() - before).toBe(1);
  });
});
