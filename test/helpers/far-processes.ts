// The processes of a far host (sshd.ts), seen from here: which there are, and which belong to a connection.
import { readdirSync, readFileSync } from 'node:fs';

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

/** Every living process of the namespace that `listener` is the first of: when it has ended, they have. */
export function processesIn(listener: number): readonly FarProcess[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const status = readFileSync(`/proc/${name}/status`, 'utf8');
        const isThere = Number(name) === listener || /^NSpid:\t\d+\t\d+$/m.test(status);
        if (!isThere || /^State:\tZ/m.test(status) || !descendsFrom(Number(name), listener)) return [];
        const seen = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
        const field = (label: string) => Number(new RegExp(`^${label}:\\t(\\d+)`, 'm').exec(status)?.[1]);
        return [{ pid: Number(name), parent: field('PPid'), uid: field('Uid'), arguments: seen }];
      } catch {
        // It has ended.
        return [];
      }
    });
}

/** Orphans of the namespace become children of its first process. */
function descendsFrom(pid: number, listener: number): boolean {
  for (let at = pid; at > 1;) {
    if (at === listener) return true;
    const stat = readFileSync(`/proc/${at}/stat`, 'utf8');
    at = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  }
  return false;
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
