// `rolecall uninstall`: the question, and what it says without a terminal.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createSignedInRig, SESSION, writePrivate, type Rig } from '../helpers/rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await createSignedInRig();
});
afterAll(() => rig.remove());

test('lists what it removes, asks, and Enter or "n" changes nothing', async () => {
  const config = readFileSync(rig.configPath, 'utf8');
  for (const answer of ['', 'n']) {
    const { exitCode, stdout, stderr } = await rig.runCli(['uninstall'], {
      isTerminal: true,
      answers: [answer],
      environment: { NO_COLOR: '1' },
    });
    expect({ exitCode, stderr }).toEqual({
      exitCode: 0,
      stderr: '\nRemove all this? [y/N] Nothing was removed.\n',
    });
    expect(stdout).toContain(
      `  Sign-ins  ${SESSION}\n  Daemon    pid ${process.pid}\n  Profiles  6 profiles in ~/.aws/config\n`,
    );
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
  }
  expect(readFileSync(rig.configPath, 'utf8')).toBe(config);
  expect((await rig.runCli(['status', '--check'])).exitCode).toBe(0);
});

test('without a terminal needs --yes or --dry-run', async () => {
  expect(await rig.runCli(['uninstall'])).toEqual({
    exitCode: 2,
    stdout: '',
    stderr:
      'rolecall: Not a terminal: pass --yes to remove without asking, or --dry-run to see the list. [usage]\n' +
      'Run: rolecall uninstall --dry-run\n',
  });
});

test.runIf(process.platform === 'linux')('says how to clear a keychain that was used and is out of reach', async () => {
  writePrivate(join(rig.paths.stateDirectory, 'keychain-used'), '');
  const { exitCode, stderr } = await rig.runCli(['uninstall', '--dry-run']);
  expect(exitCode).toBe(0);
  expect(stderr).toMatch(
    /^rolecall: The keychain can't be reached from here and may keep items of rolecall\. .* \[secret-store-unavailable\]\nRun: secret-tool clear service rolecall\n/u,
  );
});

test('names a passphrase outside of the folders that it removes', async () => {
  writePrivate(rig.paths.passphraseFile, 'correct horse\n');
  // As with ROLECALL_CONFIG, the settings are somewhere else.
  const environment = { XDG_CONFIG_HOME: join(rig.home.path, 'other'), NO_COLOR: '1' };
  const { stdout } = await rig.runCli(['uninstall', '--dry-run'], { environment });
  expect(stdout).toContain(
    '  ~/.config/rolecall/passphrase  has the passphrase, beside the file that ROLECALL_CONFIG names\n',
  );
  const kept = await rig.runCli(['uninstall', '--dry-run', '--keep-settings'], { environment });
  expect(kept.stdout).not.toContain('passphrase');
  expect((await rig.runCli(['uninstall', '--dry-run'])).stdout).toContain('Settings  ~/.config/rolecall/passphrase\n');
});
