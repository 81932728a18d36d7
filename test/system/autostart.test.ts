// Clients that start the daemon by themselves: fifty at once, fifty while one is stopping, one that cannot start, one in a hostile shell.
import { existsSync, readFileSync, writeFileSync, mkdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createRig, SESSION, type Rig } from '../helpers/rig.ts';
import { runProcess, runRolecall, type ProcessRun } from '../helpers/run-process.ts';
import { canSeeProcesses, isAlive } from '../helpers/processes.ts';
import { waitFor } from '../helpers/wait-for.ts';

const SCRIPT = fileURLToPath(new URL('../../bin/rolecall-credential-process', import.meta.url));
const CLIENTS = 50;
const DEADLINE_MS = 90_000;

let rig: Rig;
let environment: Readonly<Record<string, string>>;
beforeEach(async () => {
  rig = await createRig({ environment: { ROLECALL_SECRET_STORE: 'file', ROLECALL_PASSPHRASE: 'correct horse' } });
  await rig.runCli(['login']);
  await rig.daemon().stop();
  environment = rig.environment;
});
afterEach(async () => {
  await runRolecall(['daemon', 'stop'], { environment });
  await rig.remove();
});

/** Every second one as the AWS CLI asks, the others as a person does. */
function startClient(index: number): Promise<ProcessRun> {
  const options = { environment, deadlineMs: DEADLINE_MS };
  if (index % 2 === 0) return runRolecall(['status'], options);
  const selectors = ['--session', SESSION, '--account', '111111111111', '--role', 'Admin-AF-Permission-Set'];
  return runProcess('/bin/sh', [SCRIPT, ...selectors], options);
}

/** A line is written by each daemon that got as far as listening. */
function startedDaemons(): readonly number[] {
  const log = readFileSync(rig.paths.logFile, 'utf8');
  return [...log.matchAll(/is running, pid (\d+)/g)].map(([, pid]) => Number(pid));
}

describe('fifty clients', () => {
  test('with no daemon: one daemon, and everybody is answered by it', { timeout: 180_000 }, async () => {
    const startedAtMs = Date.now();
    const runs = await Promise.all(Array.from({ length: CLIENTS }, (_, index) => startClient(index)));
    const seconds = ((Date.now() - startedAtMs) / 1000).toFixed(1);
    process.stdout.write(`${CLIENTS} clients with no daemon: all answered after ${seconds} s\n`);

    const failed = runs.filter(({ exitCode, stdout, stderr }) => exitCode !== 0 || stdout === '' || stderr !== '');
    expect(failed).toEqual([]);
    const [pid = 0, ...others] = startedDaemons();
    expect(others).toEqual([]);
    for (const { stdout } of runs.filter((_, index) => index % 2 === 0)) expect(stdout).toContain(`pid ${pid}\n`);
    expect(new Set(runs.filter((_, index) => index % 2 === 1).map(({ stdout }) => stdout)).size).toBe(1);
    expect(rig.emulator.countCalls('GetRoleCredentials')).toBe(1);
    expect(isAlive(pid)).toBe(true);
  });

  test(
    'while a daemon is being stopped: everybody is answered, by it or by its one successor',
    { timeout: 180_000 },
    async () => {
      await runRolecall(['daemon', 'start'], { environment });
      const clients: Promise<ProcessRun>[] = [];
      let answered = 0;
      for (let index = 0; index < CLIENTS; index += 1) {
        clients.push(
          startClient(index).then((run) => {
            answered += 1;
            return run;
          }),
        );
      }
      await waitFor('the first answers', () => answered > 3);
      const stop = await runRolecall(['daemon', 'stop'], { environment });
      expect(stop.exitCode).toBe(0);
      const runs = await Promise.all(clients);
      const failed = runs.filter(({ exitCode }) => exitCode !== 0);
      expect(failed).toEqual([]);
      const pids = startedDaemons();
      expect(pids.length).toBeLessThanOrEqual(2);
      expect(pids.filter(isAlive).length).toBeLessThanOrEqual(1);
    },
  );
});

test('a daemon that is killed amid its answer: its successor gives it', async () => {
  await runRolecall(['daemon', 'start'], { environment });
  const [killed = 0] = startedDaemons();
  rig.emulator.addFault({ operation: 'GetRoleCredentials', kind: 'delay', delayMs: 20_000, count: 1 });
  const asked = startClient(1);
  await waitFor('the call to AWS', () => rig.emulator.countCalls('GetRoleCredentials') === 1);
  process.kill(killed, 'SIGKILL');
  const { exitCode, stdout, stderr } = await asked;
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  expect(JSON.parse(stdout)).toMatchObject({ Version: 1 });
  expect(startedDaemons()).toEqual([killed, expect.any(Number)]);
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
  expect(stderr).toContain(`a file that is no socket is in the way`);
  expect(readFileSync(rig.paths.socketPath, 'utf8')).toBe('mine');
});

test('ROLECALL_NO_AUTOSTART=1 is exit 3, and nothing is started', async () => {
  const started = startedDaemonsOrNone();
  expect(await runRolecall(['status'], { environment: { ...environment, ROLECALL_NO_AUTOSTART: '1' } })).toEqual({
    exitCode: 3,
    stdout: '',
    stderr: 'rolecall: The rolecall daemon is not running.\nRun: rolecall daemon start\n',
  });
  expect(startedDaemonsOrNone()).toEqual(started);
});

function startedDaemonsOrNone(): readonly number[] {
  return existsSync(rig.paths.logFile) ? startedDaemons() : [];
}

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
  const [first = 0, second = 0] = startedDaemons();
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
    const selectors = ['--session', SESSION, '--account', '111111111111', '--role', 'Admin-AF-Permission-Set'];
    const credentials = await runProcess('/bin/sh', [SCRIPT, ...selectors], { environment: shell });
    expect(credentials).toMatchObject({ exitCode: 0, stderr: '' });
    const [pid = 0] = startedDaemons();
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
