// `rolecall exec` and `rolecall env` with a real daemon: what the program gets, the messages, and what is left afterwards.
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { ForeignProgram } from '../../src/cli/commands/exec/run-in-place.ts';
import { canConfine } from '../helpers/confined-world.ts';
import { createPerson } from './picker/person.ts';
import { CONFIG, createRig, SESSION, type CliOptions, type Rig } from '../helpers/rig.ts';

const PROFILE = 'taylor.Admin-AF-Permission-Set';
const PICKER = { ROLECALL_PICKER: 'builtin' };
const KEYS = '\n[default]\naws_access_key_id = AKIAHOSTILE\naws_secret_access_key = x\n';

let rig: Rig;
let config: string;
beforeAll(async () => {
  rig = await createRig();
  expect(await rig.runCli(['login'])).toMatchObject({ exitCode: 0 });
  config = readFileSync(rig.configPath, 'utf8');
});
afterEach(async () => {
  writeFileSync(rig.configPath, config);
  expect(await rig.client.call('grants', {})).toEqual({ grants: [] });
});
afterAll(() => rig.remove());

interface Started extends ForeignProgram {
  readonly grants: readonly { readonly id: string; readonly current: boolean; readonly processId: number | null }[];
  readonly container: { readonly status: number; readonly body: Record<string, string> };
}

/** What the program was started with. */
async function exec(argv: readonly string[], options: CliOptions = {}, inside?: (program: Started) => void) {
  const started: Started[] = [];
  const run = await rig.runCli(['exec', ...argv], {
    ...options,
    runInPlace: async (program) => {
      const { grants } = await rig.client.call('grants', {});
      const seen = { ...program, grants, container: await askDoor(program.environment) };
      started.push(seen);
      inside?.(seen);
      return 37;
    },
  });
  return { ...run, started };
}

async function askDoor(environment: Readonly<Record<string, string>>): Promise<Started['container']> {
  const {
    AWS_CONTAINER_CREDENTIALS_FULL_URI: url = '',
    AWS_CONTAINER_AUTHORIZATION_TOKEN: token,
    AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: file = '/dev/null',
  } = environment;
  if (url === '') return { status: 0, body: {} };
  const answer = await fetch(url, { headers: { authorization: token ?? readFileSync(file, 'utf8') } });
  return { status: answer.status, body: (await answer.json()) as Record<string, string> };
}

describe('exec', () => {
  test('gives the program a grant for one role, bound to this process, and ends it with the program', async () => {
    const { exitCode, stdout, stderr, started } = await exec([PROFILE, '--', 'sh', '-c', 'exit 37']);
    expect({ exitCode, stdout, stderr }).toEqual({ exitCode: 37, stdout: '', stderr: '' });
    const [{ command, environment, grants, container } = unreachable()] = started;
    expect(command).toEqual(['sh', '-c', 'exit 37']);
    expect(environment).toEqual({
      ...rig.environment,
      AWS_CONTAINER_CREDENTIALS_FULL_URI: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/container\//),
      AWS_CONTAINER_AUTHORIZATION_TOKEN: expect.stringMatching(/^\S{40,}$/),
      AWS_REGION: 'us-east-1',
      AWS_DEFAULT_REGION: 'us-east-1',
      AWS_EC2_METADATA_DISABLED: 'true',
      ROLECALL_PROFILE: PROFILE,
    });
    expect(grants).toMatchObject([{ current: false, processId: process.pid }]);
    expect(container).toMatchObject({ status: 200, body: { AccountId: '111111111111' } });
    expect(await rig.client.call('grants', {})).toEqual({ grants: [] });
    expect(await askDoor(environment)).toMatchObject({ status: 401 });
  });

  test('--token-file: passes a 0600 file without a newline, which is deleted with the program', async () => {
    let path = '';
    await exec([PROFILE, '--token-file', '--', 'ls'], {}, ({ environment, container }) => {
      path = environment['AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE'] ?? '';
      expect(environment['AWS_CONTAINER_AUTHORIZATION_TOKEN']).toBeUndefined();
      expect(readFileSync(path, 'utf8')).toMatch(/^\S+$/);
      expect(statSync(path).mode & 0o777).toBe(0o600);
      expect(container.status).toBe(200);
    });
    expect(existsSync(dirname(path))).toBe(false);
  });

  test('--region overrides the profile and must be a region', async () => {
    const { started } = await exec([PROFILE, '--region', 'eu-west-1', '--', 'ls']);
    expect(started[0]?.environment).toMatchObject({ AWS_REGION: 'eu-west-1', AWS_DEFAULT_REGION: 'eu-west-1' });
    expect(await exec([PROFILE, '--region', 'eu west', '--', 'ls'])).toMatchObject({
      exitCode: 2,
      stderr: 'rolecall: "eu west" is not a region. [usage]\nRun: rolecall profiles list\n',
      started: [],
    });
    writeFileSync(rig.configPath, CONFIG.replace(/region = us-east-1\n$/, 'region = $(ls)\n'));
    expect(await exec(['account1', '--', 'ls'])).toMatchObject({
      exitCode: 2,
      stderr:
        'rolecall: "$(ls)" is not a region (set by the profile "account1"). [usage]\nRun: rolecall profiles list\n',
    });
  });

  test('keeps the caller’s regions without any region of its own', async () => {
    writeFileSync(rig.configPath, CONFIG.replace(/region = us-east-1\n$/, ''));
    const { started } = await exec(['account1', '--', 'ls'], { environment: { AWS_REGION: 'sa-east-1' } });
    expect(started[0]?.environment['AWS_REGION']).toBe('sa-east-1');
    expect(started[0]?.environment['AWS_DEFAULT_REGION']).toBeUndefined();
  });

  test('--env-keys passes keys and creates no grant', async () => {
    const { exitCode, started } = await exec([PROFILE, '--env-keys', '--', 'ls'], {
      environment: { AWS_PROFILE: 'other', AWS_SECURITY_TOKEN: 'other' },
    });
    expect(exitCode).toBe(37);
    expect(started[0]?.grants).toEqual([]);
    expect(started[0]?.environment).toEqual({
      ...rig.environment,
      AWS_ACCESS_KEY_ID: expect.stringMatching(/^ASIA/),
      AWS_SECRET_ACCESS_KEY: expect.any(String),
      AWS_SESSION_TOKEN: expect.any(String),
      AWS_CREDENTIAL_EXPIRATION: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      AWS_REGION: 'us-east-1',
      AWS_DEFAULT_REGION: 'us-east-1',
      AWS_EC2_METADATA_DISABLED: 'true',
      ROLECALL_PROFILE: PROFILE,
    });
  });

  test.skipIf(!canConfine)(
    'current is one role for a confined command, also when another becomes the current one',
    async () => {
      const change = (accountId: string, permissionSet: string) =>
        rig.client.call('setCurrent', { body: { session: SESSION, accountId, permissionSet, profile: null } });
      await change('222222222222', 'ReadOnly');
      let accounts: (string | undefined)[] = [];
      const run = await rig.runCli(['exec', '--confine', '--network=host', 'current', '--', 'ls'], {
        runConfined: async ({ environment }) => {
          const before = await askDoor(environment);
          await change('111111111111', 'Admin-AF-Permission-Set');
          accounts = [before, await askDoor(environment)].map(({ body }) => body['AccountId']);
          return { exitCode: 0, hasStarted: true, isInterrupted: false };
        },
      });
      await rig.client.call('setCurrent', { body: null });
      expect({ run, accounts }).toMatchObject({ run: { exitCode: 0 }, accounts: ['222222222222', '222222222222'] });
    },
  );

  test('current follows the current role, and fails without one', async () => {
    expect(await exec(['current', '--', 'ls'])).toMatchObject({
      exitCode: 6,
      stderr: 'rolecall: No current role is set. [no-current-role]\nRun: rolecall ls\n',
      started: [],
    });
    await rig.client.call('setCurrent', {
      body: { session: SESSION, accountId: '222222222222', permissionSet: 'ReadOnly', profile: null },
    });
    const { started } = await exec(['current', '--', 'ls']);
    expect(started[0]).toMatchObject({
      grants: [{ current: true }],
      container: { status: 200, body: { AccountId: '222222222222' } },
    });
    const { started: withKeys } = await exec(['current', '--env-keys', '--', 'ls']);
    await rig.client.call('setCurrent', { body: null });
    expect(withKeys[0]?.environment['AWS_ACCESS_KEY_ID']).toBe(started[0]?.container.body['AccessKeyId']);
  });

  test('copies the AWS files while the program runs if their [default] has credentials', async () => {
    writeFileSync(rig.configPath, CONFIG + KEYS);
    let copy = '';
    await exec(['account1', '--', 'ls'], {}, ({ environment }) => {
      copy = environment['AWS_CONFIG_FILE'] ?? '';
      expect(readFileSync(copy, 'utf8')).toBe(`${CONFIG}\n[default]\n`);
    });
    expect(existsSync(copy)).toBe(false);
  });

  test('fails and starts nothing when AWS clients disagree on a file', async () => {
    const own = join(rig.home.path, 'own-config');
    writeFileSync(own, `${config}${KEYS}nonsense\n`);
    expect(await exec([PROFILE, '--', 'ls'], { environment: { AWS_CONFIG_FILE: own } })).toMatchObject({
      exitCode: 2,
      stderr: expect.stringMatching(
        /^rolecall: .*own-config, line (\d+): "nonsense" has no "="\. \[config-malformed\]\nRun: \$\{EDITOR:-vi\} \+\1 \S*own-config\n$/,
      ),
      started: [],
    });
    expect(await rig.client.call('grants', {})).toEqual({ grants: [] });
  });

  test('an unknown profile exits 6 with the nearest name', async () => {
    for (const argv of [
      [`${PROFILE.slice(0, -1)}T`, '--', 'ls'],
      ['taylor.Admin-AF-Permission-Se', 'ls'],
    ]) {
      const { exitCode, stderr, started } = await exec(argv);
      expect({ exitCode, started }).toEqual({ exitCode: 6, started: [] });
      expect(stderr).toContain(`No sso-session has a profile "${argv[0]}". Did you mean "${PROFILE}"?`);
    }
  });

  test('takes words that match one role, says whose account it is, and takes options between them', async () => {
    for (const argv of [
      ['log', 'read', '--', 'ls', '--', '-l'],
      ['log', '--region', 'eu-west-1', 'read', '--token-file', '--', 'ls', '--', '-l'],
      ['044444444444', 'ReadOnly', '--', 'ls', '--', '-l'],
    ]) {
      const { stderr, started } = await exec(argv);
      expect(stderr).toBe('Log Archive  044444444444  ReadOnly  us-east-1\n');
      expect(started).toMatchObject([
        {
          command: ['ls', '--', '-l'],
          container: { status: 200, body: { AccountId: '044444444444' } },
          environment: {
            ROLECALL_PROFILE: 'Log-Archive.ReadOnly',
            AWS_REGION: argv.includes('--region') ? 'eu-west-1' : 'us-east-1',
          },
        },
      ]);
    }
  });

  test('leaves a "--" to the command if the first word is a profile', async () => {
    for (const argv of [
      [PROFILE, 'ls', 'build', '--', '--region'],
      [PROFILE, '--', 'ls', 'build', '--', '--region'],
    ]) {
      const { stderr, started } = await exec(argv);
      expect({ stderr, command: started[0]?.command }).toEqual({
        stderr: '',
        command: ['ls', 'build', '--', '--region'],
      });
    }
    expect(await exec(['log', '--', 'ls', 'read', '--', 'x'], { isTerminal: true })).toMatchObject({
      started: [{ command: ['ls', 'read', '--', 'x'], environment: { ROLECALL_PROFILE: 'Log-Archive.ReadOnly' } }],
    });
  });

  test('never takes words for one of several roles, and in a script no single word for another profile', async () => {
    const asked = await exec(['professional', 'af', '--', 'ls', '-l']);
    expect(asked).toMatchObject({ exitCode: 2, stdout: '', started: [] });
    // Their order depends on which was used before.
    expect(asked.stderr).toMatch(
      /^( {2}professional-af {2}222222222222 {2}\S+ +\S+\n){2}rolecall: 2 roles match "professional af"\. Name one\. \[usage\]\nRun: rolecall exec professional-af\.\S+ -- ls -l\n$/u,
    );
    expect(await exec(['4444', 'read', '--', 'ls'])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining(
        'it was found only by its account id. Name it exactly. [usage]\nRun: rolecall exec Log-Archive.ReadOnly -- ls\n',
      ),
      started: [],
    });
    expect(await exec(['log', '--', 'ls'])).toMatchObject({
      exitCode: 6,
      stderr: expect.stringContaining('No sso-session has a profile "log".'),
      started: [],
    });
    expect(await exec(['log', 'qqq', '--', 'ls'])).toMatchObject({
      exitCode: 6,
      stderr: expect.stringContaining('No role matches "log qqq".'),
      started: [],
    });
    // As `exec PROFILE ls -- ARGUMENT`, the command is not what follows the "--".
    expect(await exec(['gone', 'ls', '--', 'no-program'])).toMatchObject({
      exitCode: 6,
      stderr: expect.stringContaining('No role matches "gone ls".'),
      started: [],
    });
    expect(await exec(['log', '--', 'ls'], { isTerminal: true })).toMatchObject({
      exitCode: 37,
      stderr: 'Log Archive  044444444444  ReadOnly  us-east-1\n',
    });
  });

  test('asks before another role takes the place of a profile that is gone, even on a terminal', async () => {
    for (const [answer, ran] of [
      ['', []],
      ['y', [{ environment: { ROLECALL_PROFILE: 'Log-Archive.ReadOnly' } }]],
    ] as const) {
      const run = await exec(['Archive.ReadOnly', '--', 'ls'], { isTerminal: true, answers: [answer] });
      expect(run.stderr).toMatch(
        /^Use Log Archive {2}044444444444 {2}ReadOnly for this command\? \(no profile has the name that you typed\) \[y\/N\] /u,
      );
      expect(run.started).toMatchObject(ran);
      expect(run.started).toHaveLength(ran.length);
    }
    const env = await rig.runCli(['env', 'Archive.ReadOnly'], { isTerminal: true, answers: ['n'] });
    expect(env).toMatchObject({ exitCode: 130, stdout: '' });
  });

  test('an empty variable counts neither as a word nor as a profile', async () => {
    expect(await exec(['log', '', '--', 'ls'])).toMatchObject({ exitCode: 6, started: [] });
    expect((await rig.runCli(['env', 'log', ' '])).stderr).toContain('No sso-session has a profile "log".');
    const empty = await exec(['', 'ls', 'log', 'read', '--', 'x']);
    expect(empty).toMatchObject({ exitCode: 2, started: [] });
    expect(empty.stderr).toContain('exec needs a profile before the "--".');
  });

  test('without a word opens the picker on a terminal, for a command and for a subshell', async () => {
    for (const argv of [[], ['--', 'ls']]) {
      const person = createPerson([
        [/5 of 5/u, 'log'],
        [/1 of 5[^]*Log-Archive\.ReadOnly (?:for this command|in a subshell)/u, '\r'],
      ]);
      const run = await exec(argv, {
        isTerminal: true,
        openPickerTerminal: person.openPickerTerminal,
        environment: PICKER,
      });
      expect(run).toMatchObject({
        exitCode: 37,
        started: [{ environment: { ROLECALL_PROFILE: 'Log-Archive.ReadOnly' } }],
      });
      const left = createPerson([[/5 of 5/u, '\u0003']]);
      expect(
        await exec(argv, { isTerminal: true, openPickerTerminal: left.openPickerTerminal, environment: PICKER }),
      ).toMatchObject({ exitCode: 130, started: [] });
    }
  });

  test('fails before it starts anything when signed out: exit 4 and a command', async () => {
    await rig.runCli(['logout']);
    onTestFinished(async () => {
      await rig.runCli(['login']);
    });
    expect(await exec([PROFILE, '--', 'ls'])).toMatchObject({
      exitCode: 4,
      stderr: `rolecall: You are not signed in to ${SESSION}. [sign-in-required]\nRun: rolecall login ${SESSION}\n`,
      started: [],
    });
  });

  test('exits 127 or 126 for what cannot be run, before it asks the daemon', async () => {
    expect(await exec(['no-profile', '--', 'no such'])).toMatchObject({
      exitCode: 127,
      stderr: `rolecall: "no such" was not found in your PATH.\nRun: type 'no such' || echo "$PATH"\n`,
    });
    expect(await exec([PROFILE, '--', '/etc'])).toMatchObject({
      exitCode: 126,
      stderr: 'rolecall: /etc is not executable.\nRun: ls -l /etc\n',
    });
  });

  test('a command without "--" keeps its own options', async () => {
    for (const argv of [
      [PROFILE, 'ls', '--version', '--region', 'x', '-h', '--', 'y'],
      [PROFILE, '--', 'ls', '--version', '--region', 'x', '-h', '--', 'y'],
      ['--region', 'eu-west-1', PROFILE, 'ls', '--version', '--region', 'x', '-h', '--', 'y'],
    ]) {
      const { started } = await exec(argv);
      expect(started[0]?.command).toEqual(['ls', '--version', '--region', 'x', '-h', '--', 'y']);
    }
  });

  const usage: readonly [string[], string, string][] = [
    [['exec', '--', 'ls'], 'exec needs a profile before the "--".', 'rolecall profiles list'],
    [['exec'], 'rolecall exec needs a profile.', 'rolecall exec --help'],
    [
      ['exec', PROFILE, '--env-keys', '--token-file', 'ls'],
      'exec takes --env-keys or --token-file, not both.',
      'rolecall exec --help',
    ],
    [['exec', PROFILE], 'exec without a command starts a subshell, which needs a terminal.', 'rolecall exec --help'],
    [
      ['exec', PROFILE, '--env-keys'],
      'exec --env-keys needs a command, because a subshell would outlive its keys.',
      `rolecall exec ${PROFILE}`,
    ],
    [
      ['exec', PROFILE, '--regoin', 'x', '--', 'ls'],
      'rolecall exec has no option "--regoin"; did you mean "--region"?',
      `rolecall exec ${PROFILE} --region x -- ls`,
    ],
  ];
  test.each(usage)('%j is a usage error', async (argv, message, hint) => {
    expect(await rig.runCli(argv)).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: `rolecall: ${message} [usage]\nRun: ${hint}\n`,
    });
  });

  test('refuses Java options that set credentials', async () => {
    expect(await exec([PROFILE, '--', 'ls'], { environment: { JAVA_TOOL_OPTIONS: '-Daws.profile=x' } })).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('Run: unset JAVA_TOOL_OPTIONS\n'),
      started: [],
    });
  });
});

describe('exec without a command', () => {
  test('starts the user’s shell with files in the grant’s directory', async () => {
    const { exitCode, stderr, started } = await exec(
      [PROFILE],
      { isTerminal: true, environment: { SHELL: '/bin/bash' } },
      ({ command }) => {
        const path = command[2] ?? '';
        expect(command).toEqual(['/bin/bash', '--rcfile', path]);
        expect(statSync(path).mode & 0o777).toBe(0o600);
        expect(readFileSync(path, 'utf8')).toContain(`PS1='(${PROFILE}) '$PS1`);
      },
    );
    expect({ exitCode, count: started.length }).toEqual({ exitCode: 37, count: 1 });
    expect(stderr).toBe(`This shell uses ${PROFILE} (account 111111111111). To leave it: exit\n`);
  });

  test('starts sh without $SHELL, with the role in PS1', async () => {
    const { started } = await exec([PROFILE], { isTerminal: true, environment: { SHELL: '' } });
    expect(started[0]).toMatchObject({ command: ['/bin/sh'], environment: { PS1: `(${PROFILE}) $ ` } });
  });

  test('exits 127 when $SHELL does not exist', async () => {
    expect(await exec([PROFILE], { isTerminal: true, environment: { SHELL: '/no/shell' } })).toMatchObject({
      exitCode: 127,
      stderr: expect.stringContaining('/no/shell does not exist.'),
    });
  });
});

describe('exec --via', () => {
  const DEPLOY = 'arn:aws:iam::222222222222:role/Deploy';
  const POLICY = { Statement: [{ Effect: 'Allow', Action: 's3:Get*', Resource: '*' }] };
  const NAME = `Deploy via ${PROFILE}`;
  const assumed = () => rig.emulator.requests().flatMap(({ assumeRole }) => assumeRole ?? []);
  const writePolicy = (policy: object) => {
    const path = join(rig.home.path, 'policy.json');
    writeFileSync(path, JSON.stringify(policy, undefined, 2));
    return path;
  };
  afterEach(() => {
    rig.emulator.clearFaults();
    rig.emulator.resetCalls();
  });

  test('runs the command as the other role alone, under a policy that is read once', async () => {
    const file = writePolicy(POLICY);
    const { exitCode, stderr, started } = await exec([PROFILE, '--via', DEPLOY, '--policy', file, '--', 'ls'], {}, () =>
      writePolicy({ Statement: [] }),
    );
    expect({ exitCode, stderr }).toEqual({ exitCode: 37, stderr: '' });
    expect(started).toMatchObject([
      {
        command: ['ls'],
        environment: { ROLECALL_PROFILE: NAME, ROLECALL_GRANT: expect.any(String), AWS_REGION: 'us-east-1' },
        grants: [{ current: false, processId: process.pid, role: { accountId: '222222222222' } }],
        container: { status: 200, body: { AccountId: '222222222222' } },
      },
    ]);
    expect(assumed()).toMatchObject([{ roleArn: DEPLOY, policy: JSON.stringify(POLICY), policyArns: [] }]);
    const narrower = await exec(['--via', DEPLOY, '--policy', file, PROFILE, '--', 'ls']);
    expect(narrower.started[0]?.environment['ROLECALL_PROFILE']).toBe(NAME);
    expect(assumed().map(({ policy }) => policy)).toEqual([JSON.stringify(POLICY), '{"Statement":[]}']);
  });

  test('takes every other option, a role by its name, and words for the profile', async () => {
    const arn = 'arn:aws:iam::aws:policy/ReadOnlyAccess';
    const { started: withFile } = await exec(
      `log --via=Audit read --policy ${arn} --token-file --region eu-west-1 -- ls`.split(' '),
    );
    expect(withFile).toMatchObject([
      {
        environment: {
          ROLECALL_PROFILE: 'Audit via Log-Archive.ReadOnly',
          AWS_REGION: 'eu-west-1',
          AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: expect.any(String),
        },
        container: { status: 200, body: { AccountId: '044444444444' } },
      },
    ]);
    expect(assumed()).toMatchObject([{ roleArn: 'arn:aws:iam::044444444444:role/Audit', policyArns: [arn] }]);
    const { started: withKeys } = await exec([PROFILE, '--via', DEPLOY, '--env-keys', '--', 'ls']);
    const environment = withKeys[0]?.environment ?? {};
    expect(environment).toMatchObject({ AWS_ACCESS_KEY_ID: expect.stringMatching(/^ASIA/), ROLECALL_PROFILE: NAME });
    expect(environment['AWS_ACCESS_KEY_ID']).not.toBe(
      (await exec([PROFILE, '--env-keys', '--', 'ls'])).started[0]?.environment['AWS_ACCESS_KEY_ID'],
    );
    expect(environment).not.toHaveProperty('AWS_CONTAINER_CREDENTIALS_FULL_URI');
    expect(withKeys).toMatchObject([{ grants: [{ role: { accountId: '222222222222' } }] }]);
  });

  test('says inside whose role it is, and opens no console of the profile', async () => {
    const inside: Record<string, unknown> = {};
    await rig.runCli(['exec', PROFILE, '--via', DEPLOY, '--policy', writePolicy(POLICY), '--', 'ls'], {
      runInPlace: async ({ environment }) => {
        const json = await rig.runCli(['whoami', '--json'], { environment });
        Object.assign(inside, {
          json: JSON.parse(json.stdout) as unknown,
          text: (await rig.runCli(['whoami'], { environment })).stdout,
          console: await rig.runCli(['console', '--print'], { environment }),
          again: await rig.runCli(['exec', PROFILE, '--', 'ls'], {
            environment,
            runInPlace: async (program) => (program.environment['ROLECALL_GRANT'] === undefined ? 0 : 1),
          }),
        });
        return 0;
      },
    });
    expect(inside).toMatchObject({
      json: { profile: NAME, accountId: '222222222222', chain: { roleArn: DEPLOY, policy: true } },
      text: expect.stringMatching(/^222222222222 {2}Deploy via taylor\.Admin-AF-Permission-Set$/mu),
      console: {
        exitCode: 2,
        stdout: '',
        stderr: `rolecall: This shell uses ${NAME}, and a role of exec --via has no console. Name a profile. [usage]\nRun: rolecall profiles list\n`,
      },
      again: { exitCode: 0 },
    });
  });

  test('starts nothing when AWS refuses the role or the policy, and says why once', async () => {
    const file = writePolicy(POLICY);
    const refuse = async (exception: string) => {
      rig.emulator.addFault({ operation: 'AssumeRole', kind: 'exception', exception, count: 1 });
      const { exitCode, stderr, started } = await exec([PROFILE, '--via', 'Other', '--policy', file, '--', 'ls']);
      expect(started).toEqual([]);
      return [
        exitCode,
        stderr.match(/rolecall: /gu)?.length,
        /\[([a-z-]+)\]/u.exec(stderr)?.[1],
        /:role\/Other/u.test(stderr),
      ];
    };
    expect([
      await refuse('AccessDenied'),
      await refuse('MalformedPolicyDocument'),
      await refuse('PackedPolicyTooLarge'),
    ]).toEqual([
      [5, 1, 'assume-role-refused', true],
      [2, 1, 'invalid-policy', true],
      [2, 1, 'invalid-policy', true],
    ]);
  });

  test('is what --policy needs: nothing else narrows a permission set', async () => {
    expect(await exec([PROFILE, '--policy', 'arn:aws:iam::aws:policy/ReadOnlyAccess', '--', 'ls'])).toMatchObject({
      exitCode: 2,
      stderr:
        'rolecall: exec --policy needs --via: AWS cannot narrow the credentials of a permission set, only those of a role that they assume. [usage]\nRun: rolecall exec --help\n',
      started: [],
    });
    expect(await exec([PROFILE, '--via', DEPLOY, '--policy', 'gone.json', '--', 'ls'])).toMatchObject({
      exitCode: 2,
      stderr: 'rolecall: Cannot read the policy gone.json: it does not exist. [invalid-policy]\nRun: ls -l gone.json\n',
      started: [],
    });
    expect(rig.emulator.countCalls('AssumeRole')).toBe(0);
  });

  test('keeps the role that was current, and shows its own in the prompt of a subshell', async () => {
    const change = (accountId: string, permissionSet: string) =>
      rig.client.call('setCurrent', { body: { session: SESSION, accountId, permissionSet, profile: null } });
    await change('222222222222', 'ReadOnly');
    onTestFinished(async () => void (await rig.client.call('setCurrent', { body: null })));
    const { stderr, started } = await exec(['current', '--via', DEPLOY], {
      isTerminal: true,
      environment: { SHELL: '/bin/sh' },
    });
    expect(stderr).toMatch(/^This shell uses Deploy via \S+ \(account 222222222222\)\. To leave it: exit$/mu);
    expect(started).toMatchObject([
      { environment: { PS1: expect.stringMatching(/^\(Deploy-via-\S+\) \$ $/u) }, grants: [{ current: false }] },
    ]);
  });

  test.skipIf(!canConfine)('confines the command to that one role', async () => {
    let account: string | undefined;
    const run = await rig.runCli(
      ['exec', '--confine', '--network=host', '--via', DEPLOY, '--policy', writePolicy(POLICY), PROFILE, '--', 'ls'],
      {
        runConfined: async ({ environment }) => {
          account = (await askDoor(environment)).body['AccountId'];
          return { exitCode: 0, hasStarted: true, isInterrupted: false };
        },
      },
    );
    expect({ exitCode: run.exitCode, account }).toEqual({ exitCode: 0, account: '222222222222' });
  });
});

describe('env', () => {
  test('takes words and the picker, and keeps standard output for the shell', async () => {
    const ofLog = { exitCode: 0, stdout: expect.stringMatching(/^export AWS_ACCESS_KEY_ID='ASIA/u) };
    const environment = { SHELL: '/bin/bash', ...PICKER };
    const stderr = 'Log Archive  044444444444  ReadOnly  us-east-1\n';
    expect(await rig.runCli(['env', 'log', 'read'], { environment })).toEqual({ ...ofLog, stderr });
    const person = createPerson([[/3 of 5/u, 'log\r']]);
    const { openPickerTerminal } = person;
    expect(await rig.runCli(['env', 'readonly'], { environment, isTerminal: true, openPickerTerminal })).toEqual({
      ...ofLog,
      stderr: expect.stringContaining(`${stderr}These are secrets`),
    });
    expect(await rig.runCli(['env', 'log'], { environment })).toMatchObject({ exitCode: 6, stdout: '' });
    expect(await rig.runCli(['env'], { environment })).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: 'rolecall: rolecall env needs a profile. [usage]\nRun: rolecall env --help\n',
    });
  });

  test('prints keys, both regions and what to unset, for the user’s shell', async () => {
    const { exitCode, stdout, stderr } = await rig.runCli(['env', PROFILE], { environment: { SHELL: '/bin/bash' } });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout.split('\n')).toEqual([
      expect.stringMatching(/^export AWS_ACCESS_KEY_ID='ASIA\w+'$/),
      expect.stringMatching(/^export AWS_SECRET_ACCESS_KEY='[^']+'$/),
      expect.stringMatching(/^export AWS_SESSION_TOKEN='[^']+'$/),
      expect.stringMatching(/^export AWS_CREDENTIAL_EXPIRATION='[-\dT:]+Z'$/),
      "export AWS_REGION='us-east-1'",
      "export AWS_DEFAULT_REGION='us-east-1'",
      'unset AWS_PROFILE AWS_DEFAULT_PROFILE AWS_SECURITY_TOKEN AWS_ACCOUNT_ID AWS_CREDENTIAL_SCOPE',
      '',
    ]);
  });

  test('--shell and --region override', async () => {
    const { stdout } = await rig.runCli(['env', PROFILE, '--shell', 'json', '--region', 'eu-west-1']);
    expect(JSON.parse(stdout)).toMatchObject({ AWS_REGION: 'eu-west-1', AWS_DEFAULT_REGION: 'eu-west-1' });
  });

  test.each([
    ['bash', `eval "$(rolecall env ${PROFILE})"`],
    ['fish', `rolecall env ${PROFILE} | source`],
    ['powershell', `rolecall env ${PROFILE} | Out-String | Invoke-Expression`],
    ['dotenv', `rolecall env ${PROFILE} --shell dotenv > .env`],
  ])('warns on a terminal and shows how to use %s', async (shell, line) => {
    const { exitCode, stderr } = await rig.runCli(['env', PROFILE, '--shell', shell], { isTerminal: true });
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(/^These are secrets, valid for .*\. To use them without showing them: /);
    expect(stderr.endsWith(`${line}\n`)).toBe(true);
  });

  test('refuses an unknown shell as a usage error', async () => {
    for (const [argv, shell] of [
      [[], '/bin/tcsh'],
      [['--shell', '/bin/tcsh'], '/bin/bash'],
    ] as const) {
      expect(await rig.runCli(['env', PROFILE, ...argv], { environment: { SHELL: shell } })).toEqual({
        exitCode: 2,
        stdout: '',
        stderr:
          'rolecall: "/bin/tcsh" is not one of bash, zsh, fish, powershell, dotenv, json. [usage]\nRun: rolecall env --help\n',
      });
    }
  });
});

function unreachable(): never {
  throw new Error('nothing was started');
}
