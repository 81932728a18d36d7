// Containers for tests: made by podman where it can run, and by bubblewrap everywhere.
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { connect, createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { relayScript } from '../../src/cli/reach/relay-script.ts';
import type { Rig } from './rig.ts';
import { ROLECALL } from './run-process.ts';

const CHECKOUT = realpathSync(fileURLToPath(new URL('../..', import.meta.url)));
const helper = (name: string) => fileURLToPath(new URL(name, import.meta.url));
/** Where the container reaches the emulator's STS. */
const STS_PORT = 4080;
const STS_FOLDER = '/run/sts';

export type EngineName = 'podman' | 'bubblewrap';

export interface ContainerWorld {
  /** Starts `rolecall container-env PROFILE -- podman run … node container-probe.mjs`. */
  start(profile: string): Promise<ProbedContainer>;
  /** A container that rolecall does not know. */
  startOther(): Promise<ProbedContainer>;
  remove(): Promise<void>;
}

export interface ProbedContainer {
  /** Of `rolecall`, or of the engine. */
  readonly process: ChildProcess;
  readonly stderr: () => string;
  ask(action: string, options?: object): Promise<unknown>;
  /** Ends the container; resolves the exit code. */
  end(code?: number): Promise<number>;
}

/** Root's podman, with storage of its own. crun refuses the mix of cgroups that some machines mount. */
function podmanWords(): readonly string[] {
  const prepare = 'umount -R /sys/fs/cgroup; mount -t cgroup2 none /sys/fs/cgroup; mount --make-rshared /; exec "$@"';
  return ['/usr/bin/unshare', '--mount', '/bin/sh', '-c', prepare, 'sh'];
}

const storage = (root: string) => ['--root', join(root, 'storage'), '--runroot', join(root, 'state')];
const RUN_OPTIONS = ['--rm', '--interactive', '--network=none', '--cgroups=disabled'] as const;

/** Whether podman can run a container on this machine: many machines of CI are containers in which it cannot. */
export function canRunPodman(): boolean {
  if (process.getuid?.() !== 0) return false;
  const root = mkdtempSync('/tmp/rolecall-p-');
  try {
    const [program = '', ...args]: readonly string[] = [
      ...podmanWords(),
      'podman',
      ...storage(root),
      'run',
      ...RUN_OPTIONS,
      '--volume=/usr:/usr:ro',
      '--rootfs',
      makeRootFolder(root),
      '/bin/true',
    ];
    return (
      spawnSync(program, args, { stdio: 'ignore', timeout: 20_000, env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' } })
        .status === 0
    );
  } finally {
    removeFolder(root);
  }
}

/** Waits for podman first, which cleans up after a container that has ended, and writes files while it does. */
function removeFolder(root: string): void {
  for (
    let waits = 0;
    waits < 100 && findProcesses((words) => words.includes(join(root, 'storage'))).length > 0;
    waits += 1
  ) {
    spawnSync('/bin/sleep', ['0.1']);
  }
  rmSync(root, { recursive: true, force: true });
}

/** The root of a container, whose system is this machine's. */
function makeRootFolder(root: string): string {
  const folder = join(root, 'root');
  for (const name of ['usr', 'proc', 'sys', 'dev', 'etc', 'tmp', 'run', 'root']) {
    mkdirSync(join(folder, name), { recursive: true });
  }
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) symlinkSync(`usr/${name}`, join(folder, name));
  return folder;
}

export async function createContainerWorld(engine: EngineName, rig: Rig): Promise<ContainerWorld> {
  const root = mkdtempSync('/tmp/rolecall-p-');
  const rootFolder = makeRootFolder(root);
  const sts = await openStsSocket(join(root, 'sts'), rig.environment['AWS_ENDPOINT_URL_STS'] ?? '');
  const programs = join(root, 'bin');
  if (engine === 'bubblewrap') installStandIn(programs);
  const prefix = engine === 'podman' ? ['podman', ...storage(root)] : [join(programs, 'podman')];
  const shared = [CHECKOUT, dirname(dirname(process.execPath))].filter((path) => !/^\/usr(?:\/local)?$/u.test(path));
  // Debian's boto3 and AWS CLI load the certificates at their start.
  const volumes = [...shared, '/usr', ...['/etc/ssl'].filter((path) => existsSync(path))].flatMap((path) => [
    '--volume',
    `${path}:${path}:ro`,
  ]);
  const options = [
    ...RUN_OPTIONS,
    ...volumes,
    '--volume',
    `${join(root, 'sts')}:${STS_FOLDER}:ro`,
    '--env',
    `AWS_ENDPOINT_URL_STS=http://127.0.0.1:${STS_PORT}`,
    '--rootfs',
    rootFolder,
    process.execPath,
    helper('container-probe.mjs'),
  ];
  const environment = { ...rig.environment, PATH: `${dirname(process.execPath)}:/usr/sbin:/usr/bin:/sbin:/bin` };
  const open: ProbedContainer[] = [];

  async function start(words: readonly string[]): Promise<ProbedContainer> {
    const command = [...(engine === 'podman' ? podmanWords() : []), ...words];
    const container = await openProbe(command, environment, join(root, `input-${open.length}`));
    open.push(container);
    if (
      (await container.ask('start', { words: [process.execPath, `${STS_FOLDER}/relay.mjs`], port: STS_PORT })) !== true
    ) {
      throw new Error('no STS in the container');
    }
    return container;
  }

  return {
    start: (profile) =>
      start([process.execPath, ROLECALL, 'container-env', profile, '--', ...prefix, 'run', ...options]),
    startOther: () => start([...prefix, 'run', ...options]),
    async remove() {
      for (const container of open) await container.end();
      sts.close();
      removeFolder(root);
    },
  };
}

function installStandIn(folder: string): void {
  mkdirSync(folder);
  const path = join(folder, 'podman');
  writeFileSync(path, `#!/bin/sh\nexec ${process.execPath} ${helper('podman-stand-in.mjs')} "$@"\n`);
  chmodSync(path, 0o755);
}

/** The emulator in a network of its own: our relay runs there for it as well. */
async function openStsSocket(folder: string, emulatorUrl: string): Promise<{ close(): void }> {
  mkdirSync(folder);
  const server = createServer((client) => {
    const upstream = connect(Number(new URL(emulatorUrl).port), '127.0.0.1');
    for (const socket of [client, upstream]) socket.on('error', () => socket.destroy());
    client.pipe(upstream).pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(join(folder, 'role.sock'), resolve));
  writeFileSync(join(folder, 'token'), '');
  writeFileSync(join(folder, 'relay.mjs'), relayScript(STS_PORT));
  return { close: () => void server.close() };
}

/** Its input is a pipe of ours, which stays open when the process that we have started is killed. */
async function openProbe(
  command: readonly string[],
  environment: Record<string, string>,
  pipe: string,
): Promise<ProbedContainer> {
  execFileSync('mkfifo', [pipe]);
  const input = openSync(pipe, 'r+');
  const [program = '', ...args] = command;
  const child = spawn(program, args, { env: environment, stdio: [input, 'pipe', 'pipe'] });
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) throw new Error('no pipes');
  let errors = '';
  stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const exited = new Promise<number>((resolve) => child.once('exit', (code) => resolve(code ?? 137)));
  const lines = createInterface({ input: stdout });
  const answers: string[] = [];
  const waiting: ((line: string | undefined) => void)[] = [];
  let isOver = false;
  lines.on('line', (line) => {
    const next = waiting.shift();
    if (next === undefined) answers.push(line);
    else next(line);
  });
  const closed = new Promise<void>((resolve) => {
    lines.on('close', () => {
      isOver = true;
      for (const next of waiting.splice(0)) next(undefined);
      closeSync(input);
      resolve();
    });
  });
  const read = async (): Promise<unknown> => {
    const line =
      answers.shift() ??
      (isOver ? undefined : await new Promise<string | undefined>((resolve) => void waiting.push(resolve)));
    if (line === undefined) throw new Error(`the container has ended: ${errors}`);
    return JSON.parse(line);
  };
  const send = (action: string, options: object) => {
    if (!isOver) writeSync(input, `${JSON.stringify({ action, ...options })}\n`);
  };
  await read();
  return {
    process: child,
    stderr: () => errors,
    ask(action, options = {}) {
      send(action, options);
      return read();
    },
    async end(code = 0) {
      send('end', { code });
      await closed;
      return exited;
    },
  };
}

/** The process ids of relays for a grant, of whatever user. */
export function findRelays(grantId: string): readonly number[] {
  return findProcesses(
    (words) => words[0] === process.execPath && words.some((word) => word.endsWith(`${grantId}/relay.mjs`)),
  );
}

/** The ids of the processes whose command line fits. */
function findProcesses(fits: (words: readonly string[]) => boolean): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/u.test(name))
    .filter((name) => {
      try {
        return fits(readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0'));
      } catch {
        return false;
      }
    })
    .map(Number);
}
