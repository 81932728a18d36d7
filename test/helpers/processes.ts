// Finds processes from outside: which belong to a home, and whether one is still running.
import type { ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';

export interface SeenProcess {
  readonly pid: number;
  readonly arguments: readonly string[];
  readonly environment: readonly string[];
}

/** Whether `/proc` shows processes with their arguments and environment; it does on Linux. */
export const canSeeProcesses: boolean = existsSync('/proc/self/environ');

/** Every living process that has `home` for its HOME. */
export function processesOf(home: string): readonly SeenProcess[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const environment = readFileSync(`/proc/${name}/environ`, 'utf8').split('\0');
        if (!environment.includes(`HOME=${home}`) || isZombie(Number(name))) return [];
        const seen = readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0').slice(0, -1);
        return [{ pid: Number(name), arguments: seen, environment }];
      } catch {
        // It ended while it was looked at, or is another user's.
        return [];
      }
    });
}

/** Kills these processes; ignores those that have already ended. */
export function killAllOf(home: string): void {
  for (const { pid } of processesOf(home)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended.
    }
  }
}

/** What has ended counts as ended, also while nobody has collected it. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  return !isZombie(pid);
}

function isZombie(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z');
  } catch {
    return false;
  }
}

/** The lines that a program prints, as they come. */
export function readLines(child: ChildProcess): readonly string[] {
  const lines: string[] = [];
  let rest = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\n');
    rest = parts.pop() ?? '';
    lines.push(...parts);
  });
  return lines;
}
