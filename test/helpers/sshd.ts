// A real sshd whose accounts are other users: in namespaces of its own, so that nothing of it is left on this machine.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findConnection, processesIn, type FarConnection, type FarProcess } from './far-processes.ts';
import { findLastingPort } from './lasting-port.ts';
import { runProcess, type ProcessRun } from './run-process.ts';
import { canBeSomebodyElse, SOMEBODY_ELSE } from './somebody-else.ts';
import { systemPart, systemPartByCheck } from './system.ts';
import { waitFor } from './wait-for.ts';

/** Everything that `startFarHost` needs; ask once per test file. */
export const hasSshd = [
  canBeSomebodyElse,
  systemPart('openssh-client', '/usr/bin/ssh'),
  systemPart('openssh-server', '/usr/sbin/sshd'),
  systemPartByCheck('mounts of its own', 'root, and unshare', () => {
    execFileSync('/usr/bin/unshare', ['--mount', '--pid', '--fork', 'mount', '-t', 'tmpfs', 'none', '/run'], {
      stdio: 'ignore',
    });
  }),
].every(Boolean);

/** The account of the far host, and its uid there and here. */
const FAR_USER = 'morgan';
export const FAR_UID = 61_001;
/** The home of all accounts of the far host, seen from there. */
const FAR_HOME = '/home/morgan';
/** This checkout as the far host sees it. */
export const FAR_CHECKOUT = '/srv';
const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url));

export interface FarHostOptions {
  /** Lines of sshd_config; the first of two with the same word counts, and these come first. */
  readonly config?: readonly string[];
  /** Its last lines, for `Match` blocks. */
  readonly endOfConfig?: string;
  /** More accounts of the same uid and home, by name, and their login shells. */
  readonly shells?: Readonly<Record<string, string>>;
  /** The login shell of `FAR_USER`; dash when absent. */
  readonly shell?: string;
  /** Commands of sh that root runs in the namespaces before sshd starts. */
  readonly setup?: string;
}

export interface FarHost {
  /** Of sshd on 127.0.0.1. */
  readonly port: number;
  /** The home of `FAR_USER`, seen from here. */
  readonly home: string;
  /** Where a file of the far host is, seen from here as root; its folders can be other ones than ours. */
  pathOf(farPath: string): string;
  /** Everything that sshd has logged. */
  log(): string;
  /** An ssh_config with the host `far`, and one for each of `shells` by its name; `lines` come first. */
  writeSshConfig(options?: { readonly port?: number; readonly lines?: readonly string[] }): string;
  /** A folder with an `ssh` that takes `config` for the user's own configuration; put it first in PATH. */
  writeSshProgram(config: string): string;
  /** Its living processes with their pids here. */
  processes(): readonly FarProcess[];
  /** Those of the connections of one account: sshd's own, and what they have started. */
  connectionOf(account: string): FarConnection;
  /** Runs a program there as another user than `FAR_USER`, or as `uid`. */
  run(command: readonly string[], options?: { readonly uid?: number }): Promise<ProcessRun>;
  /** Ends every process there, and deletes its files. */
  stop(): Promise<void>;
}

/**
 * A mount over /etc/passwd itself would be gone once somebody on this machine adds a user, which replaces the file: so the whole
 * folder is one of ours, with links to what is in the real one.
 */
const SET_UP = `set -e
mount --bind "$1" ${FAR_CHECKOUT}
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -m 755 /run/sshd /run/far /run/etc
mount --bind "$0/etc" /run/far
mount --bind "$0/home" /home
mount --bind /etc /run/etc
mount -t tmpfs -o mode=755 tmpfs /etc
ln -s /run/etc/* /etc/
rm -f /etc/passwd* /etc/group* /etc/shadow* /etc/gshadow*
cp /run/far/passwd /run/far/group /etc/
mount -t tmpfs -o mode=1777 tmpfs /tmp
mount -t proc proc /proc
`;
const READY = /^Server listening on 127\.0\.0\.1 port (\d+)/m;

/** Starts it, and waits until it listens. */
export async function startFarHost(options: FarHostOptions = {}): Promise<FarHost> {
  // In /tmp itself: the folder for temporary files may be closed to others.
  const root = mkdtempSync('/tmp/rolecall-far-');
  const [etc, home] = [join(root, 'etc'), join(root, FAR_HOME)];
  try {
    chmodSync(root, 0o755);
    mkdirSync(etc, { mode: 0o755 });
    mkdirSync(join(home, '.ssh'), { recursive: true });
    for (const folder of [home, join(home, '.ssh')]) chmodSync(folder, 0o700);
    chmodSync(join(root, 'home'), 0o755);
    writeAccounts(etc, options);
    for (const name of ['host-key', 'user-key']) {
      execFileSync('/usr/bin/ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(etc, name)]);
    }
    copyFileSync(join(etc, 'user-key.pub'), join(home, '.ssh', 'authorized_keys'));
    for (const path of [home, join(home, '.ssh'), join(home, '.ssh', 'authorized_keys')]) {
      chownSync(path, FAR_UID, FAR_UID);
    }
    // Its users need no key of it, and are not to find the one that opens their own account.
    for (const name of ['host-key', 'user-key']) chmodSync(join(etc, name), 0o600);
    const { child, port, log } = await listen(root, etc, options);
    return createFarHost({ root, etc, home, child, port, log, options });
  } catch (error) {
    rmSync(root, { recursive: true, force: true });
    throw error;
  }
}

function writeAccounts(etc: string, options: FarHostOptions): void {
  const accounts = { [FAR_USER]: options.shell ?? '/bin/dash', ...options.shells };
  const passwd = [
    'root:*:0:0::/root:/bin/sh',
    'sshd:*:996:65534::/run/sshd:/usr/sbin/nologin',
    ...Object.entries(accounts).map(([name, shell]) => `${name}:*:${FAR_UID}:${FAR_UID}::${FAR_HOME}:${shell}`),
    `nobody:*:${SOMEBODY_ELSE}:${SOMEBODY_ELSE}::/nonexistent:/bin/sh`,
  ];
  writeFileSync(join(etc, 'passwd'), `${passwd.join('\n')}\n`, { mode: 0o644 });
  const groups = ['root:x:0:', `${FAR_USER}:x:${FAR_UID}:`, `nogroup:x:${SOMEBODY_ELSE}:`];
  writeFileSync(join(etc, 'group'), `${groups.join('\n')}\n`, { mode: 0o644 });
  // Busybox chooses its program by the name that it is called.
  symlinkSync('/usr/bin/busybox', join(etc, 'ash'));
}

/** The path of busybox's shell on the far host, for `shell` and `shells`. */
export const FAR_ASH = '/run/far/ash';

interface Listening {
  readonly child: ChildProcess;
  readonly port: number;
  readonly log: () => string;
}

/** Another program can take the port before sshd does: then the next one. */
async function listen(root: string, etc: string, options: FarHostOptions): Promise<Listening> {
  for (let attempt = 1; ; attempt += 1) {
    const port = await findLastingPort();
    const config = [
      ...(options.config ?? []),
      'ListenAddress 127.0.0.1',
      `Port ${port}`,
      'HostKey /run/far/host-key',
      'AuthorizedKeysFile .ssh/authorized_keys',
      'StrictModes yes',
      'UsePAM no',
      'PidFile none',
      'PrintMotd no',
      'PerSourcePenalties no',
      'MaxStartups 100',
      // As Debian has it.
      'AcceptEnv LANG LC_* COLORTERM NO_COLOR',
      options.endOfConfig ?? '',
    ];
    writeFileSync(join(etc, 'sshd_config'), `${config.join('\n')}\n`, { mode: 0o600 });
    const script = `${SET_UP}${options.setup ?? ''}\nexec /usr/sbin/sshd -D -e -f /run/far/sshd_config`;
    const child = spawn(
      '/usr/bin/unshare',
      ['--mount', '--pid', '--fork', '--kill-child', '/bin/sh', '-c', script, root, CHECKOUT],
      { cwd: '/', env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' }, stdio: ['ignore', 'ignore', 'pipe'] },
    );
    let text = '';
    let hasEnded = false;
    child.stderr.setEncoding('utf8').on('data', (more: string) => (text += more));
    // With all that it has said.
    child.once('close', () => (hasEnded = true));
    await waitFor('sshd', () => READY.test(text) || hasEnded).catch((error: unknown) => {
      child.kill('SIGKILL');
      throw error;
    });
    if (READY.test(text)) return { child, port, log: () => text };
    if (attempt === 5 || !text.includes('Address already in use')) throw new Error(`no sshd: ${text}`);
  }
}

interface FarHostParts extends Listening {
  readonly root: string;
  readonly etc: string;
  readonly home: string;
  readonly options: FarHostOptions;
}

function createFarHost({ root, etc, home, child, port, log, options }: FarHostParts): FarHost {
  const listener = Number(readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim());
  let count = 0;
  return {
    port,
    home,
    pathOf: (farPath) => `/proc/${listener}/root${farPath}`,
    log,
    writeSshConfig({ port: reachedAt = port, lines = [] } = {}) {
      const path = join(etc, `ssh_config.${(count += 1)}`);
      const hosts = ['far', ...Object.keys(options.shells ?? {})].flatMap((host) => [
        `Host ${host}`,
        `User ${host === 'far' ? FAR_USER : host}`,
      ]);
      const all = [
        'HostName 127.0.0.1',
        `Port ${reachedAt}`,
        `IdentityFile ${join(etc, 'user-key')}`,
        'IdentitiesOnly yes',
        `UserKnownHostsFile ${join(etc, 'known_hosts')}`,
        'StrictHostKeyChecking accept-new',
        'BatchMode yes',
      ];
      writeFileSync(path, `${[...lines, ...hosts, 'Host *', ...all].join('\n')}\n`, { mode: 0o600 });
      return path;
    },
    writeSshProgram(config) {
      const folder = mkdtempSync(join(etc, 'bin-'));
      writeFileSync(join(folder, 'ssh'), `#!/bin/sh\nexec /usr/bin/ssh -F '${config}' "$@"\n`, { mode: 0o755 });
      return folder;
    },
    processes: () => processesIn(listener),
    connectionOf: (account) => findConnection(account, processesIn(listener)),
    run: (command, { uid = SOMEBODY_ELSE } = {}) => {
      const as = ['setpriv', '--reuid', String(uid), '--regid', String(uid), '--clear-groups', '--', ...command];
      return runProcess('/usr/bin/nsenter', ['--target', String(listener), '--mount', '--pid', ...as], {
        environment: { PATH: '/usr/bin:/bin', HOME: uid === FAR_UID ? FAR_HOME : '/nonexistent', LANG: 'C.UTF-8' },
        cwd: '/',
      });
    },
    async stop() {
      if (child.exitCode === null && child.signalCode === null) {
        const ended = new Promise((resolve) => child.once('exit', resolve));
        child.kill('SIGKILL');
        await ended;
      }
      await waitFor('the end of the far host', () => processesIn(listener).length === 0);
      rmSync(root, { recursive: true, force: true });
    },
  };
}
