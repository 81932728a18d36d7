// `write = "used"` in a running daemon: a role can be used by name, which writes its profile, and the profile stays.
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { createRig, SESSION, writePrivate, type Rig, type RigOptions } from '../helpers/rig.ts';
import { waitFor } from '../helpers/wait-for.ts';

let rig: Rig;
afterEach(() => rig.remove());

const ADMIN = 'taylor.Admin-AF-Permission-Set';
const ROLE = { session: SESSION, accountId: '111111111111', permissionSet: 'Admin-AF-Permission-Set' } as const;
const SETTINGS = '[profiles]\nwrite = "used"\n';

const config = () => readFileSync(rig.configPath, 'utf8');
const lines = (name: string) => readFileSync(join(rig.paths.switchDirectory, name), 'utf8').split('\n').slice(0, -1);
/** The rolecall profiles in the file. */
const written = () =>
  [...config().matchAll(/^\[profile (.+)\]$/gm)].flatMap(([, name = '']) =>
    ['account1', 'current'].includes(name) ? [] : [name],
  );

async function createSignedInRig(options: RigOptions = { settings: SETTINGS }): Promise<void> {
  rig = await createRig(options);
  expect(await rig.runCli(['login'])).toMatchObject({ exitCode: 0 });
}

describe('an unused role', () => {
  test('has a name everywhere but no profile in the file, as login reports', async () => {
    rig = await createRig({ settings: SETTINGS });
    const login = await rig.runCli(['login']);
    expect(login.stdout).toMatch(
      /0 profiles, up to date\.|0 profiles.*\n5 more roles have names and get their profile when first used \(write = "used"\): rolecall use\n/,
    );
    expect(written()).toEqual([]);
    const { roles } = await rig.client.call('roles', { query: {} });
    expect(roles.map(({ unwritten }) => unwritten)).toEqual(roles.map(() => true));
    const names = roles.map(({ profile }) => profile ?? '');
    expect(names).toContain(ADMIN);
    await waitFor('the names for completion', () => lines('planned').length === names.length);
    expect(lines('planned')).toEqual(names.toSorted());
    // The shell hook uses these without asking, so they must be in the config file.
    expect(lines('profiles')).toEqual(['account1', 'current']);
    expect(lines('accounts')).toContain(`111111111111\t${ADMIN}`);
    expect(await rig.client.call('profile', { query: { name: ADMIN } })).toEqual({
      profileName: ADMIN,
      followsCurrent: false,
      ...ROLE,
      region: 'us-east-1',
      unwritten: true,
    });
  });

  test('fails the sync, but not the daemon, when the file of used roles cannot be read', async () => {
    await createSignedInRig();
    await rig.runCli(['use', '--print-name', ADMIN]);
    const before = config();
    const path = join(rig.paths.stateDirectory, 'used-roles.json');
    await waitFor('the file of used roles', () => existsSync(path));
    rmSync(path);
    mkdirSync(path);
    await rig.restartDaemon();
    expect(await rig.runCli(['login'])).toMatchObject({ exitCode: 7, stderr: expect.stringContaining(path) });
    expect(await rig.runCli(['profiles', 'sync'])).toMatchObject({ exitCode: 7 });
    expect(config()).toBe(before);
    expect(await rig.runCli(['use', '--current', ADMIN])).toMatchObject({ exitCode: 0 });
  });

  test('gets its profile by `use`, with its name or with words', async () => {
    await createSignedInRig();
    expect(await rig.runCli(['use', '--print-name', ADMIN])).toEqual({ exitCode: 0, stdout: `${ADMIN}\n`, stderr: '' });
    expect(written()).toEqual([ADMIN]);
    const { exitCode, stdout } = await rig.runCli(['use', '--print-name', 'log', 'read']);
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: 'Log-Archive.ReadOnly\n' });
    expect(written()).toEqual(['Log-Archive.ReadOnly', ADMIN]);
    await waitFor('the lists for shells', () => lines('profiles').includes(ADMIN) && !lines('planned').includes(ADMIN));
    expect((await rig.runCli(['profiles', 'list'])).stderr).toContain('more roles have names');
  });

  test('keeps its profile after syncs, after a restart, and when all others are removed', async () => {
    await createSignedInRig();
    await rig.client.call('writeProfile', { body: { name: ADMIN } });
    const before = config();
    const again = await rig.client.call('writeProfile', { body: { name: ADMIN } });
    expect(again).toEqual({ profileName: ADMIN, followsCurrent: false, ...ROLE, region: 'us-east-1' });
    await rig.client.call('syncProfiles', {});
    await rig.restartDaemon();
    await rig.client.call('syncProfiles', {});
    expect(config()).toBe(before);
  });

  test.each([
    [
      'keys',
      () =>
        rig.client.call('credentials', {
          query: { session: SESSION, account: ROLE.accountId, role: ROLE.permissionSet },
        }),
    ],
    ['the console', () => rig.client.call('console', { body: ROLE })],
    ['a grant', () => rig.client.call('createGrant', { body: ROLE })],
    ['being current', () => rig.client.call('setCurrent', { body: { ...ROLE, profile: null } })],
    ['exec', () => rig.runCli(['exec', ADMIN, '--', 'true'])],
  ] as const)('gets it by %s as well', async (_, use) => {
    await createSignedInRig();
    await use();
    await waitFor('the profile', () => written().join() === ADMIN);
  });

  test('gets its profile only by `use` with sync = "manual"', async () => {
    await createSignedInRig({ settings: `${SETTINGS}sync = "manual"\n` });
    await rig.client.call('syncProfiles', {});
    await rig.client.call('console', { body: ROLE });
    await rig.client.call('status', {});
    expect(written()).toEqual([]);
    await rig.runCli(['use', '--print-name', ADMIN]);
    expect(written()).toEqual([ADMIN]);
  });

  test('counts as used if a shell used its profile before write was set to "used"', async () => {
    await createSignedInRig({});
    expect(written()).toHaveLength(5);
    writePrivate(join(rig.paths.switchDirectory, 'used'), `${ADMIN}\n`);
    writePrivate(rig.paths.settingsFile, SETTINGS);
    await rig.restartDaemon();
    await rig.client.call('syncProfiles', {});
    expect(written()).toEqual([ADMIN]);
  });

  test('is not invented: an unknown name is an error that suggests the closest one, and writes nothing', async () => {
    await createSignedInRig();
    await expect(rig.client.call('writeProfile', { body: { name: `${ADMIN}x` } })).rejects.toMatchObject({
      code: 'profile-not-found',
      message: `No sso-session has a profile "${ADMIN}x". Did you mean "${ADMIN}"?`,
    });
    for (const name of ['', 'a\u0000b', 'a\nb', 'x'.repeat(513)]) {
      await expect(rig.client.call('writeProfile', { body: { name } })).rejects.toMatchObject({
        code: 'invalid-request',
      });
    }
    expect(written()).toEqual([]);
  });
});

describe('write = "auto"', () => {
  test('writes all profiles while there are few; with "used", `include` and pins apply', async () => {
    await createSignedInRig({ settings: '[profiles]\nwrite = "auto"\n' });
    expect(written()).toHaveLength(5);
    writePrivate(
      rig.paths.settingsFile,
      '[profiles]\nwrite = "used"\ninclude = ["log-*", "Log-*"]\n[[role]]\naccount_id = "111111111111"\npin = true\n',
    );
    await rig.restartDaemon();
    await rig.client.call('syncProfiles', {});
    expect(written()).toEqual(['Log-Archive.ReadOnly', ADMIN]);
  });
});

describe('an alias', () => {
  test('is a name of the role in its row and for use, exec, login and completion', async () => {
    await createSignedInRig({
      settings: '[[role]]\naccount_id = "111111111111"\npermission_set = "Admin-AF-Permission-Set"\nalias = "admin"\n',
    });
    const { roles } = await rig.client.call('roles', { query: {} });
    expect(roles.flatMap(({ profile, aliases }) => (aliases === undefined ? [] : [[profile, aliases]]))).toEqual([
      [ADMIN, ['admin']],
    ]);
    await waitFor('the list for shells', () => lines('profiles').includes('admin'));
    expect((await rig.runCli(['use', '--print-name', 'admin'])).stdout).toBe('admin\n');
    expect(await rig.client.call('profile', { query: { name: 'admin' } })).toMatchObject(ROLE);
    expect((await rig.runCli(['login', '--profile', 'admin'])).stderr).toContain(`Already signed in to ${SESSION}`);
    expect((await rig.runCli(['profiles', 'list'])).stdout).toContain(`${ADMIN}, admin`);
    expect((await rig.client.call('status', {})).problems).toEqual([]);
  });

  test('counts its use for the role', async () => {
    await createSignedInRig({ settings: '[[role]]\naccount_id = "111111111111"\nalias = "admin"\n' });
    writePrivate(join(rig.paths.switchDirectory, 'used'), `admin\n${ADMIN}\n`);
    const { roles } = await rig.client.call('roles', { query: {} });
    expect(roles.flatMap(({ profile, score }) => (score === 0 ? [] : [[profile, score]]))).toEqual([[ADMIN, 2]]);
  });

  test('that no role can have is reported by sync', async () => {
    await createSignedInRig({ settings: '[[role]]\nalias = "same-for-all"\n' });
    expect((await rig.runCli(['profiles', 'sync'])).stderr).toBe(
      'Left out same-for-all: it is an alias that several roles would get. Make the rule match one role, or use {account_id} and {permission_set} in the alias.\n',
    );
  });
});
