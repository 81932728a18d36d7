// Finds what prevents a socket from being created. Kept apart from private-socket.ts, which every command loads.
import { moveAsideCommand } from '../files/file-error.ts';
import type { FolderFault } from './private-socket.ts';
import { lstatIfPresentSync } from '../files/stat-sync.ts';

/** Why no socket can be created at `path`; undefined if nothing or a socket is there. Throws lstat's errors. */
export function findObstacle(path: string): FolderFault | undefined {
  const found = lstatIfPresentSync(path);
  if (found === undefined || found.isSocket() || found.isSymbolicLink()) return undefined;
  return { reason: 'a file that is not a socket is in the way', hint: moveAsideCommand(path) };
}
