// Keeps the memory of this process, which contains credentials and passphrases, out of core dumps and away from debuggers.
import { readFileSync, writeFileSync } from 'node:fs';

/** Calls `start` with the original filter in force: a program inherits the filter that is set when it is started. */
export type StartWithCoreDumps = <T>(start: () => T) => T;

/**
 * Sets the kernel's filter so that a core dump of this process contains no memory, wherever dumps are written. Linux
 * only, see core(5); Node has no setrlimit(2).
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
    // Not as latin1, with which Node 20 takes twenty times as long.
    return `0x${readFileSync(path, 'utf8').trim()}`;
  } catch {
    // Not Linux, or a kernel without core dumps.
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

/**
 * Keeps Node's inspector closed: by default SIGUSR1 opens it on 127.0.0.1:9229, where every local user can attach.
 * Call it first: once a listener is installed, SIGUSR1 no longer opens the inspector.
 */
export function ignoreDebuggerSignal(): void {
  process.on('SIGUSR1', () => undefined);
}

/** Flags for a Node that we start, which close the gap before its first line of JavaScript (Node 22.14, 23.7 and later). */
export function noDebuggerFlags(): readonly string[] {
  // Not by process.allowedNodeEnvironmentFlags, which takes a millisecond to build.
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const isKnown = major >= 24 || (major === 23 && minor >= 7) || (major === 22 && minor >= 14);
  return isKnown ? ['--disable-sigusr1'] : [];
}
