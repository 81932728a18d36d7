// Runs somebody else's program in our place: terminal, standard streams, signals and exit status are as without us.
import { spawn, type StdioOptions } from 'node:child_process';
import { accessSync, constants, readFileSync } from 'node:fs';
import { constants as system } from 'node:os';
import { isatty } from 'node:tty';
import type { StartWithCoreDumps } from '../../../platform/process/core-dumps.ts';

export interface ForeignProgram {
  /** The words as typed; the first is looked for in the PATH of `environment`. */
  readonly command: readonly [string, ...string[]];
  readonly environment: Readonly<Record<string, string>>;
}

export interface ProgramEnd {
  /** The program's own; 128+n after signal n; 127 and 126 when it could not be started after all. */
  readonly exitCode: number;
  /** The person pressed Ctrl-C and the program ended of it. */
  readonly isInterrupted: boolean;
}

type Execve = (file: string, argv: readonly string[], environment: Readonly<Record<string, string>>) => never;

/** Node can only replace itself when it knows that it will succeed; env(1) looks the program up and reports as shells do. */
const ENV_PROGRAM = '/usr/bin/env';
const FORWARDED = ['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const;
/** What a terminal sends to everybody in its foreground, so to the program as well as to us. */
const FROM_TERMINAL = ['SIGINT', 'SIGQUIT'] as const;

/** Where Node can (22.15, 23.11 and later) this process becomes the program, and the promise is never resolved. */
export function runInPlace(program: ForeignProgram, startWithCoreDumps: StartWithCoreDumps): Promise<ProgramEnd> {
  for (const name of [...FORWARDED, ...FROM_TERMINAL]) {
    // Without a listener SIGUSR1 would end this process.
    if (name !== 'SIGUSR1') process.removeAllListeners(name);
  }
  const { execve } = process as { readonly execve?: Execve };
  if (execve !== undefined && canBecome(program)) startWithCoreDumps(() => become(program, execve));
  return runAsChild(program, startWithCoreDumps);
}

function canBecome({ command }: ForeignProgram): boolean {
  // For env(1) a word with "=" is a variable, and Node closes the caller's descriptors.
  if (command[0].includes('=') || namedDescriptors(command).length > 0) return false;
  try {
    accessSync(ENV_PROGRAM, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function become({ command, environment }: ForeignProgram, execve: Execve): never {
  for (const stream of [process.stdout, process.stderr]) {
    // libuv makes pipes non-blocking, for whoever inherits them too.
    // oxlint-disable-next-line no-underscore-dangle -- as of 2026-11 Node has no public way to undo that
    (stream as { _handle?: { setBlocking?(isBlocking: boolean): void } })._handle?.setBlocking?.(true);
  }
  // Node ignores these two, and what is ignored stays so; what is handled goes back to its default.
  for (const name of ['SIGPIPE', 'SIGXFSZ'] as const) process.on(name, () => undefined);
  const separator = command[0].startsWith('-') ? ['--'] : [];
  return execve.call(process, ENV_PROGRAM, ['env', ...separator, ...command], environment);
}

/** The same by a child; what reaches this process and not its terminal's whole foreground is passed on. */
export function runAsChild(
  { command, environment }: ForeignProgram,
  startWithCoreDumps: StartWithCoreDumps,
): Promise<ProgramEnd> {
  const [word, ...args] = command;
  return new Promise((resolve, reject) => {
    // Node calls listeners later, when the child is known. Without one, a signal that comes while the child is started
    // would end this process and leave the program behind.
    const stopPassingOn = passSignalsOn((signal) => child.kill(signal));
    const child = startWithCoreDumps(() => spawn(word, args, { env: environment, stdio: describeStreams(command) }));
    child.on('error', (error: NodeJS.ErrnoException) => {
      stopPassingOn();
      const exitCode = error.code === 'ENOENT' ? 127 : 126;
      if (error.syscall?.startsWith('spawn') === true) resolve({ exitCode, isInterrupted: false });
      else reject(error);
    });
    child.on('exit', (code, signal) => {
      stopPassingOn();
      const exitCode = code ?? 128 + (signal === null ? 0 : system.signals[signal]);
      resolve({ exitCode, isInterrupted: signal === 'SIGINT' && isInForeground() });
    });
  });
}

/** Calls `pass` for each signal that the program has to get from us; returns the function that ends it. */
function passSignalsOn(pass: (signal: NodeJS.Signals) => void): () => void {
  const listeners: [NodeJS.Signals, () => void][] = [
    ...FORWARDED.map((name): [NodeJS.Signals, () => void] => [name, () => pass(name)]),
    ...FROM_TERMINAL.map((name): [NodeJS.Signals, () => void] => [
      name,
      () => {
        // A second one would make many a program give up its tidying up.
        if (!isInForeground()) pass(name);
      },
    ]),
    [
      'SIGTSTP',
      () => {
        pass('SIGTSTP');
        process.kill(process.pid, 'SIGSTOP');
      },
    ],
    ['SIGCONT', () => pass('SIGCONT')],
  ];
  for (const [name, listener] of listeners) process.on(name, listener);
  return () => {
    for (const [name, listener] of listeners) process.off(name, listener);
  };
}

/** Whether a key pressed in our terminal sends its signal to this process. */
function isInForeground(): boolean {
  if (process.platform !== 'linux') return [0, 1, 2].some((descriptor) => isatty(descriptor));
  try {
    const text = readFileSync('/proc/self/stat', 'latin1');
    // After the name, which may hold anything: state, parent, group, session, terminal, the terminal's foreground group.
    const [, , group, , , foregroundGroup] = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return group === foregroundGroup;
  } catch {
    return false;
  }
}

/** The three streams, and those of the caller that the command names as files, as `diff <(one) <(other)` does. */
function describeStreams(command: readonly string[]): StdioOptions {
  const streams: ('inherit' | 'ignore')[] = ['inherit', 'inherit', 'inherit'];
  for (const descriptor of namedDescriptors(command)) {
    while (streams.length <= descriptor) streams.push('ignore');
    streams[descriptor] = 'inherit';
  }
  return streams;
}

function namedDescriptors(command: readonly string[]): number[] {
  return command
    .map((word) => Number(/^(?:[^/]*=)?\/(?:dev|proc\/self)\/fd\/(\d{1,3})$/u.exec(word)?.[1] ?? 0))
    .filter((descriptor) => descriptor > 2 && isOpen(descriptor));
}

function isOpen(descriptor: number): boolean {
  try {
    accessSync(`/dev/fd/${descriptor}`);
    return true;
  } catch {
    return false;
  }
}
