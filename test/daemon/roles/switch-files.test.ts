// The plain files for shells and prompts: their content is correct, safe and up to date.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { CONFIG, createRig, SESSION, writePrivate, type Rig, type RigOptions } from '../../helpers/rig.ts';
import { waitFor } from '../../helpers/wait-for.ts';
import { deleteFolder } from '../../helpers/delete-folder.ts';

let rig: Rig;
afterEach(() => rig.remove());

const read = (name: string) => readFileSync(join(rig.paths.switchDirectory, name), 'utf8');
const lines = (name: string) => read(name).split('\n').slice(0, -1);

async function waitForPrompt(expected: string): Promise<void> {
  await waitFor(`the prompt to say ${expected}`, () => read('prompt') === `${expected}\n`);
}

async function createSignedInRig(options: RigOptions = {}): Promise<void> {
  rig = await createRig(options);
  await rig.runCli(['login']);
}

const NAME = 'taylor.Admin-AF-Permission-Set';
const ROLE = { session: SESSION, accountId: '111111111111', permissionSet: 'Admin-AF-Permission-Set' } as const;

describe('the files for shells', () => {
  test('exist soon after the start and are private', async () => {
    rig = await createRig();
    await waitForPrompt('- signed-out');
    const names = () => readdirSync(rig.paths.switchDirectory).toSorted();
    await waitFor('all of them', () => names().join(' ') === 'accounts planned profiles prompt roles signed-out used');
    const modes = readdirSync(rig.paths.switchDirectory).map((name) => [
      name,
      statSync(join(rig.paths.switchDirectory, name)).mode & 0o777,
    ]);
    expect(Object.fromEntries(modes)).toEqual({
      accounts: 0o600,
      planned: 0o600,
      profiles: 0o600,
      prompt: 0o600,
      roles: 0o600,
      'signed-out': 0o600,
      used: 0o600,
    });
    expect(statSync(rig.paths.switchDirectory).mode & 0o777).toBe(0o700);
    expect(read('profiles')).toBe('account1\n');
    expect(read('accounts')).toBe('111111111111\taccount1\n');
  });

  test('list rolecall and hand-written profiles after a sign-in, sorted like `LC_ALL=C sort`', async () => {
    await createSignedInRig({
      config: `${CONFIG}\n[default]\nregion = eu-west-1\n[profile Zed]\nregion = eu-west-1\n`,
    });
    const { profiles } = await rig.client.call('profiles', {});
    await waitFor('both lists', () => lines('accounts').length > 1 && lines('profiles').includes('current'));
    const sorted = execFileSync('sort', { input: read('profiles'), env: { LC_ALL: 'C' }, encoding: 'utf8' });
    expect(read('profiles')).toBe(sorted);
    const ours = profiles.map(({ profileName }) => profileName);
    expect(new Set(lines('profiles'))).toEqual(new Set([...ours, 'current', 'default', 'account1', 'Zed']));
    expect(new Set(lines('accounts'))).toEqual(
      new Set([
        '111111111111\taccount1',
        ...profiles.map(({ accountId, profileName }) => `${accountId}\t${profileName}`),
      ]),
    );
  });

  test('describe the role of each profile for the hook, as one harmless line, and name sessions without a sign-in', async () => {
    await createSignedInRig({
      config: `${CONFIG}\n[profile elsewhere]\nsso_session = gone\nsso_account_id = 111111111111\nsso_role_name = x\n`,
      settings: '[[protect]]\naccount_id = "222222222222"\n',
    });
    await waitFor('all roles', () => lines('roles').length === 6);
    expect(lines('roles').toSorted()).toEqual([
      `Log-Archive.ReadOnly\t${SESSION}\tLog Archive  044444444444  ReadOnly  us-east-1`,
      `Shop-Staging.ReadOnly\t${SESSION}\tShop Staging  333333333333  ReadOnly  us-east-1`,
      `account1\t${SESSION}\ttaylor  111111111111  Admin-AF-Permission-Set  us-east-1`,
      `professional-af.Admin-AF-Permission-Set\t${SESSION}\tprofessional-af  222222222222  Admin-AF-Permission-Set  us-east-1  protected`,
      `professional-af.ReadOnly\t${SESSION}\tprofessional-af  222222222222  ReadOnly  us-east-1  protected`,
      `${NAME}\t${SESSION}\ttaylor  111111111111  Admin-AF-Permission-Set  us-east-1`,
    ]);
    expect(read('signed-out')).toBe('');
    await rig.client.call('signOut', { session: SESSION });
    await waitFor('the end', () => read('signed-out') !== '');
    expect(read('signed-out')).toBe(`${SESSION}\t(signed out; run: rolecall login ${SESSION})\n`);
    rig.emulator.directory.addAccount({ accountId: '000000000009', accountName: 'tab\there\u001b[2J\nline' });
    rig.emulator.directory.assign({ accountId: '000000000009', permissionSet: 'ReadOnly', user: 'taylor' });
    await rig.runCli(['login']);
    await waitFor('the hostile account', () => lines('roles').some((line) => line.includes('000000000009')));
    const hostile = lines('roles')
      .find((line) => line.includes('000000000009'))
      ?.split('\t');
    expect(hostile?.[2]).toBe('tab\ufffdhere\ufffd[2J\ufffdline  000000000009  ReadOnly  us-east-1');
    expect(hostile).toHaveLength(3);
  });

  test('describe chained roles by role and source, and list their profiles by account', async () => {
    const chain = 'role_arn = arn:aws:iam::222222222222:role/Deploy\nsource_profile = account1\nregion = eu-west-1\n';
    await createSignedInRig({ config: `${CONFIG}\n[profile deploy]\n${chain}` });
    // One file is written after the other.
    await waitFor('the chained role in each file', () =>
      [lines('roles'), lines('profiles'), lines('accounts')].every((each) => each.join('\n').includes('deploy')),
    );
    expect(lines('roles')).toContain(
      `deploy\t${SESSION}\tprofessional-af  222222222222  Deploy via account1  eu-west-1`,
    );
    expect([lines('profiles'), lines('accounts')]).toEqual([
      expect.arrayContaining(['deploy']),
      expect.arrayContaining(['222222222222\tdeploy']),
    ]);
  });

  test('omit names that need quoting in a shell', async () => {
    const hostile = ['$(touch x)', '`id`', '%F{red}', 'a;b', "it's", 'é', 'two words'];
    rig = await createRig({
      config: `${CONFIG}${hostile.map((name) => `\n[profile ${name}]\nregion = us-east-1\n`).join('')}\n[profile fine+=,:@/-_]\n`,
    });
    await waitForPrompt('- signed-out');
    await waitFor('the profiles', () => lines('profiles').length > 0);
    expect(lines('profiles')).toEqual(['account1', 'fine+=,:@/-_']);
  });

  test('are updated after an edit of the config file and recreated after a deletion', async () => {
    rig = await createRig();
    await waitFor('the profiles', () => read('profiles') === 'account1\n');
    writeFileSync(rig.configPath, `${CONFIG}\n[profile second]\nregion = us-east-1\n`);
    // The next change updates them, or else the next tick.
    await rig.client.call('cancelSignIn', { session: SESSION });
    await waitFor('the second profile', () => read('profiles') === 'account1\nsecond\n');
    deleteFolder(rig.paths.switchDirectory);
    await rig.client.call('cancelSignIn', { session: SESSION });
    await waitFor('the files to be back', () => readdirSync(rig.paths.switchDirectory).includes('profiles'));
    expect(read('profiles')).toBe('account1\nsecond\n');
  });

  test('are not rewritten when nothing has changed', async () => {
    await createSignedInRig();
    await waitForPrompt('- ok');
    const inodes = () => ['profiles', 'accounts'].map((name) => statSync(join(rig.paths.switchDirectory, name)).ino);
    await waitFor('the profiles', () => lines('profiles').includes('current') && lines('accounts').length > 1);
    const before = inodes();
    await rig.client.call('setCurrent', { body: null });
    await rig.client.call('cancelSignIn', { session: SESSION });
    await rig.daemon().stop();
    expect(inodes()).toEqual(before);
  });

  test('remain after the daemon stops, except for the prompt file', async () => {
    rig = await createRig();
    await waitForPrompt('- signed-out');
    await waitFor('the profiles', () => read('profiles') !== '');
    await rig.daemon().stop();
    const left = readdirSync(rig.paths.switchDirectory);
    expect(left.filter((name) => name === 'profiles' || name === 'prompt')).toEqual(['profiles']);
  });

  test('omit rolecall profiles whose name is in the credentials file, so that a hook asks the daemon', async () => {
    await createSignedInRig();
    await waitFor('the name', () => lines('profiles').includes(NAME));
    writePrivate(join(rig.home.path, '.aws', 'credentials'), `[${NAME}]\n[account1]\n`);
    await rig.client.call('setCurrent', { body: null });
    // `profiles` is written first, so a reader of it may still find the old `accounts`.
    await waitFor('the name to go', () => ![...lines('profiles'), ...lines('accounts')].join('\n').includes(NAME));
    expect(lines('accounts').filter((line) => line.startsWith('111111111111'))).toEqual(['111111111111\taccount1']);
    await rig.client.call('syncProfiles', {});
    await waitFor('the new name', () => lines('profiles').includes('taylor-111111111111.Admin-AF-Permission-Set'));
  });
});

describe('the line for prompts', () => {
  test('shows the profile of the current role and the state after every change', async () => {
    await createSignedInRig();
    await waitForPrompt('- ok');
    await rig.client.call('setCurrent', { body: { ...ROLE, profile: 'taylor.Admin-AF-Permission-Set' } });
    await waitForPrompt('taylor.Admin-AF-Permission-Set ok');
    await rig.client.call('signOut', { session: SESSION });
    await waitForPrompt('taylor.Admin-AF-Permission-Set signed-out');
    await rig.client.call('setCurrent', { body: null });
    await waitForPrompt('- signed-out');
  });

  test('finds the profile of a switch that named none, and never shows a name that a prompt could evaluate', async () => {
    await createSignedInRig();
    await rig.client.call('setCurrent', { body: { ...ROLE, profile: null } });
    await waitForPrompt('taylor.Admin-AF-Permission-Set ok');
    const hostile = readFileSync(rig.configPath, 'utf8').replace(`[profile ${NAME}]`, '[profile "%F{red}$(touch x)"]');
    writeFileSync(rig.configPath, hostile);
    await rig.client.call('setCurrent', { body: ROLE });
    expect((await rig.client.call('current', {}))?.profile).toBe('%F{red}$(touch x)');
    await waitForPrompt('- ok');
  });

  test('shows that the session ends soon', async () => {
    await createSignedInRig({ settings: `[session.${SESSION}]\nsession_hours = 0.4\n` });
    await waitForPrompt('- ends-soon');
  });
});
