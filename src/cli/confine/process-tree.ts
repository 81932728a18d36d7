// Stops and continues a process with everything that it has started, also what has left its group and session.
import { readdirSync } from 'node:fs';
import { readBoundedFileSync } from '../../platform/files/bounded-read.ts';

interface ProcessEntry {
  readonly processId: number;
  readonly parentId: number;
  /** The letter of proc(5): `T` stopped, `Z` ended. */
  readonly state: string;
}

const MAX_STAT_BYTES = 4096;
const MAX_ROUNDS = 100;
const PAUSE_MS = 5;

/** True once all of them are stopped. False if they start others faster than that; then all go on. */
export function stopTree(rootId: number): boolean {
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const running = descendantsOf(rootId, listProcesses()).filter(({ state }) => !'TtZX'.includes(state));
    if (running.length === 0) return true;
    for (const { processId } of running) signal(processId, 'SIGSTOP');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
  }
  continueTree(rootId);
  return false;
}

export function continueTree(rootId: number): void {
  for (const { processId } of descendantsOf(rootId, listProcesses())) signal(processId, 'SIGCONT');
}

/** The process and all below it. In a process namespace an orphan becomes a child of the first process. */
export function descendantsOf(rootId: number, processes: readonly ProcessEntry[]): readonly ProcessEntry[] {
  const found = processes.filter(({ processId }) => processId === rootId);
  for (const { processId: parent } of found) found.push(...processes.filter(({ parentId }) => parentId === parent));
  return found;
}

function listProcesses(): readonly ProcessEntry[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/u.test(name)) return [];
    try {
      const stat = readBoundedFileSync(`/proc/${name}/stat`, MAX_STAT_BYTES);
      const [state = '', parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return [{ processId: Number(name), parentId: Number(parent), state }];
    } catch {
      return [];
    }
  });
}

function signal(processId: number, name: NodeJS.Signals): void {
  try {
    process.kill(processId, name);
  } catch {
    // It has just ended.
  }
}
