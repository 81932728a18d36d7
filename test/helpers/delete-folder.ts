// Deletes a folder while a daemon still writes into it.
import { rmSync } from 'node:fs';

const MAX_ATTEMPTS = 20;

/** With everything in it, what comes into it meanwhile included. @throws ENOENT: it is not there */
export function deleteFolder(path: string): void {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return rmSync(path, { recursive: true });
    } catch (error) {
      // As of Node 20 its own retries delete the folder alone, and not what came into it since it was read.
      if ((error as NodeJS.ErrnoException).code !== 'ENOTEMPTY' || attempt === MAX_ATTEMPTS) throw error;
    }
  }
}
