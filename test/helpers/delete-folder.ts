// Deleting a folder under a daemon that goes on writing into it.
import { rmSync } from 'node:fs';

/** With everything in it, what comes into it meanwhile included. @throws ENOENT: it is not there */
export function deleteFolder(path: string): void {
  rmSync(path, { recursive: true, maxRetries: 20, retryDelay: 10 });
}
