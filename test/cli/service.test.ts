// The service commands as the user sees them: without a service manager, with one that refuses, and their output.
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { ProgramRun, RunProgram } from '../../src/service/service.ts';
import { createRig, type Rig } from '../helpers/rig.ts';

let rig: Rig;
afterEach(() => rig.remove());

const DONE: ProgramRun = { exitCode: 0, stdout: '', stderr: '' };

/** A systemd that reads the units in the rig's home, with the rig's own daemon. */
function createSystemd(home: string, changes: { readonly fails?: string; readonly pid?: number } = {}): RunProgram {
  return async (command) => {
    const words = command.filter((word) => !word.startsWith('-'));
    if (changes.fails !== undefined && words.includes(changes.fails)) {
      return { exitCode: 1, stdout: '', stderr: 'Unit is masked.\n' };
    }
    if (command.includes('--property=UnitPath')) {
      return { ...DONE, stdout: `/etc/x ${home}/.config/systemd/user /usr\n` };
    }
    if (!words.includes('show')) return DONE;
    return {
      ...DONE,
      stdout: `Id=rolecall.socket\nActiveState=active\nUnitFileState=enabled\n\nId=rolecall.service\nActiveState=active\nUnitFileState=enabled\nMainPID=${changes.pid ?? process.pid}\n`,
    };
  };
}

test('install without a service manager says what happens instead, and changes neither the daemon nor files', async () => {
  rig = await createRig();
  expect(await rig.runCli(['service', 'install'])).toEqual({
    exitCode: 7,
    stdout: '',
    stderr:
      'rolecall: No systemd user manager is running, so there is no service. The first command that needs the daemon starts it. [no-service-manager]\n' +
      'Run: rolecall daemon start\n',
  });
  expect(existsSync(join(rig.home.path, '.config', 'systemd'))).toBe(false);
  expect(await rig.client.call('status', {})).toMatchObject({ pid: process.pid });
  expect((await rig.runCli(['service', 'status'])).stdout).toBe(
    'Service  not installed, and there is no service manager for it: the first command that needs the daemon starts it\n',
  );
  expect(JSON.parse((await rig.runCli(['service', 'status', '--json'])).stdout)).toEqual({
    manager: null,
    installed: false,
    startsWithDesktop: false,
    socketState: null,
    daemonState: null,
    processId: null,
    pid: null,
    files: [],
    droppedVariables: [],
    problems: [],
  });
  expect(await rig.runCli(['service', 'uninstall'])).toEqual({
    exitCode: 0,
    stdout: 'No service was installed.\n',
    stderr: '',
  });
});

test('installs nothing with a manager of another home directory', async () => {
  rig = await createRig();
  const run = await rig.runCli(['service', 'install'], { runTool: createSystemd('/home/somebody-else') });
  expect(run).toMatchObject({
    exitCode: 7,
    stdout: '',
    stderr: expect.stringContaining('it uses another home directory'),
  });
  expect(existsSync(join(rig.home.path, '.config', 'systemd'))).toBe(false);
  expect(await rig.client.call('status', {})).toMatchObject({ pid: process.pid });
});

test('shows the manager’s own message when it refuses', async () => {
  rig = await createRig();
  // In a rig the daemon is this process, so install would wait for it forever.
  await rig.daemon().stop();
  const runTool = createSystemd(rig.home.path, { fails: 'enable' });
  expect(await rig.runCli(['service', 'install'], { runTool })).toMatchObject({
    exitCode: 7,
    stderr:
      'rolecall: systemctl --quiet enable rolecall.socket rolecall.service failed: Unit is masked. [no-service-manager]\nRun: rolecall service logs\n',
  });
});

test('status shows what is wrong, with the command that fixes it', async () => {
  rig = await createRig();
  await rig.daemon().stop();
  // Units without a manager, as in a container or in cron.
  const units = join(rig.home.path, '.config', 'systemd', 'user');
  await rig.runCli(['service', 'install'], { runTool: createSystemd(rig.home.path, { fails: 'enable' }) });
  const run = await rig.runCli(['service', 'status']);
  expect(run.stdout).toContain('installed, but its service manager is not running');
  expect(run.stdout).toContain(
    '! No systemd user manager is running. The first command that needs the daemon starts it directly.\n  Run: rolecall daemon start\n',
  );
  writeFileSync(join(units, 'rolecall.service'), '[Service]\nExecStart="/gone/node" "/gone/main.js" --service\n');
  const { stdout } = await rig.runCli(['service', 'status'], { runTool: createSystemd(rig.home.path) });
  expect(stdout).toContain(`running, pid ${process.pid}`);
  expect(stdout).toContain(
    '! The service is out of date: /gone/node no longer exists.\n  Run: rolecall service install\n',
  );
});

test('logs come from the journal, or from the daemon’s file without one', async () => {
  rig = await createRig();
  const commands: (readonly string[])[] = [];
  const runInPlace = async ({ command }: { readonly command: readonly string[] }) => {
    commands.push(command);
    return 0;
  };
  expect(await rig.runCli(['service', 'logs'], { runInPlace })).toMatchObject({
    exitCode: 0,
    stderr: expect.stringContaining('There is no log yet'),
  });
  writeFileSync(rig.paths.logFile, 'line\n');
  await rig.runCli(['service', 'logs', '-n', '5', '--follow'], { runInPlace });
  await rig.runCli(['service', 'logs'], { runInPlace, runTool: async () => ({ ...DONE, stdout: 'a line\n' }) });
  const journal = 'journalctl --user --quiet --unit rolecall.service --unit rolecall.socket';
  expect(commands.map((command) => command.join(' '))).toEqual([
    `tail -n 5 -F ${rig.paths.logFile}`,
    `${journal} --lines=100 --output=short-iso --no-pager`,
  ]);
  expect(await rig.runCli(['service', 'logs', '-n', 'all'], { runInPlace })).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('--lines must be a number, not "all"'),
  });
});
