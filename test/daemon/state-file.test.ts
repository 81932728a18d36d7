// State over versions: an older file is migrated, a newer one is left alone and named in the status, by every reader there is.
import { readdirSync, readFileSync, writeFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createProblems } from '../../src/core/problems.ts';
import { createStateFiles } from '../../src/daemon/state-file.ts';
import { createRig, SESSION, writePrivate, type Rig } from '../helpers/rig.ts';
import { createTemporaryHome, type TemporaryHome } from '../helpers/temporary-home.ts';

const ROLE = { session: SESSION, accountId: '111111111111', permissionSet: 'Admin-AF-Permission-Set' };

describe('a file', () => {
  let home: TemporaryHome;
  beforeEach(() => {
    home = createTemporaryHome();
  });
  afterEach(() => home.remove());

  const schema = {
    version: 3,
    migrations: {
      1: ({ name, ...rest }: Readonly<Record<string, unknown>>) => ({ ...rest, names: [name] }),
      2: (older: Readonly<Record<string, unknown>>) => ({ ...older, count: 1 }),
    },
  };
  function open() {
    const problems = createProblems();
    const path = join(home.path, 'state.json');
    return { problems, path, file: createStateFiles(problems)(path, schema) };
  }

  test.each([
    ['ours', { schemaVersion: 3, names: ['a'], count: 4 }, { schemaVersion: 3, names: ['a'], count: 4 }],
    ['one version older', { schemaVersion: 2, names: ['a'] }, { schemaVersion: 3, names: ['a'], count: 1 }],
    ['two versions older', { schemaVersion: 1, name: 'a' }, { schemaVersion: 3, names: ['a'], count: 1 }],
    ['older than all that we know', { schemaVersion: 0, name: 'a' }, undefined],
    ['without a version', { name: 'a' }, undefined],
    ['a list', [1], undefined],
  ])('that is %s', async (_, stored, expected) => {
    const { path, file, problems } = open();
    writeFileSync(path, JSON.stringify(stored));
    expect(await file.read()).toEqual(expected);
    expect(problems.list()).toEqual([]);
    await file.write({ names: [] });
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({ schemaVersion: 3, names: [] });
  });

  test.each(['', 'no JSON', 'null', '"x"'])('that holds %j is none, and is replaced', async (text) => {
    const { path, file, problems } = open();
    expect(await file.read()).toBeUndefined();
    writeFileSync(path, text);
    expect(await file.read()).toBeUndefined();
    await file.write({ names: ['b'] });
    expect(await file.read()).toEqual({ schemaVersion: 3, names: ['b'] });
    expect(problems.list()).toEqual([]);
  });

  test('of a newer daemon is neither read nor written, also when it comes in between, until it is gone', async () => {
    const { path, file, problems } = open();
    await file.write({ names: [] });
    const newer = '{ "schemaVersion": 4, "something": "else" }';
    writeFileSync(path, newer);
    await file.write({ names: ['lost'] });
    expect(readFileSync(path, 'utf8')).toBe(newer);
    expect(await file.read()).toBeUndefined();
    expect(problems.list()).toEqual([
      {
        code: 'state-file-newer',
        message: `${path} was written by a newer version of rolecall; it is left as it is, and nothing is kept there.`,
        hint: 'npm install -g rolecall@latest',
      },
    ]);
    writeFileSync(path, '{}');
    await file.write({ names: ['kept'] });
    expect(await file.read()).toMatchObject({ names: ['kept'] });
    expect(problems.list()).toEqual([]);
  });
});

describe('a daemon that finds the state of a newer one', () => {
  let rig: Rig | undefined;
  afterEach(() => rig?.remove());

  /** Every file below the state folder that says its version. */
  function versioned(directory: string): readonly string[] {
    return readdirSync(directory, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.json'))
      .filter((name) => readFileSync(join(directory, name), 'utf8').includes('"schemaVersion"'))
      .toSorted();
  }

  test('works, changes none of it, and names each file', { timeout: 60_000 }, async () => {
    rig = await createRig();
    const its = rig;
    const { stateDirectory } = its.paths;
    await its.runCli(['login']);
    await its.client.call('createGrant', { body: ROLE });
    await its.client.call('setCurrent', { body: { ...ROLE, profile: null } });
    writePrivate(join(its.paths.switchDirectory, 'used'), 'account1\n');
    await its.client.call('roles', { query: {} });
    await its.daemon().stop();
    const names = versioned(stateDirectory);
    expect(names.map((name) => name.replace(/[0-9a-f]{16}/, 'ID'))).toEqual([
      'catalog/ID.json',
      'container-port.json',
      'current.json',
      'grants.json',
      'profile-names.json',
      'switch/uses.json',
      'used-roles.json',
      'users.json',
    ]);
    const newer = JSON.stringify({ schemaVersion: 99, precious: true });
    for (const name of names) writeFileSync(join(stateDirectory, name), newer);

    await its.restartDaemon();
    // A store in memory has forgotten the sign-in, which is not what this is about.
    expect(await its.runCli(['login'])).toMatchObject({ exitCode: 0 });
    await its.client.call('createGrant', { body: ROLE });
    await its.client.call('setCurrent', { body: { ...ROLE, profile: null } });
    writePrivate(join(its.paths.switchDirectory, 'used'), 'account1\n');
    await its.client.call('roles', { query: {} });
    const { problems, current } = await its.client.call('status', {});
    expect(current).toMatchObject({ accountId: ROLE.accountId });
    for (const name of names) {
      expect([name, readFileSync(join(stateDirectory, name), 'utf8')]).toEqual([name, newer]);
    }
    const named = problems
      .filter(({ code }) => code === 'state-file-newer')
      .map(({ message }) => message.split(' ')[0]);
    expect(new Set(named)).toEqual(new Set(names.map((name) => join(stateDirectory, name))));
    expect(existsSync(its.configPath)).toBe(true);
  });
});
