// Reads every file below a folder, for tests that search a home for secrets while a daemon still writes there.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** More often than any daemon of ours replaces a file while one folder is read. */
const ATTEMPTS = 50;

/**
 * The bytes of every regular file below `folder` as latin1 text, by absolute path.
 * A file that is renamed between the listing and its reading may be in the listing under neither name: then all of it is read again.
 */
export function readEveryFile(folder: string): ReadonlyMap<string, string> {
  for (let attempt = 1; ; attempt++) {
    try {
      const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
      const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
      return new Map(paths.map((path) => [path, readFileSync(path, 'latin1')]));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || attempt === ATTEMPTS) throw error;
    }
  }
}
