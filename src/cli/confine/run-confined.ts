// Runs a confined command as a child, passes signals on into the confinement, and notices when it could not be set up.
import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { closeSync, readdirSync } from 'node:fs';
import { constants as system } from 'node:os';
import type { Duplex, Readable } from 'node:stream';
import { isatty } from 'node:tty';
import { UsageError } from '../../core/errors.ts';
import { readBoundedFileSync } from '../../platform/files/bounded-read.ts';
import { fstatSync } from '../../platform/files/stat-sync.ts';
import { isInBackground, isInForeground } from '../../platform/programs/foreground.ts';
import type { StartWithCoreDumps } from '../../platform/process/harden-process.ts';
import { openStandardOutput } from '../terminal/standard-output.ts';
import { continueTree, stopTree } from './process-tree.ts';

export interface ConfinedProgram {
  readonly words: readonly [string, ...string[]];
  readonly environment: Readonly<Record<string, string>>;
  /** What the child has under these numbers besides its standard streams. */
  readonly descriptors: ChildDescriptors;
  /** What the child reads from `descriptors.filter`. */
  readonly filter?: Buffer;
  /** Connects the child's network, given its process id; the child waits until that has succeeded. */
  readonly connect?: (processId: number) => Promise<void>;
}

export interface ChildDescriptors {
  /** Standard error of the command; the programs before it write to none. Undefined: they need no such care. */
  readonly errors: number | undefined;
  /** Lines of JSON from bubblewrap; undefined on macOS, where the group of the child is the command. */
  readonly status: number | undefined;
  /** bubblewrap reads the filter of system calls there; undefined on macOS. */
  readonly filter: number | undefined;
  /** The child writes a line when its network can be connected, and goes on when it gets one. Undefined: it has the machine's. */
  readonly go: number | undefined;
  /** Numbers in the child, and the descriptors of this process that it gets there. */
  readonly passed: ReadonlyMap<number, number>;
  /** Those of them that the command itself gets. */
  readonly named: readonly number[];
}

export interface ConfinedEnd {
  readonly exitCode: number;
  /** The command was ended by Ctrl-C. */
  readonly isInterrupted: boolean;
  /** False: the confinement could not be set up, and the command has not run. */
  readonly hasStarted: boolean;
}

const TERMINAL_IS_NEEDED =
  "Note: a confined command can't have your terminal in the background, so it stays stopped. To go on: fg\n";
const FORWARDED = ['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGINT', 'SIGQUIT', 'SIGWINCH'] as const;

/** Rejects with what `connect` threw; the child is dead then. */
export async function runConfined(
  program: ConfinedProgram,
  startWithCoreDumps: StartWithCoreDumps,
): Promise<ConfinedEnd> {
  for (const name of FORWARDED) if (name !== 'SIGUSR1') process.removeAllListeners(name);
  refuseFolders(program.descriptors);
  closeInherited(program.descriptors);
  const terminals = [0, 1, 2].filter((descriptor) => isatty(descriptor));
  // A session of its own is never stopped for reading a terminal: in the background it would get what is typed for others.
  const relayed = isInBackground() ? terminals : [];
  const state: { child?: ChildProcess; commandGroup?: number; isInterrupted: boolean } = { isInterrupted: false };
  const suspension = {
    suspend: () => {
      if (state.commandGroup === undefined) state.child?.kill('SIGSTOP');
      else if (!stopTree(state.commandGroup)) return;
      process.kill(process.pid, 'SIGSTOP');
    },
    resume: () => {
      if (terminals.length > relayed.length && isInBackground()) {
        process.stderr.write(TERMINAL_IS_NEEDED);
        process.kill(process.pid, 'SIGSTOP');
        return;
      }
      if (state.commandGroup === undefined) state.child?.kill('SIGCONT');
      else continueTree(state.commandGroup);
    },
  };
  const stopForwarding = forwardSignals(suspension, (signal) => {
    if (signal === 'SIGINT' && isInForeground()) state.isInterrupted = true;
    // Before there is a command, the signal ends what sets up the confinement.
    if (state.commandGroup === undefined) return void state.child?.kill(signal === 'SIGWINCH' ? 0 : signal);
    try {
      process.kill(-state.commandGroup, signal);
    } catch {
      // It has just ended.
    }
  });
  const [file, ...args] = program.words;
  const child = startWithCoreDumps(() =>
    spawn(file, args, {
      env: program.environment,
      stdio: describeStreams(program.descriptors, relayed),
      // A session of its own: keys like Ctrl-C would kill bubblewrap, and with it the command without a warning.
      detached: true,
    }),
  );
  state.child = child;
  const { errors } = program.descriptors;
  if (relayed.includes(1)) (child.stdio[1] as Readable).pipe(openStandardOutput(), { end: false });
  if (relayed.includes(2)) (child.stdio[errors ?? 2] as Readable).pipe(process.stderr, { end: false });
  const { status } = program.descriptors;
  sendFilter(child, program);
  let report = '';
  if (status === undefined) {
    if (child.pid !== undefined) state.commandGroup = child.pid;
  } else {
    (child.stdio[status] as Readable).setEncoding('utf8').on('data', (text: string) => {
      if (report.length < 4096) report += text;
      const group = /"child-pid"\s*:\s*(\d+)/u.exec(report)?.[1];
      if (group !== undefined) state.commandGroup ??= Number(group);
    });
  }
  try {
    const ended = waitForEnd(child);
    await Promise.all([ended, connect(child, program)]);
    const { code, signal } = await ended;
    const exitCode = code ?? 128 + (signal === null ? 0 : system.signals[signal]);
    // bubblewrap reports an exit code only for a command that it has started.
    const hasStarted = status === undefined || /"exit-code"\s*:/u.test(report);
    return {
      exitCode,
      hasStarted: hasStarted || code === null,
      isInterrupted: state.isInterrupted && exitCode === 130,
    };
  } finally {
    stopForwarding();
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  }
}

function waitForEnd(child: ChildProcess): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    // `close`: the report is complete.
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
}

function sendFilter(child: ChildProcess, { descriptors, filter }: ConfinedProgram): void {
  if (descriptors.filter === undefined) return;
  // If the child has ended before it has read it, its end tells why.
  const stream = child.stdio[descriptors.filter] as Duplex | null;
  stream?.on('error', () => undefined).end(filter);
}

async function connect(child: ChildProcess, { descriptors, connect: connectNetwork }: ConfinedProgram): Promise<void> {
  if (descriptors.go === undefined || connectNetwork === undefined || child.pid === undefined) return;
  const go = child.stdio[descriptors.go] as Duplex;
  go.on('error', () => undefined);
  // The child writes a line once it is in its network. Before that it would be the network of this machine.
  const isThere = await new Promise<boolean>((resolve) => {
    go.once('data', () => resolve(true)).once('close', () => resolve(false));
  });
  if (!isThere) return;
  try {
    await connectNetwork(child.pid);
    go.end('\n');
  } catch (error) {
    // If the child has ended, that is the reason, and its end tells more.
    if (child.exitCode === null && child.signalCode === null) throw error;
  }
}

/** Calls `forward` for each signal that the command has to get from this process; returns a function that stops that. */
function forwardSignals(
  { suspend, resume }: { suspend(): void; resume(): void },
  forward: (signal: NodeJS.Signals) => void,
): () => void {
  const listeners: [NodeJS.Signals, () => void][] = [
    ...FORWARDED.map((name): [NodeJS.Signals, () => void] => [name, () => forward(name)]),
    // In a session of its own the command is in no group that SIGTSTP could stop.
    ['SIGTSTP', suspend],
    [
      'SIGCONT',
      () => {
        resume();
        forward('SIGWINCH');
      },
    ],
  ];
  for (const [name, listener] of listeners) process.on(name, listener);
  return () => {
    for (const [name, listener] of listeners) process.off(name, listener);
  };
}

/** The terminals in `relayed` are replaced by pipes, of which the one for input is empty. */
function describeStreams(
  { errors, status, filter, go, passed }: ChildDescriptors,
  relayed: readonly number[],
): StdioOptions {
  const [input, output, error] = ['ignore', 'pipe', 'pipe'].map((stream, number) =>
    relayed.includes(number) ? (stream as 'ignore' | 'pipe') : ('inherit' as const),
  );
  const streams: ('inherit' | 'ignore' | 'pipe' | number)[] = [input ?? 'inherit', output ?? 'inherit'];
  streams.push(errors === undefined ? (error ?? 'inherit') : 'ignore');
  const set = (number: number, stream: (typeof streams)[number]) => {
    while (streams.length <= number) streams.push('ignore');
    streams[number] = stream;
  };
  if (errors !== undefined) set(errors, error === 'pipe' ? 'pipe' : 2);
  if (status !== undefined) set(status, 'pipe');
  if (filter !== undefined) set(filter, 'pipe');
  if (go !== undefined) set(go, 'pipe');
  for (const [number, descriptor] of passed) set(number, descriptor);
  return streams;
}

/** From an open folder one reaches everything beside it, whatever the confinement hides. */
function refuseFolders({ named }: ChildDescriptors): void {
  for (const descriptor of [0, 1, 2, ...named]) {
    if (!isFolder(descriptor)) continue;
    throw new UsageError('usage', `A confined command can't have an open folder as descriptor ${descriptor}.`, {
      hint: 'rolecall exec --help',
    });
  }
}

function isFolder(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isDirectory();
  } catch {
    return false;
  }
}

const CLOSE_ON_EXEC = 0o2000000;
/** inotify and epoll list what they watch. */
const MAX_INFO_BYTES = 1024 * 1024;

/** Closes what this process has inherited besides the standard streams: Node leaves descriptors above 16 open for children. */
function closeInherited({ passed }: ChildDescriptors): void {
  if (process.platform !== 'linux') return;
  const kept = new Set(passed.values());
  for (const name of readdirSync('/proc/self/fd')) {
    const descriptor = Number(name);
    if (descriptor <= 2 || kept.has(descriptor) || !isInheritable(name)) continue;
    try {
      closeSync(descriptor);
    } catch {
      // It was the descriptor of the listing itself.
    }
  }
}

function isInheritable(name: string): boolean {
  try {
    const flags = /^flags:\s*([0-7]+)/mu.exec(readBoundedFileSync(`/proc/self/fdinfo/${name}`, MAX_INFO_BYTES))?.[1];
    return flags !== undefined && (Number.parseInt(flags, 8) & CLOSE_ON_EXEC) === 0;
  } catch {
    return false;
  }
}
