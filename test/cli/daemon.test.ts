// `rolecall daemon stop` and `restart` against daemons that end, hang, linger or never were.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, mkdirSync, openSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { dirname } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { CliContext } from '../../src/cli/context.ts';
import { runCommandLine } from '../../src/cli/program.ts';
import { createSystemClock, type Clock } from '../../src/core/clock.ts';
import { createLocalApiClient } from '../../src/local-api/client.ts';
import { resolvePaths } from '../../src/local-api/paths.ts';
import { isRestartAllowed } from '../../src/platform/port-keeper/keeper-requests.ts';
import { identifyProcess } from '../../src/platform/process/process-identity.ts';
import { canSeeProcesses, isAlive } from '../helpers/processes.ts';
import { writePrivate } from '../helpers/rig.ts';
import { createTemporaryHome, type TemporaryHome } from '../helpers/temporary-home.ts';
import { waitFor } from '../helpers/wait-for.ts';

let home: TemporaryHome;
let server: Server | undefined;
let child: ChildProcess | undefined;
beforeEach(() => {
  home = createTemporaryHome();
});
afterEach(async () => {
  child?.kill('SIGKILL');
  child = undefined;
  server?.close();
  server?.closeAllConnections();
  server = undefined;
  await home.remove();
});

function pathsOf() {
  const environment = { ...home.environment, ROLECALL_SOCKET: `${home.path}/d.sock` };
  return resolvePaths({ environment, homeDirectory: home.path, platform: 'linux', userId: 1 });
}

/** A daemon that says this pid to whoever stops it. */
async function listen(onStop: (respond: (pid: number) => void) => void): Promise<void> {
  server = createServer((_request, response) => onStop((pid) => response.writeHead(202).end(JSON.stringify({ pid }))));
  await new Promise<void>((resolve) => server?.listen(pathsOf().socketPath, resolve));
}

/** A clock whose every look takes a second, so that no deadline is waited for. */
function createHastyClock(): Clock {
  let nowMs = 0;
  return {
    nowMs: () => (nowMs += 1000),
    sleep: () => new Promise((resolve) => setImmediate(resolve)),
  };
}

async function run(
  argv: readonly string[],
  clock: Clock = createHastyClock(),
  socketTimeoutMs?: number,
  silence?: { readonly afterMs: number; readonly probeMs: number },
) {
  const paths = pathsOf();
  let stdout = '';
  let stderr = '';
  const client = createLocalApiClient({
    socketCandidates: paths.socketCandidates,
    mayStart: false,
    startDaemon: () => Promise.reject(new Error('nothing was to be started')),
    clock,
    ...(silence === undefined ? {} : { silence, onSilence: (message) => void (stderr += `Note: ${message}\n`) }),
  });
  const context: CliContext = {
    stdout: { write: (text) => void (stdout += text) },
    stderr: { write: (text) => void (stderr += text) },
    environment: {},
    homeDirectory: home.path,
    processId: process.pid,
    userId: -1,
    platform: process.platform,
    nodeVersion: process.version,
    checkSettings: async () => undefined,
    describeSettings: () => Promise.reject(new Error('no settings are read')),
    runEditor: () => Promise.reject(new Error('nobody edits here')),
    stdinIsTerminal: false,
    paths,
    clock,
    client: {
      call: (route, input, options = {}) =>
        client.call(route, input, socketTimeoutMs === undefined ? options : { ...options, timeoutMs: socketTimeoutMs }),
    },
    signal: new AbortController().signal,
    ask: async () => undefined,
    askHidden: async () => undefined,
    givePassphrase: () => undefined,
    sendClientMessagesTo: () => undefined,
    openPickerTerminal: () => Promise.reject(new Error('nobody is at this terminal')),
    page: async () => undefined,
    openBrowser: async () => false,
    findBrowserPlace: async () => 'no-display',
    listenForKeys: async () => undefined,
    runProgram: async () => 0,
    findInstalledService: async () => undefined,
    loadService: () => Promise.reject(new Error('no service is installed')),
    deletePageLater: async () => undefined,
    runConfined: () => Promise.reject(new Error('nothing is confined here')),
    runInPlace: async () => 0,
    runAsChild: async () => 0,
  };
  const exitCode = await runCommandLine(argv, context);
  return { exitCode, stdout, stderr };
}

async function startChild(): Promise<number> {
  child = spawn('/bin/sleep', ['30'], { stdio: 'ignore' });
  await once(child, 'spawn');
  return child.pid ?? -1;
}

test('without a daemon says that none was running', async () => {
  expect(await run(['daemon', 'stop'])).toEqual({ exitCode: 0, stdout: 'No daemon was running.\n', stderr: '' });
});

test('without a daemon keeps the port keeper from starting one', async () => {
  const { keptPortPipe } = pathsOf();
  mkdirSync(dirname(keptPortPipe), { recursive: true });
  execFileSync('mkfifo', ['-m', '600', keptPortPipe]);
  const keeper = openSync(keptPortPipe, constants.O_RDWR | constants.O_NONBLOCK);
  expect(isRestartAllowed(keptPortPipe)).toBe(true);
  expect(await run(['daemon', 'stop'])).toMatchObject({ exitCode: 0 });
  expect(isRestartAllowed(keptPortPipe)).toBe(false);
  closeSync(keeper);
});

test('returns only when the process has ended', async () => {
  const pid = await startChild();
  const stopped = child;
  await listen((respond) => {
    respond(pid);
    setTimeout(() => stopped?.kill('SIGTERM'), 60);
  });
  const started = Date.now();
  const clock: Clock = {
    nowMs: () => Date.now(),
    sleep: (durationMs) => new Promise((resolve) => setTimeout(resolve, durationMs)),
  };
  expect(await run(['daemon', 'stop'], clock)).toEqual({
    exitCode: 0,
    stdout: 'The daemon has stopped.\n',
    stderr: '',
  });
  expect(Date.now() - started).toBeGreaterThanOrEqual(55);
  expect(isAlive(pid)).toBe(false);
});

test('names the pid of a daemon that does not stop', async () => {
  const pid = await startChild();
  await listen((respond) => respond(pid));
  expect(await run(['daemon', 'stop'])).toEqual({
    exitCode: 3,
    stdout: '',
    stderr: `rolecall: The daemon (pid ${pid}) has not stopped. [daemon-not-answering]\nRun: kill ${pid}\n`,
  });
});

test.runIf(canSeeProcesses)('kills a daemon that has stopped, but whose process does not end', async () => {
  child = spawn('/bin/sh', ['-c', 'trap "" TERM; echo ready; exec sleep 30'], { stdio: ['ignore', 'pipe', 'ignore'] });
  if (child.stdout !== null) await once(child.stdout, 'data');
  const pid = child.pid ?? -1;
  await listen((respond) => respond(pid));
  writePrivate(pathsOf().lockFile, JSON.stringify(identifyProcess(pid)));
  // The 15 s for the end of the process pass at the first look; those after the signal are real.
  let aheadMs = 0;
  const clock: Clock = {
    nowMs: () => Date.now() + aheadMs,
    sleep: (durationMs) => {
      if (durationMs < 100) aheadMs = 16_000;
      return new Promise((resolve) => setTimeout(resolve, durationMs));
    },
  };
  expect(await run(['daemon', 'stop'], clock)).toEqual({
    exitCode: 0,
    stdout: 'The daemon has stopped.\n',
    stderr: `Note: the daemon (pid ${pid}) has stopped, but its process has not ended. Stopping it with a signal.\n`,
  });
  expect(isAlive(pid)).toBe(false);
});

test('suggests how to end a daemon that does not answer by its lock file, for stop and restart', async () => {
  await listen(() => undefined);
  for (const command of ['stop', 'restart']) {
    const { exitCode, stdout, stderr } = await run(['daemon', command], undefined, 80);
    expect({ exitCode, stdout }).toEqual({ exitCode: 3, stdout: '' });
    expect(stderr).toBe(
      `rolecall: The daemon did not answer within 1 s. [daemon-not-answering]\nRun: fuser -k -KILL ${pathsOf().lockFile}\n`,
    );
  }
});

test.runIf(canSeeProcesses)(
  'ends a suspended daemon with a signal, unless its pid belongs to another process now',
  async () => {
    const pid = await startChild();
    child?.kill('SIGSTOP');
    await listen(() => undefined);
    const { lockFile } = pathsOf();
    const holder = identifyProcess(pid);
    writePrivate(lockFile, JSON.stringify({ ...holder, startedAtTicks: '1' }));
    expect(await run(['daemon', 'stop'], undefined, 80)).toMatchObject({ exitCode: 3 });
    expect(isAlive(pid)).toBe(true);

    writePrivate(lockFile, JSON.stringify(holder));
    expect(await run(['daemon', 'stop'], createSystemClock(), 80)).toEqual({
      exitCode: 0,
      stdout: 'The daemon has stopped.\n',
      stderr: `Note: the daemon (pid ${pid}) does not answer. Stopping it with a signal.\n`,
    });
    expect(isAlive(pid)).toBe(false);
  },
);

test.runIf(canSeeProcesses)('ends a daemon that does not answer with a signal, without waiting', async () => {
  const pid = await startChild();
  await listen(() => undefined);
  writePrivate(pathsOf().lockFile, JSON.stringify(identifyProcess(pid)));
  expect(await run(['daemon', 'stop'], createSystemClock(), undefined, { afterMs: 20, probeMs: 50 })).toEqual({
    exitCode: 0,
    stdout: 'The daemon has stopped.\n',
    stderr: `Note: the daemon (pid ${pid}) does not answer. Stopping it with a signal.\n`,
  });
  expect(isAlive(pid)).toBe(false);
});

test.runIf(canSeeProcesses)('finds a daemon whose socket is gone by its lock file', async () => {
  const pid = await startChild();
  writePrivate(pathsOf().lockFile, JSON.stringify(identifyProcess(pid)));
  expect(await run(['daemon', 'stop'], createSystemClock())).toEqual({
    exitCode: 0,
    stdout: 'The daemon has stopped.\n',
    stderr: `Note: the daemon (pid ${pid}) does not listen at ${pathsOf().socketPath}. Stopping it with a signal.\n`,
  });
  expect(isAlive(pid)).toBe(false);
});

test('a zombie process counts as ended', async () => {
  // The shell becomes a program that never asks after the child it had.
  child = spawn('/bin/sh', ['-c', 'true & echo $!; exec sleep 30'], { stdio: ['ignore', 'pipe', 'ignore'] });
  const [text] = (await once(child.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
  const pid = Number(text.toString());
  await waitFor('it to have ended', () => !isAlive(pid));
  await listen((respond) => respond(pid));
  expect(await run(['daemon', 'stop'])).toMatchObject({ exitCode: 0, stdout: 'The daemon has stopped.\n' });
});

test('restart prints the pid of the new daemon', async () => {
  const pid = await startChild();
  child?.kill('SIGKILL');
  await once(child as ChildProcess, 'exit');
  await listen((respond) => respond(pid));
  expect(await run(['daemon', 'restart'])).toEqual({
    exitCode: 0,
    stdout: `The daemon is running, pid ${pid}.\n`,
    stderr: '',
  });
});

test('reports a refusal to stop', async () => {
  server = createServer((_request, response) =>
    response.writeHead(403).end('{"code":"caller-not-allowed","message":"Not you.","hint":"rolecall status"}'),
  );
  await new Promise<void>((resolve) => server?.listen(pathsOf().socketPath, resolve));
  expect(await run(['daemon', 'stop'])).toEqual({
    exitCode: 5,
    stdout: '',
    stderr: 'rolecall: Not you. [caller-not-allowed]\nRun: rolecall status\n',
  });
});
