// State files across versions: every reader migrates older ones, leaves newer ones alone and names them in the status.
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createProblems } from '../../../src/core/problems.ts';
import { ISSUED_NAMES_SCHEMA } from '../../../src/daemon/roles/issued-names.ts';
import { ROLE_USAGE_SCHEMA } from '../../../src/daemon/roles/role-usage.ts';
import { createRig, SESSION, writePrivate, type Rig } from '../../helpers/rig.ts';
import { openStateFiles } from '../../helpers/state-files.ts';
import { createTemporaryHome, type TemporaryHome } from '../../helpers/temporary-home.ts';

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
  function open(folder = home.path) {
    const problems = createProblems();
    const logLines: string[] = [];
    const path = join(folder, 'state.json');
    return { problems, logLines, path, file: openStateFiles(problems, logLines)(path, schema) };
  }

  test.each([
    ['ours', { schemaVersion: 3, names: ['a'], count: 4 }, { schemaVersion: 3, names: ['a'], count: 4 }],
    ['one version older', { schemaVersion: 2, names: ['a'] }, { schemaVersion: 3, names: ['a'], count: 1 }],
    ['two versions older', { schemaVersion: 1, name: 'a' }, { schemaVersion: 3, names: ['a'], count: 1 }],
  ])('that is %s', async (_, stored, expected) => {
    const { path, file, problems } = open();
    writeFileSync(path, JSON.stringify(stored));
    expect(await file.read()).toEqual(expected);
    expect(problems.list()).toEqual([]);
    await file.write({ names: [] });
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({ schemaVersion: 3, names: [] });
  });

  test.each([
    ['', 'empty'],
    ['\0\0\0\0', 'not valid JSON'],
    ['no JSON', 'not valid JSON'],
    ['{"schemaVersion":3,"names":["a"', 'not valid JSON'],
    ['null', 'not valid JSON'],
    ['"x"', 'not valid JSON'],
    ['[1]', 'not valid JSON'],
    ['{"name":"a"}', 'of an unknown version'],
    ['{"schemaVersion":0,"name":"a"}', 'of an unknown version'],
  ])('that holds %j is kept aside, named and replaced', async (text, reason) => {
    const { path, file, problems, logLines } = open();
    const copy = `${path}.damaged-2026-11-24T060000Z`;
    writeFileSync(path, text, { mode: 0o600 });
    expect(await file.wasDamaged()).toBe(false);
    expect(await file.read()).toBeUndefined();
    expect([existsSync(path), readFileSync(copy, 'utf8')]).toEqual([false, text]);
    expect(logLines).toEqual([`warn ${path} is damaged: it is ${reason}. It is kept as ${copy}.`]);
    expect(problems.list()).toEqual([
      { code: 'state-file-damaged', message: `${path} was damaged and is kept as ${copy}.`, hint: `rm ${copy}` },
    ]);
    expect([await file.wasDamaged(), await file.read()]).toEqual([true, undefined]);
    // Damage that comes in between is noticed by the next write.
    writeFileSync(path, `${text} `);
    await file.write({ names: ['b'] });
    expect(readFileSync(copy, 'utf8')).toBe(`${text} `);
    expect(await file.read()).toEqual({ schemaVersion: 3, names: ['b'] });
  });

  test.each([
    [{}, ''],
    [{ isReadOnce: true }, ' && rolecall daemon restart'],
  ])('that cannot be read is a problem until it can (%j)', async (extra, end) => {
    // By its name it is ours: no other folder is to be moved.
    const { path, problems } = open(join(home.path, 'rolecall'));
    const file = openStateFiles(problems)(path, { ...schema, ...extra });
    mkdirSync(path, { recursive: true });
    await expect(file.read()).rejects.toMatchObject({ code: 'file-not-writable' });
    expect(problems.list()).toEqual([
      {
        code: 'file-not-writable',
        message: `${path} cannot be read: it is a folder, not a file.`,
        hint: `mv ${path} ${path}.old${end}`,
      },
    ]);
    renameSync(path, `${path}.old`);
    expect([await file.read(), problems.list()]).toEqual([undefined, []]);
  });

  test('that is far too large is set aside without using memory, and three copies are kept', async () => {
    const { path, file, problems } = open();
    for (let day = 1; day < 6; day += 1) writeFileSync(`${path}.damaged-2026-11-0${day}T000000Z`, '');
    writeFileSync(path, '');
    truncateSync(path, 1024 ** 4);
    expect(await file.read()).toBeUndefined();
    expect(readdirSync(home.path).filter((name) => name.startsWith('state.json'))).toEqual([
      'state.json.damaged-2026-11-04T000000Z',
      'state.json.damaged-2026-11-05T000000Z',
      'state.json.damaged-2026-11-24T060000Z',
    ]);
    expect(problems.list()).toHaveLength(1);
  });

  test('loses only the damaged entries of its list', async () => {
    const roles = Array.from({ length: 500 }, (_, index) => ({
      sessionName: 'a } "quoted" {',
      accountId: String(100_000_000_000 + index),
      permissionSet: 'Admin',
    }));
    const { path } = open();
    const file = openStateFiles()(path, ROLE_USAGE_SCHEMA);
    const read = async () => (await file.read())?.['roles'];
    await file.write({ roles });
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, text.slice(0, text.length / 2));
    const half = (await read()) as object[];
    expect(half).toEqual(roles.slice(0, half.length));
    expect(half.length).toBeGreaterThan(240);
    // It is written again at once.
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({ schemaVersion: 1, roles: half });
    // Any one bit, within the entries: at most two of them go.
    for (let index = 40; index < 400; index += 7) {
      const bytes = Buffer.from(text);
      bytes[index] = (bytes[index] ?? 0) ^ (1 << (index % 8));
      writeFileSync(path, bytes);
      expect(((await read()) as object[]).length).toBeGreaterThanOrEqual(roles.length - 2);
    }
    writeFileSync(path, JSON.stringify({ schemaVersion: 1, roles: [null, roles[0], 1] }));
    expect(await read()).toEqual([roles[0]]);
    writeFileSync(path, '{"schemaVersion":1,"roles":[null]}');
    expect(await read()).toBeUndefined();
  });

  test('of profile names is damaged when an alias is not text', async () => {
    const { path } = open();
    const profile = { profileName: 'a', sessionName: 's', accountId: '111111111111', permissionSet: 'Admin' };
    const names = { schemaVersion: 1, template: 't', profiles: [profile], unwritten: [{ ...profile, aliases: [5] }] };
    writeFileSync(path, JSON.stringify(names));
    expect(await openStateFiles()(path, ISSUED_NAMES_SCHEMA).read()).toBeUndefined();
  });

  test('of a newer daemon is neither read nor written until it is gone, even if it appears while the daemon runs', async () => {
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
        message: `${path} was written by a newer version of rolecall. This version leaves it unchanged and saves nothing there.`,
        hint: 'npm install -g rolecall@latest',
      },
    ]);
    rmSync(path);
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

  test('works, changes none of the files, and names each', { timeout: 60_000 }, async () => {
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

describe('a daemon that finds its state damaged', () => {
  let rig: Rig | undefined;
  afterEach(() => rig?.remove());

  const NAMES = [
    'container-port.json',
    'current.json',
    'grants.json',
    'profile-names.json',
    'switch/uses.json',
    'used-roles.json',
    'users.json',
  ];
  const DAMAGES: readonly (readonly [string, (whole: Buffer) => Buffer | string])[] = [
    ['empty', () => ''],
    ['cut off', (whole) => whole.subarray(0, whole.length - 3)],
    ['with a wrong bit', (whole) => Buffer.concat([Buffer.from([(whole[0] ?? 0) ^ 4]), whole.subarray(1)])],
    ['with nothing in its list', () => '{"schemaVersion":1,"role":1,"grants":[null],"roles":[null],"uses":[null]}'],
  ];

  test('starts, names each file and its loss in status, doctor and log, and reports nothing once the copies are deleted', async () => {
    rig = await createRig();
    const its = rig;
    await its.runCli(['login']);
    await its.client.call('createGrant', { body: ROLE });
    await its.client.call('setCurrent', { body: { ...ROLE, profile: null } });
    writePrivate(join(its.paths.switchDirectory, 'used'), 'account1\n');
    await its.client.call('roles', { query: {} });
    await its.daemon().stop();
    const files = NAMES.map((name) => join(its.paths.stateDirectory, name));
    const whole = files.map((path) => readFileSync(path));
    for (const [what, damage] of DAMAGES) {
      const logged = its.logLines.length;
      for (const [index, path] of files.entries()) writeFileSync(path, damage(whole[index] as Buffer));
      await its.restartDaemon();
      await its.client.call('roles', { query: {} });
      await its.client.call('profiles', {});
      const problems = (await its.client.call('status', {})).problems.filter(
        ({ code }) => code === 'state-file-damaged',
      );
      expect([what, new Set(problems.map(({ message }) => message.split(' ')[0]))]).toEqual([what, new Set(files)]);
      const doctor = await its.runCli(['doctor', '--json']);
      for (const { message, hint } of problems) {
        expect(message).toMatch(/Z\. [A-Z].+\.$/);
        expect(doctor.stdout).toContain(JSON.stringify(hint));
        for (const copy of hint.split(' ').slice(1)) rmSync(copy);
      }
      for (const path of files) {
        expect(
          its.logLines.slice(logged).filter((line) => line.startsWith(`warn ${path} is damaged: it is `)),
        ).not.toEqual([]);
      }
      expect((await its.client.call('status', {})).problems).toEqual([]);
    }
  });

  test('serves the undamaged grants, and tells callers of the others why they ended', async () => {
    rig = await createRig({ hasLastingPort: true });
    const its = rig;
    const state = (name: string) => join(its.paths.stateDirectory, name);
    await its.runCli(['login']);
    const grants = [
      await its.client.call('createGrant', { body: ROLE }),
      await its.client.call('createGrant', { body: ROLE }),
    ];
    const ask = () =>
      Promise.all(
        grants.map(async ({ url, token }) => {
          const response = await fetch(url, { headers: { authorization: token } });
          return [response.status, ((await response.json()) as { message?: string }).message];
        }),
      );
    const ended = [401, expect.stringContaining('The grants file was damaged')];
    await its.daemon().stop();
    const text = readFileSync(state('grants.json'), 'utf8');
    writeFileSync(state('grants.json'), text.slice(0, -10));
    await its.restartDaemon();
    await its.runCli(['login']);
    expect(await ask()).toEqual([[200, undefined], ended]);
    await its.daemon().stop();
    writeFileSync(state('grants.json'), '');
    await its.restartDaemon();
    expect(await ask()).toEqual([ended, ended]);
  });

  test('ends a grant with an impossible time, and still lists the others', async () => {
    rig = await createRig({ hasLastingPort: true });
    const its = rig;
    await its.runCli(['login']);
    const grants = [
      await its.client.call('createGrant', { body: ROLE }),
      await its.client.call('createGrant', { body: ROLE }),
    ];
    const path = join(its.paths.stateDirectory, 'grants.json');
    await its.daemon().stop();
    const stored = JSON.parse(readFileSync(path, 'utf8')) as { grants: { id: string }[] };
    const [first] = grants;
    const changed = stored.grants.map((grant) =>
      grant.id === first?.id ? { ...grant, createdAtMs: 1e300, expiresAtMs: 1e300 } : grant,
    );
    writeFileSync(path, JSON.stringify({ ...stored, grants: changed }));
    await its.restartDaemon();
    const left = await its.client.call('grants', {});
    expect(left.grants.map(({ id }) => id)).toEqual([grants[1]?.id]);
  });

  test('removes no profile of a used role', async () => {
    rig = await createRig({ settings: '[profiles]\nwrite = "used"\n' });
    const its = rig;
    await its.runCli(['login']);
    await its.client.call('credentials', {
      query: { session: SESSION, account: ROLE.accountId, role: ROLE.permissionSet },
    });
    await its.runCli(['profiles', 'sync']);
    const before = readFileSync(its.configPath, 'utf8');
    expect(before).toContain('[profile taylor.Admin-AF-Permission-Set]');
    const path = join(its.paths.stateDirectory, 'used-roles.json');
    const whole = readFileSync(path, 'utf8');
    await its.daemon().stop();
    writeFileSync(path, '');
    await its.restartDaemon();
    await its.restartDaemon();
    await its.runCli(['login']);
    expect(await its.runCli(['profiles', 'sync'])).toMatchObject({ exitCode: 0 });
    expect(readFileSync(its.configPath, 'utf8')).toBe(before);
    expect(readFileSync(path, 'utf8')).toBe(whole);
  });
});
