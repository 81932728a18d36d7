// The other commands: logout, profiles, credential-process and the daemon's own, whole output each.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { CONFIG, createRig, SESSION, type CliOptions, type Rig } from '../helpers/rig.ts';
import { mask } from './masks.ts';

let rig: Rig;
afterEach(() => rig.remove());

async function run(argv: readonly string[], options?: CliOptions) {
  const { exitCode, stdout, stderr } = await rig.runCli(argv, options);
  return { exitCode, stdout: mask(stdout, rig.home.path), stderr: mask(stderr, rig.home.path) };
}

const OTHER = `
[sso-session other]
sso_start_url = https://d-1234567890.awsapps.com/start
sso_region = us-east-1
`;
const NOT_SIGNED_IN = `rolecall: You are not signed in to ${SESSION}. [sign-in-required]\nRun: rolecall login ${SESSION}\n`;
const OUT_OF_REACH =
  "The keychain can't be reached, so a sign-in that is stored in it was not ended. " +
  'To end it, run "rolecall daemon restart" in your desktop session, where the keychain works, and sign out again. ' +
  'If the keychain is gone for good, sign out without it.';
const FORGET = ' [secret-store-unavailable]\nRun: rolecall logout --forget-keychain\n';
const ROLE = ['--account', '111111111111', '--role', 'Admin-AF-Permission-Set'];

describe('logout', () => {
  test('signs out of the only session, of one, or of all; signing out twice is no error', async () => {
    rig = await createRig({ config: CONFIG + OTHER });
    await rig.runCli(['login', SESSION, '--no-wait']);
    expect(await run(['logout'])).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: `rolecall: There are several sso-sessions. Name one: ${SESSION}, other. [usage]\nRun: rolecall logout ${SESSION}\n`,
    });
    expect(await run(['logout', SESSION])).toEqual({ exitCode: 0, stdout: `Signed out of ${SESSION}.\n`, stderr: '' });
    expect(rig.emulator.countCalls('Logout')).toBe(1);
    expect(await run(['logout', '--all'])).toEqual({
      exitCode: 0,
      stdout: `Signed out of ${SESSION}.\nSigned out of other.\n`,
      stderr: '',
    });
    expect(await run(['logout', '--all', '--json'])).toEqual({
      exitCode: 0,
      stdout: `{"signedOut":["${SESSION}","other"]}\n`,
      stderr: '',
    });
  });

  test('without a keychain ends what is in memory, and fails if the keychain may hold more', async () => {
    rig = await createRig({ config: CONFIG + OTHER, environment: { ROLECALL_SECRET_STORE: 'keychain' } });
    await rig.runCli(['login', SESSION, '--no-wait']);
    expect(await run(['logout', SESSION])).toEqual({ exitCode: 0, stdout: `Signed out of ${SESSION}.\n`, stderr: '' });
    await rig.runCli(['login', 'other', '--no-wait']);
    // A daemon of an earlier day had a keychain, and left this.
    writeFileSync(join(rig.paths.stateDirectory, 'keychain-used'), '');
    expect(await run(['logout', '--all'])).toEqual({
      exitCode: 7,
      stdout: '',
      stderr:
        `rolecall: Not signed out of ${SESSION}: ${OUT_OF_REACH}${FORGET}` +
        `rolecall: Not signed out of other: ${OUT_OF_REACH}${FORGET}`,
    });
    // What it had itself was ended all the same, and nothing is served.
    expect(rig.emulator.countCalls('Logout')).toBe(2);
    expect((await run(['status', '--check'])).exitCode).toBe(4);
  });

  test('with --forget-keychain signs out without the keychain, and says what stays there', async () => {
    rig = await createRig({ environment: { ROLECALL_SECRET_STORE: 'keychain' } });
    await rig.runCli(['login', '--no-wait']);
    writeFileSync(join(rig.paths.stateDirectory, 'keychain-used'), '');
    const fresh = await run(['login', '--fresh', '--no-browser', '--no-wait']);
    expect({ ...fresh, stderr: fresh.stderr.includes(`Note: ${OUT_OF_REACH}\n`) }).toEqual({
      exitCode: 0,
      stdout: '',
      stderr: true,
    });
    expect((await run(['status', '--check'])).exitCode).toBe(0);
    expect((await run(['logout'])).exitCode).toBe(7);
    await rig.runCli(['login', '--no-wait']);
    expect(await run(['logout', '--forget-keychain'])).toEqual({
      exitCode: 0,
      stdout: `Signed out of ${SESSION}.\n`,
      stderr:
        'Note: The keychain was skipped: a sign-in that it may still contain was not ended and stays active at AWS until it expires.\n',
    });
    expect(await run(['logout', '--forget-keychain'])).toEqual({
      exitCode: 0,
      stdout: `Signed out of ${SESSION}.\n`,
      stderr: '',
    });
    expect((await run(['logout'])).exitCode).toBe(0);
    expect(rig.emulator.countCalls('Logout')).toBe(3);
  });

  test('without any session says how to add one', async () => {
    rig = await createRig({ config: '' });
    for (const argv of [['logout'], ['logout', '--all']]) {
      const { exitCode, stdout, stderr } = await run(argv);
      expect({ exitCode, stdout }).toEqual({ exitCode: 6, stdout: '' });
      expect(stderr).toContain('\nRun: rolecall setup\n');
    }
  });
});

describe('profiles', () => {
  test('before anything is listed, there are none', async () => {
    rig = await createRig();
    const nothing = 'No profiles yet. To list your accounts and write their profiles: rolecall login\n';
    expect(await run(['profiles', 'list'])).toEqual({ exitCode: 0, stdout: '', stderr: nothing });
    expect(await run(['profiles', 'sync'])).toEqual({
      exitCode: 0,
      stdout: '~/.aws/config: 0 profiles, up to date.\n',
      stderr: nothing,
    });
  });

  test('without our markers names a few of the profiles left out, and how many more', async () => {
    rig = await createRig();
    await rig.runCli(['login']);
    const ours = readFileSync(rig.configPath, 'utf8');
    writeFileSync(rig.configPath, ours.replaceAll(/^# (?:>>>|<<<) rolecall .*\n/gmu, ''));
    const line = (name: string) => ours.split('\n').indexOf(`[profile ${name}]`);
    const names = ['Log-Archive.ReadOnly', 'Shop-Staging.ReadOnly', 'current'];
    const stderr = [
      ...names.map((name) => `Left out ${name}: you have your own profile of that name, on line ${line(name)}.\n`),
      'Left out 3 more: rolecall profiles list --json\n',
    ].join('');
    expect(await run(['profiles', 'sync'])).toEqual({
      exitCode: 0,
      stdout: '~/.aws/config: 0 profiles, up to date.\n',
      stderr,
    });
    expect(await run(['profiles', 'list'])).toEqual({ exitCode: 0, stdout: '', stderr });
  });

  test('list, dry run and sync print what is new and what is left out, and write nothing twice', async () => {
    rig = await createRig({ settings: '[profiles]\nsync = "manual"\n' });
    await rig.runCli(['login']);
    writeFileSync(rig.configPath, `${CONFIG}\n[profile taylor.Admin-AF-Permission-Set]\nregion = eu-west-1\n`);
    const before = readFileSync(rig.configPath, 'utf8');
    const leftOut = 'Left out taylor.Admin-AF-Permission-Set: you have your own profile of that name, on line 12.\n';

    expect(await run(['profiles', 'list'])).toEqual({
      exitCode: 0,
      stdout: `PROFILE                                  ACCOUNT ID    ACCOUNT          PERMISSION SET           REGION
Log-Archive.ReadOnly                     044444444444  Log Archive      ReadOnly                 us-east-1
Shop-Staging.ReadOnly                    333333333333  Shop Staging     ReadOnly                 us-east-1
professional-af.Admin-AF-Permission-Set  222222222222  professional-af  Admin-AF-Permission-Set  us-east-1
professional-af.ReadOnly                 222222222222  professional-af  ReadOnly                 us-east-1
`,
      stderr: `4 changes not yet written: rolecall profiles sync\n${leftOut}`,
    });
    // In a narrow terminal every row keeps to one line, and the columns give way in order.
    expect(await run(['profiles', 'list'], { isTerminal: true, columns: 80, environment: { NO_COLOR: '1' } })).toEqual({
      exitCode: 0,
      stdout: `PROFILE                             ACCOUNT ID    PERMISSION SET       REGION
Log-Archive.ReadOnly                044444444444  ReadOnly             us-east-1
Shop-Staging.ReadOnly               333333333333  ReadOnly             us-east-1
professional-af.A…F-Permission-Set  222222222222  Admin-AF-…ssion-Set  us-east-1
professional-af.ReadOnly            222222222222  ReadOnly             us-east-1
`,
      stderr: `Left out: account (--wide shows all).\n4 changes not yet written: rolecall profiles sync\n${leftOut.replace(' on line', '\non line')}`,
    });
    const dryRun = await run(['profiles', 'sync', '--dry-run']);
    expect(dryRun).toMatchObject({ exitCode: 0, stderr: leftOut });
    expect(dryRun.stdout).toMatch(/^--- .*\n\+\+\+ .*\n@@ /);
    expect(dryRun.stdout).toContain('\n+# >>> rolecall >>>\n');
    expect(dryRun.stdout).toContain(
      `\n+[profile Log-Archive.ReadOnly]\n+region = us-east-1\n+credential_process = HOME/.local/share/rolecall/bin/rolecall-credential-process --session ${SESSION} --account 044444444444 --role ReadOnly\n`,
    );
    expect(readFileSync(rig.configPath, 'utf8')).toBe(before);
    expect((await rig.runCli(['profiles', 'sync', '--dry-run'], { isTerminal: true })).stdout).toContain(
      '\u001b[32m+[profile Log-Archive.ReadOnly]\u001b[39m',
    );

    const json = JSON.parse((await rig.runCli(['profiles', 'sync', '--dry-run', '--json'])).stdout) as object;
    expect(json).toEqual(await rig.client.call('profiles', {}));
    expect(JSON.parse((await rig.runCli(['profiles', 'list', '--json'])).stdout)).toEqual(json);

    expect(await run(['profiles', 'sync'])).toEqual({
      exitCode: 0,
      stdout: '~/.aws/config: 4 profiles, 4 new.\n',
      stderr: leftOut,
    });
    expect(readFileSync(rig.configPath, 'utf8').startsWith(before)).toBe(true);
    expect(await run(['profiles', 'sync'])).toMatchObject({ stdout: '~/.aws/config: 4 profiles, up to date.\n' });
    expect(await run(['profiles', 'sync', '--dry-run'])).toMatchObject({ stdout: '~/.aws/config is up to date.\n' });
    const after = JSON.parse((await rig.runCli(['profiles', 'sync', '--json'])).stdout) as object;
    expect(after).toMatchObject({ written: false, added: [], removed: [], changed: [] });
  });
});

describe('credential-process', () => {
  test('prints only AWS’s document', async () => {
    rig = await createRig();
    await rig.runCli(['login', '--no-wait']);
    const { exitCode, stdout, stderr } = await rig.runCli(['credential-process', '--session', SESSION, ...ROLE]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(JSON.parse(stdout)).toEqual({
      Version: 1,
      AccessKeyId: expect.stringMatching(/^ASIA/),
      SecretAccessKey: expect.any(String),
      SessionToken: expect.any(String),
      Expiration: expect.stringMatching(/Z$/),
      AccountId: '111111111111',
    });
    expect(stdout.trimEnd()).not.toContain('\n');

    expect(await run(['credential-process', '--current'])).toEqual({
      exitCode: 6,
      stdout: '',
      stderr: 'rolecall: No current role is set. [no-current-role]\nRun: rolecall ls\n',
    });
    await rig.client.call('setCurrent', {
      body: { session: SESSION, accountId: '111111111111', permissionSet: 'Admin-AF-Permission-Set', profile: null },
    });
    expect((await rig.runCli(['credential-process', '--current'])).stdout).toBe(stdout);
  });

  test('each refusal has its exit code and prints nothing on stdout', async () => {
    rig = await createRig();
    const ask = (...argv: string[]) => run(['credential-process', ...argv]);
    expect(await ask('--session', SESSION, ...ROLE)).toEqual({ exitCode: 4, stdout: '', stderr: NOT_SIGNED_IN });
    await rig.runCli(['login']);
    const usage =
      'rolecall: credential-process takes --session S --account A --role R, or --current alone. [usage]\nRun: rolecall credential-process --help\n';
    for (const argv of [
      [],
      ['--session', SESSION],
      ['--current', '--role', 'x'],
      ['--session', SESSION, ...ROLE, '--deadline-seconds', 'soon'],
    ]) {
      expect(await ask(...argv)).toEqual({ exitCode: 2, stdout: '', stderr: usage });
    }
    expect(await ask('--session', 'nosuch', ...ROLE)).toMatchObject({ exitCode: 6, stdout: '' });
    expect(await ask('--session', SESSION, '--account', '999', '--role', 'ReadOnly')).toMatchObject({
      exitCode: 2,
      stdout: '',
    });
    const notAssigned = await ask('--session', SESSION, '--account', '111111111111', '--role', 'ReadOnly');
    expect(notAssigned).toMatchObject({ exitCode: 5, stdout: '' });
    expect(notAssigned.stderr).toContain('Admin-AF-Permission-Set');
    // A line break in a selector is refused, not read as another line.
    expect(await ask('--session', `${SESSION}\nrole=x`, ...ROLE)).toMatchObject({ exitCode: 2, stdout: '' });
  });
});

test('daemon start prints the pid of the daemon that answers', async () => {
  rig = await createRig();
  expect(await run(['daemon', 'start'])).toEqual({
    exitCode: 0,
    stdout: 'The daemon is running, pid N.\n',
    stderr: '',
  });
});

test('daemon run and emulator start programs with their options', async () => {
  rig = await createRig();
  const programs: string[][] = [];
  await rig.runCli(['daemon', 'run'], { programs });
  await rig.runCli(['emulator', '--port', '4000', '--directory', 'd.json', '--auto-approve', '--json'], { programs });
  await rig.runCli(['emulator'], { programs });
  expect(programs).toEqual([
    ['daemon', '--foreground'],
    ['emulator', '--port', '4000', '--directory', 'd.json', '--auto-approve', '--json'],
    ['emulator'],
  ]);
});
