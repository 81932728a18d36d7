// Keeps a listening port while its owner is down: a small shell holds the descriptor, so that nobody else can bind the port.
import { spawn } from 'node:child_process';
import { closeSync, constants, existsSync, fstatSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import type { Socket } from 'node:net';
import { quoteForShell } from '../core/quote-for-shell.ts';

/** The port in the keeper, and in the successor that it becomes. */
export const KEPT_PORT_FD = 3;
/** The request pipe, open in the successor too: as long as anyone has it open, the port is in good hands. */
export const REQUEST_PIPE_FD = 4;

/** How long a port is kept for a successor. */
const MAX_WAIT_SECONDS = 600;
const READY_DEADLINE_MS = 5000;
/** Less than what a pipe holds, so that the first request is written as a whole. */
const MAX_REQUEST_BYTES = 60_000;

/**
 * $1: the path of the request pipe, $2: how many seconds to wait for a request once the owner has ended.
 * Standard input ends with the owner, whichever way it ends. From then on one line is read from the pipe and run, which
 * replaces the shell by the successor. The keeper ends when nobody has come, or when the pipe's file was deleted.
 */
const SCRIPT = `
rm -f "$1"
mkfifo -m 600 "$1" && exec 4<>"$1" || exit 1
echo ready
exec >/dev/null
read -r nothing
{
  trap 'kill $pause; exit' TERM
  left=$2
  while [ $left -gt 0 ] && [ -p "$1" ]; do
    sleep 5 &
    pause=$!
    wait $pause
    kill -0 $$ || exit
    left=$((left - 5))
  done
  rm -f "$1"
  kill -9 $$
} 3<&- 4<&- </dev/null &
timer=$!
IFS= read -r request <&4
kill $timer
wait $timer
eval "$request"
`;

/** Whoever has the port open beside its owner. */
export interface PortHolder {
  /** True once it is gone, and the port with it as soon as its owner closes it. */
  hasEnded(): boolean;
  /** It lets go of the port, which stays open for as long as its owner has it. */
  end(): void;
}

/**
 * A keeper that holds the listening socket `fd` from now on, beyond the end of this process.
 * It has no other descriptor of ours, and of the environment `HOME` alone.
 * @throws Error: it could not be started
 */
export async function startPortKeeper(deps: {
  readonly fd: number;
  /** Where the request pipe is made, in a folder that only its owner may enter. */
  readonly pipePath: string;
  readonly homeDirectory: string;
}): Promise<PortHolder> {
  const args = ['-c', SCRIPT, 'rolecall-port-keeper', deps.pipePath, String(MAX_WAIT_SECONDS)];
  const child = spawn('/bin/sh', args, {
    // A session of its own: what a terminal sends to the owner is not meant for it.
    detached: true,
    stdio: ['pipe', 'pipe', 'ignore', deps.fd],
    env: { PATH: '/usr/bin:/bin', HOME: deps.homeDirectory },
    cwd: '/',
  });
  let hasEnded = false;
  child.once('exit', () => {
    hasEnded = true;
  });
  const isReady = await new Promise<boolean>((resolve) => {
    const timer = setTimeout(() => resolve(false), READY_DEADLINE_MS);
    const settle = (ready: boolean) => {
      clearTimeout(timer);
      resolve(ready);
    };
    child.stdout?.once('data', () => settle(true));
    child.once('exit', () => settle(false));
    child.once('error', () => settle(false));
  });
  child.stdout?.destroy();
  if (!isReady) {
    child.kill('SIGKILL');
    throw new Error('the program that keeps the port did not start');
  }
  // Its end is the owner's end: held open until then, but no reason to go on running.
  child.stdin?.on('error', () => undefined);
  (child.stdin as Socket | null)?.unref();
  child.unref();
  return {
    // Without its pipe no successor can ask it.
    hasEnded: () => hasEnded || !existsSync(deps.pipePath),
    end() {
      child.kill('SIGKILL');
      rmSync(deps.pipePath, { force: true });
    },
  };
}

/** Whether a keeper holds the port, or a successor that has not closed the request pipe yet. */
export function hasPortKeeper(pipePath: string): boolean {
  const fd = openPipe(pipePath);
  if (fd === undefined) return false;
  closeSync(fd);
  return true;
}

/** Has the keeper run the first line of `request` as shell, as soon as the owner of the port has ended; false when there is none. */
export function askPortKeeper(pipePath: string, request: string): boolean {
  const line = Buffer.from(`${request}\n`);
  if (line.length > MAX_REQUEST_BYTES) return false;
  const fd = openPipe(pipePath);
  if (fd === undefined) return false;
  try {
    // In part, or not at all: the pipe is full of requests, and the first one is whole.
    writeSync(fd, line);
    return true;
  } catch {
    return true;
  } finally {
    closeSync(fd);
  }
}

/** The request that ends a keeper, for an owner that can't take the port over. */
export const END_KEEPER = 'exit 0';

/**
 * The request that makes the keeper `command`; variables with a line break in them are left out.
 * The secret stays behind in the pipe, as a second line that the command reads by `readRequestSecret`.
 */
export function formatSuccessor(
  command: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
  secret?: string,
): string {
  const variables = Object.entries(environment).flatMap(([name, value]) =>
    value === undefined || /[\n\0]/.test(value) || !/^[A-Za-z_]\w*$/.test(name)
      ? []
      : [`export ${name}=${quoteForShell(value)};`],
  );
  // Not by `env`: its arguments can be read by everybody.
  const line = [...variables, 'exec', ...command.map(quoteForShell), '</dev/null'].join(' ');
  return `${line}\n${JSON.stringify(secret ?? null)}`;
}

/** The secret that came with the request by which the keeper became this process. */
export function readRequestSecret(): string | undefined {
  const bytes: number[] = [];
  const byte = Buffer.alloc(1);
  // One at a time: what follows is another request, and nobody closes the pipe.
  while (readSync(REQUEST_PIPE_FD, byte) === 1 && byte[0] !== 0x0a) bytes.push(byte[0] ?? 0);
  const secret: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
  return typeof secret === 'string' ? secret : undefined;
}

/** Undefined when nobody has the pipe open for reading, or it is no pipe of ours. */
function openPipe(path: string): number | undefined {
  try {
    const fd = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
    const found = fstatSync(fd);
    if (found.isFIFO() && found.uid === process.getuid?.()) return fd;
    closeSync(fd);
    return undefined;
  } catch {
    return undefined;
  }
}
