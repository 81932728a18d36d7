// The daemon process: one per user, found by every caller, replaced when dead, and removed completely when stopped.
import { type ChildProcess, spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createSystemClock } from '../../src/core/clock.ts';
import { createLocalApiClient, type LocalApiClient } from '../../src/local-api/client.ts';
import { resolvePaths, type RuntimePaths } from '../../src/local-api/paths.ts';
import { startDaemonProcess } from '../../src/platform/service/start-daemon.ts';
import { canSeeProcesses, killAllOf, processesOf } from '../helpers/processes.ts';
import { ROLECALL, runProcess, type ProcessRun } from '../helpers/run-process.ts';
import { createTemporaryHome, type TemporaryHome } from '../helpers/temporary-home.ts';
import { waitFor } from '../helpers/wait-for.ts';
import { exchange, formatRequest, openSocket } from './raw-http.ts';

const MAIN = fileURLToPath(new URL('../../dist/daemon/main.js', import.meta.url));

type Environment = Readonly<Record<string, string>>;

let home: TemporaryHome;
let environment: Environment;
let paths: RuntimePaths;
let started: ChildProcess[] = [];

beforeEach(() => {
  home = createTemporaryHome();
  environment = { ...home.environment, ROLECALL_SECRET_STORE: 'memory' };
  paths = pathsFor(environment);
});
afterEach(async () => {
  await Promise.all(started.map((child) => end(child, 'SIGKILL')));
  started = [];
  // Of many starters one may come to its turn when the daemon has been stopped already.
  if (canSeeProcesses) killAllOf(home.path);
  await home.remove();
});

const pathsFor = (its: Environment) =>
  resolvePaths({
    environment: its,
    homeDirectory: home.path,
    platform: process.platform,
    userId: process.getuid?.() ?? -1,
  });

const clientFor = (its: Environment, mayStart = false): LocalApiClient =>
  createLocalApiClient({
    socketCandidates: pathsFor(its).socketCandidates,
    mayStart,
    startDaemon: () => startDaemonProcess(MAIN, its),
    clock: createSystemClock(),
  });

function without(its: Environment, name: string): Environment {
  const { [name]: _left, ...rest } = its;
  return rest;
}

/** A daemon that answers. */
async function start(its: Environment = environment): Promise<ChildProcess> {
  const child = spawn(process.execPath, [MAIN], { env: its, stdio: 'ignore' });
  started.push(child);
  await waitFor('the daemon to answer', async () => {
    if (child.exitCode !== null) throw new Error(`the daemon ended with ${child.exitCode}`);
    return (await clientFor(its).call('status', {})).pid === child.pid;
  });
  return child;
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) {
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await exited;
  }
  return child.exitCode;
}

/** A daemon that is not going to stay. */
const run = (its: Environment = environment, ...args: string[]): Promise<ProcessRun> =>
  runProcess(process.execPath, [MAIN, ...args], { environment: its });

const modeOf = (path: string) => (lstatSync(path).mode & 0o777).toString(8);

describe('of its environment', () => {
  test('the daemon drops variables that would change it, and names them', async () => {
    await start({
      ...environment,
      NODE_TLS_REJECT_UNAUTHORIZED: '0',
      NODE_DEBUG: 'none',
      AWS_PROFILE: 'p',
      EDITOR: 'vi',
    });
    expect(await clientFor(environment).call('reach', {})).toMatchObject({
      droppedVariables: ['NODE_DEBUG', 'NODE_TLS_REJECT_UNAUTHORIZED'],
    });
  });

  test('refuses variables that have changed its Node already', async () => {
    expect(await run({ ...environment, NODE_OPTIONS: '--no-warnings' }, '--check-settings')).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: 'rolecall: The daemon refuses to run with NODE_OPTIONS set. [usage]\nRun: rolecall daemon start\n',
    });
  });

  test.skipIf(!canSeeProcesses)('the passphrase for a daemon that a client starts is not in it', async () => {
    const its = { ...environment, ROLECALL_SECRET_STORE: 'file', ROLECALL_PASSPHRASE: 'correct horse' };
    const client = clientFor(its, true);
    const { pid, store, problems } = await client.call('status', {});
    expect({ driver: store.driver, problems }).toEqual({ driver: 'file', problems: [] });
    const [seen, ...others] = processesOf(home.path);
    expect({ pid: seen?.pid, others }).toEqual({ pid, others: [] });
    expect(seen?.environment.filter((line) => line.includes('correct horse'))).toEqual([]);
    await client.call('stop', {});
  });

  test('`rolecall daemon run` starts it without what it refuses', async () => {
    const child = spawn(process.execPath, [ROLECALL, 'daemon', 'run'], {
      env: { ...environment, NODE_OPTIONS: '--no-warnings' },
      stdio: 'ignore',
    });
    started.push(child);
    await waitFor('the daemon to answer', async () => (await clientFor(environment).call('status', {})).version);
    await clientFor(environment).call('stop', {});
  });
});

describe('the files of a daemon', () => {
  test('are for their owner only: a 0600 socket in a 0700 folder, 0600 state', async () => {
    await start();
    expect({
      socketFolder: modeOf(dirname(paths.socketPath)),
      socket: modeOf(paths.socketPath),
      state: modeOf(paths.stateDirectory),
      webAddress: modeOf(paths.webAddressFile),
      log: modeOf(paths.logFile),
      lock: modeOf(paths.lockFile),
      copy: modeOf(paths.credentialProcessPath),
    }).toEqual({
      socketFolder: '700',
      socket: '600',
      state: '700',
      webAddress: '600',
      log: '600',
      lock: '600',
      copy: '700',
    });
  });

  test("include the page's address with a token, new at each start and deleted at exit", async () => {
    const readAddress = () =>
      JSON.parse(readFileSync(paths.webAddressFile, 'utf8')) as { url: string; port: number; token: string };
    const tokens: string[] = [];
    for (let round = 0; round < 2; round += 1) {
      const child = await start();
      const address = await waitFor('the address file', () => existsSync(paths.webAddressFile) && readAddress());
      expect(address).toEqual({
        url: `http://localhost:${address.port}`,
        port: expect.any(Number),
        token: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/),
      });
      tokens.push(address.token);
      expect(await end(child, 'SIGTERM')).toBe(0);
      expect(existsSync(paths.webAddressFile)).toBe(false);
    }
    expect(tokens[0]).not.toBe(tokens[1]);
  });

  test.each(['SIGTERM', 'SIGINT'] as const)('are deleted after %s: socket, alias and address file', async (signal) => {
    const child = await start();
    const alias = paths.socketCandidates.at(-1) ?? '';
    expect(readlinkSync(alias)).toBe(paths.socketPath);
    expect(await end(child, signal)).toBe(0);
    for (const path of [paths.socketPath, alias, paths.webAddressFile]) {
      expect({ path, there: lstatSync(path, { throwIfNoEntry: false }) !== undefined }).toEqual({ path, there: false });
    }
  });

  test('stay when the terminal closes', async () => {
    const child = await start();
    child.kill('SIGHUP');
    expect((await clientFor(environment).call('status', {})).pid).toBe(child.pid);
  });
});

describe('one daemon', () => {
  test('stays when a second one starts, which exits with 0 and no output', async () => {
    const first = await start();
    expect(await run()).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    expect(await run(environment, '--foreground')).toEqual({
      exitCode: 0,
      stdout: '',
      stderr: 'rolecall: a daemon is already running.\nRun: rolecall daemon stop\n',
    });
    expect((await clientFor(environment).call('status', {})).pid).toBe(first.pid);
  });

  test('results from many concurrent starts', async () => {
    const clients = Array.from({ length: 8 }, () => clientFor(environment, true));
    const pids = new Set(await Promise.all(clients.map(async (client) => (await client.call('status', {})).pid)));
    expect(pids.size).toBe(1);
    const { pid } = await clientFor(environment).call('stop', {});
    await waitFor('the daemon to end', () => !isRunning(pid));
  });

  test('replaces the socket of a killed one', async () => {
    await end(await start(), 'SIGKILL');
    expect(lstatSync(paths.socketPath).isSocket()).toBe(true);
    await start();
  });

  test('is found by callers without XDG_RUNTIME_DIR, and finds them when it has none itself', async () => {
    const bare = without(environment, 'XDG_RUNTIME_DIR');
    for (const [its, other] of [
      [environment, bare],
      [bare, environment],
    ] as const) {
      const child = await start(its);
      expect((await clientFor(other).call('status', {})).pid).toBe(child.pid);
      expect(await end(child, 'SIGTERM')).toBe(0);
    }
  });
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('obstacles at the socket path', () => {
  /** What the process says on stderr when nobody listens on its channel. */
  async function expectRefusal(message: string, hint: string, its: Environment = environment): Promise<void> {
    expect(await run(its)).toEqual({
      exitCode: 7,
      stdout: '',
      stderr: `rolecall: ${message} [file-not-writable]\nRun: ${hint}\n`,
    });
    expect(existsSync(pathsFor(its).webAddressFile)).toBe(false);
    // A client that starts the daemon gets the same.
    await expect(clientFor(its, true).call('status', {})).rejects.toMatchObject({
      code: 'file-not-writable',
      message,
      hint,
    });
  }
  const folder = () => dirname(paths.socketPath);

  test('a file that is not a socket is named and kept', async () => {
    mkdirSync(folder(), { mode: 0o700 });
    writeFileSync(paths.socketPath, 'precious');
    await expectRefusal(
      `The socket ${paths.socketPath} can't be used: a file that is not a socket is in the way.`,
      `mv ${paths.socketPath} ${paths.socketPath}.old`,
    );
    expect(readFileSync(paths.socketPath, 'utf8')).toBe('precious');
  });

  test('a file in place of the alias is named and kept, and no socket is left behind', async () => {
    const alias = paths.socketCandidates.at(-1) ?? '';
    mkdirSync(dirname(alias), { recursive: true, mode: 0o700 });
    writeFileSync(alias, 'precious');
    await expectRefusal(
      `The socket ${alias} can't be used: a file that is not a socket is in the way.`,
      `mv ${alias} ${alias}.old`,
    );
    expect(readFileSync(alias, 'utf8')).toBe('precious');
    expect(existsSync(paths.socketPath)).toBe(false);
  });

  test('a folder in place of the lock is named, and the command removes it', async () => {
    mkdirSync(paths.lockFile, { recursive: true, mode: 0o700 });
    await expectRefusal(
      `${paths.lockFile} cannot be used: it is a folder.`,
      `mv ${paths.lockFile} ${paths.lockFile}.old`,
    );
  });

  test('a folder is named and kept', async () => {
    mkdirSync(paths.socketPath, { recursive: true, mode: 0o700 });
    await expectRefusal(
      `The socket ${paths.socketPath} can't be used: a file that is not a socket is in the way.`,
      `mv ${paths.socketPath} ${paths.socketPath}.old`,
    );
  });

  test('a program that listens there keeps its socket', async () => {
    mkdirSync(folder(), { mode: 0o700 });
    const other = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => other.listen(paths.socketPath, resolve));
    try {
      expect(await run()).toEqual({
        exitCode: 7,
        stdout: '',
        stderr: `rolecall: The socket ${paths.socketPath} can't be used: another program listens there. [file-not-writable]\nRun: rolecall daemon stop\n`,
      });
      expect(lstatSync(paths.socketPath).isSocket()).toBe(true);
    } finally {
      await new Promise((resolve) => other.close(resolve));
    }
  });

  test('a symlink in the place of the folder is refused', async () => {
    mkdirSync(join(home.path, 'elsewhere'), { mode: 0o700 });
    symlinkSync(join(home.path, 'elsewhere'), folder());
    await expectRefusal(
      `The directory ${folder()} can't be used: it is a symbolic link.`,
      `rm ${folder()} && mv ${join(home.path, 'elsewhere')} ${folder()}`,
    );
  });

  test.each([0o750, 0o701, 0o777])('a folder of mode %o is refused', async (mode) => {
    mkdirSync(folder());
    chmodSync(folder(), mode);
    await expectRefusal(`The directory ${folder()} can't be used: other users can enter it.`, `chmod 700 ${folder()}`);
  });

  test('a file in the place of the folder is refused', async () => {
    writeFileSync(folder(), '');
    await expectRefusal(
      `The directory ${folder()} can't be used: it is not a directory.`,
      `mv ${folder()} ${folder()}.old`,
    );
  });

  test('a path that is too long is refused, with one that works', async () => {
    const long = join(home.path, 'a'.repeat(100), 'daemon.sock');
    await expectRefusal(
      `The socket ${long} can't be used: its path is too long for a socket.`,
      'export ROLECALL_SOCKET=$HOME/.rolecall/daemon.sock',
      { ...environment, ROLECALL_SOCKET: long },
    );
    const daemon = await start({ ...environment, ROLECALL_SOCKET: join(home.path, 'own', 'd.sock') });
    expect(await end(daemon, 'SIGTERM')).toBe(0);
  });

  test('a state folder that others may enter is refused', async () => {
    mkdirSync(paths.stateDirectory, { recursive: true });
    chmodSync(paths.stateDirectory, 0o755);
    await expectRefusal(
      `The directory ${paths.stateDirectory} can't be used: other users can enter it.`,
      `chmod 700 ${paths.stateDirectory}`,
    );
  });
});

describe('settings that are not valid', () => {
  test('are reported to the client that starts the daemon, with file and line, as a usage error', async () => {
    mkdirSync(dirname(paths.settingsFile), { recursive: true });
    writeFileSync(paths.settingsFile, '# mine\nsecret_stor = "file"\n');
    const message = `${paths.settingsFile}, line 2: unknown key "secret_stor". Did you mean "secret_store"?`;
    await expect(clientFor(environment, true).call('status', {})).rejects.toMatchObject({
      errorClass: 'UsageError',
      exitCode: 2,
      code: 'settings-invalid',
      message,
    });
    expect(await run()).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: `rolecall: ${message} [settings-invalid]\nRun: \${EDITOR:-vi} +2 ${paths.settingsFile}\n`,
    });
    // Nothing is held after the failure: with the line mended the next start works.
    writeFileSync(paths.settingsFile, 'secret_store = "memory"\n');
    await start();
  });

  test.each([
    ['http://10.0.0.1:4000', 'names http://10.0.0.1:4000; it must be https, or http on this machine'],
    ['http://evil.example', 'names http://evil.example; it must be https, or http on this machine'],
    ['no url', 'is not a URL'],
  ])('nor is an endpoint like %s', async (url, reason) => {
    await expect(
      clientFor({ ...environment, AWS_ENDPOINT_URL_SSO_OIDC: url }, true).call('status', {}),
    ).rejects.toMatchObject({ exitCode: 2, code: 'settings-invalid', message: expect.stringContaining(reason) });
  });

  test('include a secret store that does not exist', async () => {
    expect(await run({ ...environment, ROLECALL_SECRET_STORE: 'vault' })).toEqual({
      exitCode: 2,
      stdout: '',
      stderr:
        'rolecall: ROLECALL_SECRET_STORE must be "keychain", "file" or "memory". [settings-invalid]\nRun: unset ROLECALL_SECRET_STORE\n',
    });
  });
});

describe('a graceful stop', () => {
  test('over the API answers with the process id, and the process ends', async () => {
    const child = await start();
    const exited = new Promise((resolve) => child.once('exit', resolve));
    expect(await clientFor(environment).call('stop', {})).toEqual({ pid: child.pid });
    expect(await exited).toBe(0);
    expect(existsSync(paths.socketPath)).toBe(false);
  });

  test('does not wait forever for a request that never ends', async () => {
    const child = await start();
    const socket = openSocket({ path: paths.socketPath });
    const closed = new Promise((resolve) => socket.on('error', () => undefined).once('close', resolve));
    socket.write(
      'POST /v1/sessions/s/sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{',
    );
    // An answer on another connection: by now the daemon has seen the half of it.
    await exchange({ path: paths.socketPath }, formatRequest({ headers: [['Host', 'localhost']] }));
    expect(await end(child, 'SIGTERM')).toBe(0);
    await closed;
  });

  test('is written to the log, in a file of its owner', async () => {
    const child = await start();
    await end(child, 'SIGTERM');
    const lines = readFileSync(paths.logFile, 'utf8').trimEnd().split('\n');
    const version = (
      JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }
    ).version;
    expect(lines.map((line) => line.replace(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ /, ''))).toEqual([
      `info rolecall ${version} is running, pid ${child.pid}`,
      'info stopped',
    ]);
  });
});
