// Names in the shared credentials file: no rolecall profile keeps such a name, and `use` never switches to it.
import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { CONFIG, createRig, writePrivate, type Rig, type RigOptions } from '../helpers/rig.ts';
import { waitFor } from '../helpers/wait-for.ts';

const ADMIN = 'taylor.Admin-AF-Permission-Set';
const RENAMED = 'taylor-111111111111.Admin-AF-Permission-Set';
const KEYS = 'aws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = secret\n';
const LINE = `AWS clients read these names from ~/.aws/credentials: ${ADMIN} (rolecall's profile is ${RENAMED}).\n`;

let rig: Rig;
afterEach(() => rig.remove());

const credentialsPath = () => join(rig.home.path, '.aws', 'credentials');
const config = () => readFileSync(rig.configPath, 'utf8');
const shadowed = async () =>
  (await rig.client.call('status', {})).problems.filter(({ code }) => code === 'profile-shadowed');

async function createSignedInRig(credentials: string, options: RigOptions = {}): Promise<string> {
  rig = await createRig(options);
  if (credentials !== '') writePrivate(credentialsPath(), credentials);
  const { exitCode, stdout } = await rig.runCli(['login']);
  expect(exitCode).toBe(0);
  return stdout;
}

test('rolecall’s own [default] does not count when one file is both', async () => {
  rig = await createRig({ settings: '[profiles]\ndefault_follows_current = true\n' });
  const environment = { AWS_SHARED_CREDENTIALS_FILE: rig.configPath };
  await rig.restartDaemon({ ...rig.environment, ...environment });
  expect(await rig.runCli(['login'], { environment })).toMatchObject({ exitCode: 0 });
  for (const round of [1, 2, 3]) {
    const { exitCode, stdout } = await rig.runCli(['profiles', 'sync'], { environment });
    expect({ round, exitCode, stdout }).toEqual({ round, exitCode: 0, stdout: expect.stringContaining('up to date') });
    expect(config()).toContain('\n[default]\n');
  }
  expect(await shadowed()).toEqual([]);
});

describe('a name that the credentials file already has', () => {
  test('is not used for a profile; login, sync and use show the other name in one line', async () => {
    expect(await createSignedInRig(`[${ADMIN}]\n${KEYS}`)).toContain(`\n${LINE}`);
    expect(config()).toContain(`[profile ${RENAMED}]`);
    expect(config()).not.toContain(`[profile ${ADMIN}]`);
    expect(await shadowed()).toEqual([]);

    expect(await rig.runCli(['profiles', 'sync'])).toMatchObject({ exitCode: 0, stderr: LINE });
    expect(await rig.runCli(['use', '--print-name', 'taylor'])).toEqual({
      exitCode: 0,
      stdout: `${RENAMED}\n`,
      stderr: `taylor  111111111111  Admin-AF-Permission-Set  us-east-1\nIts profile is ${RENAMED}, because AWS clients read ${ADMIN} from ~/.aws/credentials.\n`,
    });
    const error = {
      exitCode: 1,
      stdout: '',
      stderr: `rolecall: AWS clients read [${ADMIN}] from ~/.aws/credentials, line 1, not from rolecall. The role's profile is ${RENAMED}. [profile-shadowed]\nRun: rolecall use ${RENAMED}\n`,
    };
    expect(await rig.runCli(['use', '--print-name', ADMIN])).toEqual(error);
    const stderr = error.stderr.replace('rolecall use', 'rolecall use --current');
    expect(await rig.runCli(['use', '--current', ADMIN])).toEqual({ ...error, stderr });
    expect(await rig.runCli(['exec', ADMIN, '--', 'true'])).toMatchObject({
      exitCode: 6,
      stderr: `rolecall: "${ADMIN}" does not belong to an sso-session. AWS clients read it from ${credentialsPath()}, line 1. [profile-not-found]\nRun: rolecall profiles list\n`,
    });
    // The profile keeps its name once it has one, and the file's own is used like any profile of another tool.
    writePrivate(credentialsPath(), '');
    expect(await rig.runCli(['profiles', 'sync'])).toMatchObject({ exitCode: 0, stderr: '' });
    expect(config()).toContain(`[profile ${RENAMED}]`);
  });

  test('is summarized for many names, and listed in JSON', async () => {
    const names = ['Log-Archive.ReadOnly', 'Shop-Staging.ReadOnly', 'professional-af.ReadOnly', ADMIN];
    const stdout = await createSignedInRig(names.map((name) => `[${name}]\n`).join(''));
    const lines = stdout.split('\n').filter((line) => line.includes('~/.aws/credentials'));
    expect(lines).toEqual([expect.stringMatching(/ and 1 more \(rolecall profiles list --json\)\.$/u)]);
    const { inCredentialsFile } = await rig.client.call('profiles', {});
    expect(inCredentialsFile?.file).toBe(credentialsPath());
    expect(inCredentialsFile?.names.map(({ name, line }) => [name, line])).toEqual(
      names.map((name, index) => [name, index + 1]),
    );
  });
});

describe('a name that was added to the credentials file later', () => {
  test('is a problem of status and doctor until a sync, and use refuses it', async () => {
    await createSignedInRig('');
    expect(await rig.runCli(['use', '--print-name', ADMIN])).toMatchObject({ exitCode: 0, stdout: `${ADMIN}\n` });
    writePrivate(credentialsPath(), `# mine\n[${ADMIN}]\n${KEYS}`);

    const message = `AWS clients read [${ADMIN}] (line 2) from ${credentialsPath()}, not from rolecall. A sync renames rolecall's profiles.`;
    expect(await shadowed()).toEqual([{ code: 'profile-shadowed', message, hint: 'rolecall profiles sync' }]);
    const doctor = JSON.parse((await rig.runCli(['doctor', '--json'])).stdout) as {
      groups: { findings: { code: string; message: string; commands: string[] }[] }[];
    };
    expect(doctor.groups.flatMap(({ findings }) => findings).filter(({ code }) => code === 'profile-shadowed')).toEqual(
      [expect.objectContaining({ message, commands: ['rolecall profiles sync'] })],
    );
    const reason = `AWS clients read [${ADMIN}] from ~/.aws/credentials, line 2, not from rolecall. A sync renames the role's profile to ${RENAMED}.`;
    for (const word of [ADMIN, 'taylor']) {
      expect(await rig.runCli(['use', '--print-name', word])).toEqual({
        exitCode: 1,
        stdout: '',
        stderr: `rolecall: ${reason} [profile-shadowed]\nRun: rolecall profiles sync\n`,
      });
    }
    const asJson = await rig.runCli(['use', '--json', 'taylor']);
    expect({ ...asJson, stderr: JSON.parse(asJson.stderr) as unknown }).toEqual({
      exitCode: 1,
      stdout: '',
      stderr: { code: 'profile-shadowed', message: reason, hint: 'rolecall profiles sync', exitCode: 1 },
    });

    expect(await rig.runCli(['profiles', 'sync'])).toMatchObject({ exitCode: 0, stderr: LINE });
    expect(await shadowed()).toEqual([]);
    expect(await rig.runCli(['use', '--print-name', 'taylor'])).toMatchObject({ exitCode: 0, stdout: `${RENAMED}\n` });
  });

  test('makes doctor suggest the sync without a daemon too', async () => {
    await createSignedInRig('');
    writePrivate(credentialsPath(), `[${ADMIN}]\n${KEYS}[current]\n${KEYS}[Log-Archive.ReadOnly]\n`);
    await rig.daemon().stop();
    const doctor = JSON.parse((await rig.runCli(['doctor', '--json'])).stdout) as {
      groups: { findings: { code: string; commands: string[] }[] }[];
    };
    const commands = doctor.groups
      .flatMap(({ findings }) => findings)
      .flatMap((finding) => (finding.code === 'profile-shadowed' ? finding.commands : []));
    expect(commands.toSorted()).toEqual([`\${EDITOR:-vi} +4 ${credentialsPath()}`, 'rolecall profiles sync']);
  });

  test('is looked up in AWS_SHARED_CREDENTIALS_FILE of this shell, and never waits for a pipe', async () => {
    await createSignedInRig('');
    const other = join(rig.home.path, 'other-keys');
    writePrivate(other, `[${ADMIN}]\n${KEYS}`);
    const use = (path: string) =>
      rig.runCli(['use', '--print-name', ADMIN], { environment: { AWS_SHARED_CREDENTIALS_FILE: path } });
    expect(await use('~/other-keys')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/another credentials file.*\nRun: rolecall daemon restart\n$/u),
    });
    execFileSync('mkfifo', [credentialsPath()]);
    for (const path of ['/dev/null', rig.home.path, join(rig.home.path, 'none'), credentialsPath()]) {
      expect(await use(path)).toMatchObject({ exitCode: 0, stdout: `${ADMIN}\n` });
    }
    // The daemon finds the pipe in place of its file.
    expect(await rig.runCli(['profiles', 'sync'])).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await shadowed()).toEqual([]);
  });
});

describe('[current] and [default] of the credentials file', () => {
  test('are not written, and are reported until they are removed', async () => {
    const stdout = await createSignedInRig(`[current]\n${KEYS}[default]\n${KEYS}`, {
      settings: '[profiles]\ndefault_follows_current = true\n',
    });
    expect(stdout).toContain('~/.aws/credentials: current (not written), default (not written).\n');
    expect(config()).not.toMatch(/^\[(profile current|default)\]$/mu);
    expect(await shadowed()).toEqual(
      ['current', 'default'].map((name, index) => ({
        code: 'profile-shadowed',
        message: `AWS clients read [${name}] from ${credentialsPath()}, line ${1 + 3 * index}, so it does not follow the current role. Delete or rename that section.`,
        hint: `\${EDITOR:-vi} +${1 + 3 * index} ${credentialsPath()}`,
      })),
    );
    expect(await rig.runCli(['use', '--print-name', 'current'])).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining(`Run: \${EDITOR:-vi} +1 ${credentialsPath()}\n`),
    });
    expect(await rig.runCli(['use', '--current', 'taylor'])).toMatchObject({
      exitCode: 0,
      stderr: expect.stringContaining('[profile current] do not follow'),
    });
    expect(await rig.runCli(['use', '--current', 'taylor', '--json'])).toMatchObject({
      exitCode: 0,
      stderr: expect.stringContaining('[profile current] do not follow'),
    });
    expect(await rig.runCli(['use', '--current', '--off'])).toMatchObject({ exitCode: 0, stderr: '' });
    rmSync(credentialsPath());
    await rig.runCli(['profiles', 'sync']);
    expect(config()).toMatch(/^\[default\]\n.*\n.* --current$/mu);
    expect(await shadowed()).toEqual([]);
  });

  test('[default] does not matter when rolecall does not write it', async () => {
    expect(await createSignedInRig(`[default]\n${KEYS}`)).not.toContain('credentials');
    expect(await shadowed()).toEqual([]);
  });
});

test('use refuses keys under the name of a hand-written sso profile, but accepts a profile with only keys', async () => {
  await createSignedInRig(`[account1]\n${KEYS}[work]\n${KEYS}`, {
    config: `${CONFIG}\n[profile work]\nregion = eu-west-1\n`,
  });
  expect(await rig.runCli(['use', '--print-name', 'account1'])).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining(`Run: \${EDITOR:-vi} +1 ${credentialsPath()}\n`),
  });
  await waitFor('the list', () => existsSync(join(rig.paths.switchDirectory, 'profiles')));
  expect(await rig.runCli(['use', '--print-name', 'work'])).toEqual({ exitCode: 0, stdout: 'work\n', stderr: '' });
});

test('a role that gets its profile on first use gets a name that no client maps to keys', async () => {
  await createSignedInRig('', { settings: '[profiles]\nwrite = "used"\n' });
  appendFileSync(credentialsPath(), `[${ADMIN}]\n${KEYS}`);
  expect(await rig.runCli(['use', '--print-name', 'taylor'])).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('Run: rolecall profiles sync\n'),
  });
  await rig.runCli(['profiles', 'sync']);
  expect(await rig.runCli(['use', '--print-name', 'taylor'])).toMatchObject({ exitCode: 0, stdout: `${RENAMED}\n` });
  expect(config()).toContain(`[profile ${RENAMED}]`);
});
