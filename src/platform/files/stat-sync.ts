// Synchronous stats that do not lead Node astray when it next looks for a module behind a symlink.
import * as fs from 'node:fs';
import type { Stats } from 'node:fs';

/*
 * As of Node 22 realpathSync() looks at what the last synchronous stat of the whole process found, and stops halfway when
 * that was a socket or a pipe. The next import() then takes a path with symlinks (pnpm, npm link, Homebrew) as it is, and
 * loads a second copy of what is loaded already, or half of it. Node 24 has no such fault.
 */
function forgetSpecialFile<S extends Stats | undefined>(found: S): S {
  if (found?.isSocket() === true || found?.isFIFO() === true) fs.statSync('/');
  return found;
}

/** As Node's own; throws what that throws. */
export function statSync(path: string): Stats {
  return forgetSpecialFile(fs.statSync(path));
}

/** As Node's own; throws what that throws. */
export function lstatSync(path: string): Stats {
  return forgetSpecialFile(fs.lstatSync(path));
}

/** Undefined when nothing is there. */
export function statIfPresentSync(path: string): Stats | undefined {
  return forgetSpecialFile(fs.statSync(path, { throwIfNoEntry: false }));
}

/** Undefined when nothing is there; a symlink is not followed. */
export function lstatIfPresentSync(path: string): Stats | undefined {
  return forgetSpecialFile(fs.lstatSync(path, { throwIfNoEntry: false }));
}

/** As Node's own; throws what that throws. */
export function fstatSync(descriptor: number): Stats {
  return forgetSpecialFile(fs.fstatSync(descriptor));
}

/** Deletes a file, socket or pipe, if there is one; rmSync() looks at what it deletes, with the fault above. */
export function unlinkIfPresentSync(path: string): void {
  try {
    fs.unlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
