// A terminal that this process does not belong to, opened by its device: for a question that nobody else can answer for a person.
import { closeSync, constants, openSync, readSync, writeSync, type Stats } from 'node:fs';
import { fstatSync, statSync } from '../files/stat-sync.ts';

export interface OpenTerminal {
  /** The device number, as in /proc/PID/stat. */
  readonly device: number;
  /** False if it does not take the text now. */
  write(text: string): boolean;
  /** What was typed since the last call; empty if nothing. Undefined once the terminal is gone, or at the end of input. */
  read(): string | undefined;
  /** Whether it is the standard input of a process. Two containers can have terminals of the same number. */
  isInputOf(processId: number): boolean;
  close(): void;
}

/** No path but these: a link, or a device of another kind, could lead anywhere. */
const TERMINAL_PATH = /^\/dev\/(?:pts\/(?:0|[1-9]\d{0,6})|tty[1-9]\d?)$/;
const READ_BYTES = 4096;
/** Of what was typed before the question. */
const MAX_DISCARDED_READS = 64;

/** Opens a terminal of this user, and discards what was typed before. The sentence says why it can't be used. */
export function openTerminal(path: string, userId: number): OpenTerminal | { readonly refusal: string } {
  if (!TERMINAL_PATH.test(path)) return { refusal: 'That is not the path of a terminal.' };
  let descriptor: number;
  try {
    // Not as the controlling terminal, and without waiting for it.
    const flags = constants.O_RDWR | constants.O_NOCTTY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    descriptor = openSync(path, flags);
  } catch (error) {
    return { refusal: `${path} can't be opened (${(error as NodeJS.ErrnoException).code}).` };
  }
  const stats = fstatSync(descriptor);
  const refusal = refuseDevice(path, stats, userId);
  if (refusal !== undefined) {
    closeSync(descriptor);
    return { refusal };
  }
  const read = () => readAvailable(descriptor);
  for (let count = 0; count < MAX_DISCARDED_READS && read(); count += 1);
  return {
    device: stats.rdev,
    write: (text) => writeAll(descriptor, Buffer.from(text)),
    read,
    isInputOf(processId) {
      try {
        const input = statSync(`/proc/${processId}/fd/0`);
        return input.dev === stats.dev && input.ino === stats.ino;
      } catch {
        return false;
      }
    },
    close: () => closeSync(descriptor),
  };
}

function refuseDevice(path: string, stats: Stats, userId: number): string | undefined {
  const major = (stats.rdev >> 8) & 0xff;
  const isTerminal =
    stats.isCharacterDevice() && (path.startsWith('/dev/pts/') ? major >= 136 && major <= 143 : major === 4);
  if (!isTerminal) return `${path} is not a terminal.`;
  if (stats.uid !== userId) return `${path} belongs to another user.`;
  return undefined;
}

function readAvailable(descriptor: number): string | undefined {
  const buffer = Buffer.alloc(READ_BYTES);
  try {
    const length = readSync(descriptor, buffer);
    return length === 0 ? undefined : buffer.toString('utf8', 0, length);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EAGAIN' ? '' : undefined;
  }
}

function writeAll(descriptor: number, bytes: Buffer): boolean {
  try {
    for (let written = 0; written < bytes.length;) written += writeSync(descriptor, bytes, written);
    return true;
  } catch {
    return false;
  }
}
