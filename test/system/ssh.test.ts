// `rolecall ssh` to a real sshd, as another user there: real clients get the one role, and nobody and nothing else does.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { askFar, createFarWorld, OTHER_PROFILE, PROFILE, type FarWorld } from '../helpers/far-world.ts';
import { sampleProcesses } from '../helpers/process-sampler.ts';
import { FAR_ASH, FAR_CHECKOUT, FAR_UID, hasSshd } from '../helpers/sshd.ts';
import { systemPart, systemPartByCheck } from '../helpers/system.ts';
import { waitFor } from '../helpers/wait-for.ts';

const PYTHON = '/usr/bin/python3';
const TAYLOR = /^arn:aws:sts::111111111111:assumed-role\/AWSReservedSSO_Admin-AF-Permission-Set_[0-9a-f]{16}\/taylor$/;
const hasBoto3 = systemPartByCheck('boto3', `${PYTHON} -c 'import boto3'`, () => {
  if (spawnSync(PYTHON, ['-c', 'import boto3'], { env: {} }).status !== 0) throw new Error('no boto3');
});
/** Each prints who STS says that it is. */
const CLIENTS: Readonly<Record<string, string>> = {
  ...(systemPart('AWS CLI v2', '/usr/bin/aws')
    ? { 'the AWS CLI': '/usr/bin/aws sts get-caller-identity --query Arn --output text' }
    : {}),
  ...(hasBoto3 ? { boto3: `${PYTHON} ${FAR_CHECKOUT}/test/helpers/boto3-identity.py` } : {}),
  'the SDK for JavaScript': `${process.execPath} ${FAR_CHECKOUT}/test/helpers/js-sdk-identity.mjs fromNodeProviderChain`,
};
const SHELLS: Readonly<Record<string, string>> = {
  ...(systemPart('busybox', '/usr/bin/busybox') ? { ash: FAR_ASH } : {}),
  bash: '/bin/bash',
  ...(systemPart('zsh', '/usr/bin/zsh') ? { zsh: '/usr/bin/zsh' } : {}),
  ...(systemPart('fish', '/usr/bin/fish') ? { fish: '/usr/bin/fish' } : {}),
  ...(systemPart('tcsh', '/usr/bin/tcsh') ? { tcsh: '/usr/bin/tcsh' } : {}),
};
/** Asks as an SDK does, also again while AWS has not answered yet, and prints the account of the keys. */
const ASK = `exec ${process.execPath} -e '
const { AWS_CONTAINER_CREDENTIALS_FULL_URI: url, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: file } = process.env;
const authorization = require("fs").readFileSync(file, "utf8");
const ask = () => fetch(url, { headers: { authorization } }).then((answer) => answer.status === 503 ? ask() : answer.json());
ask().then(({ AccountId }) => console.log(AccountId));
'
`;
const PROTECTED = 'professional-af.Admin-AF-Permission-Set';
const PROTECT = '[[protect]]\naccount_id = "222222222222"\npermission_set = "Admin*"\n';

let world: FarWorld;
beforeAll(async () => {
  if (!hasSshd) return;
  world = await createFarWorld({
    far: { shells: { ...SHELLS, guarded: '/bin/sh' } },
    rig: { settings: PROTECT, approvalPlaces: ['screen'] },
  });
  writeFileSync(join(world.far.home, 'ask'), ASK);
  writeFileSync(join(world.far.home, 'stay'), 'printf "\\nready\\n"\nexec sleep 1000\n');
});
afterAll(() => world?.remove());

describe.skipIf(!hasSshd).concurrent('rolecall ssh', () => {
  test('gives the one role to every client of the other user there, and shows no secret in any process list', async ({
    onTestFinished,
  }) => {
    const sampler = sampleProcesses();
    onTestFinished(() => sampler.stop());
    const all = Object.entries(CLIENTS).map(
      ([name, command]) => `(printf '%s\\n' "${name}: $(${command} 2>&1 | tail -n 1)") &`,
    );
    const script = `id -u\n${all.join('\n')}\nwait\ncat "$AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"`;
    const { exitCode, stdout, stderr } = await world.run(['ssh', '--role', PROFILE, 'far', script]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: expect.not.stringContaining('rolecall:') });
    const [uid, ...lines] = stdout.split('\n');
    const token = lines.pop() ?? '';
    expect(uid).toBe(String(FAR_UID));
    expect(Object.fromEntries(lines.map((line) => line.split(': ')))).toEqual(
      Object.fromEntries(Object.keys(CLIENTS).map((name) => [name, expect.stringMatching(TAYLOR)])),
    );
    expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/);
    const role = { session: 'my-sso-session', account: '111111111111', role: 'Admin-AF-Permission-Set' };
    const keys = await world.rig.client.call('credentials', { query: role });
    expect(sampler.samples()).toBeGreaterThan(10);
    expect(sampler.find([token, keys.SecretAccessKey, keys.SessionToken, keys.AccessKeyId])).toEqual([]);
  });

  test('refuses other paths, another token and none, and keeps the token from the other users there', async () => {
    const { reach, role } = await world.open();
    const { url, token, tokenFile } = role;
    const { origin } = new URL(url);
    expect(await askFar(role)).toMatchObject({ status: 200 });
    const paths = ['/', '/v1/status', '/v1/roles', '/v1/credentials', '/role/', '/role/x', '//role', '/container/x'];
    const refused = [
      { url },
      { url, token: 'A'.repeat(43) },
      { url, token: `${token}x` },
      ...paths.map((path) => ({ url: `${origin}${path}`, token })),
    ];
    for (const one of refused) {
      expect({ one, ...(await askFar(one)) }).toMatchObject({ one, status: expect.toBeOneOf([401, 403, 404]) });
    }
    // A page, and another name for this address.
    for (const headers of [{ host: 'evil.example' }, { origin: 'http://evil.example' }]) {
      expect(await askFar(role, { headers })).toMatchObject({ status: 403 });
    }
    const asStranger = (command: string, ...args: readonly string[]) => world.far.run(['sh', '-c', command, ...args]);
    expect(await asStranger(`cat ${tokenFile}; ls ${dirname(tokenFile)}`)).toMatchObject({ stdout: '' });
    const processes = await asStranger('ps axeww -o args; cat /proc/[0-9]*/cmdline | tr "\\0" " "');
    expect(processes.stdout).toContain('sshd-session: morgan');
    expect(processes.stdout).not.toContain(token);
    // And its own user has it nowhere but in the file: neither in a history nor in what startup files wrote.
    const search = ['sh', '-c', `grep -rlF -e "$(cat ${tokenFile})" ${dirname(tokenFile)} ~ 2>/dev/null`];
    expect(await world.far.run(search, { uid: FAR_UID })).toMatchObject({ stdout: `${tokenFile}\n` });
    reach.child.kill('SIGTERM');
    await reach.ended;
    await waitFor('the end of the file', () => !world.hasFile(tokenFile));
  });

  test.each(Object.keys(SHELLS))('works with %s for the login shell, and passes the exit code on', async (shell) => {
    const { exitCode, stdout } = await world.run(['ssh', '--role', PROFILE, shell, 'sh ./ask && exit 7']);
    expect({ exitCode, stdout }).toEqual({ exitCode: 7, stdout: '111111111111\n' });
  });

  test('gives several roles an address and a token each', async () => {
    const roles = ['--role', PROFILE, '--role', OTHER_PROFILE];
    const command = `sh ./ask; "$ROLECALL_ROLES/${OTHER_PROFILE}" sh ./ask; "$ROLECALL_ROLES/${PROFILE}" sh ./ask
"$ROLECALL_ROLES/${OTHER_PROFILE}" env; cat "$AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"; sh ./stay`;
    const reach = await world.start(['ssh', ...roles, 'far', command]);
    await waitFor('both roles', () => reach.output().endsWith('\nready\n'));
    const [first, second, third, ...rest] = reach.output().split('\n');
    expect([first, second, third]).toEqual(['111111111111', '222222222222', '111111111111']);
    const url = rest.find((line) => line.startsWith('AWS_CONTAINER_CREDENTIALS_FULL_URI='))?.split('=')[1] ?? '';
    const token = rest.at(-3) ?? '';
    expect(token).toMatch(/^[\w-]{43}$/);
    expect(await askFar({ url, token })).toMatchObject({ status: 401 });
    reach.child.kill('SIGTERM');
    await reach.ended;
  });

  test('forwards a role to the other shells of the user there, until it is interrupted', async () => {
    const reach = await world.start(['forward', '--role', PROFILE, 'far']);
    const line = await waitFor('the line to type', () => /^\. \S+\/env$/m.exec(reach.output())?.[0]);
    const inShell = (command: string) => world.far.run(['sh', '-c', `${line}; ${command}`], { uid: FAR_UID });
    expect(await inShell('sh ~/ask')).toMatchObject({ stdout: '111111111111\n' });
    reach.child.kill('SIGINT');
    expect(await reach.ended).toBe(130);
    await waitFor('the end of its folder', () => !world.hasFile(dirname(line.slice(2))));
    expect((await inShell('sh ~/ask')).exitCode).not.toBe(0);
  });

  test('asks for a protected role here, before it connects', async () => {
    const { approvals } = world.rig.daemon();
    const waits = () => waitFor('the question', () => approvals.list()[0]);
    const run = ['ssh', '--role', PROTECTED, 'guarded', 'sh ./ask'];
    const refused = world.run(run);
    approvals.refuse((await waits()).id, 'click');
    expect(await refused).toMatchObject({ exitCode: 5, stdout: '', stderr: expect.stringContaining('was refused') });
    expect(world.far.log()).not.toContain('guarded');
    const approved = world.run(run);
    approvals.approve((await waits()).id, 'click');
    expect(await approved).toMatchObject({ exitCode: 0, stdout: '222222222222\n' });
  });

  test('gives each connection a token of its own, which is worthless at the port of another', async () => {
    const [first, second] = await Promise.all([world.open(), world.open()]);
    expect(first.role.token).not.toBe(second.role.token);
    const confused = { url: second.role.url, token: first.role.token };
    expect(await askFar(confused)).toMatchObject({ status: 401 });
    first.reach.child.kill('SIGTERM');
    await first.reach.ended;
    expect(await askFar(confused)).toMatchObject({ status: 401 });
    expect(await askFar(second.role)).toMatchObject({ status: 200 });
    second.reach.child.kill('SIGTERM');
    await second.reach.ended;
  });
});
