// Describes a process and its parents as ps(1) lists them, for systems without /proc. Not run on macOS so far.
import { execFile } from 'node:child_process';
import type { Program, ProgramProcess } from '../../core/program.ts';

const MAX_PARENTS = 8;
const MAX_OUTPUT_BYTES = 4 * 1024 * 1024;
const DEADLINE_MS = 400;

/** The process that a caller names as the one that started it. Nothing here is verified: any program can name any process. */
export async function findClaimedProgram(psPath: string, processId: number): Promise<Program | undefined> {
  return readClaimedProgram(await listProcesses(psPath), processId);
}

/** The same, from the output of `ps -axww -o pid=,ppid=,tty=,comm=`, where `comm` is the path of the program on macOS. */
export function readClaimedProgram(table: string, processId: number): Program | undefined {
  const rows = new Map(
    [...table.matchAll(/^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.+)$/gm)].map(([, id, parentId, terminal, executable]) => [
      Number(id),
      { parentId: Number(parentId), terminal: terminal ?? '', executable: (executable ?? '').trim() },
    ]),
  );
  const found = rows.get(processId);
  if (found === undefined) return undefined;
  const parents: ProgramProcess[] = [];
  for (let id = found.parentId; parents.length < MAX_PARENTS;) {
    const parent = rows.get(id);
    if (parent === undefined) break;
    parents.push({ processId: id, startedAtTicks: undefined, executable: parent.executable });
    id = parent.parentId;
  }
  return {
    processId,
    startedAtTicks: undefined,
    executable: found.executable,
    script: null,
    workingDirectory: null,
    terminal: /^[\w/]+$/.test(found.terminal) ? `/dev/${found.terminal}` : null,
    sessionId: null,
    parents,
    agent: null,
    isVerified: false,
  };
}

/** Empty if it can't be told. */
async function listProcesses(psPath: string): Promise<string> {
  const args = ['-axww', '-o', 'pid=,ppid=,tty=,comm='];
  const options = { encoding: 'utf8', maxBuffer: MAX_OUTPUT_BYTES, timeout: DEADLINE_MS } as const;
  return new Promise((resolve) => {
    execFile(psPath, args, options, (error, stdout) => resolve(error === null ? stdout : ''));
  });
}
