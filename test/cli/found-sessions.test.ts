// What the first run finds in the files of aws-sso-cli, Granted, aws-vault and the AWS CLI, and what it leaves alone.
import { chmodSync, chownSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createRig, writePrivate, type Rig } from '../helpers/rig.ts';

const PLAIN = { NO_COLOR: '1' };
const AWS_SSO = `SSOConfig:
  Default:
    SSORegion: us-east-1
    StartUrl: https://d-1234567890.awsapps.com/start
  beta:
    SSORegion: eu-central-1
    StartUrl: https://beta.awsapps.com/start/#/
  gamma corp:
    SSORegion: eu-west-1
    StartUrl: https://gamma.awsapps.com/start
ProfileFormat: '{{ .AccountName }}'
`;
const GRANTED = `DefaultBrowser = "FIREFOX"
[SSO.beta-granted]
StartURL = "https://beta.awsapps.com/start"
SSORegion = "eu-central-1"
[SSO.delta]
startURL = "https://delta.awsapps.com/start"
SSORegion = "ap-southeast-2"
[SSO.epsilon]
StartURL = "https://sso.epsilon.example/start"
`;
const CONFIG = `[profile prod/Admin]
granted_sso_start_url = https://delta.awsapps.com/start
granted_sso_region = ap-southeast-2
granted_sso_account_id = 111111111111
granted_sso_role_name = Admin
credential_process = granted credential-process --profile prod/Admin

[profile vault]
sso_start_url = https://zeta.awsapps.com/start
sso_region = us-west-2
credential_process = aws-vault exec vault --json
`;

let rig: Rig;
beforeAll(async () => {
  rig = await createRig({ config: '' });
});
afterAll(() => rig.remove());
const at = (...names: string[]) => join(rig.home.path, ...names);
beforeEach(() => {
  for (const name of ['.aws', '.aws-sso', '.granted', '.config/aws-sso', '.config/granted', '.config/rolecall']) {
    rmSync(at(name), { recursive: true, force: true });
  }
});

function writeAll(): void {
  writePrivate(at('.aws-sso', 'config.yaml'), AWS_SSO);
  writePrivate(at('.granted', 'config'), GRANTED);
  writePrivate(rig.configPath, CONFIG);
}
const find = () => rig.client.call('foundSessions', {});
const setUp = (answers: string[]) => rig.runCli(['setup'], { isTerminal: true, answers, environment: PLAIN });

test('names each start URL once, with the name that its tool has, and all tools', async () => {
  writeAll();
  const url = (name: string) => `https://${name}.awsapps.com/start`;
  const shared = { isAws: true, profiles: 0 };
  expect(await find()).toEqual({
    sessions: [
      { ...shared, name: 'my-sso-session', startUrl: url('d-1234567890'), region: 'us-east-1', tools: ['aws-sso'] },
      { ...shared, name: 'beta', startUrl: url('beta'), region: 'eu-central-1', tools: ['aws-sso', 'granted'] },
      { ...shared, name: 'gamma-corp', startUrl: url('gamma'), region: 'eu-west-1', tools: ['aws-sso'] },
      { ...shared, name: 'delta', startUrl: url('delta'), region: 'ap-southeast-2', tools: ['granted'], profiles: 1 },
      {
        ...shared,
        name: 'epsilon',
        startUrl: 'https://sso.epsilon.example/start',
        isAws: false,
        region: null,
        tools: ['granted'],
      },
      { ...shared, name: 'zeta', startUrl: url('zeta'), region: 'us-west-2', tools: ['aws-vault'], profiles: 1 },
    ],
    notes: [],
  });
});

test('leaves out what is an sso-session already, and takes no name that exists', async () => {
  writePrivate(
    rig.configPath,
    `[sso-session beta]\nsso_start_url = https://gamma.awsapps.com/start/\nsso_region = eu-west-1\n`,
  );
  writePrivate(at('.config', 'aws-sso', 'config.yaml'), AWS_SSO);
  expect((await find()).sessions.map(({ name }) => name)).toEqual(['my-sso-session', 'beta-2']);
});

describe('a file of another tool that cannot be used is a note', () => {
  const note = async () => {
    const { sessions, notes } = await find();
    expect(sessions).toEqual([]);
    return notes.map((text) => text.replaceAll(rig.home.path, '~'));
  };

  test.each([
    ['.aws-sso/config.yaml', 'SSOConfig: [}', '~/.aws-sso/config.yaml was not read: it cannot be parsed.'],
    // Without a limit these end the daemon, or keep it busy for a minute.
    ['.aws-sso/config.yaml', '['.repeat(50_000), '~/.aws-sso/config.yaml was not read: it cannot be parsed.'],
    ['.aws-sso/config.yaml', '- '.repeat(50_000), '~/.aws-sso/config.yaml was not read: it cannot be parsed.'],
    [
      '.aws-sso/config.yaml',
      `# ${'x'.repeat(1024 * 1024)}`,
      '~/.aws-sso/config.yaml was not read: it is larger than 1 MiB.',
    ],
    ['.granted/config', 'a = [', '~/.granted/config was not read: it cannot be parsed.'],
    ['.granted/config', `# ${'x'.repeat(5 * 1024 * 1024)}`, '~/.granted/config was not read: it is larger than 4 MiB.'],
  ])('%s %.20s', async (name, text, expected) => {
    writePrivate(at(name), text);
    expect(await note()).toEqual([expected]);
  });

  test('when it is a folder, a device, or a link to one', async () => {
    mkdirSync(at('.granted', 'config'), { recursive: true });
    mkdirSync(at('.aws-sso'));
    symlinkSync('/dev/zero', at('.aws-sso', 'config.yaml'));
    expect(await note()).toEqual([
      '~/.aws-sso/config.yaml was not read: it is a device, not a file.',
      '~/.granted/config was not read: it is a folder, not a file.',
    ]);
  });

  test.runIf(process.getuid?.() === 0)('when another user owns it', async () => {
    writePrivate(at('.granted', 'config'), GRANTED);
    chmodSync(at('.granted', 'config'), 0o644);
    chownSync(at('.granted', 'config'), 65_534, 65_534);
    expect(await note()).toEqual(['~/.granted/config was not read: it is owned by another user.']);
  });

  test.each([
    '{}',
    '[]',
    'SSOConfig: 3',
    'SSOConfig: {a: {StartUrl: 3, SSORegion: []}}',
    'SSOConfig: {a: {StartUrl: "javascript:alert(1)", SSORegion: us-east-1}}',
    'SSOConfig: {a: {StartUrl: "http://x.awsapps.com/start", SSORegion: us-east-1}}',
    'SSOConfig: {a: {StartUrl: "https://us-east-1.console.aws.amazon.com", SSORegion: us-east-1}}',
  ])('but %s only has no start URL', async (text) => {
    writePrivate(at('.aws-sso', 'config.yaml'), text);
    expect(await note()).toEqual([]);
  });
});

describe('setup', () => {
  test('offers them by number, and writes several at once', async () => {
    writeAll();
    const { exitCode, stdout, stderr } = await setUp(['9', '1, 4', '', 'y']);
    expect(exitCode).toBe(0);
    expect(stderr).toContain(`These start URLs are already on this machine:
   1  https://d-1234567890.awsapps.com/start
      my-sso-session: us-east-1, from aws-sso-cli
   2  https://beta.awsapps.com/start
      beta: eu-central-1, from aws-sso-cli and Granted
`);
    expect(stderr).toContain(
      '   5  https://sso.epsilon.example/start\n      epsilon: from Granted, not an AWS address\n',
    );
    expect(stderr).toContain('  Type numbers from 1 to 6, "all", or a start URL.\n');
    expect(stdout).toContain('+[sso-session delta]');
    expect(readFileSync(rig.configPath, 'utf8').replace(CONFIG, '')).toBe(`
[sso-session my-sso-session]
sso_start_url = https://d-1234567890.awsapps.com/start
sso_region = us-east-1
sso_registration_scopes = sso:account:access

[sso-session delta]
sso_start_url = https://delta.awsapps.com/start
sso_region = ap-southeast-2
sso_registration_scopes = sso:account:access
`);
    const again = await setUp(['y', '9', '2', 'beta', '', 'n']);
    expect(again.stderr).toContain('Add another one? (4 found in files of other tools) [y/N] ');
  });

  test('asks for a region that no file has, warns of a host that is not of AWS, and takes another start URL', async () => {
    writePrivate(at('.granted', 'config'), GRANTED);
    const { stderr } = await setUp(['3', 'us-east-1', 'mine', '', 'n']);
    expect(stderr).toContain('Note: https://sso.epsilon.example/start: This host is not AWS’s.');
    const other = await setUp(['https://acme.awsapps.com/start', 'us-east-1', '', '', 'y']);
    expect(other.stdout).toContain('+[sso-session acme]');
  });

  test('"n" ends quietly and says what was not done', async () => {
    writeAll();
    expect(await setUp(['1', '', '', 'n'])).toMatchObject({
      exitCode: 0,
      stderr: expect.stringMatching(
        /Nothing was written\. No sso-session was added, and you are not signed in\.\nTo start again: rolecall setup\n$/,
      ) as string,
    });
    const login = await rig.runCli(['login'], {
      isTerminal: true,
      answers: ['1', '', '', 'n'],
      environment: PLAIN,
    });
    // Nobody is signed in, which a script after `&&` has to know.
    expect(login).toMatchObject({ exitCode: 6, stderr: expect.stringMatching(/rolecall setup\n$/) as string });
    expect(readFileSync(rig.configPath, 'utf8')).toBe(CONFIG);
  });
});

test('shows hostile names without their control characters, and evaluates nothing', async () => {
  mkdirSync(dirname(at('.aws-sso', 'config.yaml')), { recursive: true });
  writeFileSync(
    at('.aws-sso', 'config.yaml'),
    'SSOConfig:\n  "$(touch /tmp/pwned)\\e[31m":\n    StartUrl: https://d-1234567890.awsapps.com/start\n    SSORegion: us-east-1\n',
  );
  expect((await find()).sessions).toMatchObject([{ name: expect.stringMatching(/^[\w.@/-]+$/) as string }]);
});
