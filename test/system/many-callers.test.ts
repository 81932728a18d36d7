// Two hundred programs that ask for the keys of one role at the same moment: all have them, by one call to AWS.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createSignedInRig, SESSION, type Rig } from '../helpers/rig.ts';
import { runProcess } from '../helpers/run-process.ts';

const CALLERS = 200;

let rig: Rig;
beforeAll(async () => {
  rig = await createSignedInRig();
});
afterAll(() => rig.remove());

test('all of them together cost one GetRoleCredentials', { timeout: 120_000 }, async () => {
  const { emulator, environment, paths } = rig;
  emulator.resetCalls();
  const args = ['--session', SESSION, '--account', '111111111111', '--role', 'Admin-AF-Permission-Set'];
  const runs = await Promise.all(
    Array.from({ length: CALLERS }, () => runProcess(paths.credentialProcessPath, args, { environment })),
  );
  expect(new Set(runs.map(({ exitCode, stdout, stderr }) => `${exitCode} ${stdout} ${stderr}`)).size).toBe(1);
  expect(runs[0]).toMatchObject({ exitCode: 0, stderr: '' });
  expect(emulator.countCalls('GetRoleCredentials')).toBe(1);
});
