// Clients that start the daemon by themselves: one that is killed, one that cannot start, one by hand, one in a hostile shell.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Rig } from '../helpers/rig.ts';
import { runRolecall } from '../helpers/run-process.ts';
import { canSeeProcesses, isAlive } from '../helpers/processes.ts';
import { waitFor } from '../helpers/wait-for.ts';
import { createAutostartWorld, type AutostartWorld } from './autostart-world.ts';

let world: AutostartWorld;
let rig: Rig;
let environment: Readonly<Record<string, string>>;
beforeEach(async () => {
  world = await createAutostartWorld();
  ({ rig, environment } = world);
});
afterEach(() => world.remove());

test('a daemon that is killed amid its answer: its successor gives it', async () => {
  await runRolecall(['daemon', 'start'], { environment });
  const [killed = 0] = world.startedDaemons();
  rig.emulator.addFault({ operation: 'GetRoleCredentials', kind: 'delay', delayMs: 20_000, count: 1 });
  const asked = world.askCredentials();
  await waitFor('the call to AWS', () => rig.emulator.countCalls('GetRoleCredentials') === 1);
  process.kill(killed, 'SIGKILL');
  const { exitCode, stdout, stderr } = await asked;
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  expect(JSON.parse(stdout)).toMatchObject({ Version: 1 });
  expect(world.startedDaemons()).toEqual([killed, expect.any(Number)]);
});

test('a daemon that cannot start gives its own reason and class to whoever started it', async () => {
  mkdirSync(dirname(rig.paths.settingsFile), { recursive: true, mode: 0o700 });
  writeFileSync(rig.paths.settingsFile, 'secret_stor = "file"\n', { mode: 0o600 });
  const { exitCode, stdout, stderr } = await runRolecall(['status'], { environment });
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
  expect(stderr).toMatch(/^rolecall: .*config\.toml.*secret_store.*\nRun: \S.*\n$/);
});

test('a file in the way of the socket is named and left alone', async () => {
  mkdirSync(dirname(rig.paths.socketPath), { recursive: true, mode: 0o700 });
  writeFileSync(rig.paths.socketPath, 'mine');
  const { exitCode, stderr } = await runRolecall(['ls'], { environment });
  expect(exitCode).toBe(7);
  expect(stderr).toContain(`a file that is not a socket is in the way`);
  expect(readFileSync(rig.paths.socketPath, 'utf8')).toBe('mine');
});

test('ROLECALL_NO_AUTOSTART=1 is exit 3, and nothing is started', async () => {
  const started = world.startedDaemons();
  expect(await runRolecall(['status'], { environment: { ...environment, ROLECALL_NO_AUTOSTART: '1' } })).toEqual({
    exitCode: 3,
    stdout: '',
    stderr: 'rolecall: The rolecall daemon is not running. [daemon-not-running]\nRun: rolecall daemon start\n',
  });
  expect(world.startedDaemons()).toEqual(started);
});

test('start, restart and stop by hand', async () => {
  const start = await runRolecall(['daemon', 'start'], { environment });
  expect(start).toEqual({
    exitCode: 0,
    stdout: expect.stringMatching(/^The daemon is running, pid \d+\.\n$/),
    stderr: '',
  });
  expect(await runRolecall(['daemon', 'start'], { environment })).toEqual(start);
  const restart = await runRolecall(['daemon', 'restart'], { environment });
  expect(restart.exitCode).toBe(0);
  expect(restart.stdout).not.toBe(start.stdout);
  const [first = 0, second = 0] = world.startedDaemons();
  expect([isAlive(first), isAlive(second)]).toEqual([false, true]);
  expect(await runRolecall(['daemon', 'stop'], { environment })).toEqual({
    exitCode: 0,
    stdout: 'The daemon has stopped.\n',
    stderr: '',
  });
  expect(isAlive(second)).toBe(false);
  expect(await runRolecall(['daemon', 'stop'], { environment })).toEqual({
    exitCode: 0,
    stdout: 'No daemon was running.\n',
    stderr: '',
  });
});

test('daemon start and restart start it with ROLECALL_NO_AUTOSTART=1 too', async () => {
  const running = { exitCode: 0, stdout: expect.stringMatching(/^The daemon is running, pid \d+\.\n$/), stderr: '' };
  const options = { environment: { ...environment, ROLECALL_NO_AUTOSTART: '1' } };
  expect(await runRolecall(['daemon', 'start'], options)).toEqual(running);
  expect(await runRolecall(['daemon', 'restart'], options)).toEqual(running);
  expect(world.startedDaemons().map(isAlive)).toEqual([false, true]);
});

test("a shell full of another service's variables: nothing goes there, and the daemon has none of them", async () => {
  const trapped: string[] = [];
  const trap = createServer((request, response) => {
    trapped.push(`${request.method} ${request.url}`);
    response.end('{}');
  });
  await new Promise<void>((resolve) => trap.listen(0, '127.0.0.1', resolve));
  const trapUrl = `http://127.0.0.1:${(trap.address() as AddressInfo).port}`;
  const localstack = {
    AWS_ENDPOINT_URL: trapUrl,
    AWS_ENDPOINT_URL_S3: trapUrl,
    LOCALSTACK_HOST: trapUrl.slice(7),
    LOCALSTACK_AUTH_TOKEN: 'ls-token',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test-secret',
    AWS_SESSION_TOKEN: 'test-token',
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_PROFILE: 'localstack',
  };
  const shell = { ...environment, ...localstack };
  try {
    expect(await runRolecall(['login', '--force'], { environment: shell })).toMatchObject({ exitCode: 0 });
    expect(await runRolecall(['ls', '--refresh'], { environment: shell })).toMatchObject({ exitCode: 0 });
    const credentials = await world.askCredentials(shell);
    expect(credentials).toMatchObject({ exitCode: 0, stderr: '' });
    const [pid = 0] = world.startedDaemons();
    if (canSeeProcesses) {
      const seen = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
      expect(seen).toContain(`HOME=${rig.home.path}`);
      const names = new Set(seen.map((line) => line.slice(0, line.indexOf('='))));
      expect(Object.keys(localstack).filter((name) => names.has(name))).toEqual([]);
    }
    expect(await runRolecall(['logout'], { environment: shell })).toMatchObject({ exitCode: 0 });
    expect(trapped).toEqual([]);
    // The trap does spring.
    await fetch(trapUrl);
    expect(trapped).toEqual(['GET /']);
  } finally {
    trap.close();
    trap.closeAllConnections();
  }
});
