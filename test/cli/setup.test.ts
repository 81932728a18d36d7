// `rolecall setup`: questions with invalid answers first, flags for every answer, and no other change in files.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { createScriptedSystemd } from './scripted-systemd.ts';
import { CONFIG, createRig, SESSION, writePrivate, type Rig, type RigOptions } from '../helpers/rig.ts';

let rig: Rig | undefined;
afterEach(async () => {
  await rig?.remove();
  rig = undefined;
});

async function openRig(options: RigOptions = { config: '' }): Promise<Rig> {
  rig = await createRig(options);
  return rig;
}

const SECTION = `[sso-session work]
sso_start_url = https://d-1234567890.awsapps.com/start
sso_region = us-east-1
sso_registration_scopes = sso:account:access
`;
const FLAGS = [
  '--start-url',
  'https://d-1234567890.awsapps.com/start/#/',
  '--sso-region',
  'US-EAST-1',
  '--name',
  'work',
];
const PLAIN = { NO_COLOR: '1' };

describe('with flags', () => {
  test('writes one section (0600), and finds it the second time', async () => {
    const its = await openRig();
    expect(await its.runCli(['setup', ...FLAGS, '--yes'])).toEqual({
      exitCode: 0,
      stdout: `
--- ${its.configPath}
+++ ${its.configPath}
@@ -0,0 +1,4 @@
+[sso-session work]
+sso_start_url = https://d-1234567890.awsapps.com/start
+sso_region = us-east-1
+sso_registration_scopes = sso:account:access
`,
      stderr: 'Written.\nNow sign in: rolecall login work\n',
    });
    expect(readFileSync(its.configPath, 'utf8')).toBe(SECTION);
    expect(statSync(its.configPath).mode & 0o777).toBe(0o600);
    expect(await its.runCli(['setup', ...FLAGS, '--yes'])).toEqual({
      exitCode: 0,
      stdout: 'Nothing to change in ~/.aws/config.\n',
      stderr: 'Now sign in: rolecall login work\n',
    });
    expect(readFileSync(its.configPath, 'utf8')).toBe(SECTION);
    expect(await its.runCli(['login', 'work'])).toMatchObject({ exitCode: 0 });
  });

  test('changes no existing byte, and never a section of the same name', async () => {
    const before = `# mine\r\n${CONFIG.replaceAll('\n', '\r\n')}s3 =\r\n\tmax_concurrent_requests = 2`;
    const its = await openRig({ config: before });
    expect(await its.runCli(['setup', ...FLAGS, '--yes', '--json'])).toMatchObject({ exitCode: 0, stderr: '' });
    expect(readFileSync(its.configPath, 'utf8')).toBe(`${before}\r\n\r\n${SECTION.replaceAll('\n', '\r\n')}`);
    const after = readFileSync(its.configPath, 'utf8');
    const taken = ['setup', '--start-url', 'd-other12345', '--sso-region', 'us-east-1', '--name', SESSION, '--yes'];
    expect(await its.runCli(taken)).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining(`"${SESSION}" is taken: it is the sso-session of`) as string,
    });
    expect(readFileSync(its.configPath, 'utf8')).toBe(after);
  });

  test('--dry-run shows the change and writes nothing; --json prints one document', async () => {
    const its = await openRig();
    const { exitCode, stdout, stderr } = await its.runCli([
      'setup',
      ...FLAGS,
      '--dry-run',
      '--json',
      '--secret-store',
      'file',
    ]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({
      session: 'work',
      config: { path: its.configPath, written: false, diff: expect.stringContaining('+[sso-session work]') as string },
      settings: { written: false, diff: expect.stringContaining('+secret_store = "file"') as string, kept: [] },
    });
    expect([existsSync(its.configPath), existsSync(its.paths.settingsFile)]).toEqual([false, false]);
  });

  test.each([
    [['--sso-region', 'us-east-1'], /setup needs --start-url/],
    [['--start-url', 'd-1234567890'], /setup needs --sso-region/],
    [['--start-url', 'http://x.awsapps.com/start', '--sso-region', 'us-east-1'], /begins with https/],
    [['--start-url', 'd-1234567890', '--sso-region', 'Ohio'], /"Ohio" is not a region/],
    [[...FLAGS.slice(0, 4), '--name', 'my work'], /no spaces/],
    [[...FLAGS, '--profile-name-template', '{account}'], /"\{account\}".*is not a placeholder/],
    [[...FLAGS, '--secret-store', 'pocket'], /keychain, file or memory, not "pocket"/],
  ])('%j is refused', async (flags, reason) => {
    const its = await openRig();
    expect(await its.runCli(['setup', '--yes', ...flags])).toMatchObject({
      exitCode: 2,
      stdout: '',
      stderr: expect.stringMatching(reason) as string,
    });
    expect(existsSync(its.configPath)).toBe(false);
  });

  test('leaves a file that AWS clients refuse, or broken settings, unchanged', async () => {
    const its = await openRig({ config: '[default]\nregion = x\n[default]\n' });
    expect(await its.runCli(['setup', ...FLAGS, '--yes'])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('line 3') as string,
    });
    writePrivate(its.configPath, '');
    writePrivate(its.paths.settingsFile, 'nonsense = 1\n');
    expect(await its.runCli(['setup', ...FLAGS, '--yes', '--secret-store', 'file'])).toMatchObject({ exitCode: 2 });
    expect([readFileSync(its.configPath, 'utf8'), readFileSync(its.paths.settingsFile, 'utf8')]).toEqual([
      '',
      'nonsense = 1\n',
    ]);
  });

  test('needs no other answer when the start URL contains the region', async () => {
    const its = await openRig();
    const url = 'https://ssoins-7223a1b2c3d4e5f6.portal.eu-west-1.app.aws';
    expect(await its.runCli(['setup', '--yes', '--start-url', url])).toMatchObject({ exitCode: 0 });
    expect(readFileSync(its.configPath, 'utf8')).toContain(
      `[sso-session my-sso-session]\nsso_start_url = ${url}\nsso_region = eu-west-1\n`,
    );
  });
});

describe('with questions', () => {
  test('repeats each question after an invalid answer', async () => {
    const its = await openRig();
    const answers = [
      '',
      'http://d-1234567890.awsapps.com/start',
      'acme',
      'Ireland',
      'us-east-1',
      'my name',
      'work',
      '{acount}',
      '{account_id}',
      'no',
      '',
      'maybe',
      'y',
    ];
    const { exitCode, stdout, stderr } = await its.runCli(['setup'], { isTerminal: true, answers, environment: PLAIN });
    expect(answers).toEqual([]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('+sso_start_url = https://acme.awsapps.com/start');
    for (const said of [
      'The start URL is empty',
      'begins with https://',
      '"Ireland" is not a region',
      'no spaces',
      '"{acount}" in the setting profiles.name is not a placeholder',
      'for example: 111111111111, 222222222222',
      'for example: Log-Archive.ReadOnlyAccess, shop-prod.AdministratorAccess',
      '[acme]',
      'Type y or n.',
    ]) {
      expect(stderr).toContain(said);
    }
    expect(readFileSync(its.configPath, 'utf8')).toContain('[sso-session work]');
  });

  test('asks first when there is a session already; Enter changes nothing', async () => {
    const its = await openRig({ config: CONFIG });
    const { exitCode, stdout, stderr } = await its.runCli(['setup'], {
      isTerminal: true,
      answers: [''],
      environment: PLAIN,
    });
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: '' });
    expect(stderr).toContain(
      `There is an sso-session already:\n  ${SESSION}  https://d-1234567890.awsapps.com/start\n`,
    );
    expect(readFileSync(its.configPath, 'utf8')).toBe(CONFIG);
  });

  test("accepts a host that is not AWS's with a warning", async () => {
    const its = await openRig();
    const answers = ['https://sso.acme.example/start', 'us-east-1', '', '', 'n'];
    const { stderr } = await its.runCli(['setup'], { isTerminal: true, answers, environment: PLAIN });
    expect(stderr).toContain('Note: This host is not AWS’s.');
    expect(existsSync(its.configPath)).toBe(false);
  });

  test('fails and writes nothing when there is no answer', async () => {
    const its = await openRig();
    expect(await its.runCli(['setup'], { isTerminal: true })).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('No answer. Nothing was written.') as string,
    });
    expect(await its.runCli(['setup'])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('setup needs --start-url') as string,
    });
    expect(existsSync(its.configPath)).toBe(false);
  });

  test('offers the service if there is a manager and it is not installed', async () => {
    const its = await openRig();
    const manager = createScriptedSystemd({});
    const runTool = manager.run(its);
    const answers = ['acme', 'us-east-1', '', '', 'perhaps', 'n', 'y'];
    const first = await its.runCli(['setup'], { isTerminal: true, answers, environment: PLAIN, runTool });
    expect(answers).toEqual([]);
    expect(first).toMatchObject({
      exitCode: 0,
      stderr: expect.stringContaining('Start it with your desktop? [Y/n] ') as string,
    });
    await manager.prepare(its);
    const again = await its.runCli(['setup'], {
      isTerminal: true,
      answers: ['y', 'other', 'us-east-1', '', '', 'n'],
      environment: PLAIN,
      runTool,
    });
    expect(again.stderr).not.toContain('Start it with your desktop?');
  });
});

describe('the passphrase of the encrypted file', () => {
  const PASSPHRASE = 'correct horse';
  const setUp = (its: Rig, answers: string[], passphrases: string[], environment: Record<string, string> = {}) =>
    its.runCli(['setup', ...FLAGS, '--secret-store', 'file'], {
      isTerminal: true,
      answers,
      passphrases,
      environment: { ...PLAIN, ...environment },
    });

  test('is asked for twice, with the place to keep it, before anything is written', async () => {
    const its = await openRig();
    const [answers, passphrases] = [['', 'short', PASSPHRASE, 'other', PASSPHRASE, PASSPHRASE, '3', '2', 'n'], []];
    const { exitCode, stdout, stderr } = await setUp(its, answers, passphrases);
    expect({ exitCode, answers, passphrases }).toEqual({ exitCode: 0, answers: [], passphrases: [] });
    expect(stdout).toMatch(/\nWrites the passphrase to ~\/\.config\/rolecall\/passphrase, mode 0600\n$/);
    expect(stdout + stderr).not.toContain(PASSPHRASE);
    expect(stderr).toMatch(/Use at least 8 characters[^]*They differ\. Start again\.[^]*Type 1 or 2\./);
    expect([
      existsSync(its.configPath),
      existsSync(its.paths.settingsFile),
      existsSync(its.paths.passphraseFile),
    ]).toEqual([false, false, false]);
  });

  test('is not asked for if the daemon has it', async () => {
    const its = await openRig();
    const { stderr } = await setUp(its, ['', 'n'], [], { ROLECALL_PASSPHRASE: PASSPHRASE });
    expect(stderr).toContain('The passphrase is ROLECALL_PASSPHRASE of this shell.\n');
    writePrivate(its.paths.passphraseFile, PASSPHRASE);
    expect((await setUp(its, ['', 'n'], [])).stderr).toContain('The passphrase is in ~/.config/rolecall/passphrase.\n');
  });

  test('of a file from before is asked for once', async () => {
    const its = await openRig();
    writePrivate(`${its.paths.stateDirectory}/secrets.json`, '{}');
    const answers = ['', PASSPHRASE, '', 'n'];
    const { stderr } = await setUp(its, answers, []);
    expect(answers).toEqual([]);
    expect(stderr).toContain('Passphrase of ~/.local/state/rolecall/secrets.json (not shown): ');
  });

  test('no answer writes nothing', async () => {
    const its = await openRig();
    const { exitCode, stderr } = await setUp(its, [''], []);
    expect({ exitCode, stderr }).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('No passphrase. Nothing was written.') as string,
    });
    expect(existsSync(its.configPath)).toBe(false);
  });
});

test('--service yes without a manager fails after the files are written; other words are refused', async () => {
  const its = await openRig();
  expect(await its.runCli(['setup', ...FLAGS, '--yes', '--service', 'perhaps'])).toMatchObject({ exitCode: 2 });
  expect(existsSync(its.configPath)).toBe(false);
  expect(await its.runCli(['setup', ...FLAGS, '--yes', '--service', 'yes'])).toMatchObject({
    exitCode: 7,
    stderr: expect.stringMatching(/^Written\.\nrolecall: No systemd user manager is running/) as string,
  });
  expect(readFileSync(its.configPath, 'utf8')).toBe(SECTION);
});
