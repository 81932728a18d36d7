// One connection of OpenSSH to a far host, with what belongs to it here: its control socket, and an end even if this process is killed.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { withTimeout } from '../../core/async/with-timeout.ts';
import type { Clock } from '../../core/clock.ts';
import { UnavailableError } from '../../core/errors.ts';
import { harmless } from '../../core/text/harmless-text.ts';
import { statIfPresentSync } from '../../platform/files/stat-sync.ts';
import { openBootstrapChannel, type BootstrapChannel, type Installed, type RemoteTerms } from './bootstrap-channel.ts';
import type { RemoteFile, RemotePlace } from './remote-shell.ts';
import { EXIT_OF_SSH, runSsh, SshExit, type SshProgram } from './run-ssh.ts';
import {
  cancelArguments,
  connectionArguments,
  exitArguments,
  forwardArguments,
  type HostSettings,
} from './ssh-arguments.ts';
import type { SshLine } from './ssh-line.ts';

export interface SshConnection {
  readonly channel: BootstrapChannel;
  readonly place: RemotePlace;
  readonly controlPath: string;
  /** Resolves with its exit code when ssh has ended. */
  readonly ended: Promise<number>;
  /** Writes the files and tokens there. @throws UnavailableError host-unusable, SshExit: the connection has ended meanwhile */
  install(files: readonly RemoteFile[], terms: RemoteTerms): Promise<Installed>;
  /** Lets the far host's loopback reach a local socket; resolves the port there. @throws UnavailableError host-unusable */
  forward(socketPath: string): Promise<number>;
  /**
   * Closes the ports there once the files are gone. ssh would write a line to the terminal for every connection to one whose
   * socket here is gone, and every user of the host can make these. Never rejects.
   */
  stopForwarding(): Promise<void>;
  /** Resolves once ssh has ended and its files are gone, on both sides if they still reach each other. */
  close(): Promise<void>;
}

export interface ConnectionDeps {
  readonly program: SshProgram;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** 32 hexadecimal digits. */
  readonly nonce: string;
  /** 0700 and ours. */
  readonly privateDirectory: string;
}

/** After the sign-in, which may take a person as long as it takes. */
const MAX_BOOTSTRAP_MS = 20_000;
const POLL_MS = 200;
const MAX_CLOSE_MS = 2000;
/** Of a unix socket, less the 17 characters that ssh adds while it creates it. */
const MAX_CONTROL_PATH = 103 - 17;

/**
 * Connects; ssh asks for passwords and host keys at the terminal.
 * @throws SshExit: ssh has failed, and has said why on standard error
 * @throws UnavailableError host-unusable: nothing there runs a POSIX shell for us, or has room for our files
 */
export async function openConnection(
  line: SshLine,
  settings: HostSettings,
  deps: ConnectionDeps,
): Promise<SshConnection> {
  const { program, clock } = deps;
  const folder = await createFolder(deps.privateDirectory);
  const controlPath = join(folder, 'm');
  const lifeline = startLifeline(program, folder, controlPath);
  const child = spawn(program.path, connectionArguments(line, settings, controlPath), {
    env: program.environment,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const channel = openBootstrapChannel(child, deps.nonce, clock);
  const ended = waitForExit(child);
  const forwarded: string[] = [];

  async function close(): Promise<void> {
    channel.end();
    // Once the files are gone there is nothing to wait for: what runs in the background there could keep ssh for hours.
    await withTimeout(clock, MAX_CLOSE_MS, Promise.race([channel.gone, ended]));
    child.kill('SIGTERM');
    if ((await withTimeout(clock, MAX_CLOSE_MS, ended)) === undefined) child.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
    lifeline.stdin?.end();
  }

  try {
    const place = await waitForPlace(line.host, { child, channel, ended, controlPath, ...deps });
    return {
      channel,
      place,
      controlPath,
      ended,
      async install(files, terms) {
        const outcome = await Promise.race([channel.install(files, terms), channel.gone.then(() => 1), ended]);
        if (typeof outcome === 'number') throw endedTooSoon(line.host, outcome, channel);
        return outcome;
      },
      async forward(socketPath) {
        forwarded.push(socketPath);
        const run = await runSsh(program, forwardArguments(controlPath, socketPath), deps.signal);
        const port = Number(/^(\d{1,5})\n$/u.exec(run.stdout)?.[1] ?? 0);
        if (run.exitCode === 0 && port > 0 && port < 65_536) return port;
        const exitCode = await withTimeout(clock, POLL_MS, ended);
        if (exitCode !== undefined) throw endedTooSoon(line.host, exitCode, channel);
        throw unusable(
          line.host,
          'does not allow port forwarding (see AllowTcpForwarding and PermitListen of sshd_config)',
        );
      },
      async stopForwarding() {
        await withTimeout(clock, MAX_CLOSE_MS, Promise.race([channel.gone, ended]));
        const signal = AbortSignal.timeout(MAX_CLOSE_MS);
        for (const path of forwarded.splice(0)) {
          await runSsh(program, cancelArguments(controlPath, path), signal).catch(() => undefined);
        }
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

interface Opening extends Pick<ConnectionDeps, 'clock' | 'signal'> {
  readonly child: ChildProcess;
  readonly channel: BootstrapChannel;
  readonly ended: Promise<number>;
  readonly controlPath: string;
}

async function waitForPlace(host: string, opening: Opening): Promise<RemotePlace> {
  const { channel, ended, signal } = opening;
  const settled = new AbortController();
  const late = waitForSignIn(opening, AbortSignal.any([signal, settled.signal]));
  const first = await Promise.race([
    channel.place.then((place) => ({ place })),
    ended.then((exitCode) => ({ exitCode })),
    late.then(() => 'late' as const),
  ]).finally(() => settled.abort());
  signal.throwIfAborted();
  if (first === 'late') throw unusable(host, `does not run a POSIX shell for "exec /bin/sh"${heard(channel)}`);
  if ('exitCode' in first) throw endedTooSoon(host, first.exitCode, channel);
  if (first.place !== undefined) return first.place;
  throw unusable(
    host,
    'has no private folder for the token: neither XDG_RUNTIME_DIR, nor /tmp, nor the home can be used',
  );
}

/** Resolves some time after ssh has signed in: from then on it has a control socket. Never, if `signal` is aborted first. */
async function waitForSignIn({ clock, controlPath }: Opening, signal: AbortSignal): Promise<void> {
  try {
    while (statIfPresentSync(controlPath) === undefined) await clock.sleep(POLL_MS, signal);
    await clock.sleep(MAX_BOOTSTRAP_MS, signal);
  } catch {
    await new Promise(() => undefined);
  }
}

/** 255 is a failure of ssh, which has said what it is; every other code is that of a program there. */
function endedTooSoon(host: string, exitCode: number, channel: BootstrapChannel): Error {
  if (exitCode === EXIT_OF_SSH) return new SshExit(exitCode);
  return unusable(host, `ended the connection with exit code ${exitCode}${heard(channel)}`);
}

function heard(channel: BootstrapChannel): string {
  const text = channel.noise().trim().split('\n').slice(-3).join(' / ');
  return text === '' ? '' : `; it printed "${harmless(text)}"`;
}

function unusable(host: string, why: string): UnavailableError {
  return new UnavailableError('host-unusable', `${harmless(host)} ${why}.`, { hint: 'rolecall ssh --help' });
}

async function createFolder(directory: string): Promise<string> {
  // Six random characters, and the name of the socket.
  const isShort = join(directory, 'ssh-XXXXXX', 'm').length <= MAX_CONTROL_PATH;
  return mkdtemp(join(isShort ? directory : '/tmp', isShort ? 'ssh-' : 'rolecall-ssh-'));
}

/** Ends the connection when this process is gone, however that happens: otherwise ssh would keep it for the user's shell. */
function startLifeline({ path, environment }: SshProgram, folder: string, controlPath: string): ChildProcess {
  const script = 'read -r _; folder=$1; shift; "$@"; rm -rf "$folder"';
  const child = spawn('/bin/sh', ['-c', script, 'rolecall-ssh', folder, path, ...exitArguments(controlPath)], {
    env: environment,
    cwd: '/',
    stdio: ['pipe', 'ignore', 'ignore'],
    // Not part of the terminal's job, which Ctrl-C ends.
    detached: true,
  });
  child.stdin?.on('error', () => undefined);
  child.unref();
  return child;
}

async function waitForExit(child: ChildProcess): Promise<number> {
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? EXIT_OF_SSH;
}
