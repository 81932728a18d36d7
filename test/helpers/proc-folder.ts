// A folder that looks like /proc, with the processes that a test needs.
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface ProcFile {
  readonly parentId?: number;
  readonly startedAtTicks?: number;
  readonly state?: string;
  readonly name?: string;
  readonly sessionId?: number;
  /** The device number in field 7. */
  readonly terminal?: number;
  /** Absent: may not be read, as of another user's process. */
  readonly executable?: string;
  readonly workingDirectory?: string;
  readonly words?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Inodes of its sockets. */
  readonly sockets?: readonly number[];
}

/** Writes the processes below `procPath`. */
export function writeProc(procPath: string, processes: Readonly<Record<number, ProcFile>>): void {
  for (const [id, file] of Object.entries(processes)) {
    const folder = join(procPath, id);
    mkdirSync(join(folder, 'fd'), { recursive: true });
    const { parentId = 1, startedAtTicks = 100, state = 'S', name = 'x', sessionId = 7, terminal = 0 } = file;
    const rest = '0 '.repeat(14);
    writeFileSync(
      join(folder, 'stat'),
      `${id} (${name}) ${state} ${parentId} 5 ${sessionId} ${terminal} ${rest}${startedAtTicks} 0 0\n`,
    );
    writeFileSync(join(folder, 'cmdline'), (file.words ?? []).map((word) => `${word}\0`).join(''));
    const lines = Object.entries(file.environment ?? {}).map(([variable, value]) => `${variable}=${value}\0`);
    writeFileSync(join(folder, 'environ'), lines.join(''));
    if (file.executable !== undefined) symlinkSync(file.executable, join(folder, 'exe'));
    if (file.workingDirectory !== undefined) symlinkSync(file.workingDirectory, join(folder, 'cwd'));
    for (const [index, inode] of (file.sockets ?? []).entries()) {
      symlinkSync(`socket:[${inode}]`, join(folder, 'fd', String(index + 3)));
    }
  }
}
