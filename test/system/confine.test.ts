// `rolecall exec --confine` with real programs: what a confined command can't reach, what it needs, and the one role that it gets.
import { writeFileSync, readFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  canConfine,
  createConfinedWorld,
  PROFILE,
  withInheritance,
  type ConfinedWorld,
} from '../helpers/confined-world.ts';
import { GO, GO_BUILD, goCommand } from '../helpers/go-build.ts';
import { runProcess } from '../helpers/run-process.ts';
import { canBeSomebodyElse, SOMEBODY_ELSE } from '../helpers/somebody-else.ts';
import { systemPart, systemPartByCheck } from '../helpers/system.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 300_000 });

const helper = (name: string) => readFileSync(fileURLToPath(new URL(`../helpers/${name}`, import.meta.url)), 'utf8');
const TAYLOR = /assumed-role\/AWSReservedSSO_Admin-AF-Permission-Set_[0-9a-f]{16}\/taylor/;
const AWS = '/usr/bin/aws';
const PYTHON = '/usr/bin/python3';
const GO_SDK = '/usr/share/gocode/src/github.com/aws/aws-sdk-go-v2/service/sts/api_client.go';
const hasAws = systemPart('AWS CLI v2', AWS);
const hasGo = systemPart('Go', GO) && systemPartByCheck('the AWS SDK for Go', GO_SDK, () => readFileSync(GO_SDK));

/** The clients take their time to start, so they run as one of the two only, unless all variants are asked for. */
const RUNS_ALL = process.env['ROLECALL_TEST_ALL_WORLDS'] === '1';
type User = [name: string, userId: number | undefined, runsClients: boolean];
const NORMAL_USER: User = ['a normal user', SOMEBODY_ELSE, true];
const USERS: readonly User[] = [
  ['the user of the tests', undefined, !canBeSomebodyElse || RUNS_ALL],
  ...(canBeSomebodyElse ? [NORMAL_USER] : []),
];

describe.skipIf(!canConfine).each(USERS)('as %s', (_, userId, runsClients) => {
  let world: ConfinedWorld;
  beforeAll(async () => {
    world = await createConfinedWorld(userId);
    writeFileSync(join(world.project, 'probes.mjs'), helper('confine-probes.mjs'));
  });
  afterAll(() => world.remove());

  test('reaches nothing of what the user can reach', async () => {
    const probes = world.probes();
    writeFileSync(join(world.project, 'probes.json'), JSON.stringify(probes));
    const names = Object.keys(probes);
    const program = [process.execPath, 'probes.mjs', 'probes.json'];
    const outside = await world.run(withInheritance(world, program));
    expect(JSON.parse(outside.stdout)).toEqual(Object.fromEntries(names.map((name) => [name, true])));
    const exec = [...world.rolecall, 'exec', '--confine', '--network=host'];
    const readable = world.readable.flatMap((path) => ['--readable', path]);
    const inside = await world.run(withInheritance(world, [...exec, ...readable, PROFILE, '--', ...program]));
    expect({ ...inside, stdout: JSON.parse(inside.stdout || '{}') as unknown }).toEqual({
      exitCode: 0,
      // keyctl of the test prints it, the one of rolecall does not.
      stderr: expect.stringMatching(/^Joined session keyring: \d+\n$/),
      stdout: Object.fromEntries(names.map((name) => [name, false])),
    });
    expect(names.length).toBeGreaterThanOrEqual(30);
  });

  test('has no capabilities, new privileges or descriptors, and an empty home', async () => {
    const script = 'grep -hE "^(Cap|NoNew)" /proc/self/status /proc/1/status | sort -u; ls /proc/$$/fd; ls -A ~; pwd';
    expect(await world.confined(['sh', '-c', script])).toEqual({
      exitCode: 0,
      stderr: '',
      stdout: `${['CapAmb', 'CapBnd', 'CapEff', 'CapInh', 'CapPrm'].map((name) => `${name}:\t0000000000000000\n`).join('')}NoNewPrivs:\t1\n0\n1\n2\nproject\n${world.project}\n`,
    });
  });

  test('has no key of the user’s keyrings, not even by its number, and no user namespace of its own', async () => {
    const key = world.home;
    const add = `keyctl add user ${key} secret @u >/dev/null; awk '/_uid[.]/ { print $1; exit }' /proc/keys`;
    const serial = (await world.run(['sh', '-c', add])).stdout.trim();
    try {
      const script = `keyctl link 0x${serial} @s; keyctl print %user:${key}; cat /proc/keys; unshare -U echo namespace; unshare -UC echo namespace`;
      const outside = await world.run(['keyctl', 'session', '-', 'sh', '-c', script]);
      expect(outside.stdout).toMatch(/^secret\n[^]*\nnamespace\nnamespace\n$/);
      expect(await world.confined(['sh', '-c', script])).toMatchObject({ stdout: '' });
    } finally {
      await world.run(['sh', '-c', `keyctl unlink %user:${key} @u`]);
    }
  });

  test('writes into the working directory and what is shared for writing, nowhere else', async () => {
    const tries = [world.project, `${world.home}/cache`, `${world.home}/tools`, '/usr', '/etc', '/', '/run/rolecall'];
    const script = `for folder in ${tries.join(' ')}; do (: > $folder/written) 2>/dev/null && echo $folder; done`;
    await world.run(['mkdir', '-p', `${world.home}/cache`, `${world.home}/tools`]);
    const share = ['--writable', '~/cache', '--readable', '../tools'];
    const { stdout } = await world.confined(['sh', '-c', script], share);
    expect(stdout).toBe(`${world.project}\n${world.home}/cache\n`);
    expect(existsSync(join(world.home, 'cache/written'))).toBe(true);
    const readOnly = await world.confined(['sh', '-c', script], ['--read-only', ...share]);
    expect(readOnly.stdout).toBe(`${world.home}/cache\n`);
  });

  test('runs npm, node, python, git and the AWS CLI', async () => {
    const script = `export npm_config_update_notifier=false; npm init -y >/dev/null && npm run env | grep -c npm_package_name
node -p '1 + 1'
python3 -c 'import ssl, sqlite3; print("python")'
git init -q . && git -c user.name=t -c user.email=t@localhost commit -q --allow-empty -m first && git log --format=%s
${hasAws ? `${AWS} --version | cut -c 1-7` : 'echo aws-cli'}`;
    const readable = world.readable.flatMap((path) => ['--readable', path]);
    expect(await world.confined(['sh', '-c', script], readable)).toEqual({
      exitCode: 0,
      stderr: '',
      stdout: '1\n2\npython\nfirst\naws-cli\n',
    });
  });

  test('is marked as confined in the list of grants and in the audit log', async () => {
    const { stdout } = await world.confined(['sh', '-c', 'echo ran']);
    expect(stdout).toBe('ran\n');
    const lines = readFileSync(join(world.home, '.local/state/rolecall/audit.log'), 'utf8').trimEnd().split('\n');
    const issued = lines
      .map((line) => JSON.parse(line) as { event: string })
      .filter(({ event }) => event === 'grant-issued');
    expect(issued.at(-1)).toMatchObject({ program: { confined: true } });
  });

  // Not `runIf`: a test that is skipped counts as a missing part.
  if (!runsClients) return;

  test('is the one role for the AWS CLI, boto3, and the SDKs for JavaScript and Go', async () => {
    const clients: Record<string, string> = {
      js: `node ${world.rolecall[1].replace('bin/rolecall.js', 'test/helpers/js-sdk-identity.mjs')} fromNodeProviderChain`,
    };
    if (hasAws) clients['aws'] = `${AWS} sts get-caller-identity --query Arn --output text`;
    const hasBoto3 = (await world.run([PYTHON, '-c', 'import boto3'])).exitCode === 0;
    if (hasBoto3) {
      writeFileSync(join(world.project, 'identity.py'), helper('boto3-identity.py'));
      clients['boto3'] = `${PYTHON} identity.py`;
    }
    if (hasGo) {
      const output = join(world.project, 'identity');
      const source = fileURLToPath(new URL('../helpers/go-sdk-identity.go', import.meta.url));
      const [program, ...args] = goCommand('build', '-o', output, source);
      const environment = { ...world.environment, ...GO_BUILD };
      expect(await runProcess(program, args, { environment, deadlineMs: 200_000 })).toMatchObject({ exitCode: 0 });
      clients['go'] = './identity';
    }
    const script = `${Object.entries(clients)
      .map(([name, command]) => `(echo "${name} $(${command} 2>&1 | tail -n 1)") &`)
      .join('\n')}\nwait`;
    const readable = world.readable.flatMap((path) => ['--readable', path]);
    const { stdout } = await world.confined(['sh', '-c', script], readable);
    const names = Object.keys(clients).toSorted();
    const expected = names.map((name) => expect.stringMatching(new RegExp(`^${name} .*${TAYLOR.source}`)) as unknown);
    expect(stdout.trimEnd().split('\n').toSorted()).toEqual(expected);
    const byFile = await world.confined(['sh', '-c', clients['js'] ?? ''], [...readable, '--token-file']);
    expect(byFile.stdout).toMatch(TAYLOR);
  });

  test('gets no other role: by a profile, by another grant’s address, by rolecall itself', async () => {
    const [node, rolecall] = world.rolecall;
    const script = `AWS_PROFILE=professional-af.ReadOnly ${hasAws ? AWS : 'false'} sts get-caller-identity >/dev/null 2>&1; echo "profile $?"
curl -s -o answer -w '%{http_code}\\n' -H "Authorization: $AWS_CONTAINER_AUTHORIZATION_TOKEN" "\${AWS_CONTAINER_CREDENTIALS_FULL_URI%/*}/other"
${node} ${rolecall} exec professional-af.ReadOnly -- true; echo "rolecall $?"`;
    const readable = world.readable.flatMap((path) => ['--readable', path]);
    const { stdout, stderr } = await world.confined(['sh', '-c', script], readable);
    expect(stdout).toMatch(/^profile [1-9]\d*\n401\nrolecall 3\n$/);
    expect(stderr).toContain('[daemon-not-running]');
  });
});
