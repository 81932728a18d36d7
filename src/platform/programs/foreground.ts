// Tells whether this process may use the terminal now: a job in the background is stopped if it changes the terminal's mode.
import { spawnSync } from 'node:child_process';
import { readBoundedFileSync } from '../files/bounded-read.ts';

const MAX_STAT_BYTES = 4096;
const PS_TIMEOUT_MS = 2000;

/** Whether this process is in the foreground of its terminal; false if that can't be found out. */
export function isInForeground(): boolean {
  if (process.platform === 'linux') {
    try {
      return isForegroundStat(readBoundedFileSync('/proc/self/stat', MAX_STAT_BYTES));
    } catch {
      return false;
    }
  }
  const options = { encoding: 'utf8', timeout: PS_TIMEOUT_MS } as const;
  const { error, stdout } = spawnSync('/bin/ps', ['-o', 'stat=', '-p', String(process.pid)], options);
  return error === undefined && stdout.includes('+');
}

/** `stat` is /proc/PID/stat: after the name, which may have spaces and brackets, come state, parent, group, session, tty, tpgid. */
export function isForegroundStat(stat: string): boolean {
  const [, , group, , , foregroundGroup] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return group !== undefined && group === foregroundGroup;
}

/**
 * Whether a terminal's shell has put this process in the background. False without a terminal of its own, and where
 * /proc does not say it.
 */
export function isInBackground(): boolean {
  try {
    return isBackgroundStat(readBoundedFileSync('/proc/self/stat', MAX_STAT_BYTES));
  } catch {
    return false;
  }
}

/** `stat` as in `isForegroundStat`; the terminal is 0 if there is none. */
export function isBackgroundStat(stat: string): boolean {
  const [, , group, , terminal, foregroundGroup] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return group !== undefined && terminal !== '0' && group !== foregroundGroup;
}
