// Signals to the real command line: what was begun is taken back, and the exit code says which signal it was.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createRig, SESSION, type Rig } from '../helpers/rig.ts';
import { ROLECALL } from '../helpers/run-process.ts';
import { systemPart } from '../helpers/system.ts';
import { openTerminal, TMUX, type Terminal } from '../helpers/terminal.ts';
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

describe.skipIf(!systemPart('tmux', TMUX))('a sign-in that reads keys', () => {
  const login = `${process.execPath} ${ROLECALL} login --pkce --no-browser --no-wait --yes`;
  let terminal: Terminal;
  beforeEach(() => {
    const environment = { ...rig.environment, PS1: '$ ' };
    const command = ['/bin/bash', '--norc', '--noprofile'];
    terminal = openTerminal({ directory: rig.home.path, environment, command });
  });
  afterEach(() => terminal.close());

  /** The shell's own command tells whether the terminal collects lines, as a shell needs it. */
  async function expectUsableTerminal(mark: string) {
    terminal.type(`stty -a | grep -o '.icanon' | sed 's/ /${mark}:/'`);
    await terminal.see(new RegExp(`^${mark}:icanon$`, 'm'));
  }

  test('Ctrl-C cancels it and gives the terminal back, and so does c with a code', async () => {
    terminal.type(login);
    await terminal.see(/For another device, press c[^]*Waiting for/);
    terminal.press('C-c');
    await terminal.see(/^Sign-in cancelled\. The page no longer works\.$/m);
    await expectUsableTerminal('after-interrupt');

    terminal.type(`clear; ${login}`);
    await terminal.see(/For another device, press c[^]*Waiting for/);
    terminal.press('C-z');
    await terminal.see(/Stopped/);
    await expectUsableTerminal('while-stopped');
    terminal.type('fg');
    await terminal.see(/^\$ fg\n\S*node/m);
    terminal.send('c');
    const [, code = ''] = await terminal.see(/^ {2}Code {3}([A-Z]{4}-[A-Z]{4})$/m);
    rig.emulator.approve(code);
    await terminal.see(/^Signed in to /m);
    await expectUsableTerminal('at-the-end');
  });

  test('in the background it leaves the terminal alone', async () => {
    terminal.type(`${login} & sleep 0.1`);
    await terminal.see(/^For another device: rolecall login/m);
    terminal.type('jobs');
    await terminal.see(/Running/);
    terminal.type('kill %1');
    await terminal.see(/Sign-in cancelled/);
  });
});
