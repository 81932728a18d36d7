// A process and its ancestors as the kernel describes them in /proc: users, sessions, terminals, start times. Linux only.
import { readFileSync } from 'node:fs';
import { findAgent } from '../../core/agents.ts';

export interface TreeProcess {
  readonly processId: number;
  /** Of the program, at most 15 bytes; the process can change it. */
  readonly name: string;
  /** 0: it has none in this pid namespace. */
  readonly parentId: number;
  readonly groupId: number;
  readonly sessionId: number;
  /** The device number of the controlling terminal, as in `stat().rdev`; 0: none. */
  readonly terminalDevice: number;
  /** The process group that the terminal's keyboard belongs to; -1 without a terminal. */
  readonly foregroundGroupId: number;
  /** Clock ticks since boot. */
  readonly startedAtTicks: number;
  /** Real, effective, saved and file system user. */
  readonly userIds: readonly number[];
}

/** USER_HZ, which is the same on every architecture that Node supports. */
const TICKS_PER_SECOND = 100;
const MAX_ANCESTORS = 64;

/** Undefined if it has ended. */
function readTreeProcess(processId: number): TreeProcess | undefined {
  try {
    const stat = readFileSync(`/proc/${processId}/stat`, 'latin1');
    const status = readFileSync(`/proc/${processId}/status`, 'latin1');
    return parseTreeProcess(processId, stat, status);
  } catch {
    return undefined;
  }
}

/** @see proc_pid_stat(5). The second field, the name, may contain spaces and parentheses. */
function parseTreeProcess(processId: number, stat: string, status: string): TreeProcess | undefined {
  const end = stat.lastIndexOf(')');
  const [state, ...numbers] = stat.slice(end + 2).split(' ');
  const [parentId = -1, groupId = -1, sessionId = -1, terminalDevice = -1, foregroundGroupId = Number.NaN] =
    numbers.map(Number);
  const startedAtTicks = Number(numbers[18]);
  const userIds = (/^Uid:\s+(.*)$/m.exec(status)?.[1] ?? '').split(/\s+/).map(Number);
  const facts = [parentId, groupId, sessionId, terminalDevice, foregroundGroupId, startedAtTicks, ...userIds];
  // A zombie has ended.
  if (state === 'Z' || userIds.length !== 4 || facts.some((fact) => !Number.isInteger(fact))) return undefined;
  return {
    processId,
    name: stat.slice(stat.indexOf('(') + 1, end),
    parentId,
    groupId,
    sessionId,
    terminalDevice,
    foregroundGroupId,
    startedAtTicks,
    userIds,
  };
}

/** The process and its ancestors, the nearest first; empty if it has ended. */
export function readAncestry(processId: number): readonly TreeProcess[] {
  const chain: TreeProcess[] = [];
  for (let id = processId; id > 0 && chain.length < MAX_ANCESTORS;) {
    const found = readTreeProcess(id);
    const child = chain.at(-1);
    // The parent ended meanwhile, and its id now belongs to a younger process.
    if (found === undefined || (child !== undefined && found.startedAtTicks > child.startedAtTicks)) break;
    chain.push(found);
    id = found.parentId;
  }
  return chain;
}

/** The time now, as `startedAtTicks` counts it. */
export function nowInTicks(): number {
  return Number(readFileSync('/proc/uptime', 'latin1').split(' ')[0]) * TICKS_PER_SECOND;
}

/** The coding agent in whose environment a process was started; undefined if there is none, or if that can't be read. */
export function findAgentOf(processId: number): string | undefined {
  try {
    const lines = readFileSync(`/proc/${processId}/environ`, 'utf8').split('\0');
    return findAgent(
      Object.fromEntries(lines.map((line) => [line.split('=')[0] ?? '', line.slice(line.indexOf('=') + 1)])),
    );
  } catch {
    return undefined;
  }
}
