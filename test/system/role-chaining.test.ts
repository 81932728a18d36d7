// A chained role of two steps by every way to its credentials and with unmodified AWS clients, over three turnovers, and refused.
import { spawnSync } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createSystemClock, type Clock } from '../../src/core/clock.ts';
import { canConfine } from '../helpers/confined-world.ts';
import { askUntilAnswered } from '../helpers/container.ts';
import { createSignedInRig, SESSION, type CliRun, type Rig } from '../helpers/rig.ts';
import { CREDENTIAL_PROCESS, runProcess } from '../helpers/run-process.ts';
import { systemPart, systemPartByCheck } from '../helpers/system.ts';

const AWS = '/usr/bin/aws';
const PYTHON = '/usr/bin/python3';
const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const SOURCE = 'taylor.Admin-AF-Permission-Set';
const ACCOUNT = '333333333333';
const ROLE = { session: SESSION, accountId: ACCOUNT, permissionSet: 'chain:deployer' } as const;
const DEPLOYER_ARN = `arn:aws:iam::${ACCOUNT}:role/Deployer`;
const DEPLOYER = `arn:aws:sts::${ACCOUNT}:assumed-role/Deployer/build-8`;
/** With every kind of character that the name of a chain can have. */
const ODD_NAME = 'Z9_+=,.@/-odd';
const HOUR_MS = 3_600_000;

const REFUSED_CHAINS = `
[profile first]
role_arn = arn:aws:iam::222222222222:role/First
source_profile = second

[profile second]
role_arn = arn:aws:iam::222222222222:role/Second
source_profile = first

[profile orphan]
role_arn = arn:aws:iam::222222222222:role/Orphan
source_profile = gone

[profile with-mfa]
role_arn = arn:aws:iam::222222222222:role/Mfa
mfa_serial = arn:aws:iam::111111111111:mfa/taylor
source_profile = ${SOURCE}

[profile stranger]
role_arn = arn:aws:iam::999999999999:role/Stranger
source_profile = ${SOURCE}
`;

const HUB_ARN = 'arn:aws:iam::222222222222:role/team/Hub';
const POLICY = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*"}]}';
const POLICY_ARN = 'arn:aws:iam::aws:policy/ReadOnlyAccess';
/** The first step, narrowed by a session policy. */
const SETTINGS = `
[[chain]]
account_id = "111111111111"
permission_set = "Admin-AF-Permission-Set"
role_arn = "arn:{partition}:iam::222222222222:role/team/Hub"
name = "hub"
role_session_name = "build-7"
policy = '${POLICY.replaceAll(',', ', ')}'
policy_arns = ["${POLICY_ARN}"]
`;

/** By hand: the second step, the same two steps without a policy for clients that assume roles, and our command. */
const CHAINS = `
[profile deployer]
role_arn = ${DEPLOYER_ARN}
role_session_name = build-8
external_id = ticket:42
duration_seconds = 900
source_profile = hub
region = eu-west-1

[profile hub-by-client]
role_arn = ${HUB_ARN}
source_profile = ${SOURCE}

[profile deployer-by-client]
role_arn = ${DEPLOYER_ARN}
role_session_name = build-8
source_profile = hub-by-client
region = eu-west-1

[profile ${ODD_NAME}]
role_arn = arn:aws:iam::${ACCOUNT}:role/Odd
source_profile = ${SOURCE}

[profile deployer-keys]
region = eu-west-1
credential_process = ${CREDENTIAL_PROCESS} --session ${SESSION} --account ${ACCOUNT} --role chain:deployer
`;

const hasCurl = systemPart('curl', '/usr/bin/curl');
const hasBoto3 = systemPartByCheck('boto3', `${PYTHON} -c 'import boto3'`, () => {
  if (spawnSync(PYTHON, ['-c', 'import boto3'], { env: {} }).status !== 0) throw new Error('no boto3');
});
const hasAwsCli = systemPart('AWS CLI v2', AWS);
type Words = readonly [string, ...string[]];
const IDENTITY_BY_CLI: Words = [AWS, 'sts', 'get-caller-identity', '--query', 'Arn', '--output', 'text'];
/** Each prints the ARN that STS says it is, with credentials from where its environment says. */
const CLIENTS: readonly (readonly [name: string, command: Words])[] = [
  ...(hasAwsCli ? [['AWS CLI', IDENTITY_BY_CLI] as const] : []),
  ...(hasBoto3 ? [['boto3', [PYTHON, path('../helpers/boto3-identity.py')]] as const] : []),
  ['SDK for JavaScript', [process.execPath, path('../helpers/js-sdk-identity.mjs'), 'fromNodeProviderChain']],
];

/** Three clients at each turnover, of which each takes its time to start. */
vi.setConfig({ testTimeout: 240_000 });

const system = createSystemClock();
let passedMs = 0;
/** This machine's and AWS's: both leap when a test says so. */
const clock: Clock = {
  ...system,
  nowMs: () => system.nowMs() + passedMs,
  monotonicMs: () => performance.now() + passedMs,
};

let rig: Rig;
beforeAll(async () => {
  rig = await createSignedInRig({ clock, emulator: { clock }, settings: SETTINGS });
  appendFileSync(rig.configPath, CHAINS + REFUSED_CHAINS);
});
afterAll(() => rig.remove());

interface Answer {
  readonly accessKeyId: string | undefined;
  readonly accountId?: string | undefined;
  readonly exitCode: number;
  /** What a person or a program reads of a failure. */
  readonly text: string;
}

type Variables = Readonly<Record<string, string | undefined>>;

function fromDocument({ exitCode, stdout, stderr }: CliRun): Answer {
  if (exitCode !== 0) return { accessKeyId: undefined, exitCode, text: stderr };
  const document = JSON.parse(stdout) as Record<string, string>;
  return { accessKeyId: document['AccessKeyId'], accountId: document['AccountId'], exitCode, text: stderr };
}

async function askContainer({
  AWS_CONTAINER_CREDENTIALS_FULL_URI: url = '',
  AWS_CONTAINER_AUTHORIZATION_TOKEN: token = '',
}: Variables): Promise<Answer> {
  const answer = await askUntilAnswered(url, token);
  const body = (await answer.json()) as Record<string, string>;
  const isServed = answer.status === 200;
  return {
    accessKeyId: body['AccessKeyId'],
    accountId: body['AccountId'],
    exitCode: isServed ? 0 : answer.status,
    text: isServed ? '' : `${body['Message'] ?? ''} [${body['Code'] ?? ''}]`,
  };
}

/** What a program that `exec` starts gets. */
async function inExec(profile: string, options: readonly string[], read: (variables: Variables) => Promise<Answer>) {
  let seen: Answer | undefined;
  const look = async ({ environment }: { readonly environment: Variables }) => {
    seen = await read(environment);
    return 0;
  };
  const { exitCode, stderr } = await rig.runCli(['exec', ...options, profile, '--', 'true'], {
    runInPlace: look,
    runConfined: async (program) => ({ exitCode: await look(program), hasStarted: true, isInterrupted: false }),
  });
  return seen ?? { accessKeyId: undefined, exitCode, text: stderr };
}

const words = (account: string, role: string) => ['--session', SESSION, '--account', account, '--role', role];

/** One try by each way to the credentials of a chained role. */
const SURFACES: Readonly<Record<string, (profile: string, account: string) => Promise<Answer>>> = {
  ...(hasCurl
    ? {
        'credential_process, sh': async (profile: string, account: string) =>
          fromDocument(
            await runProcess(CREDENTIAL_PROCESS, words(account, `chain:${profile}`), {
              environment: rig.environment,
            }),
          ),
      }
    : {}),
  'credential_process, Node': async (profile, account) =>
    fromDocument(await rig.runCli(['credential-process', ...words(account, `chain:${profile}`)])),
  env: async (profile) => {
    const { exitCode, stdout, stderr } = await rig.runCli(['env', '--json', profile]);
    if (exitCode !== 0) {
      const { code, hint, message } = JSON.parse(stderr) as Readonly<Record<'code' | 'hint' | 'message', string>>;
      return { accessKeyId: undefined, exitCode, text: `${message} [${code}]\nRun: ${hint}\n` };
    }
    return { accessKeyId: (JSON.parse(stdout) as Variables)['AWS_ACCESS_KEY_ID'], exitCode, text: stderr };
  },
  exec: (profile) => inExec(profile, [], askContainer),
  ...(canConfine
    ? { 'exec --confine': (profile: string) => inExec(profile, ['--confine', '--network=host'], askContainer) }
    : {}),
  'exec --env-keys': (profile) =>
    inExec(profile, ['--env-keys'], async (variables) => ({
      accessKeyId: variables['AWS_ACCESS_KEY_ID'],
      exitCode: 0,
      text: '',
    })),
};

interface Said {
  readonly exitCode: number;
  readonly says: RegExp;
}

/** None of them gets credentials, and each says the same. */
async function expectRefused(profile: string, account: string, { exitCode, says }: Said): Promise<void> {
  const ways: typeof SURFACES = {
    ...SURFACES,
    console: async () => {
      const run = await rig.runCli(['console', profile, '--print']);
      return { accessKeyId: undefined, exitCode: run.exitCode, text: run.stderr };
    },
  };
  const answers = await Promise.all(
    Object.entries(ways).map(async ([name, ask]) => ({ name, ...(await ask(profile, account)) })),
  );
  expect(answers).toEqual(
    Object.keys(ways).map((name) => ({
      name,
      accessKeyId: undefined,
      exitCode,
      text: expect.stringMatching(says) as string,
    })),
  );
}

/** What STS was asked for. */
const stepsAtAws = () => rig.emulator.requests().flatMap(({ assumeRole }) => assumeRole ?? []);

/** Who got credentials of which role, by the audit log. */
async function issuedSoFar(): Promise<readonly string[]> {
  const { stdout } = await rig.runCli(['log', '--json']);
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, string>);
  const issued = lines.filter(({ event }) => event === 'credentials-issued');
  return [...new Set(issued.map(({ surface, permissionSet }) => `${surface} ${permissionSet}`))].toSorted();
}

async function openConsole() {
  const { stdout } = await rig.runCli(['console', 'deployer', '--print']);
  const page = await (await fetch(stdout.trim())).text();
  const read = (id: string) => new RegExp(`id="${id}">([^<]*)<`).exec(page)?.[1];
  return { role: read('role'), account: read('account'), region: read('region') };
}

/** Each client in one of the surroundings, each in another at another turn. */
async function identify(surroundings: readonly Readonly<Record<string, string>>[], turn = 0): Promise<CliRun[]> {
  return Promise.all(
    CLIENTS.map(([, [program, ...args]], index) =>
      runProcess(program, args, {
        environment: {
          ...rig.environment,
          AWS_PAGER: '',
          AWS_REGION: 'eu-west-1',
          AWS_DEFAULT_REGION: 'eu-west-1',
          ...surroundings[(index + turn) % surroundings.length],
        },
      }),
    ),
  );
}

const arnsOf = (runs: readonly CliRun[]) => runs.map(({ stdout, stderr }) => stdout.trim() || stderr);
const everyClientIs = (arn: string) => CLIENTS.map(() => arn);

/** A way that lives as long as a program. */
async function openContainer() {
  const grant = await rig.client.call('createGrant', { body: ROLE });
  return {
    AWS_CONTAINER_CREDENTIALS_FULL_URI: grant.url,
    AWS_CONTAINER_AUTHORIZATION_TOKEN: grant.token,
  };
}

test('over three turnovers the session policy arrives at AWS, every way gives the same credentials, and every client is the last role', async () => {
  const container = await openContainer();
  expect(await rig.runCli(['use', '--current', 'deployer'])).toMatchObject({ exitCode: 0 });
  const seen = new Set<string | undefined>();
  for (const turn of [0, 1, 2, 3]) {
    if (turn > 0) passedMs += HOUR_MS;
    rig.emulator.resetCalls();
    const keys = JSON.parse((await rig.runCli(['env', '--json', 'deployer'])).stdout) as Record<string, string>;
    const accessKeyId = keys['AWS_ACCESS_KEY_ID'];
    seen.add(accessKeyId);
    const answers = await Promise.all([
      ...Object.values(SURFACES).map((ask) => ask('deployer', ACCOUNT)),
      askContainer(container),
      rig.runCli(['credential-process', '--current']).then(fromDocument),
      inExec('current', [], askContainer),
    ]);
    for (const answer of answers) {
      expect({ accountId: ACCOUNT, ...answer }).toMatchObject({ exitCode: 0, accessKeyId, accountId: ACCOUNT });
    }
    expect(await openConsole()).toEqual({ role: 'Deployer', account: ACCOUNT, region: 'eu-west-1' });
    // Each client by each of these ways, one at each turnover.
    const surroundings = [{ AWS_PROFILE: 'deployer-keys' }, container, keys];
    if (turn > 0) expect(arnsOf(await identify(surroundings, turn))).toEqual(everyClientIs(DEPLOYER));
    expect(stepsAtAws()).toEqual([
      {
        roleArn: HUB_ARN,
        roleSessionName: 'build-7',
        durationSeconds: '3600',
        policy: POLICY,
        policyArns: [POLICY_ARN],
      },
      {
        roleArn: DEPLOYER_ARN,
        roleSessionName: 'build-8',
        externalId: 'ticket:42',
        durationSeconds: '900',
        policy: null,
        policyArns: [],
      },
    ]);
  }
  expect(seen.size).toBe(4);
  expect(await issuedSoFar()).toEqual(['container chain:deployer', 'socket chain:deployer']);
});

test('every character of a name arrives by every way', async () => {
  const answers = await Promise.all(Object.values(SURFACES).map((ask) => ask(ODD_NAME, ACCOUNT)));
  expect(answers.map(({ exitCode }) => exitCode)).toEqual(answers.map(() => 0));
  expect(new Set(answers.map(({ accessKeyId }) => accessKeyId)).size).toBe(1);
});

test('a client that assumes both roles itself, with the credentials of our profile, is the same role', async () => {
  expect(arnsOf(await identify([{ AWS_PROFILE: 'deployer-by-client' }]))).toEqual(everyClientIs(DEPLOYER));
});

describe('every way says why there are no credentials of a chain', () => {
  test.each<[what: string, profile: string, account: string, said: Said]>([
    ['in a circle', 'first', '222222222222', { exitCode: 6, says: /first.*\[chain-unavailable\]/su }],
    ['whose source is missing', 'orphan', '222222222222', { exitCode: 6, says: /gone.*\[chain-unavailable\]/su }],
    [
      'that wants an MFA code',
      'with-mfa',
      '222222222222',
      { exitCode: 6, says: /mfa_serial.*\[chain-unavailable\]/su },
    ],
    [
      'that AWS refuses',
      'stranger',
      '999999999999',
      { exitCode: 5, says: /role\/Stranger.*\[assume-role-refused\]/su },
    ],
  ])('%s', (_, profile, account, said) => expectRefused(profile, account, said));

  /** What the AWS CLI says, by our profile. */
  const askAwsCli = async () => {
    const [program, ...args] = IDENTITY_BY_CLI;
    const environment = { ...rig.environment, AWS_PROFILE: 'deployer-keys', AWS_PAGER: '' };
    return hasAwsCli ? (await runProcess(program, args, { environment })).stderr : undefined;
  };

  test('that AWS refuses at a turnover, and the program that runs hears it too', async () => {
    const container = await openContainer();
    passedMs += HOUR_MS;
    rig.emulator.addFault({ operation: 'AssumeRole', kind: 'exception', exception: 'AccessDenied' });
    const says = /let .* assume arn:aws:iam::222222222222:role\/team\/Hub.*\[assume-role-refused\]/su;
    await expectRefused('deployer', ACCOUNT, { exitCode: 5, says });
    expect(await askContainer(container)).toMatchObject({ exitCode: 403, text: expect.stringMatching(says) as string });
    if (hasAwsCli) expect(await askAwsCli()).toMatch(says);
    rig.emulator.clearFaults();
    expect(await askContainer(container)).toMatchObject({ exitCode: 0 });
  });

  test('whose sign-in has ended, and names the session', async () => {
    const container = await openContainer();
    rig.emulator.revokeSessions();
    passedMs += HOUR_MS;
    const says = new RegExp(`sign-in to ${SESSION} has ended\\..*rolecall login ${SESSION}\\b`, 'su');
    await expectRefused('deployer', ACCOUNT, { exitCode: 4, says });
    expect(await askContainer(container)).toMatchObject({ exitCode: 401, text: expect.stringMatching(says) as string });
    if (hasAwsCli) expect(await askAwsCli()).toMatch(says);
    expect(await rig.runCli(['login'])).toMatchObject({ exitCode: 0 });
    expect(await askContainer(container)).toMatchObject({ exitCode: 0, accountId: ACCOUNT });
  });
});
