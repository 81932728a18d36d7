// Deleting the AWS CLI's cached credentials of a session, and no other entries.
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { deleteCachedRoleCredentials } from '../../../src/aws-config/files/cli-cache.ts';
import { createTemporaryHome, type TemporaryHome } from '../../helpers/temporary-home.ts';

const SESSION = {
  sessionName: 'team',
  startUrl: 'https://d-1234567890.awsapps.com/start',
  region: 'us-east-1',
  registrationScopes: [],
};
const START_URLS = new Set([SESSION.startUrl, 'https://d-1234567890.awsapps.com/start/#/']);
const ROLE = { sessionName: 'team', accountId: '111111111111', permissionSet: 'Admin-AF-Permission-Set' };

let home: TemporaryHome;
beforeEach(() => {
  home = createTemporaryHome();
});
afterEach(() => home.remove());

test('deletes the entries of the roles, by session and by each spelling of the start URL, and nothing else', async () => {
  const folder = join(home.path, '.aws', 'cli', 'cache');
  mkdirSync(folder, { recursive: true });
  const entries = ['0d53a66f3b3c3c2a3a9b1f0f6a5d8f6d6f3b3c3c.json', 'session.db'];
  for (const name of entries) writeFileSync(join(folder, name), '{}');
  const named = (text: string) => `${createHash('sha1').update(text).digest('hex')}.json`;
  const bySession = named('{"accountId":"111111111111","roleName":"Admin-AF-Permission-Set","sessionName":"team"}');
  const byUrl = named(
    '{"accountId":"111111111111","roleName":"Admin-AF-Permission-Set","startUrl":"https://d-1234567890.awsapps.com/start"}',
  );
  const bySlash = named(
    '{"accountId":"111111111111","roleName":"Admin-AF-Permission-Set","startUrl":"https://d-1234567890.awsapps.com/start/#/"}',
  );
  for (const name of [bySession, byUrl, bySlash]) writeFileSync(join(folder, name), '{}');

  expect(await deleteCachedRoleCredentials(home.path, SESSION, START_URLS, [ROLE])).toBe(3);
  expect(readdirSync(folder).toSorted()).toEqual(entries.toSorted());
});

test('does nothing without a cache', async () => {
  expect(await deleteCachedRoleCredentials(home.path, SESSION, START_URLS, [ROLE])).toBe(0);
});
