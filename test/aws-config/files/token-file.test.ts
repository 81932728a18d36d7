// The AWS CLI's token file: exactly the agreed keys, recognized by our mark; a valid foreign file is never overwritten.
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  deleteTokenFile,
  readTokenFileState,
  tokenFilePath,
  writeTokenFile,
} from '../../../src/aws-config/files/token-file.ts';
import { Secret } from '../../../src/core/secret.ts';
import { FAKE_NOW_MS } from '../../helpers/fake-clock.ts';
import { canForbidChanges, withoutChanges } from '../../helpers/forbid-changes.ts';
import type { TemporaryHome } from '../../helpers/temporary-home.ts';
import { createTemporaryHome } from '../../helpers/temporary-home.ts';

const CONTENT = {
  startUrl: 'https://d-1234567890.awsapps.com/start/',
  region: 'us-east-1',
  accessToken: new Secret('canary-access-token'),
  expiresAtMs: FAKE_NOW_MS + 1_800_999,
};

/** An expired login of the AWS CLI that it can refresh itself. */
const REFRESHABLE = {
  accessToken: 'x',
  expiresAt: '2026-11-24T05:00:00Z',
  refreshToken: 'r',
  clientId: 'c',
  clientSecret: 's',
  registrationExpiresAt: '2026-11-24T06:00:01Z',
};

let home: TemporaryHome;
let path: string;

beforeEach(() => {
  home = createTemporaryHome();
  path = tokenFilePath(home.path, 'my-sso-session');
});

afterEach(async () => {
  await home.remove();
});

function place(content: unknown): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
}

it('is named after the SHA-1 of the session name or start URL, exactly as written', () => {
  expect([tokenFilePath('/h', 'my-sso-session'), tokenFilePath('/h', 'https://a.awsapps.com/start/')]).toEqual([
    '/h/.aws/sso/cache/b755b5ec73400c04400e978208d8559ad1f39053.json',
    '/h/.aws/sso/cache/6fc214a23c5b48b9990383931df3625bf4a7c73c.json',
  ]);
});

describe('writing', () => {
  it('creates the file 0600 in folders 0700, with exactly the five keys, no refresh token and no null', async () => {
    expect(await writeTokenFile(path, CONTENT, FAKE_NOW_MS)).toBe('absent');
    expect(readFileSync(path, 'utf8')).toBe(
      '{"startUrl":"https://d-1234567890.awsapps.com/start/","region":"us-east-1","accessToken":"canary-access-token","expiresAt":"2026-11-24T06:30:00Z","rolecall":true}',
    );
    const folders = ['.aws', '.aws/sso', '.aws/sso/cache'].map((each) => join(home.path, each));
    expect([path, ...folders].map((each) => statSync(each).mode & 0o777)).toEqual([0o600, 0o700, 0o700, 0o700]);
    expect(readdirSync(dirname(path))).toHaveLength(1);
  });

  it('replaces our file and an expired one, but not a valid foreign one', async () => {
    await writeTokenFile(path, CONTENT, FAKE_NOW_MS);
    expect(await writeTokenFile(path, { ...CONTENT, region: 'eu-west-1' }, FAKE_NOW_MS)).toBe('ours');
    expect(readFileSync(path, 'utf8')).toContain('eu-west-1');

    place({ accessToken: 'cli', expiresAt: '2026-11-24T05:59:59Z' });
    expect(await writeTokenFile(path, CONTENT, FAKE_NOW_MS)).toBe('foreign-expired');
    expect(readFileSync(path, 'utf8')).toContain('canary');

    place({ accessToken: 'cli', expiresAt: '2026-11-24T06:00:01Z' });
    expect(await writeTokenFile(path, CONTENT, FAKE_NOW_MS)).toBe('foreign-unexpired');
    expect(readFileSync(path, 'utf8')).not.toContain('canary');

    place(REFRESHABLE);
    expect(await writeTokenFile(path, CONTENT, FAKE_NOW_MS)).toBe('foreign-refreshable');
    expect(readFileSync(path, 'utf8')).not.toContain('canary');
  });

  it('reports a failure with path and reason, without the token', async () => {
    writeFileSync(join(home.path, '.aws'), '');
    const error = await writeTokenFile(path, CONTENT, FAKE_NOW_MS).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'file-not-writable',
      message: `${path} cannot be read: ${join(home.path, '.aws')} is not a folder.`,
    });
    mkdirSync(`${home.path}/other/.aws/sso`, { recursive: true });
    const other = tokenFilePath(`${home.path}/other`, 's');
    writeFileSync(dirname(other), '');
    await expect(writeTokenFile(`${other}/x`, CONTENT, FAKE_NOW_MS)).rejects.not.toThrow(/canary/u);
  });
});

it.skipIf(!canForbidChanges())(
  'in a folder that takes no changes: the sentence says so (as root, by chattr)',
  async () => {
    await writeTokenFile(path, CONTENT, FAKE_NOW_MS);
    const messages: string[] = [];
    await withoutChanges(dirname(path), async () => {
      for (const attempt of [() => writeTokenFile(path, CONTENT, FAKE_NOW_MS), () => deleteTokenFile(path)]) {
        await attempt().catch((error: unknown) => messages.push((error as Error).message));
      }
    });
    expect(messages).toEqual([
      `${path} cannot be written: the system does not permit it.`,
      `${path} cannot be deleted: the system does not permit it.`,
    ]);
  },
);

describe('the state', () => {
  it.each([
    ['absent', undefined],
    ['ours', { rolecall: true, accessToken: 'x', expiresAt: '2000-01-01T00:00:00Z' }],
    ['foreign-unexpired', { rolecall: 'true', accessToken: 'x', expiresAt: '2026-11-24T06:00:01Z' }],
    ['foreign-unexpired', { accessToken: 'x', expiresAt: '2026-11-24T06:00:01.470Z' }],
    ['foreign-unexpired', { accessToken: 'x', expiresAt: '2026-11-24T08:00:01+02:00' }],
    ['foreign-unexpired', { accessToken: 'x', expiresAt: '2026-11-24T06:00:01UTC' }],
    ['foreign-unexpired', { accessToken: 'x', expiresAt: 'some day' }],
    ['foreign-unexpired', { accessToken: 'x' }],
    ['foreign-expired', { accessToken: 'x', expiresAt: '2026-11-24T06:00:00Z' }],
    ['foreign-expired', { accessToken: 'x', expiresAt: '2026-11-24T05:00:00UTC' }],
    ['foreign-expired', { expiresAt: '2026-11-24T07:00:00Z' }],
    ['foreign-refreshable', REFRESHABLE],
    ['foreign-expired', { ...REFRESHABLE, registrationExpiresAt: '2026-11-24T06:00:00Z' }],
    ['foreign-expired', { ...REFRESHABLE, registrationExpiresAt: undefined }],
    ['foreign-expired', { ...REFRESHABLE, refreshToken: undefined }],
    ['foreign-expired', { ...REFRESHABLE, clientSecret: '' }],
    ['foreign-expired', '{"accessToken": '],
    ['foreign-expired', 'null'],
    ['foreign-expired', ''],
  ])('is %s for %j', async (state, content) => {
    if (content !== undefined) place(content);
    expect(await readTokenFileState(path, FAKE_NOW_MS)).toBe(state);
  });
});

describe('deleting', () => {
  it('deletes our file, expired or not, and no other', async () => {
    expect(await deleteTokenFile(path)).toBe(false);
    await writeTokenFile(path, CONTENT, FAKE_NOW_MS);
    expect([await deleteTokenFile(path), readdirSync(dirname(path))]).toEqual([true, []]);
    place({ accessToken: 'cli', expiresAt: '2000-01-01T00:00:00Z' });
    expect([await deleteTokenFile(path), readdirSync(dirname(path)).length]).toEqual([false, 1]);
  });

  it('deletes the temporary file of a killed writer, because it contains a token', async () => {
    await writeTokenFile(path, CONTENT, FAKE_NOW_MS);
    const name = path.slice(dirname(path).length + 1);
    writeFileSync(join(dirname(path), `.${name}.rolecall-${process.pid}-0-0123456789ab.tmp`), 'canary');
    await deleteTokenFile(path);
    expect(readdirSync(dirname(path))).toEqual([]);
  });
});
