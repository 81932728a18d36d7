// The main job end to end: sign in once, list, write profiles, hand out credentials, sign out.
import { readFileSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { createRig, CONFIG, SESSION, type Rig } from '../helpers/rig.ts';

let rig: Rig | undefined;
afterEach(() => rig?.remove());

test('a login signs in, lists, writes a profile for each permission set, and its keys are served', async () => {
  rig = await createRig();
  const login = await rig.runCli(['login']);
  expect(login).toMatchObject({ exitCode: 0 });
  expect(login.stdout).toContain('4 accounts, 5 permission sets.');
  expect(login.stderr).toMatch(/Code {3}[A-Z]{4}-[A-Z]{4}/);

  const config = readFileSync(rig.configPath, 'utf8');
  expect(config.startsWith(CONFIG)).toBe(true);
  expect(config).toContain('[profile taylor.Admin-AF-Permission-Set]');

  const credentials = await rig.client.call('credentials', {
    query: { session: SESSION, account: '111111111111', role: 'Admin-AF-Permission-Set' },
  });
  expect(credentials).toEqual({
    Version: 1,
    AccessKeyId: expect.stringMatching(/^ASIA[A-Z0-9]{16}$/),
    SecretAccessKey: expect.any(String),
    SessionToken: expect.any(String),
    Expiration: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
    AccountId: '111111111111',
  });

  expect(await rig.runCli(['logout'])).toEqual({ exitCode: 0, stdout: `Signed out of ${SESSION}.\n`, stderr: '' });
  await expect(
    rig.client.call('credentials', {
      query: { session: SESSION, account: '111111111111', role: 'Admin-AF-Permission-Set' },
    }),
  ).rejects.toMatchObject({ code: 'sign-in-required', hint: `rolecall login ${SESSION}` });
});
