// `rolecall profiles adopt`: plan, question, change and the way back, on a real file through a real daemon.
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { CONFIG, createRig, SESSION, type Rig, type RigOptions } from '../helpers/rig.ts';
import { runProcess } from '../helpers/run-process.ts';

let rig: Rig | undefined;
afterEach(async () => {
  await rig?.remove();
  rig = undefined;
});

async function openRig(options?: RigOptions): Promise<Rig> {
  rig = await createRig(options);
  return rig;
}

const GRANTED = `
[profile g]
granted_sso_start_url      = \`https://d-1234567890.awsapps.com/start/#\`
granted_sso_region         = us-east-1
granted_sso_account_id     = 222222222222
granted_sso_role_name      = ReadOnly
credential_process         = granted credential-process --profile g
[profile lost]
credential_process = leapp session generate 0a1b2c3d
`;
const read = (its: Rig) => readFileSync(its.configPath, 'utf8');
const records = (its: Rig) => {
  const folder = join(its.paths.stateDirectory, 'adoptions');
  return existsSync(folder) ? readdirSync(folder) : [];
};

describe('profiles adopt', () => {
  test('converts profiles under their own names, so that programs get their keys from rolecall', async () => {
    const before = CONFIG + GRANTED;
    const its = await openRig({ config: before });
    const { exitCode, stdout, stderr } = await its.runCli(['profiles', 'adopt', '--yes']);
    const command = `${its.paths.credentialProcessPath} --session ${SESSION}`;
    expect({ exitCode, stderr }).toEqual({
      exitCode: 0,
      stderr: `Unchanged: lost (Leapp, line 18): Leapp stores the role in its own encrypted file.
~/.aws/config: 2 profiles adopted. To undo: rolecall profiles adopt --undo
Note: Do not use "granted sso populate" or a profile registry any more: both write these profiles again.
`,
    });
    expect(stdout).toMatch(
      /^PROFILE {3}FROM {5}SSO-SESSION {5}ACCOUNT ID {4}PERMISSION SET\naccount1 {2}AWS CLI {2}my-sso-session {2}111111111111 {2}Admin-AF-Permission-Set\ng {9}Granted {2}my-sso-session {2}222222222222 {2}ReadOnly\n\n--- /,
    );
    expect(read(its)).toBe(
      before
        .replace(
          'sso_session = my-sso-session\nsso_account_id = 111111111111\nsso_role_name = Admin-AF-Permission-Set\n',
          `credential_process = ${command} --account 111111111111 --role Admin-AF-Permission-Set\n`,
        )
        .replace('granted credential-process --profile g', `${command} --account 222222222222 --role ReadOnly`),
    );
    await its.runCli(['login']);
    for (const profile of ['account1', 'g']) {
      expect(await its.runCli(['env', profile, '--shell', 'json'])).toMatchObject({
        exitCode: 0,
        stdout: expect.stringContaining('ASIA') as string,
      });
    }
    // As an SDK runs it.
    const line = /credential_process = (.*)/.exec(read(its))?.[1] ?? '';
    const run = await runProcess('/bin/sh', ['-c', line], { environment: its.environment });
    expect(JSON.parse(run.stdout)).toMatchObject({ Version: 1, AccountId: '111111111111' });
    // No token in the AWS CLI's own file for a profile that needs none any more.
    expect((await its.client.call('status', {})).sessions[0]?.tokenFileProfiles).toEqual([]);
  });

  test('warns before it adds a start URL that is not AWS’s', async () => {
    const foreign = 'https://login.example.com/start';
    const its = await openRig({ config: GRANTED.replace(/https:[^`]*/, foreign) });
    const { exitCode, stdout, stderr } = await its.runCli(['profiles', 'adopt', '--dry-run']);
    expect(exitCode).toBe(0);
    expect(stdout).toContain(`: ${foreign} in us-east-1\n`);
    expect(stderr).toContain(`Note: ${foreign} is not an AWS address. Sign in there only if you know it.\n`);
    writeFileSync(its.configPath, GRANTED);
    const ofAws = await its.runCli(['profiles', 'adopt', '--dry-run']);
    expect(ofAws.stdout).toContain('New sso-session');
    expect(ofAws.stderr).not.toContain('Note:');
  });

  test('changes nothing the second time', async () => {
    const its = await openRig();
    await its.runCli(['profiles', 'adopt', '--yes']);
    const after = read(its);
    expect(await its.runCli(['profiles', 'adopt', '--yes'])).toEqual({
      exitCode: 0,
      stdout: "Nothing to adopt: ~/.aws/config has no such profiles outside rolecall's block.\n",
      stderr: '',
    });
    expect(read(its)).toBe(after);
    expect(records(its)).toEqual(['1.json']);
  });

  test('twice at the same time changes the file once, and can be undone', async () => {
    const its = await openRig();
    const before = read(its);
    const outcomes = await Promise.all([1, 2].map(() => its.client.call('adoptProfiles', { body: {} })));
    expect(outcomes.filter(({ written }) => written)).toHaveLength(1);
    expect(records(its)).toEqual(['1.json']);
    expect(await its.client.call('adoptProfiles', { body: { undo: true } })).toMatchObject({ written: true });
    expect(read(its)).toBe(before);
  });

  test('asks before it writes; Enter means no', async () => {
    const its = await openRig();
    for (const [answers, isWritten] of [
      [[''], false],
      [['n'], false],
      [['y'], true],
    ] as const) {
      const { exitCode, stderr } = await its.runCli(['profiles', 'adopt'], {
        isTerminal: true,
        answers: [...answers],
        environment: { NO_COLOR: '1' },
      });
      expect(exitCode).toBe(0);
      expect(stderr).toContain('Change ~/.aws/config? [y/N] ');
      expect(read(its) !== CONFIG).toBe(isWritten);
    }
  });

  test('--dry-run writes nothing, --json prints one document, --from selects tools', async () => {
    const its = await openRig({ config: CONFIG + GRANTED });
    const { exitCode, stdout, stderr } = await its.runCli([
      'profiles',
      'adopt',
      '--from',
      'granted',
      'leapp',
      '--dry-run',
      '--json',
    ]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({
      written: false,
      backup: null,
      adopted: [
        { profileName: 'g', source: 'granted', session: SESSION, accountId: '222222222222', permissionSet: 'ReadOnly' },
      ],
      left: [{ profileName: 'lost', source: 'leapp', line: 18 }],
    });
    expect(read(its)).toBe(CONFIG + GRANTED);
    expect(records(its)).toEqual([]);
  });

  test("converts aws-sso-cli's Identity Centers, and says how its names are made", async () => {
    const its = await openRig({
      config:
        '# BEGIN_AWS_SSO_CLI\n[profile logs]\ncredential_process = /opt/homebrew/bin/aws-sso -u open -S "Default" process --arn arn:aws:iam::044444444444:role/ReadOnly\n# END_AWS_SSO_CLI\n',
    });
    mkdirSync(join(its.home.path, '.aws-sso'));
    writeFileSync(
      join(its.home.path, '.aws-sso', 'config.yaml'),
      'SSOConfig:\n  Default:\n    SSORegion: us-east-1\n    StartUrl: https://d-1234567890.awsapps.com/start\nProfileFormat: "{{ FirstItem .AccountName (.AccountAlias | nospace) }}:{{ .RoleName }}"\n',
    );
    const { stdout, stderr } = await its.runCli(['profiles', 'adopt', '--yes']);
    expect(stdout).toMatch(/^New sso-session Default: https:\/\/d-1234567890\.awsapps\.com\/start in us-east-1\n/);
    expect(stderr).toContain('name = "{account_name}:{permission_set}"');
    expect(await its.runCli(['login'])).toMatchObject({ exitCode: 0 });
    expect(await its.runCli(['env', 'logs', '--shell', 'json'])).toMatchObject({ exitCode: 0 });
  });

  test('without a terminal needs --yes or --dry-run; lists the tools that it knows', async () => {
    const its = await openRig();
    expect(await its.runCli(['profiles', 'adopt'])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('pass --yes to apply without asking, or --dry-run') as string,
    });
    expect(await its.runCli(['profiles', 'adopt', '--from', 'saml2aws', '--yes'])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('aws, aws-sso, granted, aws-vault, leapp, not "saml2aws"') as string,
    });
    expect(read(its)).toBe(CONFIG);
  });

  test('does not change a file that AWS clients refuse', async () => {
    const broken = `${CONFIG}[profile account1]\nregion = x\n`;
    const its = await openRig({ config: broken });
    expect(await its.runCli(['profiles', 'adopt', '--yes'])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('line 11') as string,
    });
    expect(read(its)).toBe(broken);
  });
});

describe('profiles adopt --undo', () => {
  const ODD =
    `${CONFIG.replaceAll('\n', '\r\n')}; note\r\n[services x]\r\ns3 =\r\n\tendpoint_url = http://localhost\r\n${GRANTED}`.trimEnd();

  test('restores the file byte for byte, one adoption at a time', async () => {
    const its = await openRig({ config: ODD });
    await its.runCli(['profiles', 'adopt', '--from', 'aws', '--yes']);
    const between = read(its);
    await its.runCli(['profiles', 'adopt', '--yes']);
    expect(records(its)).toEqual(['1.json', '2.json']);
    expect(statSync(join(its.paths.stateDirectory, 'adoptions', '1.json')).mode & 0o777).toBe(0o600);
    expect(await its.runCli(['profiles', 'adopt', '--undo', '--yes'])).toMatchObject({
      exitCode: 0,
      stderr: "Restored ~/.aws/config, byte for byte outside rolecall's own block.\n",
    });
    expect(read(its)).toBe(between);
    await its.runCli(['profiles', 'adopt', '--undo', '--yes']);
    expect(read(its)).toBe(ODD);
    expect(records(its)).toEqual([]);
    expect(await its.runCli(['profiles', 'adopt', '--undo', '--yes'])).toMatchObject({
      exitCode: 6,
      stderr: expect.stringContaining('nothing to undo') as string,
    });
  });

  test('keeps what a later sync wrote, and restores every other byte', async () => {
    const its = await openRig();
    await its.runCli(['profiles', 'adopt', '--yes']);
    await its.runCli(['login']);
    const block = /# >>> rolecall >>>[^]*# <<< rolecall <<</.exec(read(its))?.[0] ?? 'none';
    expect(block).toContain('[profile taylor.Admin-AF-Permission-Set]');
    expect(await its.runCli(['profiles', 'adopt', '--undo', '--yes'])).toMatchObject({ exitCode: 0 });
    expect(read(its)).toBe(`${CONFIG}${block}\n`);
  });

  test('shows one line for a change of thousands of lines', async () => {
    const many = Array.from({ length: 400 }, (_, index) =>
      CONFIG.slice(CONFIG.indexOf('\n[profile')).replace('account1', `p${index}`),
    );
    const its = await openRig({ config: CONFIG + many.join('') });
    await its.runCli(['profiles', 'adopt', '--yes']);
    const { stdout } = await its.runCli(['profiles', 'adopt', '--undo', '--yes']);
    expect(stdout).toMatch(/^The change has \d{4} lines\. To see it: rolecall profiles adopt --undo --dry-run\n$/);
    expect(read(its)).toBe(CONFIG + many.join(''));
  });

  test('refuses to overwrite later edits, and names the copy', async () => {
    const its = await openRig();
    await its.runCli(['profiles', 'adopt', '--yes']);
    const mine = `${read(its)}[profile mine]\nregion = eu-west-1\n`;
    writeFileSync(its.configPath, mine);
    const { exitCode, stderr } = await its.runCli(['profiles', 'adopt', '--undo', '--yes']);
    expect({ exitCode, stderr }).toEqual({
      exitCode: 1,
      stderr: expect.stringMatching(/has changed since the adoption.*adoptions\/1\.json/) as string,
    });
    expect(read(its)).toBe(mine);
    const path = join(its.paths.stateDirectory, 'adoptions', '1.json');
    expect((JSON.parse(readFileSync(path, 'utf8')) as { before: string }).before).toBe(CONFIG);
  });

  test('shows the change first and asks', async () => {
    const its = await openRig();
    await its.runCli(['profiles', 'adopt', '--yes']);
    const after = read(its);
    const { stdout, stderr } = await its.runCli(['profiles', 'adopt', '--undo'], {
      isTerminal: true,
      answers: [''],
      environment: { NO_COLOR: '1' },
    });
    expect(stdout).toContain('+sso_session = my-sso-session\n');
    expect(stderr).toContain('Undo the last adoption? [y/N] ');
    expect(read(its)).toBe(after);
  });
});
