// `rolecall uninstall` with real processes: a fully used home, one where no daemon starts, and a real keychain.
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createEmulatedHome, type EmulatedHome } from '../helpers/emulated-home.ts';
import { KEYRING_PROGRAMS, startKeyringSession, type KeyringSession } from '../helpers/keyring-session.ts';
import { canSeeProcesses, processesOf } from '../helpers/processes.ts';
import { CONFIG, SESSION, writePrivate } from '../helpers/rig.ts';
import { runRolecall } from '../helpers/run-process.ts';
import { systemPart } from '../helpers/system.ts';
import { waitFor } from '../helpers/wait-for.ts';

const GRANTED = `
[profile g]
granted_sso_start_url = https://d-1234567890.awsapps.com/start
granted_sso_region = us-east-1
granted_sso_account_id = 222222222222
granted_sso_role_name = ReadOnly
credential_process = granted credential-process --profile g
`;
const FOREIGN_TOKEN = '{"accessToken":"x","expiresAt":"2030-01-01T00:00:00Z"}';

let its: EmulatedHome;
let environment: Record<string, string>;
let keyring: KeyringSession | undefined;
beforeEach(async () => {
  its = await createEmulatedHome({ ROLECALL_SECRET_STORE: 'file', ROLECALL_PASSPHRASE: 'correct horse' });
  environment = { ...its.environment, SHELL: '/bin/bash' };
  // The user's own.
  writePrivate(at('.aws', 'config'), CONFIG + GRANTED);
  writePrivate(at('.bashrc'), 'export EDITOR=vi');
});
afterEach(async () => {
  await rolecall('daemon', 'stop', '--yes');
  await keyring?.stop();
  keyring = undefined;
  await its.remove();
});

const at = (...names: readonly string[]) => join(its.home.path, ...names);
const rolecall = (...args: readonly string[]) => runRolecall(args, { environment });
const state = (...names: readonly string[]) => join(its.paths.stateDirectory, ...names);

/** Every file and folder of the home, with its mode and content. */
function snapshot(): Record<string, string> {
  const entries = readdirSync(its.home.path, { recursive: true, withFileTypes: true })
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !path.startsWith(at('keyring')));
  return Object.fromEntries(
    entries.map((path) => {
      const found = lstatSync(path);
      const content = found.isFile() ? readFileSync(path, 'utf8') : '';
      return [relative(its.home.path, path), `${(found.mode & 0o7777).toString(8)} ${content}`];
    }),
  );
}

/** Everything that writes files: sign-in, profiles, adoption, hook, current role, grants, a token file. */
async function useEverything(): Promise<void> {
  for (const words of [
    ['profiles', 'adopt', '--from', 'granted', '--yes'],
    ['login'],
    ['use', '--current', 'Log-Archive.ReadOnly'],
    ['exec', 'Log-Archive.ReadOnly', '--', 'true'],
    ['exec', 'Log-Archive.ReadOnly', '--token-file', '--', 'true'],
    ['shell-init', '--install', 'bash', '--yes'],
    ['shell-init', '--install', 'fish', '--yes'],
  ]) {
    expect([words, await rolecall(...words)]).toMatchObject([words, { exitCode: 0 }]);
  }
  writePrivate(its.paths.settingsFile, 'on_expired = "wait"\n');
  writePrivate(its.paths.passphraseFile, 'correct horse\n');
}

describe('a fully used home', () => {
  test('is as before, and the list says what goes', { timeout: 120_000 }, async () => {
    // Of the user, in folders that rolecall uses too.
    writePrivate(state('notes.txt'), 'mine');
    writePrivate(at('.config', 'rolecall', 'my-script'), 'mine');
    writePrivate(at('.aws', 'sso', 'cache', `${'a'.repeat(40)}.json`), FOREIGN_TOKEN);
    writePrivate(at('.config', 'fish', 'config.fish'), 'set -gx EDITOR vi');
    const before = snapshot();
    await useEverything();
    const used = snapshot();
    const pid = (await its.client.call('status', {})).pid;

    const asked = await rolecall('uninstall');
    expect(asked).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('Run: rolecall uninstall --dry-run\n'),
    });
    const list = await rolecall('uninstall', '--dry-run');
    expect({ ...list, stdout: list.stdout.replaceAll(/[0-9a-f]{40}|\d+ entries/gu, 'N') }).toEqual({
      exitCode: 0,
      stdout: `This removes from your account on this machine:

  Sign-ins  ${SESSION}
  Adopted   profiles get their earlier lines back
  Daemon    pid ${pid}
  Profiles  6 profiles in ~/.aws/config
  Shell     our lines in ~/.bashrc
            ~/.config/rolecall/init.bash
            ~/.config/fish/functions/rolecall.fish
            ~/.config/fish/completions/rolecall.fish
  Tokens    ~/.aws/sso/cache/N.json
  State     ~/.local/share/rolecall/bin (1 entry)
            ~/run/rolecall (1 entry)
            ~/.local/state/rolecall (N)
  Settings  ~/.config/rolecall/config.toml
            ~/.config/rolecall/passphrase

This stays:

  ~/.config/rolecall/my-script       is not rolecall's
  ~/.local/state/rolecall/notes.txt  is not rolecall's
`,
      stderr: 'Nothing was removed.\n',
    });
    expect(Object.keys(snapshot()).toSorted()).toEqual(Object.keys(used).toSorted());

    expect(await rolecall('uninstall', '--yes')).toEqual({
      exitCode: 0,
      stdout: `${list.stdout}Removed. To remove the program: npm uninstall -g rolecall\n`,
      stderr: '',
    });
    expect(snapshot()).toEqual(before);
    expect(its.emulator.countCalls('Logout')).toBe(1);
    if (canSeeProcesses) await waitFor('all processes to end', () => processesOf(its.home.path).length === 0);

    expect(await rolecall('uninstall', '--yes')).toEqual({
      exitCode: 0,
      stdout: expect.stringMatching(
        /^Nothing of rolecall is left to remove\.\n[^]*\nTo remove the program: npm uninstall -g rolecall\n$/u,
      ),
      stderr: '',
    });
    expect(snapshot()).toEqual(before);
  });
});

describe('a broken home', () => {
  test('where no daemon starts loses the rest, and is told how to sign out', { timeout: 120_000 }, async () => {
    const before = snapshot();
    // Tokens that only a daemon could read.
    writePrivate(state('secrets.json'), '{}');
    writePrivate(its.paths.settingsFile, 'nonsense = 1\n');
    const { exitCode, stderr } = await rolecall('uninstall', '--yes');
    expect({ exitCode, stderr }).toEqual({
      exitCode: 7,
      stderr: expect.stringMatching(
        /^rolecall: Not signed out of any sso-session at AWS: .*unknown key "nonsense"[^\n]* until you sign out on its page\. \[identity-center-unreachable\]\nRun: (?:xdg-)?open https:\/\/d-1234567890\.awsapps\.com\/start\n[^]*Not everything was done\. /u,
      ),
    });
    expect(snapshot()).toEqual(before);
    expect(await rolecall('uninstall', '--yes')).toMatchObject({ exitCode: 0 });
  });
});

describe.skipIf(!KEYRING_PROGRAMS.every((path) => systemPart('gnome-keyring', path)))('in the keychain', () => {
  test('nothing of ours stays, and what others have there does', { timeout: 120_000 }, async () => {
    keyring = await startKeyringSession(its.home.path);
    environment = { ...environment, ROLECALL_SECRET_STORE: '', ...busOf(keyring) };
    const search = () => keyring?.run('/usr/bin/secret-tool', ['search', '--all', 'service', 'rolecall']);
    await keyring.run('/bin/sh', ['-c', 'printf x | secret-tool store --label=mine service other']);
    expect(await rolecall('login')).toMatchObject({ exitCode: 0 });
    expect(await search()).toContain('session:');

    // Without the daemon: its items are found by their service.
    await rolecall('daemon', 'stop');
    await keyring.lock();
    const { exitCode, stdout, stderr } = await rolecall('uninstall', '--yes');
    expect({ exitCode, stdout, stderr }).toMatchObject({
      exitCode: 7,
      stdout: expect.stringContaining('the items of rolecall in the keychain, which is locked\n'),
      stderr: expect.stringContaining('\nRun: secret-tool clear service rolecall\n'),
    });

    await keyring.unlock();
    expect((await rolecall('uninstall', '--dry-run')).stdout).toMatch(
      /Tokens +\d items of rolecall in the keychain\n/u,
    );
    expect(await rolecall('uninstall', '--yes')).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await search()).toBe('');
    expect(await keyring.run('/usr/bin/secret-tool', ['lookup', 'service', 'other'])).toBe('x');
  });
});

const busOf = (session: KeyringSession) => ({
  DBUS_SESSION_BUS_ADDRESS: session.environment['DBUS_SESSION_BUS_ADDRESS'] ?? '',
});
