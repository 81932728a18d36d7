// What the processes that hold secrets give away: no inspector after SIGUSR1, and no memory in a core dump.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { canSeeProcesses } from '../helpers/processes.ts';
import { CONFIG, SESSION, writePrivate } from '../helpers/rig.ts';
import { CREDENTIAL_PROCESS, ROLECALL, runProcess, runRolecall } from '../helpers/run-process.ts';
import { createTemporaryHome, type TemporaryHome } from '../helpers/temporary-home.ts';
import { waitFor } from '../helpers/wait-for.ts';

const PROGRAMS = fileURLToPath(new URL('../../dist', import.meta.url));
const PROFILE = 'taylor.Admin-AF-Permission-Set';
const WAITS = { deadlineMs: 50_000 };

interface Running {
  readonly name: string;
  readonly child: ChildProcess;
  output(): string;
  errors(): string;
}

let home: TemporaryHome;
let environment: Record<string, string>;
/** A bus that never answers, so that the tray waits for it. */
let silentBus: Server;
const running: Running[] = [];

function start(name: string, args: readonly string[], more: Record<string, string> = {}): Running {
  const child = spawn(process.execPath, args, {
    env: { ...environment, ...more },
    cwd: home.path,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [output, errors] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const started = { name, child, output: () => output, errors: () => errors };
  running.push(started);
  return started;
}

const isRunning = ({ child }: Running) => child.exitCode === null && child.signalCode === null;
const find = (name: string) => running.find((one) => one.name === name) as Running;

beforeAll(async () => {
  if (!canSeeProcesses) return;
  home = createTemporaryHome();
  environment = { ...home.environment, ROLECALL_SECRET_STORE: 'memory' };
  writePrivate(join(home.path, '.aws', 'config'), CONFIG);

  const emulator = start('emulator', [join(PROGRAMS, 'emulator', 'main.js'), '--auto-approve', '--json']);
  const line = await waitFor('the emulator', () => emulator.output().endsWith('\n') && emulator.output(), WAITS);
  const { url } = JSON.parse(line) as { url: string };
  for (const name of ['SSO_OIDC', 'SSO', 'STS']) environment[`AWS_ENDPOINT_URL_${name}`] = url;

  start('daemon', [join(PROGRAMS, 'daemon', 'main.js'), '--foreground']);
  const socket = join(home.path, 'run', 'rolecall', 'daemon.sock');
  await waitFor('the daemon to listen', () => existsSync(socket), WAITS);
  expect(await runRolecall(['login'], { environment })).toMatchObject({ exitCode: 0 });

  const watch = start('status --watch', [ROLECALL, 'status', '--watch', '--json']);
  const busPath = join(home.path, 'bus');
  let busConnections = 0;
  silentBus = createServer(() => (busConnections += 1)).listen(busPath);
  start('tray', [ROLECALL, 'tray', '--wait'], { DBUS_SESSION_BUS_ADDRESS: `unix:path=${busPath}` });
  // Says what reaches it, and what a core dump of it would hold.
  const program =
    'trap "echo got" USR1; trap "exit 11" TERM; echo "filter $(cat /proc/$$/coredump_filter)"; while :; do sleep 0.05; done';
  const exec = start('exec', [ROLECALL, 'exec', PROFILE, '--', 'sh', '-c', program]);
  await waitFor('status --watch', () => watch.output() !== '', WAITS);
  await waitFor('exec', () => exec.output() !== '', WAITS);
  await waitFor('the tray', () => busConnections > 0, WAITS);
}, 120_000);

afterAll(async () => {
  if (!canSeeProcesses) return;
  const family = running.filter(isRunning).flatMap(({ child }) => familyOf(child.pid ?? 0));
  const ended = Promise.all(running.filter(isRunning).map(({ child }) => once(child, 'exit')));
  for (const pid of family) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended with its parent, or was a short-lived child.
    }
  }
  await ended;
  silentBus.close();
  await home.remove();
}, 60_000);

/** The process and its children: `tray` starts a Node of its own. */
function familyOf(pid: number): readonly number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return [pid, ...(children === '' ? [] : children.split(' ').flatMap((child) => familyOf(Number(child))))];
}

const isNode = (pid: number) => readlinkSync(`/proc/${pid}/exe`) === readlinkSync(`/proc/${process.pid}/exe`);
const nodesOf = (pid: number) => familyOf(pid).filter(isNode);

/** Whether one of the process's own sockets listens at the inspector's port. */
function hasInspector(pid: number): boolean {
  const listening = readFileSync(`/proc/${pid}/net/tcp`, 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, , state]) => state === '0A' && local?.endsWith(`:${(9229).toString(16).toUpperCase()}`))
    .map((columns) => `socket:[${columns[9]}]`);
  return readdirSync(`/proc/${pid}/fd`).some((fd) => listening.includes(linkOf(`/proc/${pid}/fd/${fd}`)));
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

test.skipIf(!canSeeProcesses)('SIGUSR1 opens no inspector in any process, and each one works on', async () => {
  const nodes = running.flatMap(({ child }) => nodesOf(child.pid ?? 0));
  for (const pid of nodes) process.kill(pid, 'SIGUSR1');
  // A Node without protection gets the signal last: when it has answered, the others would have too.
  const plain = start('plain', ['--inspect-port=0', '-e', 'setInterval(() => 0, 1e6); console.log("up")']);
  await waitFor('the plain Node', () => plain.output() !== '', WAITS);
  plain.child.kill('SIGUSR1');
  await waitFor('its inspector', () => plain.errors().includes('Debugger listening'), WAITS);

  expect(running.slice(0, -1).map(({ name, errors }) => [name, /debugger|inspector/i.test(errors())])).toEqual([
    ['emulator', false],
    ['daemon', false],
    ['status --watch', false],
    ['tray', false],
    ['exec', false],
  ]);
  expect(nodes.filter(hasInspector)).toEqual([]);
  expect(running.filter((one) => !isRunning(one))).toEqual([]);

  const exec = find('exec');
  await waitFor('the signal to reach the program that exec runs', () => exec.output().includes('got'), WAITS);
  const selectors = ['--session', SESSION, '--account', '111111111111', '--role', 'Admin-AF-Permission-Set'];
  // Through the daemon and the emulator; `status --watch` shows the new role in use.
  const watch = find('status --watch');
  const shownBefore = watch.output().length;
  expect(await runRolecall(['credential-process', ...selectors], { environment })).toMatchObject({ exitCode: 0 });
  expect(await runRolecall(['use', '--current', PROFILE], { environment })).toMatchObject({ exitCode: 0 });
  await waitFor('status --watch to show the current role', () => watch.output().length > shownBefore, WAITS);
});

test.skipIf(!canSeeProcesses)(
  'no process that holds a secret has its memory in a core dump, except the program of exec',
  () => {
    const secretive = running.filter(({ name }) => ['daemon', 'status --watch', 'tray', 'exec'].includes(name));
    const filters = secretive.map(({ name, child }) => [name, nodesOf(child.pid ?? 0).map(filterOf)]);
    // Where Node can (22.15), exec has become the program.
    const canReplaceItself = 'execve' in process;
    expect(filters).toEqual([
      ['daemon', ['00000000']],
      ['status --watch', ['00000000']],
      ['tray', ['00000000', '00000000']],
      ['exec', canReplaceItself ? [] : ['00000000']],
    ]);
    expect(find('exec').output()).toContain(`filter ${filterOf(process.pid)}\n`);
    expect(filterOf(process.pid)).not.toBe('00000000');
  },
);

const filterOf = (pid: number) => readFileSync(`/proc/${pid}/coredump_filter`, 'utf8').trim();

test.skipIf(!canSeeProcesses)('the shell client allows no core dump of itself or of curl', async () => {
  const programs = join(home.path, 'programs');
  mkdirSync(programs);
  writeFileSync(join(programs, 'curl'), '#!/bin/sh\ngrep "Max core" /proc/self/limits >"$HOME/limits"\nexit 28\n');
  chmodSync(join(programs, 'curl'), 0o755);
  const client = ['-c', `ulimit -S -c $(ulimit -H -c) && exec sh '${CREDENTIAL_PROCESS}' --current`];
  await runProcess('/bin/sh', client, { environment: { ...environment, PATH: `${programs}:${environment['PATH']}` } });
  expect(readFileSync(join(home.path, 'limits'), 'utf8')).toMatch(/^Max core file size\s+0\s+0\s+bytes\s*$/);
});
