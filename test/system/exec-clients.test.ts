// Real AWS clients inside `rolecall exec`: the granted role whatever surrounds them, or nothing at all; never another account.
import { spawnSync } from 'node:child_process';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { CredentialsDocument, IssuedGrantDocument } from '../../src/local-api/schemas.ts';
import { GO, GO_BUILD, goCommand } from '../helpers/go-build.ts';
import { createRig, createSignedInRig, SESSION, type Rig } from '../helpers/rig.ts';
import { ROLECALL, runProcess } from '../helpers/run-process.ts';
import { systemPart, systemPartByCheck } from '../helpers/system.ts';
import { waitFor } from '../helpers/wait-for.ts';

const PROFILE = 'taylor.Admin-AF-Permission-Set';
const TAYLOR = /^arn:aws:sts::111111111111:assumed-role\/AWSReservedSSO_Admin-AF-Permission-Set_[0-9a-f]{16}\/taylor$/;
const OTHER = /^arn:aws:sts::222222222222:assumed-role\/AWSReservedSSO_ReadOnly_/;
const AWS = '/usr/bin/aws';
const PYTHON = '/usr/bin/python3';
const GO_SDK = '/usr/share/gocode/src/github.com/aws/aws-sdk-go-v2/service/sts';
const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const BUILD_DEADLINE_MS = 300_000;
/** Four clients a test, of which each takes its time to start, and most of all the first time on a machine. */
vi.setConfig({ testTimeout: 180_000 });

const hasGo =
  systemPart('Go', GO) &&
  systemPartByCheck('the AWS SDK for Go', GO_SDK, () => readFileSync(join(GO_SDK, 'api_client.go')));

const hasBoto3 = systemPartByCheck('boto3', `${PYTHON} -c 'import boto3'`, () => {
  if (spawnSync(PYTHON, ['-c', 'import boto3'], { env: {} }).status !== 0) throw new Error('no boto3');
});

/** Each prints the ARN that STS says it is, or fails. */
const CLIENTS: Readonly<Record<string, string>> = {
  ...(systemPart('AWS CLI v2', AWS)
    ? { 'the AWS CLI': `${AWS} sts get-caller-identity --query Arn --output text` }
    : {}),
  ...(hasBoto3 ? { boto3: `${PYTHON} ${path('../helpers/boto3-identity.py')}` } : {}),
  'the SDK for JavaScript': `${process.execPath} ${path('../helpers/js-sdk-identity.mjs')} fromNodeProviderChain`,
  ...(hasGo ? { 'the SDK for Go': './go-sdk-identity' } : {}),
};
/** All of them at once, one line each. */
const ALL_CLIENTS = `${Object.entries(CLIENTS)
  .map(([name, command]) => `(printf '%s\\n' "${name}: $(${command} 2>&1 | tail -n 1)") &`)
  .join('\n')}
wait`;

let rig: Rig;
let config: string;
let other: CredentialsDocument;
beforeAll(async () => {
  rig = await createRig();
  expect(await rig.runCli(['login'])).toMatchObject({ exitCode: 0 });
  config = readFileSync(rig.configPath, 'utf8');
  other = await rig.client.call('credentials', {
    query: { session: SESSION, account: '222222222222', role: 'ReadOnly' },
  });
  writeFileSync(join(rig.home.path, 'clients.sh'), ALL_CLIENTS);
  if (hasGo) {
    const output = join(rig.home.path, 'go-sdk-identity');
    const [program, ...args] = goCommand('build', '-o', output, path('../helpers/go-sdk-identity.go'));
    const environment = { ...rig.home.environment, ...GO_BUILD };
    expect(await runProcess(program, args, { environment, deadlineMs: BUILD_DEADLINE_MS })).toMatchObject({
      exitCode: 0,
    });
  }
}, BUILD_DEADLINE_MS);
afterAll(() => rig.remove());

interface Surroundings {
  readonly environment?: Readonly<Record<string, string>>;
  /** Contents of files, from the home. */
  readonly files?: Readonly<Record<string, string>>;
}

const written = new Set<string>();
function write(name: string, text: string, mode = 0o600): void {
  const file = join(rig.home.path, name);
  mkdirSync(dirname(file), { recursive: true });
  rmSync(file, { force: true });
  writeFileSync(file, text, { mode });
  written.add(name);
}
afterEach(() => {
  for (const name of written) rmSync(join(rig.home.path, name), { force: true });
  written.clear();
  writeFileSync(rig.configPath, config);
});

/** Who each client is inside `command`, by its name. */
async function identities(
  command: readonly [string, ...string[]],
  { environment = {}, files = {} }: Surroundings,
  inRig = rig,
): Promise<{ exitCode: number; stderr: string; arns: Record<string, string> }> {
  for (const [name, text] of Object.entries(files)) write(name, text, name.endsWith('.sh') ? 0o700 : 0o600);
  const [program, ...args] = command;
  const { exitCode, stdout, stderr } = await runProcess(program, args, {
    environment: { ...inRig.environment, AWS_PAGER: '', ...environment },
    cwd: rig.home.path,
    deadlineMs: 120_000,
  });
  const arns = Object.fromEntries(
    stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.split(': ') as [string, string]),
  );
  return { exitCode, stderr, arns };
}

const EXEC = [process.execPath, ROLECALL, 'exec', PROFILE, '--', 'sh', 'clients.sh'] as const;
const allAre = (arn: RegExp) =>
  Object.fromEntries(Object.keys(CLIENTS).map((name) => [name, expect.stringMatching(arn)]));

const keyVariables = () => ({
  AWS_ACCESS_KEY_ID: other.AccessKeyId,
  AWS_SECRET_ACCESS_KEY: other.SecretAccessKey,
  AWS_SESSION_TOKEN: other.SessionToken,
});
const keyLines = () =>
  `aws_access_key_id = ${other.AccessKeyId}\naws_secret_access_key = ${other.SecretAccessKey}\naws_session_token = ${other.SessionToken}\n`;
const processScript = () => `#!/bin/sh\necho '${JSON.stringify(other)}'\n`;

const VARIABLES: readonly [name: string, surroundings: () => Surroundings][] = [
  ['keys', () => ({ environment: keyVariables() })],
  ['an access key alone', () => ({ environment: { AWS_ACCESS_KEY_ID: other.AccessKeyId } })],
  [
    'keys by their old names',
    () => ({
      environment: {
        AWS_ACCESS_KEY: other.AccessKeyId,
        AWS_SECRET_KEY: other.SecretAccessKey,
        AWS_SECURITY_TOKEN: other.SessionToken,
        AWS_CREDENTIAL_EXPIRATION: '2020-01-01T00:00:00Z',
      },
    }),
  ],
  ['AWS_PROFILE', () => ({ environment: { AWS_PROFILE: 'professional-af.ReadOnly' } })],
  ['an AWS_PROFILE that is not there', () => ({ environment: { AWS_PROFILE: 'left-over' } })],
  ['AWS_DEFAULT_PROFILE', () => ({ environment: { AWS_DEFAULT_PROFILE: 'professional-af.ReadOnly' } })],
  [
    'a web identity',
    () => ({
      environment: {
        AWS_ROLE_ARN: 'arn:aws:iam::222222222222:role/x',
        AWS_ROLE_SESSION_NAME: 'x',
        AWS_WEB_IDENTITY_TOKEN_FILE: 'web-identity',
      },
      files: { 'web-identity': 'token' },
    }),
  ],
  [
    'another container',
    () => ({
      environment: {
        AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/x',
        AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://127.0.0.1:1/x',
        AWS_CONTAINER_AUTHORIZATION_TOKEN: 'x',
        AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: '/dev/null',
      },
    }),
  ],
  [
    'the key file of the first EC2 tools',
    () => ({
      environment: { AWS_CREDENTIAL_FILE: 'ec2' },
      files: { ec2: `AWSAccessKeyId=${other.AccessKeyId}\nAWSSecretKey=${other.SecretAccessKey}\n` },
    }),
  ],
  [
    'a proxy that is away',
    () => ({ environment: { HTTP_PROXY: 'http://127.0.0.1:1', http_proxy: 'http://127.0.0.1:1' } }),
  ],
];

const FILES: readonly [name: string, surroundings: () => Surroundings][] = [
  ['a [default] with static keys', () => ({ files: { '.aws/config': `${config}\n[default]\n${keyLines()}` } })],
  [
    'a [profile default] with static keys',
    () => ({ files: { '.aws/config': `[profile default]\n${keyLines()}\n${config}` } }),
  ],
  [
    'a [default] with static keys in the credentials file',
    () => ({
      files: { '.aws/credentials': `[default]\n${keyLines()}` },
    }),
  ],
  [
    'a [default] with a credential_process',
    () => ({
      files: {
        'process.sh': processScript(),
        '.aws/config': `${config}\n[default]\ncredential_process = ${rig.home.path}/process.sh\n`,
      },
    }),
  ],
  [
    'a [default] of the native kind',
    () => ({
      files: {
        '.aws/config': `${config}\n[default]\nsso_session = ${SESSION}\nsso_account_id = 222222222222\nsso_role_name = ReadOnly\n`,
      },
    }),
  ],
  [
    'a [default] that assumes a role',
    () => ({
      files: {
        '.aws/config': `${config}\n[default]\nrole_arn = arn:aws:iam::222222222222:role/x\nsource_profile = professional-af.ReadOnly\n`,
      },
    }),
  ],
  [
    'files elsewhere',
    () => ({
      environment: { AWS_CONFIG_FILE: 'own/config', AWS_SHARED_CREDENTIALS_FILE: '~/own/credentials' },
      files: { 'own/config': `[default]\n${keyLines()}`, 'own/credentials': `[default]\n${keyLines()}` },
    }),
  ],
  ['the file of boto 2', () => ({ files: { '.boto': `[Credentials]\n${keyLines()}` } })],
];

const everything = (): Surroundings => ({
  environment: {
    ...keyVariables(),
    AWS_SECURITY_TOKEN: other.SessionToken,
    AWS_PROFILE: 'professional-af.ReadOnly',
    AWS_DEFAULT_PROFILE: 'professional-af.ReadOnly',
    AWS_ROLE_ARN: 'arn:aws:iam::222222222222:role/x',
    AWS_WEB_IDENTITY_TOKEN_FILE: 'web-identity',
    AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/x',
    AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: '/dev/null',
    AWS_CREDENTIAL_FILE: 'ec2',
  },
  files: {
    '.aws/config': `${config}\n[default]\ncredential_process = ${rig.home.path}/process.sh\n`,
    '.aws/credentials': `[default]\n${keyLines()}`,
    '.boto': `[Credentials]\n${keyLines()}`,
    'web-identity': 'token',
    ec2: `AWSAccessKeyId=${other.AccessKeyId}\nAWSSecretKey=${other.SecretAccessKey}\n`,
    'process.sh': processScript(),
  },
});

test('in quiet surroundings every client is the granted role, by a variable and by a file', async () => {
  expect(await identities(EXEC, {})).toEqual({ exitCode: 0, stderr: '', arns: allAre(TAYLOR) });
  const byFile = [process.execPath, ROLECALL, 'exec', PROFILE, '--token-file', '--', 'sh', 'clients.sh'] as const;
  expect(await identities(byFile, {})).toMatchObject({ exitCode: 0, arns: allAre(TAYLOR) });
});

describe('variables around it:', () => {
  test.each(VARIABLES)('%s', async (_, surroundings) => {
    expect(await identities(EXEC, surroundings())).toMatchObject({ exitCode: 0, arns: allAre(TAYLOR) });
  });
});

describe('files around it:', () => {
  test.each(FILES)('%s', async (_, surroundings) => {
    expect(await identities(EXEC, surroundings())).toMatchObject({ exitCode: 0, arns: allAre(TAYLOR) });
  });

  test('a [default] that follows the current role', async () => {
    const following = await createRig({ settings: '[profiles]\ndefault_follows_current = true\n' });
    try {
      await following.runCli(['login']);
      await following.client.call('setCurrent', {
        body: { session: SESSION, accountId: '222222222222', permissionSet: 'ReadOnly', profile: null },
      });
      expect(readFileSync(following.configPath, 'utf8')).toMatch(/^\[default\]$/m);
      const outside = await identities(['sh', 'clients.sh'], {}, following);
      expect(outside.arns).toEqual(allAre(OTHER));
      expect(await identities(EXEC, {}, following)).toMatchObject({ exitCode: 0, arns: allAre(TAYLOR) });
    } finally {
      await following.remove();
    }
  });

  test('one that nobody can be sure about: the command fails, and no client runs', async () => {
    expect(
      await identities(EXEC, { files: { '.aws/credentials': `[default]\n${keyLines()}nonsense\n` } }),
    ).toMatchObject({ exitCode: 2, arns: {}, stderr: expect.stringContaining('"nonsense" has no "="') });
  });
});

describe('everything at once', () => {
  test('by itself makes every client another account, for all that it has a grant', async () => {
    const grant = await rig.client.call('createGrant', {
      body: { session: SESSION, accountId: '111111111111', permissionSet: 'Admin-AF-Permission-Set' },
    });
    const { environment, files = {} } = everything();
    const container = {
      AWS_CONTAINER_CREDENTIALS_FULL_URI: grant.url,
      AWS_CONTAINER_AUTHORIZATION_TOKEN: grant.token,
      AWS_REGION: 'us-east-1',
    };
    expect(
      await identities(['sh', 'clients.sh'], { environment: { ...environment, ...container }, files }),
    ).toMatchObject({
      arns: allAre(OTHER),
    });
    await rig.client.call('revokeGrant', { id: grant.id });
  });

  test('around exec changes nothing: by container credentials, by keys, and inside another exec', async () => {
    expect(await identities(EXEC, everything())).toMatchObject({ exitCode: 0, arns: allAre(TAYLOR) });
    const byKeys = [process.execPath, ROLECALL, 'exec', PROFILE, '--env-keys', '--', 'sh', 'clients.sh'] as const;
    expect(await identities(byKeys, everything())).toMatchObject({ exitCode: 0, arns: allAre(TAYLOR) });
    const nested = [process.execPath, ROLECALL, 'exec', 'professional-af.ReadOnly', '--', ...EXEC] as const;
    expect(await identities(nested, everything())).toMatchObject({ exitCode: 0, arns: allAre(TAYLOR) });
  });

  test.skipIf(!hasBoto3)('leaves the other profiles of the files usable inside', async () => {
    const { environment, files } = everything();
    const inside = [
      process.execPath,
      ROLECALL,
      'exec',
      PROFILE,
      '--',
      PYTHON,
      '-c',
      `import boto3; print('boto3: ' + boto3.Session(profile_name='professional-af.Admin-AF-Permission-Set').client('sts').get_caller_identity()['Arn'])`,
    ] as const;
    const { arns } = await identities(inside, { environment: { ...environment }, files: { ...files } });
    expect(arns['boto3']).toMatch(/^arn:aws:sts::222222222222:assumed-role\/AWSReservedSSO_Admin/);
  });
});

const REASON = 'Admin-AF-Permission-Set in taylor (111111111111) needs your approval.';
/** How often each client asks at the container port for whatever refusal, as of 2026-11, and what it says then. */
const REFUSED: Readonly<Record<string, { readonly requests: number; readonly says: string }>> = {
  'the AWS CLI': { requests: 3, says: REASON },
  boto3: { requests: 3, says: REASON },
  // Its default chain shows no reason of any provider.
  'the SDK for JavaScript': { requests: 5, says: 'Could not load credentials from any providers' },
  'the SDK for Go': { requests: 1, says: REASON },
};

test('are the role of --via, under its policy', async () => {
  const policy = '{"Statement":[{"Effect":"Allow","Action":"s3:Get*","Resource":"*"}]}';
  write('policy.json', policy);
  rig.emulator.resetCalls();
  const via = ['--via', 'arn:aws:iam::222222222222:role/team/Deploy', '--policy', 'policy.json'] as const;
  const command = [process.execPath, ROLECALL, 'exec', PROFILE, ...via, '--', 'sh', 'clients.sh'] as const;
  expect(await identities(command, {})).toEqual({
    exitCode: 0,
    stderr: '',
    arns: allAre(/^arn:aws:sts::222222222222:assumed-role\/Deploy\/rolecall$/),
  });
  expect(rig.emulator.requests().flatMap(({ assumeRole }) => assumeRole ?? [])).toMatchObject([{ policy }]);
});

test('a protected role at the container port is refused to each client at once, with the reason, and served after the click', async () => {
  const its = await createSignedInRig({
    settings: '[[protect]]\npermission_set = "Admin*"\n',
    approvalPlaces: ['screen'],
  });
  const { approvals } = its.daemon();
  const approvePending = async () => {
    await waitFor('a question', () => approvals.list().length === 1);
    approvals.approve(approvals.list()[0]?.id ?? '', 'click');
  };
  const requests = new Map<string, number>();
  const counter = createServer((asked, response) => {
    const { authorization = '' } = asked.headers;
    const [, name = '', path = ''] = /^\/(\w+)(.*)$/.exec(asked.url ?? '') ?? [];
    requests.set(name, (requests.get(name) ?? 0) + 1);
    const origin = new URL(grant?.url ?? '').origin;
    request(`${origin}${path}`, { headers: { authorization } }, (answer) => {
      response.writeHead(answer.statusCode ?? 0, { 'content-type': 'application/json' });
      answer.pipe(response);
    }).end();
  });
  let grant: IssuedGrantDocument | undefined;
  try {
    await new Promise<void>((resolve) => counter.listen(0, '127.0.0.1', resolve));
    const { port } = counter.address() as AddressInfo;
    const role = { session: SESSION, accountId: '111111111111', permissionSet: 'Admin-AF-Permission-Set' };
    const issuing = its.client.call('createGrant', { body: role });
    await approvePending();
    grant = await issuing;
    const { url, token } = grant;
    approvals.forget();
    const runAll = () =>
      Promise.all(
        Object.values(CLIENTS).map((command, index) =>
          runProcess('sh', ['-c', command], {
            environment: {
              ...its.environment,
              AWS_PAGER: '',
              AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://127.0.0.1:${port}/${index}${new URL(url).pathname}`,
              AWS_CONTAINER_AUTHORIZATION_TOKEN: token,
              AWS_REGION: 'us-east-1',
              AWS_DEFAULT_REGION: 'us-east-1',
            },
            cwd: rig.home.path,
          }),
        ),
      );
    const names = Object.keys(CLIENTS);
    const refused = await runAll();
    const seen = names.map((name, index) => {
      const { stdout = '', stderr = '' } = refused[index] ?? {};
      const { says = '' } = REFUSED[name] ?? {};
      return { requests: requests.get(String(index)), says: (stdout + stderr).includes(says) ? says : stdout + stderr };
    });
    expect(seen).toEqual(names.map((name) => REFUSED[name]));
    await approvePending();
    expect((await runAll()).map(({ stdout }) => TAYLOR.test(stdout.trim()))).toEqual(names.map(() => true));
  } finally {
    counter.close();
    await its.remove();
  }
});

/** The ways to the keys of one role, each as a command and what it needs around it. */
const CLIENTS_BY_SURFACE: readonly [
  surface: string,
  open: (its: Rig) => Promise<{ command: readonly [string, ...string[]]; environment: Record<string, string> }>,
][] = [
  ['exec', async () => ({ command: EXEC, environment: {} })],
  [
    'a grant',
    async (its) => {
      const { url, token } = await its.client.call('createGrant', {
        body: { session: SESSION, accountId: '111111111111', permissionSet: 'Admin-AF-Permission-Set' },
      });
      return {
        command: ['sh', 'clients.sh'],
        environment: {
          AWS_CONTAINER_CREDENTIALS_FULL_URI: url,
          AWS_CONTAINER_AUTHORIZATION_TOKEN: token,
          AWS_REGION: 'us-east-1',
          AWS_DEFAULT_REGION: 'us-east-1',
        },
      };
    },
  ],
  ['a profile', async () => ({ command: ['sh', 'clients.sh'], environment: { AWS_PROFILE: PROFILE } })],
];

// At the same time, for all that takes long is the waiting for keys to end.
test.concurrent.each(CLIENTS_BY_SURFACE)(
  'over a turnover of keys that last 20 seconds no call of a long run by %s fails',
  { timeout: 240_000 },
  async (_, open) => {
    const shortLived = await createRig({ emulator: { roleCredentialsLifetimeSeconds: 20 } });
    try {
      await shortLived.runCli(['login']);
      shortLived.emulator.resetCalls();
      const { command, environment } = await open(shortLived);
      const surroundings = { environment: { ...environment, ASK_FOR_SECONDS: '26' } };
      const { arns, exitCode } = await identities(command, surroundings, shortLived);
      expect({ arns, exitCode }).toEqual({ exitCode: 0, arns: allAre(TAYLOR) });
      expect(shortLived.emulator.countCalls('GetRoleCredentials')).toBeGreaterThan(1);
      expect(shortLived.emulator.countCalls('GetCallerIdentity')).toBeGreaterThan(50);
    } finally {
      await shortLived.remove();
    }
  },
);

const DEPLOYER = /^arn:aws:sts::333333333333:assumed-role\/Deployer\/build-8$/;
const CHAIN = `
[profile hub]
role_arn = arn:aws:iam::222222222222:role/Hub
source_profile = ${PROFILE}

[profile deployer]
role_arn = arn:aws:iam::333333333333:role/Deployer
role_session_name = build-8
source_profile = hub
region = us-east-1
`;

test.concurrent(
  'over three turnovers of a chained role no call of a long run by exec fails',
  { timeout: 240_000 },
  async () => {
    // They are renewed with a third of their time left: three times in 32 seconds.
    const shortLived = await createSignedInRig({ emulator: { roleCredentialsLifetimeSeconds: 16 } });
    try {
      appendFileSync(shortLived.configPath, CHAIN);
      const exec = [process.execPath, ROLECALL, 'exec', 'deployer', '--', 'sh', 'clients.sh'] as const;
      const surroundings = { environment: { ASK_FOR_SECONDS: '37' } };
      const { arns, exitCode } = await identities(exec, surroundings, shortLived);
      expect({ arns, exitCode }).toEqual({ exitCode: 0, arns: allAre(DEPLOYER) });
      // Two steps, at first and at each turnover.
      expect(shortLived.emulator.countCalls('AssumeRole')).toBeGreaterThanOrEqual(8);
    } finally {
      await shortLived.remove();
    }
  },
);
