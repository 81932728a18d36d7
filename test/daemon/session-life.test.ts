// A session's life: what does not end it, and a sign-out that does, at AWS too.
import { writeFileSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { CONFIG, createSignedInRig, SESSION, type Rig, type RigOptions } from '../helpers/rig.ts';

let rig: Rig | undefined;
afterEach(async () => {
  await rig?.remove();
  rig = undefined;
});

async function signedIn(options: RigOptions = {}): Promise<Rig> {
  rig = await createSignedInRig(options);
  return rig;
}

const ADMIN = { session: SESSION, account: '111111111111', role: 'Admin-AF-Permission-Set' };

test('editing sso_registration_scopes ends no session: it is refreshed with the client that issued its token', async () => {
  const its = await signedIn();
  writeFileSync(its.configPath, CONFIG.replace('sso:account:access', 'sso:account:access, codewhisperer:completions'));
  its.emulator.expireAccessTokens();
  its.emulator.resetCalls();
  expect(await its.client.call('credentials', { query: ADMIN })).toMatchObject({ Version: 1 });
  expect((await its.client.call('status', {})).sessions[0]?.state).toBe('live');
  expect(its.emulator.countCalls('CreateToken', 'refresh_token')).toBe(1);
  expect(its.emulator.countCalls('RegisterClient')).toBe(0);
});

test('a logout after an idle hour ends the session at AWS too', async () => {
  const its = await signedIn();
  its.emulator.expireAccessTokens();
  its.emulator.resetCalls();
  expect(await its.runCli(['logout'])).toEqual({ exitCode: 0, stdout: `Signed out of ${SESSION}.\n`, stderr: '' });
  expect(its.emulator.requests().map(({ operation, status }) => `${operation} ${status}`)).toEqual([
    'Logout 401',
    'CreateToken 200',
    'Logout 200',
  ]);
});

test('a logout that AWS can not be told of says that the session stays active there', async () => {
  const its = await signedIn();
  await its.emulator.close();
  const { exitCode, stdout, stderr } = await its.runCli(['logout', '--json']);
  expect({ exitCode, answer: JSON.parse(stdout) as unknown }).toEqual({
    exitCode: 0,
    answer: { signedOut: [SESSION], livesOn: [SESSION] },
  });
  expect(JSON.parse(stderr)).toEqual({
    type: 'note',
    message: expect.stringMatching(
      /^The session of my-sso-session could not be ended at AWS and stays active there until it expires\. Identity Center of my-sso-session can't be reached: ./,
    ),
  });
  expect(its.logLines.filter((line) => line.startsWith('warn The session of'))).toHaveLength(1);
});
