// How many files and sockets this process may have open.
import { readFileSync } from 'node:fs';

/** Where the limit can't be read. Node raises its soft limit to the hard one, which is above this on macOS. */
const ASSUMED_LIMIT = 1024;

/** The soft limit (RLIMIT_NOFILE); a careful guess outside Linux. */
export function readDescriptorLimit(readLimits = () => readFileSync('/proc/self/limits', 'latin1')): number {
  try {
    const [, limit] = /^Max open files +(\d+)/m.exec(readLimits()) ?? [];
    return limit === undefined ? ASSUMED_LIMIT : Number(limit);
  } catch {
    return ASSUMED_LIMIT;
  }
}
