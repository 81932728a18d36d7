// Runs another program in place of this one, so that terminal, streams, signals and exit status are the program's own.
import { spawn, type StdioOptions } from 'node:child_process';
import { accessSync, constants, readFileSync } from 'node:fs';
import { constants as system } from 'node:os';
import { isatty } from 'node:tty';
import type { StartWithCoreDumps } from '../../../platform/process/harden-process.ts';

export interface ForeignProgram {
  /** The words as typed; the first is looked up in the PATH of `environment`. */
  readonly command: readonly [string, ...string[]];
  readonly environment: Readonly<Record<string, string>>;
}

export interface ProgramEnd {
  /** The program's own; 128+n after signal n; 127 or 126 when it could not be started. */
  readonly exitCode: number;
  /** The program was ended by Ctrl-C. */
  readonly isInterrupted: boolean;
}

type Execve = (file: string, argv: readonly string[], environment: Readonly<Record<string, string>>) => never;

/** Node has to be sure that execve succeeds, so it runs env(1), which looks the program up and reports errors like a shell. */
const ENV_PROGRAM = '/usr/bin/env';
const FORWARDED = ['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const;
/** The terminal sends these to all foreground processes, so the program gets them anyway. */
const FROM_TERMINAL = ['SIGINT', 'SIGQUIT'] as const;

/** With Node 22.15, 23.11 or later this process becomes the program, and the promise never resolves. */
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
  // env(1) reads a word with "=" as a variable, and Node closes inherited descriptors.
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
    // libuv makes pipes non-blocking, and the program would inherit that.
    // oxlint-disable-next-line no-underscore-dangle -- as of 2026-11 Node has no public way to undo that
    (stream as { _handle?: { setBlocking?(isBlocking: boolean): void } })._handle?.setBlocking?.(true);
  }
  // Node ignores these two, and execve keeps ignored signals ignored; a handled signal gets its default back.
  for (const name of ['SIGPIPE', 'SIGXFSZ'] as const) process.on(name, () => undefined);
  const separator = command[0].startsWith('-') ? ['--'] : [];
  return execve.call(process, ENV_PROGRAM, ['env', ...separator, ...command], environment);
}

/** Runs the program as a child, and forwards signals that only this process got. */
export function runAsChild(
  { command, environment }: ForeignProgram,
  startWithCoreDumps: StartWithCoreDumps,
): Promise<ProgramEnd> {
  const [word, ...args] = command;
  return new Promise((resolve, reject) => {
    // Registered before the child exists: a signal during the start would otherwise end this process and leave the
    // program running. Node calls the listeners later, when `child` is set.
    const stopForwarding = forwardSignals((signal) => child.kill(signal));
    const child = startWithCoreDumps(() => spawn(word, args, { env: environment, stdio: describeStreams(command) }));
    child.on('error', (error: NodeJS.ErrnoException) => {
      stopForwarding();
      const exitCode = error.code === 'ENOENT' ? 127 : 126;
      if (error.syscall?.startsWith('spawn') === true) resolve({ exitCode, isInterrupted: false });
      else reject(error);
    });
    child.on('exit', (code, signal) => {
      stopForwarding();
      const exitCode = code ?? 128 + (signal === null ? 0 : system.signals[signal]);
      resolve({ exitCode, isInterrupted: signal === 'SIGINT' && isInForeground() });
    });
  });
}

/** Calls `forward` for each signal that the program has to get from this process; returns a function that stops that. */
function forwardSignals(forward: (signal: NodeJS.Signals) => void): () => void {
  const listeners: [NodeJS.Signals, () => void][] = [
    ...FORWARDED.map((name): [NodeJS.Signals, () => void] => [name, () => forward(name)]),
    ...FROM_TERMINAL.map((name): [NodeJS.Signals, () => void] => [
      name,
      () => {
        // Many programs skip their clean-up when the signal arrives twice.
        if (!isInForeground()) forward(name);
      },
    ]),
    [
      'SIGTSTP',
      () => {
        forward('SIGTSTP');
        process.kill(process.pid, 'SIGSTOP');
      },
    ],
    ['SIGCONT', () => forward('SIGCONT')],
  ];
  for (const [name, listener] of listeners) process.on(name, listener);
  return () => {
    for (const [name, listener] of listeners) process.off(name, listener);
  };
}

/** Whether this process is in the terminal's foreground, where keys like Ctrl-C send signals. */
function isInForeground(): boolean {
  if (process.platform !== 'linux') return [0, 1, 2].some((descriptor) => isatty(descriptor));
  try {
    const text = readFileSync('/proc/self/stat', 'latin1');
    // Fields after the name, which may contain anything: state, parent, group, session, terminal, foreground group.
    const [, , group, , , foregroundGroup] = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return group === foregroundGroup;
  } catch {
    return false;
  }
}

/** The standard streams, and descriptors that the command names as files, like those of `diff <(one) <(other)`. */
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
