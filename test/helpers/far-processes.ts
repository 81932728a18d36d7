// The processes of a far host (sshd.ts), seen from here: which there are, and which belong to a connection.
import { readFileSync } from 'node:fs';

export interface FarProcess {
  readonly pid: number;
  readonly parent: number;
  readonly uid: number;
  readonly arguments: string;
}

/** What runs for one account. */
export interface FarConnection {
  readonly sshd: readonly FarProcess[];
  readonly children: readonly FarProcess[];
}

/**
 * Every living process of the namespace that `listener` is the first of: when it has ended, they have, and orphans become its
 * children. Reads those and no others, for tests ask often, and the connections go through their process.
 */
export function processesIn(listener: number): readonly FarProcess[] {
  const found: FarProcess[] = [];
  for (let pids = [listener]; pids.length > 0;) {
    found.push(...pids.flatMap(readProcess));
    pids = pids.flatMap(childrenOf);
  }
  return found;
}

function readProcess(pid: number): readonly FarProcess[] {
  const status = read(`/proc/${pid}/status`);
  if (status === '' || /^State:\tZ/m.test(status)) return [];
  const field = (label: string) => Number(new RegExp(`^${label}:\\t(\\d+)`, 'm').exec(status)?.[1]);
  const seen = read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim();
  return [{ pid, parent: field('PPid'), uid: field('Uid'), arguments: seen }];
}

function childrenOf(pid: number): readonly number[] {
  return read(`/proc/${pid}/task/${pid}/children`)
    .split(' ')
    .flatMap((child) => (child === '' ? [] : [Number(child)]));
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // It has ended.
    return '';
  }
}

/** sshd's own processes of an account, which has no other connection, and everything that they have started. */
export function findConnection(account: string, all: readonly FarProcess[]): FarConnection {
  const sshd = all.filter(({ arguments: seen }) => new RegExp(`^sshd-session: ${account}( |@)`).test(seen));
  const children: FarProcess[] = [];
  for (let parents = sshd; parents.length > 0;) {
    const pids = new Set(parents.map(({ pid }) => pid));
    parents = all.filter((one) => pids.has(one.parent) && !sshd.includes(one));
    children.push(...parents);
  }
  return { sshd, children };
}
