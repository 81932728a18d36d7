// What stands where a socket is to be made; a file of its own, as every command loads private-socket.ts.
import { moveAsideCommand } from '../files/file-error.ts';
import type { FolderFault } from './private-socket.ts';
import { lstatIfPresentSync } from '../files/stat-sync.ts';

/** Why no socket can be made at `path`; undefined when nothing, or a socket, is there. Throws lstat's own errors. */
export function findObstacle(path: string): FolderFault | undefined {
  const found = lstatIfPresentSync(path);
  if (found === undefined || found.isSocket() || found.isSymbolicLink()) return undefined;
  return { reason: 'a file that is no socket is in the way', hint: moveAsideCommand(path) };
}
