// Describes a process from /proc: its program, working directory, terminal and parent. Linux only.
import { open, readlink, realpath, stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { findAgent } from '../../core/agents.ts';
import type { ProgramProcess } from '../../core/program.ts';
import { findScript, isShellCommand } from './command-words.ts';

export interface DescribedProcess extends ProgramProcess {
  readonly startedAtTicks: string;
  /** 0: it has none in this pid namespace. */
  readonly parentId: number;
  readonly script: string | null;
  readonly workingDirectory: string | null;
  readonly terminal: string | null;
  readonly sessionId: number;
  readonly agent: string | undefined;
  /** Whether it is a shell with `-c`, which programs start to run a command line. */
  readonly isShellCommand: boolean;
}

/** Undefined if the process has ended, or there is no /proc. What may not be read, or is gone, is null. */
export async function describeProcess(processId: number, procPath = '/proc'): Promise<DescribedProcess | undefined> {
  const folder = join(procPath, String(processId));
  const stats = parseStat(await readStart(join(folder, 'stat'), MAX_STAT_BYTES));
  if (stats === undefined) return undefined;
  const [executable, workingDirectory, words, environment] = await Promise.all([
    readlink(join(folder, 'exe')).then(
      // The kernel adds this once the file was replaced, as every package upgrade does.
      (path) => path.replace(/ \(deleted\)$/, ''),
      () => undefined,
    ),
    readlink(join(folder, 'cwd')).catch(() => null),
    readStart(join(folder, 'cmdline'), MAX_CMDLINE_BYTES).then(splitAtZeros),
    readStart(join(folder, 'environ'), MAX_ENVIRON_BYTES).then(splitAtZeros),
  ]);
  const { name, ...process } = stats;
  return {
    ...process,
    processId,
    executable: executable ?? `[${name}]`,
    script: await findExistingScript(executable ?? name, words, workingDirectory),
    workingDirectory,
    agent: findAgent(parseEnvironment(environment)),
    isShellCommand: isShellCommand(executable ?? name, words),
  };
}

/** Another user's environment or arguments can be megabytes. */
const MAX_STAT_BYTES = 4096;
const MAX_CMDLINE_BYTES = 64 * 1024;
const MAX_ENVIRON_BYTES = 256 * 1024;

/** The beginning of a file in /proc, empty if it can't be read. */
async function readStart(path: string, maxBytes: number): Promise<string> {
  try {
    const file = await open(path);
    try {
      const buffer = Buffer.alloc(maxBytes);
      let length = 0;
      for (;;) {
        const { bytesRead } = await file.read(buffer, length, maxBytes - length, null);
        length += bytesRead;
        if (bytesRead === 0 || length === maxBytes) return buffer.toString('utf8', 0, length);
      }
    } finally {
      await file.close();
    }
  } catch {
    return '';
  }
}

const splitAtZeros = (text: string) => text.split('\0').filter((_, index, all) => index < all.length - 1);

function parseEnvironment(lines: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    lines.map((line): [string, string] => {
      const end = line.indexOf('=');
      return [line.slice(0, end), line.slice(end + 1)];
    }),
  );
}

/** @see proc_pid_stat(5). The second field, the name, may contain spaces and parentheses. */
function parseStat(text: string) {
  const end = text.lastIndexOf(')');
  const [state, parentId, , sessionId, terminal, ...others] = text.slice(end + 2).split(' ');
  const startedAtTicks = others[14];
  // A zombie has ended.
  if (state === undefined || state === 'Z' || startedAtTicks === undefined) return undefined;
  return {
    name: text.slice(text.indexOf('(') + 1, end),
    parentId: Number(parentId),
    sessionId: Number(sessionId),
    terminal: nameTerminal(Number(terminal)),
    startedAtTicks,
  };
}

/** The device number: the minor number is in bits 31 to 20 and 7 to 0, the major one in bits 15 to 8. */
function nameTerminal(device: number): string | null {
  const major = (device >> 8) & 0xff;
  const minor = (device & 0xff) | ((device >>> 12) & 0xfff00);
  if (major >= 136 && major <= 143) return `/dev/pts/${(major - 136) * 2 ** 8 + minor}`;
  if (major === 4) return minor < 64 ? `/dev/tty${minor}` : `/dev/ttyS${minor - 64}`;
  return null;
}

/**
 * The script of an interpreter if such a file exists. Everything else in the arguments may be a secret.
 * A file is given with its real path, so that it can be compared.
 */
async function findExistingScript(
  executable: string,
  words: readonly string[],
  workingDirectory: string | null,
): Promise<string | null> {
  const script = findScript(executable, words);
  if (script === undefined) return null;
  if ('module' in script) return `-m ${script.module}`;
  if (!isAbsolute(script.file) && workingDirectory === null) return null;
  try {
    const path = await realpath(isAbsolute(script.file) ? script.file : join(workingDirectory ?? '', script.file));
    return (await stat(path)).isFile() ? path : null;
  } catch {
    return null;
  }
}
