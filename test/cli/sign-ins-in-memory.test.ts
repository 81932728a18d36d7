// Commands that end the daemon say so, and ask on a terminal, if a sign-in exists only in its memory.
import { afterEach, expect, test } from 'vitest';
import type { ProgramRun } from '../../src/service/service.ts';
import type { Clock } from '../../src/core/clock.ts';
import { canForbidChanges, withoutChanges } from '../helpers/forbid-changes.ts';
import { createRig, createSignedInRig, SESSION, writePrivate, type Rig } from '../helpers/rig.ts';
import { waitFor } from '../helpers/wait-for.ts';

let rig: Rig;
afterEach(() => rig.remove());

const NOTE = 'the sign-in is in memory only.';
const isRunning = () =>
  rig.client.call('status', {}).then(
    () => true,
    () => false,
  );

/** A clock whose every look takes a second: the process of a rig's daemon is this one, which does not end. */
function createHastyClock(): Clock {
  let nowMs = 0;
  return { nowMs: () => (nowMs += 1000), sleep: () => new Promise((resolve) => setImmediate(resolve)) };
}

/** What the command said before it waited for the process; on a terminal if there is an answer. */
async function say(argv: readonly string[], answer?: string): Promise<string> {
  const terminal = answer === undefined ? {} : { isTerminal: true, answers: [answer] };
  const { stderr } = await rig.runCli(argv, { clock: createHastyClock(), environment: { NO_COLOR: '1' }, ...terminal });
  return stderr.split('rolecall: The daemon (pid')[0] ?? '';
}

const hasStopped = () => waitFor('the daemon to stop', async () => !(await isRunning()));

test('stop and restart ask, and Enter or "n" leaves the daemon running', async () => {
  rig = await createSignedInRig();
  for (const [command, done, says] of [
    ['stop', 'stopped', 'Stopping'],
    ['restart', 'restarted', 'Restarting'],
  ] as const) {
    for (const answer of ['', 'n']) {
      expect(await rig.runCli(['daemon', command], { isTerminal: true, answers: [answer] })).toEqual({
        exitCode: 1,
        stdout: '',
        stderr: `${says} the daemon signs you out of ${SESSION}:\n${NOTE}\nGo on? [y/N] The daemon was not ${done}.\n`,
      });
    }
  }
  expect(await isRunning()).toBe(true);
});

test('with --json the error has the command with --yes', async () => {
  rig = await createSignedInRig();
  for (const command of ['stop', 'restart']) {
    const { exitCode, stderr } = await rig.runCli(['daemon', command, '--json']);
    expect({ exitCode, ...(JSON.parse(stderr) as object) }).toMatchObject({
      exitCode: 2,
      hint: `rolecall daemon ${command} --yes --json`,
    });
  }
  expect(await isRunning()).toBe(true);
});

test('"y" stops the daemon', async () => {
  rig = await createSignedInRig();
  expect(await say(['daemon', 'stop'], 'y')).toContain('Go on? [y/N] ');
  await hasStopped();
});

test('without a terminal stop says that it signs you out, and goes on', async () => {
  rig = await createSignedInRig();
  expect(await say(['daemon', 'stop'])).toBe(
    `Note: Stopping the daemon signs you out of ${SESSION}: ${NOTE} To sign in again: rolecall login ${SESSION}\n`,
  );
  await hasStopped();
});

test('with --yes stop neither asks nor says anything', async () => {
  rig = await createSignedInRig();
  expect(await say(['daemon', 'stop', '--yes'], 'n')).toBe('');
  await hasStopped();
});

test('nothing is asked if there is no sign-in to lose', async () => {
  rig = await createRig();
  expect(await say(['daemon', 'stop'], 'n')).toBe('');
  await hasStopped();
});

test.skipIf(!canForbidChanges())(
  'a sign-in that the store has is not asked about; one that it has refused is',
  async () => {
    rig = await createSignedInRig({ environment: { ROLECALL_SECRET_STORE: 'file', ROLECALL_PASSPHRASE: 'p' } });
    const isInMemory = async () =>
      (await rig.client.call('status', {})).sessions.map(({ onlyInMemory }) => onlyInMemory);
    expect(await isInMemory()).toEqual([undefined]);
    await withoutChanges(rig.paths.stateDirectory, async () => {
      expect(await rig.runCli(['login', '--force', '--no-wait'])).toMatchObject({ exitCode: 0 });
      expect(await isInMemory()).toEqual([true]);
      expect(await rig.runCli(['daemon', 'stop'], { isTerminal: true, answers: ['n'] })).toMatchObject({ exitCode: 1 });
    });
    await waitFor('the tokens in the file', async () => (await isInMemory())[0] === undefined);
    expect(await say(['daemon', 'stop'], 'n')).toBe('');
  },
);

test('service install asks before it replaces the daemon; service uninstall only about a daemon of the service', async () => {
  rig = await createSignedInRig();
  const commands: string[] = [];
  const runTool = async (command: readonly string[]): Promise<ProgramRun> => {
    commands.push(command.join(' '));
    const stdout = command.includes('--property=UnitPath') ? `${rig.home.path}/.config/systemd/user\n` : '';
    return { exitCode: 0, stdout, stderr: '' };
  };
  const asked = { isTerminal: true, answers: ['n'], runTool };
  expect(await rig.runCli(['service', 'install'], { ...asked, answers: ['n'] })).toEqual({
    exitCode: 1,
    stdout: '',
    stderr: `Installing the service restarts the daemon and signs you out of ${SESSION}:\n${NOTE}\nGo on? [y/N] The service was not installed.\n`,
  });
  expect(commands.filter((command) => /stop|start/u.test(command))).toEqual([]);
  expect(await rig.runCli(['service', 'uninstall'], { ...asked, answers: ['n'] })).toMatchObject({
    exitCode: 0,
    stderr: '',
  });
  expect(await isRunning()).toBe(true);
});

test('restart and service install report a mistake in the settings before they stop the daemon', async () => {
  rig = await createSignedInRig();
  writePrivate(rig.paths.settingsFile, 'secret_stor = "memory"\n');
  const runTool = async (command: readonly string[]): Promise<ProgramRun> => {
    const stdout = command.includes('--property=UnitPath') ? `${rig.home.path}/.config/systemd/user\n` : '';
    return { exitCode: 0, stdout, stderr: '' };
  };
  const clock = createHastyClock();
  for (const [argv, outcome] of [
    [['daemon', 'restart', '--yes'], 'The daemon was not restarted.'],
    [['service', 'install', '--yes'], 'The service was not installed.'],
  ] as const) {
    expect(await rig.runCli(argv, { runTool, clock })).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: expect.stringMatching(
        new RegExp(`^${outcome}\nrolecall: .*, line 1: .*secret_stor.* \\[settings-invalid\\]\nRun: .*\n$`, 'u'),
      ),
    });
  }
  expect((await rig.client.call('status', {})).sessions[0]).toMatchObject({ state: 'live' });
});
