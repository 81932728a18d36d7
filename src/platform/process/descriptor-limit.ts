// Reads how many files and sockets this process may have open.
import { readFileSync } from 'node:fs';

/** Used where the limit can't be read. Node raises its soft limit to the hard limit, which is higher than this on macOS. */
const ASSUMED_LIMIT = 1024;

/** The soft limit (RLIMIT_NOFILE); a low estimate on systems other than Linux. */
export function readDescriptorLimit(readLimits = () => readFileSync('/proc/self/limits', 'latin1')): number {
  try {
    const [, limit] = /^Max open files +(\d+)/m.exec(readLimits()) ?? [];
    return limit === undefined ? ASSUMED_LIMIT : Number(limit);
  } catch {
    return ASSUMED_LIMIT;
  }
}
