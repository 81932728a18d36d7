// Leaves the memory of this process out of core dumps, because keys and passphrases are in it.
import { readFileSync, writeFileSync } from 'node:fs';

/** Calls `start` with the filter that this process was started with: a program inherits the one in force when it is started. */
export type StartWithCoreDumps = <T>(start: () => T) => T;

/**
 * Sets the kernel's filter so that a dump of this process has no memory in it, wherever dumps go. Linux only: Node has
 * no setrlimit(2). See core(5).
 */
export function leaveMemoryOutOfCoreDumps(filterPath = '/proc/self/coredump_filter'): StartWithCoreDumps {
  const before = readFilter(filterPath);
  const setFilter = (filter: string) => before === undefined || writeFilter(filterPath, filter);
  setFilter('0');
  return (start) => {
    setFilter(before ?? '0');
    try {
      return start();
    } finally {
      setFilter('0');
    }
  };
}

function readFilter(path: string): string | undefined {
  try {
    return `0x${readFileSync(path, 'latin1').trim()}`;
  } catch {
    // Another system than Linux, or a kernel without core dumps.
    return undefined;
  }
}

function writeFilter(path: string, filter: string): void {
  try {
    writeFileSync(path, filter);
  } catch {
    // A container may mount /proc read-only.
  }
}
