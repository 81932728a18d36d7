// The copies that exec makes of the AWS files: which files, for which variables, and when none are made.
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { copyConfigFiles } from '../../../../src/cli/commands/exec/config-copies.ts';
import { createTemporaryHome, type TemporaryHome } from '../../../helpers/temporary-home.ts';

const KEYS = 'aws_access_key_id = AKIAHOSTILE\naws_secret_access_key = x\n';
const REST = 'region = eu-west-1\n\n[profile a]\nrole_arn = x\n';

let home: TemporaryHome;
let directory: string;
beforeEach(() => {
  home = createTemporaryHome();
  directory = join(home.path, 'grant');
  mkdirSync(directory, { mode: 0o700 });
});
afterEach(() => home.remove());

const copy = (environment: Readonly<Record<string, string>> = {}) =>
  copyConfigFiles({ environment, homeDirectory: home.path, directory });
const write = (path: string, text: string | Buffer) => {
  mkdirSync(dirname(join(home.path, path)), { recursive: true });
  writeFileSync(join(home.path, path), text);
};

test('makes no copies when no default profile has credentials', async () => {
  expect(await copy()).toEqual({});
  write('.aws/config', `[default]\n${REST}`);
  write('.aws/credentials', `[a]\n${KEYS}`);
  write('.boto', '[Boto]\ndebug = 1\n');
  expect(await copy()).toEqual({});
  expect(readdirSync(directory)).toEqual([]);
});

test('copies each file with credentials (0600) and points the variables of all SDKs to the copy', async () => {
  write('.aws/config', `[default]\n${KEYS}${REST}`);
  write('.aws/credentials', `[default]\n${KEYS}[a]\n${KEYS}`);
  write('.boto', `[Credentials]\n${KEYS}`);
  expect(await copy()).toEqual({
    AWS_CONFIG_FILE: join(directory, 'config'),
    AWS_SHARED_CREDENTIALS_FILE: join(directory, 'credentials'),
    AWS_CREDENTIAL_PROFILES_FILE: join(directory, 'credentials'),
    BOTO_CONFIG: join(directory, 'boto'),
  });
  expect(readFileSync(join(directory, 'config'), 'utf8')).toBe(`[default]\n${REST}`);
  expect(readFileSync(join(directory, 'credentials'), 'utf8')).toBe(`[default]\n[a]\n${KEYS}`);
  expect(readFileSync(join(directory, 'boto'), 'utf8')).toBe('[Credentials]\n');
  for (const name of readdirSync(directory)) expect(statSync(join(directory, name)).mode & 0o777).toBe(0o600);
});

test('finds the files through the environment and expands ~ and variables like botocore', async () => {
  write('.aws/config', `[default]\n${KEYS}`);
  write('elsewhere/config', `[default]\nregion = x\n`);
  expect(await copy({ AWS_CONFIG_FILE: '~/elsewhere/config' })).toEqual({});
  expect(await copy({ AWS_CONFIG_FILE: '/no/such/file' })).toEqual({});
  write('elsewhere/config', `[default]\ncredential_process = x\n`);
  for (const path of ['~/elsewhere/config', '$WHERE/config', '${WHERE}/config']) {
    directory = join(home.path, `grant-${path.length}`);
    mkdirSync(directory);
    const variables = await copy({ AWS_CONFIG_FILE: path, WHERE: join(home.path, 'elsewhere') });
    expect(Object.keys(variables)).toEqual(['AWS_CONFIG_FILE']);
  }
});

test('treats an empty variable as the default file, like the SDK for JavaScript', async () => {
  write('.aws/config', `[default]\n${KEYS}`);
  expect(await copy({ AWS_CONFIG_FILE: '' })).toEqual({ AWS_CONFIG_FILE: join(directory, 'config') });
});

test('BOTO_CONFIG replaces both files of boto 2', async () => {
  write('.boto', `[Credentials]\n${KEYS}`);
  expect(await copy({ BOTO_CONFIG: '/dev/null' })).toEqual({});
  expect(await copy({ BOTO_CONFIG: '~/.boto' })).toEqual({ BOTO_CONFIG: join(directory, 'boto') });
});

test.each([
  [
    'a folder',
    () => mkdirSync(join(home.path, '.aws', 'config'), { recursive: true }),
    /it is a folder, not a file/,
    /^ls -l /,
  ],
  [
    'malformed',
    () => write('.aws/config', `[default]\n${KEYS}nonsense\n`),
    /line 4: "nonsense" has no "="/,
    /^\$\{EDITOR:-vi\} \+4 /,
  ],
  [
    'not UTF-8',
    () => write('.aws/config', Buffer.concat([Buffer.from(`[default]\n${KEYS}# `), Buffer.from([0xff])])),
    /not UTF-8/,
    /^ls -l /,
  ],
])('a file that is %s is an error of one sentence, without a copy', async (_, prepare, message, hint) => {
  prepare();
  await expect(copy()).rejects.toMatchObject({
    code: 'config-malformed',
    message: expect.stringMatching(message),
    hint: expect.stringMatching(hint),
  });
  expect(readdirSync(directory)).toEqual([]);
});

test('a copy that cannot be written is an error; the original is never used instead', async () => {
  write('.aws/config', `[default]\n${KEYS}`);
  write('grant/config', 'in the way');
  chmodSync(join(directory, 'config'), 0o400);
  await expect(copy()).rejects.toMatchObject({ code: 'file-not-writable', message: expect.stringContaining('EEXIST') });
});
