// `rolecall ssh` and `rolecall forward` up to the connection: which role, how long, and what is refused before anything is asked.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSignedInRig, type Rig } from '../helpers/rig.ts';
import { systemPart } from '../helpers/system.ts';
import { waitFor } from '../helpers/wait-for.ts';

const PROFILE = 'taylor.Admin-AF-Permission-Set';
const hasSsh = systemPart('openssh-client', '/usr/bin/ssh');

describe.skipIf(!hasSsh)('rolecall ssh', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await createSignedInRig();
  });
  afterAll(() => rig.remove());

  it.each<[argv: readonly string[], exitCode: number, message: string]>([
    [['ssh', 'host.invalid'], 6, 'rolecall ssh needs --role: no current role is set. [no-current-role]'],
    [['forward', 'host.invalid'], 6, 'rolecall forward needs --role: no current role is set. [no-current-role]'],
    [['ssh', '--role', 'nope', 'host.invalid'], 6, 'No sso-session has a profile "nope"'],
    [['ssh', '--role', PROFILE, '--role', PROFILE, 'host.invalid'], 2, `The role ${PROFILE} is given twice.`],
    [['ssh', '--role', '', 'host.invalid'], 2, '--role is empty.'],
    [['ssh', '--for', '8 days', 'host.invalid'], 2, '--for takes 30m, 8h or 2d, and 7d at most, not "8 days".'],
    [['ssh', 'host.invalid', '--for', '0h'], 2, 'not "0h".'],
    [['ssh', '-p', '22', 'host.invalid'], 2, 'rolecall ssh takes the host first'],
    [['ssh', 'host.invalid', '-o', 'NoSuchOption=1'], 255, 'Bad configuration option: nosuchoption'],
    [['ssh', 'host.invalid', '--rol', PROFILE], 2, 'rolecall ssh has no option "--rol"; did you mean "--role"?'],
    [['forward', 'host.invalid', 'ls'], 2, 'rolecall forward runs no command on the host.'],
    [['forward', 'host.invalid', '-N'], 2, 'rolecall forward takes no -N'],
  ])('%j is refused', async (argv, exitCode, message) => {
    const run = await rig.runCli(argv);
    expect(run).toMatchObject({ exitCode, stdout: '', stderr: expect.stringContaining(message) as string });
    expect((await rig.client.call('grants', {})).grants).toEqual([]);
  });

  it('takes the role of this shell, and ends its access when ssh cannot connect', async () => {
    // Nothing listens at that port.
    const { exitCode } = await rig.runCli(['ssh', '127.0.0.1', '-p', '1', 'ls', '--debug'], {
      environment: { AWS_PROFILE: PROFILE },
    });
    expect(exitCode).toBe(255);
    expect((await rig.client.call('grants', {})).grants).toEqual([]);
    const readEvents = async () => {
      const { stdout } = await rig.runCli(['log', '--json']);
      const lines = stdout.split('\n').filter((line) => line.includes('"ssh 127.0.0.1"'));
      return lines.map((line) => (JSON.parse(line) as { event: string }).event).join();
    };
    await waitFor('both lines of the log', async () => (await readEvents()) === 'grant-issued,grant-revoked');
  });
});
