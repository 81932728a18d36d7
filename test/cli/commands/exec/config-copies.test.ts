// The copies that exec makes of the caller's AWS files: which file, where to, for whom, and when there is none.
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

test('no files, or none with credentials in the default profile: no copies', async () => {
  expect(await copy()).toEqual({});
  write('.aws/config', `[default]\n${REST}`);
  write('.aws/credentials', `[a]\n${KEYS}`);
  write('.boto', '[Boto]\ndebug = 1\n');
  expect(await copy()).toEqual({});
  expect(readdirSync(directory)).toEqual([]);
});

test('each file with credentials has a 0600 copy, and the variables of all SDKs point to it', async () => {
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

test('the files are those of the environment, with ~ and variables as botocore expands them', async () => {
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

test('an empty variable is the usual file, as the SDK for JavaScript takes it', async () => {
  write('.aws/config', `[default]\n${KEYS}`);
  expect(await copy({ AWS_CONFIG_FILE: '' })).toEqual({ AWS_CONFIG_FILE: join(directory, 'config') });
});

test('BOTO_CONFIG takes the place of both files of boto 2', async () => {
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
])('a file that is %s is one sentence and no copy', async (_, prepare, message, hint) => {
  prepare();
  await expect(copy()).rejects.toMatchObject({
    code: 'config-malformed',
    message: expect.stringMatching(message),
    hint: expect.stringMatching(hint),
  });
  expect(readdirSync(directory)).toEqual([]);
});

test('a copy that cannot be written is an error, never the original', async () => {
  write('.aws/config', `[default]\n${KEYS}`);
  write('grant/config', 'in the way');
  chmodSync(join(directory, 'config'), 0o400);
  await expect(copy()).rejects.toMatchObject({ code: 'file-not-writable', message: expect.stringContaining('EEXIST') });
});
