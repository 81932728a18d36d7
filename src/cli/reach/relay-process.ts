// Starts the relay in the network of a running container, and ends it.
import { spawn } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { UnavailableError } from '../../core/errors.ts';
import { harmless } from '../../core/text/harmless-text.ts';
import { readBoundedFileSync } from '../../platform/files/bounded-read.ts';
import { lstatSync } from '../../platform/files/stat-sync.ts';
import type { ContainerCommand } from './container-command.ts';
import type { ContainerFiles } from './container-files.ts';
import { outsideArguments, RELAY_FILE } from './relay-script.ts';

export interface Relay {
  /** Resolves when the relay has ended, for whatever reason. */
  readonly ended: Promise<void>;
  end(): void;
}

const MAX_MESSAGE_LENGTH = 500;
const MAX_STATUS_BYTES = 64 * 1024;

/**
 * The words that run a program in the network of process `pid`. Only the network: files, and with them the socket of the role,
 * are those of this machine.
 */
export function enterNetworkWords(
  command: Pick<ContainerCommand, 'engine' | 'prefix'>,
  { pid, userId, groupId }: { readonly pid: number; readonly userId: number; readonly groupId: number },
): readonly string[] {
  const enter = ['nsenter', '--target', String(pid), '--net'];
  if (userId === 0) return enter;
  // Rootful containers, of which only root may enter the network. The relay itself runs as this user.
  if (ownerOf(pid) === undefined || (command.prefix.length > 1 && command.prefix[0] === 'sudo')) {
    return ['sudo', ...enter, '--setuid', String(userId), '--setgid', String(groupId)];
  }
  // Podman's own user namespace is above that of each container, also with --userns=keep-id.
  if (command.engine === 'podman') return [...command.prefix, 'unshare', ...enter];
  return [...enter, '--user', '--preserve-credentials'];
}

/** The user namespace of a process; undefined when it is of another user, who is root for a container. */
function ownerOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/user`);
  } catch {
    return undefined;
  }
}

/** Whether the process has the network of this machine. Undefined if only root can tell. */
export function sharesNetwork(pid: number): boolean | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`) === readlinkSync('/proc/self/ns/net');
  } catch {
    return undefined;
  }
}

/** @throws UnavailableError relay-failed: with what the relay, or a program that starts it, has said */
export async function startRelay(
  words: readonly string[],
  files: ContainerFiles,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Relay> {
  const [program = '', ...args] = words;
  const relay = [
    process.execPath,
    join(files.ownFolder, RELAY_FILE),
    ...outsideArguments(readlinkSync('/proc/self/ns/net')),
  ];
  const child = spawn(program, [...args, ...relay], { stdio: ['pipe', 'pipe', 'pipe'], env: environment, cwd: '/' });
  child.stdin.on('error', () => undefined);
  let message = '';
  child.stderr
    .setEncoding('utf8')
    .on('data', (text: string) => (message = `${message}${text}`.slice(-MAX_MESSAGE_LENGTH)));
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => resolve());
    child.once('error', (error: NodeJS.ErrnoException) => {
      message = error.code === 'ENOENT' ? `"${program}" was not found in your PATH` : error.message;
      resolve();
    });
  });
  const isReady = await Promise.race([
    new Promise<true>((resolve) => child.stdout.once('data', () => resolve(true))),
    ended.then(() => false),
  ]);
  if (!isReady) throw failed(message);
  return { ended, end: () => void child.stdin.end() };
}

function failed(message: string): UnavailableError {
  const said = harmless(message.trim().split('\n').at(-1) ?? '');
  return new UnavailableError('relay-failed', `The container gets no credentials: ${said || 'the relay has ended'}.`, {
    hint: 'rolecall container-env --help',
  });
}

/** Whether the first process of the container can read the token; the file belongs to this user, and has mode 0600. */
export function canReadToken(pid: number, files: ContainerFiles): boolean {
  try {
    const [, effective] =
      /^Uid:\t\d+\t(\d+)/mu.exec(readBoundedFileSync(`/proc/${pid}/status`, MAX_STATUS_BYTES)) ?? [];
    return effective === '0' || Number(effective) === lstatSync(files.folder).uid;
  } catch {
    return true;
  }
}
