// Sends requests to the port keeper, and passes secrets to the daemons that it starts.
import { closeSync, constants, fchmodSync, openSync, readSync, writeSync } from 'node:fs';
import { quoteForShell } from '../../core/text/quote-for-shell.ts';
import { NO_RESTART_MODE, REQUEST_PIPE_FD, SECRET_PIPE_FD, secretPipePath } from './port-keeper-script.ts';
import { fstatSync } from '../files/stat-sync.ts';

/** Less than the capacity of a pipe, so that the first request is written completely. */
const MAX_REQUEST_BYTES = 60_000;

export interface StartCommand {
  readonly command: readonly string[];
  /** The program's whole environment; variables that contain a line break are left out. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Whether a keeper holds the port, or a successor that has not closed the request pipe yet. */
export function hasPortKeeper(pipePath: string): boolean {
  return withPipe(pipePath, () => true) ?? false;
}

/** Has the keeper execute the first line of `request` as shell code once the owner of the port has ended; false if there is no keeper. */
export function askPortKeeper(pipePath: string, request: string): boolean {
  const line = Buffer.from(`${request}\n`);
  if (line.length > MAX_REQUEST_BYTES) return false;
  const isWritten = withPipe(pipePath, (fd) => {
    try {
      writeSync(fd, line);
    } catch {
      // Written partly or not at all: the pipe is full of requests, of which the first is complete.
    }
    return true;
  });
  return isWritten ?? false;
}

/** Keeps the keeper from restarting a killed owner until a client asks for one. Does nothing without a keeper. */
export function forbidRestart(pipePath: string): void {
  withPipe(pipePath, (fd) => fchmodSync(fd, NO_RESTART_MODE));
}

/** Whether the keeper may restart its owner. */
export function isRestartAllowed(pipePath: string): boolean {
  return withPipe(pipePath, (fd) => (fstatSync(fd).mode & 0o777) !== NO_RESTART_MODE) ?? false;
}

/** The request that ends the keeper, for an owner that can't take over the port. */
export const END_KEEPER = 'exit 0';

/**
 * The request that turns the keeper into this program. The secret stays in the pipe as a second line, which the program
 * reads with `readRequestSecret`.
 */
export function formatSuccessor(start: StartCommand, secret?: string): string {
  return `${formatStart(start)}\n${formatSecret(secret)}`;
}

/** One line of shell code that replaces the shell with the program. */
export function formatStart({ command, environment }: StartCommand): string {
  const variables = Object.entries(environment).flatMap(([name, value]) =>
    value === undefined || /[\n\0]/.test(value) || !/^[A-Za-z_]\w*$/.test(name)
      ? []
      : [`export ${name}=${quoteForShell(value)};`],
  );
  // Not with `env`, whose arguments every user can read.
  return [...variables, 'exec', ...command.map(quoteForShell), '</dev/null'].join(' ');
}

const formatSecret = (secret: string | undefined) => JSON.stringify(secret ?? null);

function parseSecret(line: string): string | undefined {
  const secret: unknown = JSON.parse(line);
  return typeof secret === 'string' ? secret : undefined;
}

/** The secret from the request that turned the keeper into this process. */
export function readRequestSecret(): string | undefined {
  return parseSecret(readLine(REQUEST_PIPE_FD));
}

/** Writes the secret for the daemon that the keeper at `pipePath` will start; false if that failed. */
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
 * The secret of the killed owner, which stays in the pipe for the next restart. Undefined also if an earlier restart was
 * killed while it read the secret.
 */
export function readKeptSecret(): string | undefined {
  // This line is always there, so the loop never waits for a line that nobody writes.
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

/** Empties the pipe of requests, which are obsolete now that this process has the lock. */
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

/** Reads byte by byte: what follows is for another reader, and the pipe is never closed. */
function readLine(fd: number): string {
  const bytes: number[] = [];
  const byte = Buffer.alloc(1);
  while (readSync(fd, byte) === 1 && byte[0] !== 0x0a) bytes.push(byte[0] ?? 0);
  return Buffer.from(bytes).toString('utf8');
}

/** The result of `use`; undefined if the pipe can't be opened. */
function withPipe<T>(path: string, use: (fd: number) => T, access?: number): T | undefined {
  const fd = openPipe(path, access);
  if (fd === undefined) return undefined;
  try {
    return use(fd);
  } finally {
    closeSync(fd);
  }
}

/** Undefined if no process has the pipe open for reading, or it is not our pipe. */
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
