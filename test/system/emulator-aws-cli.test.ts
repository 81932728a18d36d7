// Independent witnesses: the real AWS CLI v2 and boto3 sign in to the emulator and use its keys.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Emulator, createEmulator } from '../../src/emulator/emulator.ts';
import { systemPart, systemPartByCheck } from '../helpers/system.ts';
import { type TemporaryHome, createTemporaryHome } from '../helpers/temporary-home.ts';
import { waitFor } from '../helpers/wait-for.ts';

const AWS = '/usr/bin/aws';
const PYTHON = '/usr/bin/python3';

const hasAwsCli = systemPart('AWS CLI v2', AWS);
const hasBoto3 = systemPartByCheck('boto3', `${PYTHON} -c 'import boto3'`, () => {
  if (spawnSync(PYTHON, ['-c', 'import boto3'], { env: {} }).status !== 0) throw new Error('no boto3');
});

const PROFILE = `[sso-session team]
sso_start_url = https://d-1234567890.awsapps.com/start
sso_region = us-east-1
sso_registration_scopes = sso:account:access

[profile account1]
region = us-east-1
sso_session = team
sso_account_id = 111111111111
sso_role_name = Admin-AF-Permission-Set

[profile unassigned]
region = us-east-1
sso_session = team
sso_account_id = 333333333333
sso_role_name = Admin-AF-Permission-Set
`;

const ARN_OF_ACCOUNT1 =
  /^arn:aws:sts::111111111111:assumed-role\/AWSReservedSSO_Admin-AF-Permission-Set_[0-9a-f]{16}\/taylor$/;

const ARN_LINE = new RegExp(`${ARN_OF_ACCOUNT1.source.replace(/\$$/, '')}\\n$`);
const JS_SDK = fileURLToPath(new URL('../helpers/js-sdk-identity.mjs', import.meta.url));
const BOTO3 = fileURLToPath(new URL('../helpers/boto3-identity.py', import.meta.url));

let emulator: Emulator;
let home: TemporaryHome;
let environment: Record<string, string>;
const children = new Set<ChildProcess>();

beforeEach(async () => {
  emulator = createEmulator();
  await emulator.listen();
  home = createTemporaryHome();
  environment = {
    ...home.environment,
    ...emulator.environment(),
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_PAGER: '',
  };
  await mkdir(join(home.path, '.aws'), { mode: 0o700 });
  await writeFile(join(home.path, '.aws', 'config'), PROFILE, { mode: 0o600 });
});

afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  children.clear();
  await emulator.close();
  await home.remove();
});

interface Finished {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Running {
  readonly output: () => string;
  readonly finished: Promise<Finished>;
}

function run(program: string, args: readonly string[]): Running {
  const child = spawn(program, [...args], { env: environment, cwd: home.path, stdio: ['ignore', 'pipe', 'pipe'] });
  children.add(child);
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const finished = new Promise<Finished>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exitCode) => {
      children.delete(child);
      resolve({ exitCode, stdout, stderr });
    });
  });
  return { output: () => stdout + stderr, finished };
}

/** Of the sign-in that the AWS CLI has begun. @throws Error with what it printed when it ended without one */
async function awaitUserCode(login: Running): Promise<string> {
  const ended = login.finished.then(({ exitCode, stdout, stderr }) => {
    throw new Error(`the AWS CLI ended with ${exitCode} before it began to sign in: ${stdout}${stderr}`);
  });
  const pending = waitFor(
    'a device authorization of the AWS CLI',
    () => emulator.pendingDeviceAuthorizations().at(0),
    // Its very first start on a machine reads a hundred megabytes that no cache has yet.
    { deadlineMs: 50_000 },
  );
  return (await Promise.race([pending, ended])).userCode;
}

async function signInWithCli(): Promise<Finished> {
  const login = run(AWS, ['sso', 'login', '--sso-session', 'team', '--use-device-code', '--no-browser']);
  const userCode = await awaitUserCode(login);
  await waitFor('the user code on the CLI’s terminal', () => login.output().includes(userCode));
  emulator.approve(userCode, 'taylor');
  return login.finished;
}

test.skipIf(!hasAwsCli)(
  'the AWS CLI signs in by device code, asks who it is, is refused what is not assigned, and logs out',
  { timeout: 180_000 },
  async () => {
    const login = await signInWithCli();
    expect(login).toMatchObject({ exitCode: 0 });
    expect(login.stdout).toContain(`${emulator.url}/device`);
    expect(login.stdout).toContain('Successfully logged into Start URL: https://d-1234567890.awsapps.com/start');
    // A token means polled at least once before the code was shown and once after.
    expect(emulator.countCalls('CreateToken', 'device_code')).toBeGreaterThanOrEqual(2);

    const identity = await run(AWS, ['sts', 'get-caller-identity', '--profile', 'account1']).finished;
    expect(identity).toMatchObject({ exitCode: 0, stderr: '' });
    expect(JSON.parse(identity.stdout)).toEqual({
      UserId: expect.stringMatching(/^AROA[A-Z2-7]{17}:taylor$/),
      Account: '111111111111',
      Arn: expect.stringMatching(ARN_OF_ACCOUNT1),
    });

    const refused = await run(AWS, ['sts', 'get-caller-identity', '--profile', 'unassigned']).finished;
    expect(refused.exitCode).not.toBe(0);
    expect(refused.stderr).toContain('ForbiddenException');
    expect(refused.stderr).toContain('No access');

    const cache = join(home.path, '.aws', 'sso', 'cache');
    expect(readdirSync(cache)).toHaveLength(2);
    const logout = await run(AWS, ['sso', 'logout']).finished;
    expect(logout).toMatchObject({ exitCode: 0 });
    expect(emulator.countCalls('Logout')).toBe(1);
    expect(emulator.requests().filter(({ operation }) => operation === 'Logout')).toEqual([
      expect.objectContaining({ hasBearerToken: true, status: 200 }),
    ]);
    // The registration stays; the token is gone.
    expect(readdirSync(cache)).toHaveLength(1);

    const after = await run(AWS, ['sts', 'get-caller-identity', '--profile', 'account1']).finished;
    expect(after.exitCode).not.toBe(0);
    expect(after.stderr).toContain('Token for team does not exist');
  },
);

test.skipIf(!hasAwsCli)('the AWS CLI stops polling when a person presses Deny', { timeout: 180_000 }, async () => {
  const login = run(AWS, ['sso', 'login', '--sso-session', 'team', '--use-device-code', '--no-browser']);
  emulator.deny(await awaitUserCode(login));
  const { exitCode, stderr } = await login.finished;
  expect(exitCode).not.toBe(0);
  expect(stderr).toContain('AccessDeniedException');
});

test.skipIf(!hasAwsCli)('the AWS CLI refreshes a dying access token by itself', { timeout: 180_000 }, async () => {
  // Under fifteen minutes left, botocore refreshes before it uses the token.
  emulator.turnKnobs({ accessTokenLifetimeSeconds: 600 });
  await signInWithCli();
  emulator.turnKnobs({ accessTokenLifetimeSeconds: 3600 });
  expect(emulator.expireAccessTokens()).toBe(1);
  const identity = await run(AWS, ['sts', 'get-caller-identity', '--profile', 'account1']).finished;
  expect(identity).toMatchObject({ exitCode: 0, stderr: '' });
  expect(emulator.countCalls('CreateToken', 'refresh_token')).toBe(1);
});

test.skipIf(!hasAwsCli)('the AWS CLI tells a revoked session from a working one', { timeout: 180_000 }, async () => {
  await signInWithCli();
  expect(emulator.revokeSessions('taylor')).toBe(1);
  const identity = await run(AWS, ['sts', 'get-caller-identity', '--profile', 'account1']).finished;
  expect(identity.exitCode).not.toBe(0);
  expect(identity.stderr).toContain('has expired or is otherwise invalid');
});

test.skipIf(!(hasAwsCli && hasBoto3))(
  'boto3 lists accounts and asks who it is, with the token of the AWS CLI',
  { timeout: 180_000 },
  async () => {
    await signInWithCli();
    expect(existsSync(join(home.path, '.aws', 'sso', 'cache'))).toBe(true);
    const script = `
import boto3, glob, json, os
session = boto3.Session(profile_name='account1')
identity = session.client('sts').get_caller_identity()
tokens = [json.load(open(f)) for f in glob.glob(os.path.expanduser('~/.aws/sso/cache/*.json'))]
token = [t['accessToken'] for t in tokens if 'accessToken' in t][0]
portal = session.client('sso')
accounts = [a for page in portal.get_paginator('list_accounts').paginate(accessToken=token, PaginationConfig={'PageSize': 2}) for a in page['accountList']]
roles = portal.list_account_roles(accessToken=token, accountId='222222222222')['roleList']
try:
    portal.list_accounts(accessToken=token, maxResults=101)
    refused = 'no'
except Exception as e:
    refused = type(e).__name__
print(json.dumps({'arn': identity['Arn'], 'accounts': [a['accountId'] for a in accounts], 'roles': [r['roleName'] for r in roles], 'refused': refused}))
`;
    const { exitCode, stdout, stderr } = await run(PYTHON, ['-c', script]).finished;
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(JSON.parse(stdout)).toEqual({
      arn: expect.stringMatching(ARN_OF_ACCOUNT1),
      accounts: ['111111111111', '222222222222', '333333333333', '044444444444'],
      roles: ['Admin-AF-Permission-Set', 'ReadOnly'],
      refused: 'InvalidRequestException',
    });
    expect(emulator.countCalls('ListAccounts')).toBe(3);
  },
);

test.skipIf(!hasAwsCli)(
  'the AWS CLI signs in by authorization code, as it does by default, and other clients use its token',
  { timeout: 180_000 },
  async () => {
    emulator.turnKnobs({ autoApprove: 'taylor' });
    const browser = join(home.path, 'follow-redirects');
    await writeFile(browser, `#!/bin/sh\nexec node -e 'fetch(process.argv[1])' "$1"\n`, { mode: 0o700 });
    // In the background: the AWS CLI waits for other browsers to end before it waits for the code.
    environment = { ...environment, BROWSER: `${browser} %s &` };
    const login = await run(AWS, ['sso', 'login', '--sso-session', 'team']).finished;
    expect(login).toMatchObject({ exitCode: 0 });
    expect(login.stdout).toContain(`${emulator.url}/authorize?response_type=code&`);
    expect(login.stdout).toContain('Successfully logged into Start URL: https://d-1234567890.awsapps.com/start');
    expect({
      authorize: emulator.countCalls('Authorize'),
      byCode: emulator.countCalls('CreateToken', 'authorization_code'),
      device: emulator.countCalls('StartDeviceAuthorization'),
    }).toEqual({ authorize: 1, byCode: 1, device: 0 });

    const identity = await run(AWS, ['sts', 'get-caller-identity', '--profile', 'account1']).finished;
    expect(identity).toMatchObject({ exitCode: 0, stderr: '' });
    expect(JSON.parse(identity.stdout)).toMatchObject({ Arn: expect.stringMatching(ARN_OF_ACCOUNT1) });
    const javaScript = await run(process.execPath, [JS_SDK, 'fromSSO', 'account1']).finished;
    expect(javaScript).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(ARN_LINE) });
    if (!hasBoto3) return;
    environment = { ...environment, AWS_PROFILE: 'account1' };
    const boto3 = await run(PYTHON, [BOTO3]).finished;
    expect(boto3).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(ARN_LINE) });
  },
);
