// A session through what happens around it: edited sections, and sign-outs that reach AWS.
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
