// State files with their version: an older one is migrated as it is read, a newer daemon's is left as it is.
import type { Problems } from '../core/problems.ts';
import { readPrivateFile, writePrivateFile } from './private-file.ts';

type Content = Readonly<Record<string, unknown>>;

export interface StateFileSchema {
  /** What we write. */
  readonly version: number;
  /** False: nobody waits for the disk, and a file that a power cut has emptied is one that is not there. */
  readonly isDurable?: boolean;
  /** From version n to n + 1, by n; a version that none starts at is not one of ours. */
  readonly migrations?: Readonly<Record<number, (older: Content) => Content>>;
}

export interface StateFile {
  /**
   * Its content in our version; undefined when there is none, when it is not one of ours, or a newer daemon's.
   * @throws UnavailableError file-not-writable: it is there and can't be read
   */
  read(): Promise<Content | undefined>;
  /** Replaces it, unless a newer daemon wrote it. @throws UnavailableError file-not-writable: the earlier one stays */
  write(content: object): Promise<void>;
}

export type OpenStateFile = (path: string, schema: StateFileSchema) => StateFile;

/**
 * Files whose newer contents are a problem in the status for as long as they are there: what would be kept in them is
 * known until the daemon ends. Someone has gone back to an older version, and may go forward again.
 */
export function createStateFiles(problems: Problems): OpenStateFile {
  return (path, schema) => {
    const key = `state file ${path}`;

    function isNewer(content: Content | undefined): boolean {
      const version = content?.['schemaVersion'];
      const found = typeof version === 'number' && version > schema.version;
      if (!found) problems.clear(key);
      else {
        problems.raise(key, {
          code: 'state-file-newer',
          message: `${path} was written by a newer version of rolecall; it is left as it is, and nothing is kept there.`,
          hint: 'npm install -g rolecall@latest',
        });
      }
      return found;
    }

    return {
      async read() {
        const content = parse(await readPrivateFile(path));
        return isNewer(content) ? undefined : migrate(content, schema);
      },
      async write(content) {
        // Looked at each time, for the newer daemon may have run since we started; a few milliseconds at most, seldom.
        const earlier = parse(await readPrivateFile(path).catch(() => undefined));
        if (isNewer(earlier)) return;
        const text = JSON.stringify({ schemaVersion: schema.version, ...content });
        await writePrivateFile(path, text, { isDurable: schema.isDurable ?? true });
      },
    };
  };
}

function parse(text: string | undefined): Content | undefined {
  if (text === undefined) return undefined;
  try {
    const parsed = JSON.parse(text) as unknown;
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? (parsed as Content) : undefined;
  } catch {
    return undefined;
  }
}

function migrate(content: Content | undefined, { version, migrations = {} }: StateFileSchema): Content | undefined {
  let migrated = content;
  while (migrated !== undefined && migrated['schemaVersion'] !== version) {
    const from = migrated['schemaVersion'];
    const step = typeof from === 'number' ? migrations[from] : undefined;
    if (typeof from !== 'number' || step === undefined) return undefined;
    migrated = { ...step(migrated), schemaVersion: from + 1 };
  }
  return migrated;
}
