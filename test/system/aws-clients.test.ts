// The unmodified AWS CLI v2, boto3 and AWS SDK for JavaScript get their keys from a real daemon, by our profiles and by a hand-written one.
import { spawnSync } from 'node:child_process';
import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tokenFilePath } from '../../src/aws-config/files/token-file.ts';
import { createRig, SESSION, writePrivate, type Rig } from '../helpers/rig.ts';
import { runProcess, type ProcessRun } from '../helpers/run-process.ts';
import { systemPart, systemPartByCheck } from '../helpers/system.ts';

const AWS = '/usr/bin/aws';
const PYTHON = '/usr/bin/python3';
const JS_SDK = fileURLToPath(new URL('../helpers/js-sdk-identity.mjs', import.meta.url));
const GENERATED = 'taylor.Admin-AF-Permission-Set';
const READ_ONLY = 'professional-af.ReadOnly';
const NATIVE = 'account1';
const TAYLOR = /^arn:aws:sts::111111111111:assumed-role\/AWSReservedSSO_Admin-AF-Permission-Set_[0-9a-f]{16}\/taylor$/;
const BOTO3 = `
import boto3, sys
print(boto3.Session(profile_name=sys.argv[1]).client('sts').get_caller_identity()['Arn'])
`;

const hasAwsCli = systemPart('AWS CLI v2', AWS);
const hasBoto3 = systemPartByCheck('boto3', `${PYTHON} -c 'import boto3'`, () => {
  if (spawnSync(PYTHON, ['-c', 'import boto3'], { env: {} }).status !== 0) throw new Error('no boto3');
});

let rig: Rig;
let environment: Record<string, string>;

beforeAll(async () => {
  rig = await createRig();
  environment = { ...rig.environment, AWS_EC2_METADATA_DISABLED: 'true', AWS_PAGER: '' };
  expect(await rig.runCli(['login'])).toMatchObject({ exitCode: 0 });
});
afterAll(() => rig.remove());

const awsCli = (args: readonly string[]) => runProcess(AWS, args, { environment });
const callerIdentity = (profile: string) =>
  awsCli(['sts', 'get-caller-identity', '--profile', profile, '--query', 'Arn', '--output', 'text']);

function expectTaylor(run: ProcessRun): void {
  expect({ ...run, stdout: run.stdout.trim() }).toEqual({
    exitCode: 0,
    stdout: expect.stringMatching(TAYLOR),
    stderr: expect.any(String),
  });
}

describe.skipIf(!hasAwsCli)('the AWS CLI v2', () => {
  test('is Taylor by a profile of ours', async () => expectTaylor(await callerIdentity(GENERATED)));

  test('is Taylor by the native profile that was written by hand', async () =>
    expectTaylor(await callerIdentity(NATIVE)));

  test('is Taylor by AWS_PROFILE', async () => {
    const args = ['sts', 'get-caller-identity', '--query', 'Arn', '--output', 'text'];
    expectTaylor(await runProcess(AWS, args, { environment: { ...environment, AWS_PROFILE: GENERATED } }));
  });

  test('lists every profile of ours beside the one written by hand', async () => {
    const { stdout } = await awsCli(['configure', 'list-profiles']);
    expect(stdout.trim().split('\n').toSorted()).toEqual(
      [
        'Log-Archive.ReadOnly',
        'Shop-Staging.ReadOnly',
        NATIVE,
        'current',
        'professional-af.Admin-AF-Permission-Set',
        'professional-af.ReadOnly',
        GENERATED,
      ].toSorted(),
    );
  });

  test('follows the current role by [profile current], and says what to do when there is none', async () => {
    expect(await callerIdentity('current')).toMatchObject({
      exitCode: 255,
      stderr: expect.stringContaining('rolecall: No current role is set. [no-current-role]\nRun: rolecall ls'),
    });
    await rig.client.call('setCurrent', {
      body: { session: SESSION, accountId: '222222222222', permissionSet: 'ReadOnly', profile: null },
    });
    expect((await callerIdentity('current')).stdout).toMatch(
      /^arn:aws:sts::222222222222:assumed-role\/AWSReservedSSO_ReadOnly_/,
    );
    await rig.client.call('setCurrent', { body: null });
  });
});

test.skipIf(!hasAwsCli)(
  'the AWS CLI v2 goes on with a login of its own that has expired and that it can refresh',
  async () => {
    const its = await createRig();
    try {
      const own = { ...environment, ...its.environment };
      const login = ['sso', 'login', '--sso-session', SESSION, '--use-device-code', '--no-browser'];
      expect(await runProcess(AWS, login, { environment: own })).toMatchObject({ exitCode: 0 });
      its.emulator.expireAccessTokens();
      const path = tokenFilePath(its.home.path, SESSION);
      const expired = readFileSync(path, 'utf8').replace(
        /"expiresAt": ?"[^"]*"/,
        '"expiresAt": "2026-01-01T00:00:00Z"',
      );
      writeFileSync(path, expired);
      expect(await its.runCli(['login'])).toMatchObject({
        exitCode: 0,
        stderr: expect.stringContaining('was not changed because the AWS CLI can still refresh it.'),
      });
      expect(readFileSync(path, 'utf8')).toBe(expired);
      const identity = ['sts', 'get-caller-identity', '--profile', NATIVE, '--query', 'Arn', '--output', 'text'];
      expectTaylor(await runProcess(AWS, identity, { environment: own }));
      expect(readFileSync(path, 'utf8')).not.toContain('rolecall');
    } finally {
      await its.remove();
    }
  },
);

describe.skipIf(!hasBoto3)('boto3', () => {
  test.each([GENERATED, NATIVE])('is Taylor by the profile %s', async (profile) => {
    expectTaylor(await runProcess(PYTHON, ['-c', BOTO3, profile], { environment }));
  });
});

describe('the AWS SDK for JavaScript', () => {
  test.each([
    ['fromIni', GENERATED],
    ['fromProcess', GENERATED],
    ['fromIni', NATIVE],
    ['fromSSO', NATIVE],
  ])('is Taylor by %s and the profile %s', async (provider, profile) => {
    expectTaylor(await runProcess(process.execPath, [JS_SDK, provider, profile], { environment }));
  });
});

describe('a hand-written profile that assumes a role with keys of ours', () => {
  const ROLE_ARN = 'arn:aws:iam::222222222222:role/team/Deployer';
  const DEPLOYER = 'arn:aws:sts::222222222222:assumed-role/Deployer/build-7\n';
  let chained: Record<string, string>;
  beforeAll(() => {
    const copy = join(rig.home.path, 'chained-config');
    writeFileSync(
      copy,
      `${readFileSync(rig.configPath, 'utf8')}
[profile deployer]
region = us-east-1
role_arn = ${ROLE_ARN}
role_session_name = build-7
source_profile = ${GENERATED}
`,
    );
    chained = { ...environment, AWS_CONFIG_FILE: copy };
  });

  test.skipIf(!hasAwsCli)('is that role for the AWS CLI, which can also ask for its keys', async () => {
    const words = 'sts get-caller-identity --profile deployer --query Arn --output text'.split(' ');
    expect(await runProcess(AWS, words, { environment: chained })).toEqual({
      exitCode: 0,
      stdout: DEPLOYER,
      stderr: '',
    });
    const assume = await awsCli(
      `sts assume-role --profile ${GENERATED} --role-session-name build-7 --duration-seconds 900 --role-arn ${ROLE_ARN}`.split(
        ' ',
      ),
    );
    expect(JSON.parse(assume.stdout)).toEqual({
      AssumedRoleUser: { AssumedRoleId: expect.stringMatching(/^AROA[A-Z2-7]{17}:build-7$/), Arn: DEPLOYER.trim() },
      Credentials: {
        AccessKeyId: expect.stringMatching(/^ASIA/),
        SecretAccessKey: expect.any(String),
        SessionToken: expect.any(String),
        Expiration: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      },
    });
  });

  test.skipIf(!hasBoto3)('is that role for boto3', async () => {
    expect(await runProcess(PYTHON, ['-c', BOTO3, 'deployer'], { environment: chained })).toEqual({
      exitCode: 0,
      stdout: DEPLOYER,
      stderr: '',
    });
  });

  test('is that role for the AWS SDK for JavaScript', async () => {
    expect(await runProcess(process.execPath, [JS_SDK, 'fromIni', 'deployer'], { environment: chained })).toMatchObject(
      {
        exitCode: 0,
        stdout: DEPLOYER,
      },
    );
  });
});

/** By every client that is there. */
async function identities(profile: string): Promise<string[]> {
  const runs = [
    ...(hasAwsCli ? [callerIdentity(profile)] : []),
    ...(hasBoto3 ? [runProcess(PYTHON, ['-c', BOTO3, profile], { environment })] : []),
    runProcess(process.execPath, [JS_SDK, 'fromIni', profile], { environment }),
  ];
  return (await Promise.all(runs)).map(({ stdout, stderr }) => stdout.trim() || stderr);
}

test('a legacy profile that spells the start URL in another way than the sso-session is Taylor', async () => {
  appendFileSync(
    rig.configPath,
    `
[profile legacy]
region = us-east-1
sso_start_url = https://D-1234567890.awsapps.com/start/#/
sso_region = us-east-1
sso_account_id = 111111111111
sso_role_name = Admin-AF-Permission-Set
`,
  );
  await rig.runCli(['login']);
  for (const arn of await identities('legacy')) expect(arn).toMatch(TAYLOR);
});

describe('with keys of another role under the name of a profile of ours', () => {
  const credentialsFile = () => join(rig.home.path, '.aws', 'credentials');

  test('use names a profile by which they all get the role', async () => {
    const other = ['--session', SESSION, '--account', '333333333333', '--role', 'ReadOnly'];
    const keys = JSON.parse((await rig.runCli(['credential-process', ...other])).stdout) as Record<string, string>;
    writePrivate(
      credentialsFile(),
      `[${READ_ONLY}]\naws_access_key_id = ${keys['AccessKeyId'] ?? ''}\naws_secret_access_key = ${keys['SecretAccessKey'] ?? ''}\naws_session_token = ${keys['SessionToken'] ?? ''}\n`,
    );
    for (const arn of await identities(READ_ONLY)) expect(arn).toMatch(/^arn:aws:sts::333333333333:/u);

    expect(await rig.runCli(['use', '--print-name', 'professional read'])).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('Run: rolecall profiles sync\n'),
    });
    await rig.runCli(['profiles', 'sync']);
    const { stdout } = await rig.runCli(['use', '--print-name', 'professional read']);
    for (const arn of await identities(stdout.trim())) {
      expect(arn).toMatch(/^arn:aws:sts::222222222222:assumed-role\/AWSReservedSSO_ReadOnly_/u);
    }
    rmSync(credentialsFile());
  });
});

describe.skipIf(!hasAwsCli)('after the session is over', () => {
  test('a logout stops both kinds of profiles, with a sentence and a command', async () => {
    await rig.runCli(['logout']);
    expect(await callerIdentity(GENERATED)).toMatchObject({
      exitCode: 255,
      stderr: expect.stringContaining(
        `rolecall: You are not signed in to ${SESSION}. [sign-in-required]\nRun: rolecall login ${SESSION}`,
      ),
    });
    expect((await callerIdentity(NATIVE)).exitCode).not.toBe(0);
  });

  test('other clients say why as docs/troubleshooting.md has it, and status says it for the one that does not', async () => {
    await rig.restartDaemon();
    const reason = `rolecall: You are not signed in to ${SESSION}. [sign-in-required]\nRun: rolecall login ${SESSION}\n`;
    const js = (provider: string) =>
      runProcess(process.execPath, [JS_SDK, provider, GENERATED], {
        environment: { ...environment, AWS_PROFILE: GENERATED },
      });
    const [boto3, fromIni] = await Promise.all([
      hasBoto3 ? runProcess(PYTHON, ['-c', BOTO3, GENERATED], { environment }) : undefined,
      js('fromIni'),
    ]);
    if (boto3 !== undefined) {
      expect(boto3.stderr).toContain(
        `CredentialRetrievalError: Error when retrieving credentials from custom-process: ${reason}`,
      );
    }
    expect(fromIni.stderr).toMatch(
      /CredentialsProviderError: Command failed: .*rolecall-credential-process --session /,
    );
    expect(fromIni.stderr).toContain(reason);

    await rig.restartDaemon();
    expect((await rig.runCli(['status'])).stdout).not.toContain('not signed in');
    const chain = await js('fromNodeProviderChain');
    expect(chain.stderr).toContain('CredentialsProviderError: Could not load credentials from any providers');
    expect(chain.stderr).not.toContain('not signed in');
    expect((await rig.runCli(['status'])).stdout).toMatch(
      new RegExp(`\n! \\d\\d:\\d\\d ${GENERATED}: You are not signed in to ${SESSION}\\.\n`),
    );
  });

  test('aws sso logout, which revokes the token that it finds, ends our session as well', async () => {
    await rig.runCli(['login']);
    expect(await awsCli(['sso', 'logout'])).toMatchObject({ exitCode: 0 });
    // The next call to the portal learns it; a role that is cached is served until then.
    expect(
      await rig.runCli(['credential-process', '--session', SESSION, '--account', '333333333333', '--role', 'ReadOnly']),
    ).toEqual({
      exitCode: 4,
      stdout: '',
      stderr: `rolecall: Your sign-in to ${SESSION} has ended. [sign-in-expired]\nRun: rolecall login ${SESSION}\n`,
    });
    expect(await rig.runCli(['status', '--check'])).toEqual({ exitCode: 4, stdout: '', stderr: '' });
  });
});
