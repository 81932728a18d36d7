// The sh client while its session is over and on_expired = "wait": held, then answered by a sign-in or by its deadline.
import { afterEach, describe, expect, test } from 'vitest';
import { createRig, SESSION, type Rig } from '../helpers/rig.ts';
import { CREDENTIAL_PROCESS, runProcess } from '../helpers/run-process.ts';
import { systemPart } from '../helpers/system.ts';
import { waitFor } from '../helpers/wait-for.ts';

let rig: Rig | undefined;
afterEach(() => rig?.remove());

async function createEndedRig(waitSeconds: number): Promise<Rig> {
  const created = await createRig({ settings: `on_expired = "wait"\nwait_seconds = ${waitSeconds}\n` });
  rig = created;
  expect(await created.runCli(['login'])).toMatchObject({ exitCode: 0 });
  created.emulator.revokeSessions();
  return created;
}

const ask = ({ environment }: Rig) =>
  runProcess(
    CREDENTIAL_PROCESS,
    ['--session', SESSION, '--account', '111111111111', '--role', 'Admin-AF-Permission-Set'],
    {
      environment,
    },
  );

const held = ({ client }: Rig, count: number) =>
  waitFor(`${count} callers to be held`, async () => (await client.call('status', {})).sessions[0]?.waiting === count);

describe.skipIf(!systemPart('curl', '/usr/bin/curl'))('the sh client', () => {
  test('40 of them are held, and a login in the terminal answers all', async () => {
    const ended = await createEndedRig(50);
    const asked = Array.from({ length: 40 }, () => ask(ended));
    await held(ended, 40);
    expect(await ended.runCli(['login'])).toMatchObject({ exitCode: 0 });
    const runs = await Promise.all(asked);
    expect(new Set(runs.map(({ exitCode }) => exitCode))).toEqual(new Set([0]));
    expect(new Set(runs.map(({ stdout }) => stdout)).size).toBe(1);
    expect(ended.emulator.countCalls('StartDeviceAuthorization')).toBe(2);
  });

  test('with nobody signing in it ends with exit code 4 and the command to type', async () => {
    const ended = await createEndedRig(1);
    expect(await ask(ended)).toEqual({
      exitCode: 4,
      stdout: '',
      stderr: `rolecall: Your sign-in to ${SESSION} has ended. [sign-in-expired]\nRun: rolecall login ${SESSION}\n`,
    });
  });

  test('when the daemon stops it ends at once with exit code 4', async () => {
    const ended = await createEndedRig(50);
    const asked = ask(ended);
    await held(ended, 1);
    await ended.daemon().stop();
    expect(await asked).toMatchObject({ exitCode: 4, stdout: '' });
  });
});
