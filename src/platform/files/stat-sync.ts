// Synchronous stats that work around a fault of Node in resolving modules behind symlinks.
import {
  fstatSync as nodeFstatSync,
  lstatSync as nodeLstatSync,
  statSync as nodeStatSync,
  unlinkSync,
  type Stats,
} from 'node:fs';

/*
 * Up to Node 22 realpathSync() reuses the result of the process's last synchronous stat, and stops halfway if that was a
 * socket or a pipe. The next import() then leaves the symlinks in a path (pnpm, npm link, Homebrew) unresolved, and loads
 * a second copy of modules that are already loaded. Node 24 does not have this fault.
 */
function forgetSpecialFile<S extends Stats | undefined>(found: S): S {
  if (found?.isSocket() === true || found?.isFIFO() === true) nodeStatSync('/');
  return found;
}

/** Like Node's function of this name, and with its errors. */
export function statSync(path: string): Stats {
  return forgetSpecialFile(nodeStatSync(path));
}

/** Like Node's function of this name, and with its errors. */
export function lstatSync(path: string): Stats {
  return forgetSpecialFile(nodeLstatSync(path));
}

/** Undefined if nothing is there. */
export function statIfPresentSync(path: string): Stats | undefined {
  return forgetSpecialFile(nodeStatSync(path, { throwIfNoEntry: false }));
}

/** Undefined if nothing is there; does not follow a symlink. */
export function lstatIfPresentSync(path: string): Stats | undefined {
  return forgetSpecialFile(nodeLstatSync(path, { throwIfNoEntry: false }));
}

/** Like Node's function of this name, and with its errors. */
export function fstatSync(descriptor: number): Stats {
  return forgetSpecialFile(nodeFstatSync(descriptor));
}

/** Deletes a file, socket or pipe if there is one. rmSync() would stat it first, with the fault above. */
export function unlinkIfPresentSync(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
