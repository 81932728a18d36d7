// Signals to the real command line: what was begun is taken back, and the exit code says which signal it was.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createRig, SESSION, type Rig } from '../helpers/rig.ts';
import { ROLECALL } from '../helpers/run-process.ts';
import { waitFor } from '../helpers/wait-for.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await createRig({ emulator: { autoApprove: false } });
});
afterEach(() => rig.remove());

function start(argv: readonly string[]) {
  const child = spawn(process.execPath, [ROLECALL, ...argv], {
    env: rig.environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return { child, ended: once(child, 'close'), stderr: () => stderr };
}

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)('%s during a sign-in: exit %i, and the code is cancelled', async (signal, exitCode) => {
  const { child, ended, stderr } = start(['login']);
  await waitFor('the command to wait', () => stderr().includes('Waiting for your approval'));
  child.kill(signal);
  expect(await ended).toEqual([exitCode, null]);
  expect(stderr().endsWith('Sign-in cancelled. The code no longer works.\n')).toBe(true);
  expect(await rig.client.call('signIn', { session: SESSION })).toMatchObject({ state: 'cancelled' });
});

test('a reader that has seen enough is no failure', async () => {
  const { child, ended, stderr } = start(['--help']);
  child.stdout.destroy();
  expect(await ended).toEqual([0, null]);
  expect(stderr()).toBe('');
});
