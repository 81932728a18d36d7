// A signed-in user in a home with secrets and sockets, for what a confined command may and may not reach.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createEmulator, type Emulator } from '../../src/emulator/emulator.ts';
import { AT_ONCE } from './approval.ts';
import { CONFIG } from './rig.ts';
import { runProcess, type ProcessRun } from './run-process.ts';
import { systemPart } from './system.ts';

export const PROFILE = 'taylor.Admin-AF-Permission-Set';
const CHECKOUT = realpathSync(fileURLToPath(new URL('../..', import.meta.url)));
const SECRET = 'rolecall-probe';

/** Everything that `exec --confine` needs on Linux; called once per test file. */
export const canConfine = [
  systemPart('bubblewrap', '/usr/bin/bwrap'),
  systemPart('keyutils', '/usr/bin/keyctl'),
  systemPart('util-linux', '/usr/bin/unshare'),
].every(Boolean);

export interface ConfinedWorld {
  readonly home: string;
  readonly project: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly emulator: Emulator;
  /** `node bin/rolecall.js` of this checkout, as this user names it. */
  readonly rolecall: readonly [string, string];
  /** The checkout and Node, for commands that are not the system's. */
  readonly readable: readonly string[];
  /** Runs a program as this user, in the project. */
  run(words: readonly string[], environment?: Readonly<Record<string, string>>): Promise<ProcessRun>;
  /** Runs one confined. */
  confined(
    words: readonly string[],
    options?: readonly string[],
    environment?: Readonly<Record<string, string>>,
  ): Promise<ProcessRun>;
  /** What must be out of reach: the arguments of test/helpers/confine-probes.mjs by name. */
  probes(): Readonly<Record<string, readonly [kind: string, target: unknown]>>;
  remove(): Promise<void>;
}

/** The one who runs the tests, or `nobody`, who needs a folder that everybody can enter. */
export async function createConfinedWorld(userId = process.getuid?.() ?? 0): Promise<ConfinedWorld> {
  const isOther = userId !== process.getuid?.();
  // In /tmp itself: the folder for temporary files may be closed to others.
  const root = realpathSync(mkdtempSync('/tmp/rolecall-c-'));
  const home = join(root, 'home');
  const project = join(home, 'project');
  const runtime = join(root, 'run');
  const checkout = isOther ? join(root, 'checkout') : CHECKOUT;
  for (const folder of [project, runtime, join(home, '.aws')]) mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (isOther) mkdirSync(checkout);
  chmodSync(root, 0o755);
  const emulator = createEmulator(AT_ONCE);
  const { url } = await emulator.listen();
  const environment = {
    HOME: home,
    XDG_RUNTIME_DIR: runtime,
    PATH: [dirname(process.execPath), '/usr/bin', '/bin'].join(':'),
    LANG: 'C.UTF-8',
    ROLECALL_SECRET_STORE: 'memory',
    AWS_ENDPOINT_URL_SSO_OIDC: url,
    AWS_ENDPOINT_URL_SSO: url,
    AWS_ENDPOINT_URL_STS: url,
    DBUS_SESSION_BUS_ADDRESS: `unix:path=${runtime}/bus`,
    SSH_AUTH_SOCK: join(runtime, 'agent'),
    DISPLAY: ':99',
    GITHUB_TOKEN: SECRET,
  };
  const files = writeFiles(home);
  const servers = await Promise.all(
    ['bus', 'agent', 'docker.sock', 'wayland-0'].map((name) => listen(join(runtime, name))),
  );
  servers.push(await listen(join(root, 'other.sock')));
  const sharedFile = `/dev/shm/${root.split('/').at(-1)}`;
  writeFileSync(sharedFile, SECRET);
  chown(root, userId);
  chownSync(sharedFile, userId, userId);
  const as = isOther ? { uid: userId, gid: userId } : {};
  const other: ChildProcess = spawn('/bin/sleep', ['1000'], {
    ...as,
    cwd: '/',
    env: { [SECRET]: SECRET },
    stdio: 'ignore',
  });
  const memory = /\d+/.exec(execFileSync('/usr/bin/ipcmk', ['-M', '16'], { ...as, encoding: 'utf8' }))?.[0] ?? '';
  const rolecall = [process.execPath, join(checkout, 'bin/rolecall.js')] as const;
  const readable = [checkout, dirname(dirname(process.execPath))].filter((path) => !/^\/usr(?:\/local)?$/.test(path));

  const run: ConfinedWorld['run'] = (words, more = {}) => {
    const asUser = isOther
      ? [
          '/usr/bin/unshare',
          '-m',
          '/bin/sh',
          '-c',
          'mount --bind "$1" "$2" && shift 2 && exec setpriv --reuid "$0" --regid "$0" --clear-groups -- "$@"',
          String(userId),
          CHECKOUT,
          checkout,
        ]
      : [];
    const [program = '', ...args] = [...asUser, ...words];
    return runProcess(program, args, { environment: { ...environment, ...more }, cwd: project, deadlineMs: 60_000 });
  };
  const world: ConfinedWorld = {
    home,
    project,
    environment,
    emulator,
    rolecall,
    readable,
    run,
    confined: (words, options = [], more = {}) =>
      // The desktop of the machine that runs the tests may listen at an abstract socket.
      run([...rolecall, 'exec', '--confine', '--network=host', ...options, PROFILE, '--', ...words], more),
    probes: () => ({
      ...files,
      ...Object.fromEntries(
        ['pid', 'ipc', 'uts', 'user'].map((kind) => [
          `the ${kind} namespace`,
          ['namespace', [kind, readlinkSync(`/proc/self/ns/${kind}`)]],
        ]),
      ),
      'the socket of rolecall': ['connect', join(runtime, 'rolecall/daemon.sock')],
      'the session bus': ['connect', join(runtime, 'bus')],
      'its address': ['variable', 'DBUS_SESSION_BUS_ADDRESS'],
      'the ssh-agent': ['connect', join(runtime, 'agent')],
      'the address of the ssh-agent': ['variable', 'SSH_AUTH_SOCK'],
      'the socket of a container engine': ['connect', join(runtime, 'docker.sock')],
      'the socket of the desktop': ['connect', join(runtime, 'wayland-0')],
      'the display': ['variable', 'DISPLAY'],
      'a socket in /tmp': ['connect', join(root, 'other.sock')],
      'a token in the environment': ['variable', 'GITHUB_TOKEN'],
      'that token in the environment of any process': ['anyEnvironment', SECRET],
      'the page’s address and token': ['read', join(home, '.local/state/rolecall/web.json')],
      'the state of rolecall': ['list', join(home, '.local/state/rolecall')],
      'another process': ['signal', other.pid],
      'its environment': ['environmentOf', other.pid],
      'the files as it sees them': ['rootOf', other.pid],
      'shared memory': ['sharedMemory', memory],
      'a file of shared memory': ['read', sharedFile],
      'an inherited descriptor': ['descriptor', 200],
      'a key of the login session': ['key', SECRET],
      ...(userId === 0
        ? {
            'the passwords of the system': ['read', '/etc/shadow'],
            'the program that the kernel starts for core dumps': ['writable', '/proc/sys/kernel/core_pattern'],
          }
        : {}),
    }),
    async remove() {
      await run([...rolecall, 'daemon', 'stop']);
      other.kill('SIGKILL');
      execFileSync('/usr/bin/ipcrm', ['-m', memory]);
      for (const server of servers) server.close();
      await emulator.close();
      rmSync(sharedFile);
      rmSync(root, { recursive: true, force: true });
    },
  };
  const { exitCode, stderr } = await run([...rolecall, 'login', '--no-browser']);
  if (exitCode !== 0) throw new Error(`not signed in: ${stderr}`);
  return world;
}

/** A key in the session keyring and an open file, which the program inherits from a shell. */
export function withInheritance(world: ConfinedWorld, words: readonly string[]): readonly string[] {
  const script = `keyctl add user ${SECRET} x @s >/dev/null && exec 200<"$0" && exec "$@"`;
  return ['/usr/bin/keyctl', 'session', '-', '/bin/bash', '-c', script, join(world.home, '.ssh/id_ed25519'), ...words];
}

function writeFiles(home: string): Readonly<Record<string, readonly [string, string]>> {
  const secrets: Readonly<Record<string, readonly [kind: string, path: string]>> = {
    'the AWS config file': ['read', '.aws/config'],
    'the AWS credentials file': ['read', '.aws/credentials'],
    'a token of the AWS CLI': ['read', '.aws/sso/cache/0.json'],
    'the keychain’s file': ['read', '.local/share/keyrings/login.keyring'],
    'the settings of rolecall': ['append', '.config/rolecall/config.toml'],
    'a key of ssh': ['read', '.ssh/id_ed25519'],
    'a token of npm': ['read', '.npmrc'],
    'a startup file of the shell': ['append', '.bashrc'],
  };
  for (const [, path] of Object.values(secrets)) {
    mkdirSync(dirname(join(home, path)), { recursive: true, mode: 0o700 });
    writeFileSync(join(home, path), path === '.aws/config' ? CONFIG : '# original\n', { mode: 0o600 });
  }
  return Object.fromEntries(Object.entries(secrets).map(([name, [kind, path]]) => [name, [kind, join(home, path)]]));
}

async function listen(path: string): Promise<Server> {
  const server = createServer((connection) => connection.on('error', () => undefined).end());
  await new Promise<void>((resolve) => server.listen(path, resolve));
  chmodSync(path, 0o666);
  return server;
}

function chown(path: string, userId: number): void {
  if (userId === process.getuid?.()) return;
  chownSync(path, userId, userId);
  if (!lstatSync(path).isDirectory()) return;
  for (const name of readdirSync(path)) chown(join(path, name), userId);
}
