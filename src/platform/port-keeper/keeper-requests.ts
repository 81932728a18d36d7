// Requests to the port keeper, and the secrets for the daemons that it starts.
import { closeSync, constants, fchmodSync, openSync, readSync, writeSync } from 'node:fs';
import { quoteForShell } from '../../core/text/quote-for-shell.ts';
import { NO_RESTART_MODE, REQUEST_PIPE_FD, SECRET_PIPE_FD, secretPipePath } from './port-keeper-script.ts';
import { fstatSync } from '../files/stat-sync.ts';

/** Less than what a pipe holds, so that the first request is written as a whole. */
const MAX_REQUEST_BYTES = 60_000;

export interface StartCommand {
  readonly command: readonly string[];
  /** All that the program gets; variables with a line break in them are left out. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Whether a keeper holds the port, or a successor that has not closed the request pipe yet. */
export function hasPortKeeper(pipePath: string): boolean {
  return withPipe(pipePath, () => true) ?? false;
}

/** Has the keeper run the first line of `request` as shell, as soon as the owner of the port has ended; false when there is none. */
export function askPortKeeper(pipePath: string, request: string): boolean {
  const line = Buffer.from(`${request}\n`);
  if (line.length > MAX_REQUEST_BYTES) return false;
  const isWritten = withPipe(pipePath, (fd) => {
    try {
      writeSync(fd, line);
    } catch {
      // In part, or not at all: the pipe is full of requests, and the first one is whole.
    }
    return true;
  });
  return isWritten ?? false;
}

/** Nobody starts a killed owner again until somebody asks for one; does nothing without a keeper. */
export function forbidRestart(pipePath: string): void {
  withPipe(pipePath, (fd) => fchmodSync(fd, NO_RESTART_MODE));
}

/** Whether the keeper may start its owner again. */
export function isRestartAllowed(pipePath: string): boolean {
  return withPipe(pipePath, (fd) => (fstatSync(fd).mode & 0o777) !== NO_RESTART_MODE) ?? false;
}

/** The request that ends a keeper, for an owner that can't take the port over. */
export const END_KEEPER = 'exit 0';

/**
 * The request that makes the keeper this program. The secret stays behind in the pipe, as a second line that the
 * program reads by `readRequestSecret`.
 */
export function formatSuccessor(start: StartCommand, secret?: string): string {
  return `${formatStart(start)}\n${formatSecret(secret)}`;
}

/** One line of shell that replaces the shell by the program. */
export function formatStart({ command, environment }: StartCommand): string {
  const variables = Object.entries(environment).flatMap(([name, value]) =>
    value === undefined || /[\n\0]/.test(value) || !/^[A-Za-z_]\w*$/.test(name)
      ? []
      : [`export ${name}=${quoteForShell(value)};`],
  );
  // Not by `env`: its arguments can be read by everybody.
  return [...variables, 'exec', ...command.map(quoteForShell), '</dev/null'].join(' ');
}

const formatSecret = (secret: string | undefined) => JSON.stringify(secret ?? null);

function parseSecret(line: string): string | undefined {
  const secret: unknown = JSON.parse(line);
  return typeof secret === 'string' ? secret : undefined;
}

/** The secret that came with the request by which the keeper became this process. */
export function readRequestSecret(): string | undefined {
  return parseSecret(readLine(REQUEST_PIPE_FD));
}

/** Writes the secret for the daemon that the keeper at `pipePath` starts; false if that failed. */
export function fillSecretPipe(pipePath: string, secret: string | undefined): boolean {
  const line = Buffer.from(`${formatSecret(secret)}\n`);
  if (line.length > MAX_REQUEST_BYTES) return false;
  try {
    return withPipe(secretPipePath(pipePath), (fd) => writeSync(fd, line) === line.length) ?? false;
  } catch {
    return false;
  }
}

/**
 * The secret of the owner that was killed, which stays in the pipe for the next restart; undefined also when one that was
 * killed amid this took it along.
 */
export function readKeptSecret(): string | undefined {
  // Never waits for a line that nobody writes: this one comes in any case.
  const mark = `#${process.pid}`;
  writeSync(SECRET_PIPE_FD, `${mark}\n`);
  let secret: string | undefined;
  for (let line = readLine(SECRET_PIPE_FD); line !== mark; line = readLine(SECRET_PIPE_FD)) {
    if (line.startsWith('#')) continue;
    writeSync(SECRET_PIPE_FD, `${line}\n`);
    secret = parseSecret(line);
  }
  closeSync(SECRET_PIPE_FD);
  return secret;
}

/** Takes the requests of clients out of the pipe that nobody needs to answer now that this process has the lock. */
export function dropRequests(pipePath: string): void {
  const piece = Buffer.alloc(4096);
  try {
    withPipe(
      pipePath,
      (fd) => {
        while (readSync(fd, piece) > 0);
      },
      constants.O_RDONLY,
    );
  } catch {
    // EAGAIN: it is empty.
  }
}

/** One byte at a time: what follows is for somebody else, and nobody closes the pipe. */
function readLine(fd: number): string {
  const bytes: number[] = [];
  const byte = Buffer.alloc(1);
  while (readSync(fd, byte) === 1 && byte[0] !== 0x0a) bytes.push(byte[0] ?? 0);
  return Buffer.from(bytes).toString('utf8');
}

/** What `use` gives; undefined when the pipe can't be opened. */
function withPipe<T>(path: string, use: (fd: number) => T, access?: number): T | undefined {
  const fd = openPipe(path, access);
  if (fd === undefined) return undefined;
  try {
    return use(fd);
  } finally {
    closeSync(fd);
  }
}

/** Undefined when nobody has the pipe open for reading, or it is no pipe of ours. */
function openPipe(path: string, access: number = constants.O_WRONLY): number | undefined {
  try {
    const fd = openSync(path, access | constants.O_NONBLOCK | constants.O_NOFOLLOW);
    const found = fstatSync(fd);
    if (found.isFIFO() && found.uid === process.getuid?.()) return fd;
    closeSync(fd);
    return undefined;
  } catch {
    return undefined;
  }
}
