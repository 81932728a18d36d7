// `rolecall whoami` in every kind of shell: what counts there, whose it is as far as that is known, and never a secret.
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { findIdentitySource } from '../../src/cli/commands/whoami/shell-identity.ts';
import { createRig, SESSION, writePrivate, type Rig } from '../helpers/rig.ts';
import { mask } from './masks.ts';

const ADMIN = 'taylor.Admin-AF-Permission-Set';
const KEYS = { AWS_ACCESS_KEY_ID: 'AKIDHIDDEN', AWS_SECRET_ACCESS_KEY: 'hidden', AWS_SESSION_TOKEN: 'hidden' };
const SETTINGS = `
[session.${SESSION}]
label = "Work"
session_hours = 10
[[protect]]
session = "*"
account_id = "222222222222"
permission_set = "*"
approve = "none"
`;

let rig: Rig;
beforeAll(async () => {
  rig = await createRig({ settings: SETTINGS });
  expect(await rig.runCli(['login'])).toMatchObject({ exitCode: 0 });
});
afterAll(() => rig.remove());
afterEach(() => writePrivate(join(rig.home.path, '.aws', 'credentials'), ''));

async function whoami(environment: Readonly<Record<string, string>>, argv: readonly string[] = []) {
  const run = await rig.runCli(['whoami', ...argv], { environment });
  expect(run.stdout + run.stderr).not.toMatch(/hidden/iu);
  return { ...run, stdout: mask(run.stdout).replace(/\(in \d+ h( \d+ min)?\)/gu, '(in A DAY)') };
}

describe('whoami', () => {
  test('prints account, id and permission set, the profile and why, the session and the time left', async () => {
    expect(await whoami({ AWS_PROFILE: ADMIN })).toEqual({
      exitCode: 0,
      stdout: `taylor  111111111111  Admin-AF-Permission-Set  Work
Profile  ${ADMIN} (set by AWS_PROFILE)
Session  ${SESSION}, signed in
Sign-in  since HH:MM, until HH:MM (in A DAY)
`,
      stderr: '',
    });
  });

  test('marks a protected role', async () => {
    const { stdout } = await whoami({ AWS_PROFILE: 'professional-af.ReadOnly' });
    expect(stdout.split('\n')[0]).toBe('professional-af  222222222222  ReadOnly  Work  ⚠');
  });

  test('of a profile or of words is about that role, whatever this shell uses, and asks about none', async () => {
    const of = (first: string, profile: string) => ({
      exitCode: 0,
      stdout: `${first}
Profile  ${profile} (named on the command line)
Session  ${SESSION}, signed in
Sign-in  since HH:MM, until HH:MM (in A DAY)
`,
      stderr: '',
    });
    const log = of('Log Archive  044444444444  ReadOnly  Work', 'Log-Archive.ReadOnly');
    expect(await whoami({ AWS_PROFILE: ADMIN, ...KEYS }, ['log'])).toEqual(log);
    expect(await whoami({}, ['Log-Archive.ReadOnly'])).toEqual(log);
    expect(await whoami({}, ['2222', 'read'])).toEqual(
      of('professional-af  222222222222  ReadOnly  Work  ⚠', 'professional-af.ReadOnly'),
    );
    expect(await whoami({}, ['readonly'])).toMatchObject({ exitCode: 2, stdout: '' });
    expect(await whoami({}, ['qqq'])).toMatchObject({ exitCode: 6, stdout: '' });
  });

  test('says how a chained role is reached', async () => {
    const before = readFileSync(rig.configPath, 'utf8');
    onTestFinished(() => writeFileSync(rig.configPath, before));
    const role = 'arn:aws:iam::044444444444:role/ops/Deploy';
    appendFileSync(
      rig.configPath,
      `[profile deploy]\nrole_arn = ${role}\nsource_profile = ${ADMIN}\nduration_seconds = 43200\n`,
    );
    const { stdout } = await whoami({ AWS_PROFILE: 'deploy' });
    expect(stdout.split('\n').slice(0, 4)).toEqual([
      `Log Archive  044444444444  Deploy via ${ADMIN}  Work`,
      'Profile  deploy (set by AWS_PROFILE)',
      `Chain    ${role}, assumed with the keys of ${ADMIN} for 1 h (AWS allows no more; 12 h wanted)`,
      `Session  ${SESSION}, signed in`,
    ]);
    const json = await rig.runCli(['whoami', 'deploy', '--json']);
    expect(JSON.parse(json.stdout)).toMatchObject({
      permissionSet: 'chain:deploy',
      chain: { name: 'deploy', roleArn: role, lifetimeSeconds: 3600, cappedFrom: 43_200 },
    });
  });

  test('has stable JSON', async () => {
    const { stdout } = await rig.runCli(['whoami', '--json'], { environment: { AWS_DEFAULT_PROFILE: 'account1' } });
    expect(JSON.parse(stdout)).toEqual({
      source: 'profile',
      why: 'set by AWS_DEFAULT_PROFILE',
      profile: 'account1',
      session: SESSION,
      label: 'Work',
      accountId: '111111111111',
      accountName: 'taylor',
      permissionSet: 'Admin-AF-Permission-Set',
      principal: null,
      protected: false,
      sessionState: 'live',
      sessionExpiresAt: expect.stringMatching(/^\d{4}-.*Z$/u),
      sessionEndIs: 'configured',
      signedInAt: expect.stringMatching(/^\d{4}-.*Z$/u),
      tokenExpiresAt: expect.stringMatching(/^\d{4}-.*Z$/u),
      user: null,
      startUrl: 'https://d-1234567890.awsapps.com/start',
      ssoRegion: 'us-east-1',
      keysExpireAt: null,
      nextRefreshAt: null,
      nextRetry: null,
      problems: [],
      clockAheadSeconds: 0,
      lastRefusal: null,
    });
  });

  test('follows the current role if the shell does', async () => {
    expect(await whoami({ AWS_PROFILE: 'current' })).toMatchObject({ exitCode: 6, stdout: '' });
    await rig.runCli(['use', '--current', 'log']);
    expect((await whoami({ AWS_PROFILE: 'current' })).stdout).toContain(
      'Log Archive  044444444444  ReadOnly  Work\nProfile  current (set by AWS_PROFILE, which follows the current role)\n',
    );
  });

  test('says that keys in the environment take precedence, and prints nothing of them', async () => {
    const expirationIn = new Date(Date.now() + 30 * 60_000 + 50_000).toISOString();
    expect(await whoami({ ...KEYS, AWS_PROFILE: ADMIN, AWS_CREDENTIAL_EXPIRATION: expirationIn })).toEqual({
      exitCode: 0,
      stdout: `Keys in the environment take precedence (AWS_ACCESS_KEY_ID) over AWS_PROFILE; rolecall does not know whose they are, until HH:MM (in 30 min).
To use a role from rolecall: rolecall use
`,
      stderr: '',
    });
  });

  test('says that keys of the same name in the credentials file take precedence', async () => {
    writeFileSync(
      join(rig.home.path, '.aws', 'credentials'),
      `[${ADMIN}]\naws_access_key_id = AKIDHIDDEN\naws_secret_access_key = hidden\n`,
    );
    expect((await whoami({ AWS_PROFILE: ADMIN })).stdout).toContain(
      `${ADMIN}: keys of [${ADMIN}] in the credentials file take precedence; rolecall does not know whose they are.\n`,
    );
    expect((await whoami({ AWS_PROFILE: 'account1' })).stdout).toContain('taylor  111111111111');
  });

  test('finds the credentials file where AWS clients find it, also with ~', async () => {
    writePrivate(
      join(rig.home.path, 'keys'),
      `[${ADMIN}]\naws_access_key_id = AKIDHIDDEN\naws_secret_access_key = hidden\n`,
    );
    const named = { AWS_PROFILE: ADMIN, AWS_SHARED_CREDENTIALS_FILE: '~/keys' };
    expect((await whoami(named)).stdout).toContain(`keys of [${ADMIN}] in the credentials file take precedence`);
  });

  describe('of a profile of aws login', () => {
    const config = () => readFileSync(rig.configPath, 'utf8');
    let before = '';
    beforeAll(() => {
      before = config();
      appendFileSync(
        rig.configPath,
        `
[profile demo]
login_session = arn:aws:iam::123456789012:user/dev/taylor
[profile broken]
login_session = ${'x'.repeat(100_000)}
[profile both]
login_session = arn:aws:iam::123456789012:user/x
credential_process = /bin/false
`,
      );
    });
    afterAll(() => writeFileSync(rig.configPath, before));
    const DEMO = `123456789012  user/dev/taylor  aws login
Profile  demo (WHY)
Sign-in  account and role by aws login, arn:aws:iam::123456789012:user/dev/taylor
To sign in again: aws login --profile demo. To use a role from rolecall: rolecall use
`;

    test('says account and principal, and how to sign in again', async () => {
      const stdout = DEMO.replace('WHY', 'set by AWS_PROFILE');
      expect(await whoami({ AWS_PROFILE: 'demo' })).toEqual({ exitCode: 0, stdout, stderr: '' });
      const named = DEMO.replace('WHY', 'named on the command line');
      expect(await whoami({ AWS_PROFILE: ADMIN }, ['demo'])).toEqual({ exitCode: 0, stdout: named, stderr: '' });
      const { stdout: json } = await rig.runCli(['whoami', '--json'], { environment: { AWS_PROFILE: 'demo' } });
      expect(JSON.parse(json)).toMatchObject({
        source: 'aws-login',
        why: 'set by AWS_PROFILE',
        profile: 'demo',
        session: null,
        accountId: '123456789012',
        permissionSet: null,
        principal: 'arn:aws:iam::123456789012:user/dev/taylor',
      });
    });

    test('says what is wrong with one that aws login did not write', async () => {
      expect((await whoami({ AWS_PROFILE: 'broken' })).stdout).toBe(`aws login
Profile  broken (set by AWS_PROFILE; its login_session is not an ARN, so AWS clients refuse it)
Sign-in  account and role by aws login
To sign in again: aws login --profile broken. To use a role from rolecall: rolecall use
`);
      expect((await whoami({ AWS_PROFILE: 'both' })).stdout).toContain(
        'Profile  both (set by AWS_PROFILE; it has credential_process too, which some AWS clients prefer)\n',
      );
    });

    test('exec and env name it for what it is, and ignore it if it is only this shell’s profile', async () => {
      const refusal = {
        exitCode: 6,
        stdout: '',
        stderr:
          'rolecall: "demo" gets its keys from "aws login" (user/dev/taylor in 123456789012), not from an sso-session, so rolecall has none for it. [profile-not-found]\n' +
          'Run: aws login --profile demo\n',
      };
      expect(await rig.runCli(['exec', 'demo', '--', 'true'])).toEqual(refusal);
      expect(
        await rig.runCli(['env', 'demo'], { isTerminal: true, answers: [], environment: { NO_COLOR: '1' } }),
      ).toEqual(refusal);
      const environment = { AWS_PROFILE: 'demo' };
      const env = await rig.runCli(['env', ADMIN], { environment });
      expect(env.stdout).toMatch(/^unset AWS_PROFILE /mu);
      const child: Record<string, string | undefined>[] = [];
      await rig.runCli(['exec', ADMIN, '--', 'true'], {
        environment,
        runInPlace: async (program) => {
          child.push(program.environment);
          return 0;
        },
      });
      expect(child).toMatchObject([{ ROLECALL_PROFILE: ADMIN }]);
      expect(child[0]).not.toHaveProperty('AWS_PROFILE');
    });

    test('is listed after rolecall’s own profiles, and keeps its name', async () => {
      const { stdout, stderr } = await rig.runCli(['profiles', 'list']);
      expect(stdout).not.toContain('demo');
      expect(stderr).toContain(
        '3 profiles of yours get their keys from aws login, not from rolecall: demo (123456789012), broken, both (123456789012).\n',
      );
      const { loginProfiles } = await rig.client.call('profiles', {});
      expect(loginProfiles?.[0]).toEqual({
        profileName: 'demo',
        line: expect.any(Number),
        accountId: '123456789012',
        principal: 'arn:aws:iam::123456789012:user/dev/taylor',
      });
      const own = config();
      writeFileSync(
        rig.configPath,
        own.replace('[profile demo]', '[profile Log-Archive.ReadOnly]').replaceAll(/# >>>[^]*# <<<.*\n/gu, ''),
      );
      const synced = await rig.runCli(['profiles', 'sync']);
      expect(synced.stderr).toMatch(
        /^Left out Log-Archive\.ReadOnly: you have your own profile of that name, from aws login, on line \d+\.$/mu,
      );
      expect(config()).toContain('[profile Log-Archive.ReadOnly]\nlogin_session');
      expect((await whoami({ AWS_PROFILE: 'Log-Archive.ReadOnly' })).stdout).toMatch(/^123456789012 {2}user/u);
      await rig.runCli(['profiles', 'adopt'], { isTerminal: true, answers: ['y'] });
      expect(config()).toContain('[profile Log-Archive.ReadOnly]\nlogin_session');
    });
  });

  test('recognizes the environment of exec', async () => {
    const container = { AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://127.0.0.1:1/container/x', ROLECALL_PROFILE: ADMIN };
    expect((await whoami(container)).stdout).toContain(`Profile  ${ADMIN} (set by rolecall exec)`);
    expect((await whoami({ ...container, ...KEYS })).stdout).toMatch(/^Keys in the environment take precedence/u);
  });

  test('never falls back: exits with 6 for an unknown profile, or without one', async () => {
    expect(await whoami({ AWS_PROFILE: 'taylor.Admin' })).toMatchObject({
      exitCode: 6,
      stdout: '',
      stderr: expect.stringContaining('No sso-session has a profile "taylor.Admin"'),
    });
    expect(await whoami({})).toEqual({
      exitCode: 6,
      stdout: '',
      stderr:
        'rolecall: No profile is set in this shell, and there is no [default]. [profile-not-found]\nRun: rolecall use\n',
    });
  });
});

test('the identity source is found in the order of the AWS CLI', () => {
  const container = { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/x' };
  const web = { AWS_WEB_IDENTITY_TOKEN_FILE: '/t', AWS_ROLE_ARN: 'arn:aws:iam::1:role/r' };
  const named = { AWS_PROFILE: 'p' };
  const cases: readonly [Readonly<Record<string, string>>, ReturnType<typeof findIdentitySource>][] = [
    [{}, { kind: 'profile', profileName: 'default', because: 'default' }],
    [{ AWS_PROFILE: '' }, { kind: 'profile', profileName: 'default', because: 'default' }],
    [{ AWS_DEFAULT_PROFILE: 'd' }, { kind: 'profile', profileName: 'd', because: 'AWS_DEFAULT_PROFILE' }],
    [
      { ...named, AWS_DEFAULT_PROFILE: 'd' },
      { kind: 'profile', profileName: 'p', because: 'AWS_PROFILE' },
    ],
    [
      { ...named, ...container },
      { kind: 'profile', profileName: 'p', because: 'AWS_PROFILE' },
    ],
    [
      { ...named, ...web },
      { kind: 'web-identity', roleArn: 'arn:aws:iam::1:role/r' },
    ],
    [
      { ...named, ...web, ...KEYS },
      { kind: 'keys', beside: 'AWS_PROFILE' },
    ],
    [{ AWS_ACCESS_KEY_ID: 'half' }, { kind: 'profile', profileName: 'default', because: 'default' }],
    [KEYS, { kind: 'keys', beside: undefined }],
    [container, { kind: 'container' }],
    [
      { ...KEYS, AWS_CREDENTIAL_EXPIRATION: 't', ROLECALL_PROFILE: 'p' },
      { kind: 'profile', profileName: 'p', because: 'exec-keys' },
    ],
  ];
  for (const [environment, source] of cases) expect(findIdentitySource(environment)).toEqual(source);
});
