// A wall clock that a test sets, for every process in private mounts of its own; the monotonic clock and files keep true time.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Debian's package libfaketime. */
const LIBRARY = '/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1';
const IN_PRIVATE_MOUNTS = 'ROLECALL_ENDURANCE_MOUNTS';
/**
 * What the library is told by these variables has to hold for the daemon too, which drops all variables but those of an
 * allow-list: in our copy of the library they have another name.
 */
const VARIABLES = ['FAKETIME_DONT_FAKE_MONOTONIC', 'NO_FAKE_STAT', 'FAKETIME_NO_CACHE'];
const KEPT_VARIABLE = 'LC_FAKETIME';

/** Undefined when it can be had; else what is missing. */
export function findObstacle() {
  if (process.getuid?.() !== 0) return 'it mounts file systems, which takes root';
  if (!existsSync(LIBRARY)) return `there is no ${LIBRARY} (apt-get install faketime)`;
  return undefined;
}

/** False in the first process, which runs this program once more in private mounts and ends with its exit code. */
export async function enterPrivateMounts() {
  if (process.env[IN_PRIVATE_MOUNTS] === '1') return true;
  const child = spawn('unshare', ['--mount', '--propagation', 'private', process.execPath, ...process.argv.slice(1)], {
    stdio: 'inherit',
    env: { ...process.env, [IN_PRIVATE_MOUNTS]: '1' },
  });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => void child.kill(signal));
  process.exit(await new Promise((resolve) => child.on('exit', (code) => resolve(code ?? 1))));
}

/**
 * Every process that is started from here on has the clock that `set` sets, by seconds; one with `STEADY` in its
 * environment keeps true time, but not the daemon that it starts.
 */
export function createJumpingClock(folder) {
  const etc = join(folder, 'etc');
  mkdirSync(etc);
  const library = readFileSync(LIBRARY);
  for (const name of VARIABLES) {
    const at = library.indexOf(`${name}\0`, 'latin1');
    if (at < 0) throw new Error(`${LIBRARY} does not know ${name}`);
    library.write(`${KEPT_VARIABLE}\0`, at, 'latin1');
  }
  const copy = join(folder, 'clock.so');
  writeFileSync(copy, library, { mode: 0o755 });
  const offset = join(folder, 'offset');
  const set = (seconds) => {
    writeFileSync(`${offset}.new`, `${seconds < 0 ? '-' : '+'}${Math.abs(seconds)}\n`);
    renameSync(`${offset}.new`, offset);
  };
  set(0);
  symlinkSync(offset, join(etc, 'faketimerc'));
  writeFileSync(join(etc, 'ld.so.preload'), `${copy}\n`);
  execFileSync('mount', ['-t', 'overlay', 'overlay', '-o', `lowerdir=${etc}:/etc`, '/etc']);
  return { set, environment: { [KEPT_VARIABLE]: '1' }, STEADY: { FAKETIME: '+0' } };
}
