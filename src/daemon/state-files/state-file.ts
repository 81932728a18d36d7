// State files with their version: an older one is migrated, a newer daemon's left as it is, a damaged one kept aside.
import { existsSync } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { toRolecallError } from '../../core/errors.ts';
import { createSerialQueue } from '../../core/async/serial-queue.ts';
import type { Problems } from '../../core/problems.ts';
import { UnreadableFileError } from '../../platform/files/bounded-read.ts';
import type { DamagedFiles } from './damaged-files.ts';
import { readPrivateFile, writePrivateFile } from '../../platform/files/private-file.ts';
import { salvageEntries } from './salvage.ts';

type Content = Readonly<Record<string, unknown>>;

export interface StateFileSchema {
  /** What we write. */
  readonly version: number;
  /** False: nobody waits for the disk, and a power cut may damage the file. */
  readonly isDurable?: boolean;
  /** From version n to n + 1, by n; a version that none starts at is not one of ours. */
  readonly migrations?: Readonly<Record<number, (older: Content) => Content>>;
  /** Whether content of our version can be used; all of it when absent. */
  readonly isSound?: (content: Content) => boolean;
  /** A list in it whose entries do not depend on each other: of a damaged file the good ones are kept. */
  readonly entries?: {
    readonly list: string;
    /** That each entry begins with, as we write it. */
    readonly firstKey: string;
    readonly isSound: (entry: unknown) => boolean;
  };
  /** Read when the daemon starts and never again, so that a file that can't be read takes a restart. */
  readonly isReadOnce?: boolean;
  /** What damage costs, for the person who has it. */
  readonly loss?: string;
}

export interface StateFile {
  /**
   * Its content in our version; undefined when there is none, or a newer daemon's. A damaged file is set aside, and what
   * can be used of it is returned and written.
   * @throws UnavailableError file-not-writable: it is there and can't be read
   */
  read(): Promise<Content | undefined>;
  /** Replaces it, unless a newer daemon wrote it. @throws UnavailableError file-not-writable: the earlier one stays */
  write(content: object): Promise<void>;
  /** Whether something may be missing: it was damaged, and the damaged file is still kept. */
  wasDamaged(): Promise<boolean>;
}

export type OpenStateFile = (path: string, schema: StateFileSchema) => StateFile;

export interface StateFiles extends OpenStateFile {
  /** Writes files that were deleted again, as they were read or written last; larger ones come back with their next write. */
  restoreMissing(): Promise<void>;
}

/** Of a file that is kept in memory as well. */
const MAX_KEPT_LENGTH = 1024 * 1024;

/** A catalog of 20,000 roles has a few megabytes. */
const MAX_BYTES = 32 * 1024 * 1024;

/** What is at a path; `reason` follows "it is", and `text` is what there is to salvage. */
type Finding =
  | { readonly kind: 'none' | 'newer' }
  | { readonly kind: 'sound'; readonly content: Content; readonly text: string }
  | { readonly kind: 'damaged'; readonly reason: string; readonly text: string };

/**
 * Files whose newer contents are a problem in the status for as long as they are there: what would be kept in them is
 * known until the daemon ends. Someone has gone back to an older version, and may go forward again.
 */
export function createStateFiles(problems: Problems, damagedFiles: DamagedFiles): StateFiles {
  const turns = new Map<string, ReturnType<typeof createSerialQueue>>();
  const kept = new Map<string, { readonly text: string; readonly isDurable: boolean }>();

  function keep(path: string, text: string, { isDurable = true }: StateFileSchema): void {
    if (text.length > MAX_KEPT_LENGTH) kept.delete(path);
    else kept.set(path, { text, isDurable });
  }

  const open: OpenStateFile = (path, schema) => {
    const key = `state file ${path}`;
    const unreadableKey = `unreadable ${path}`;
    const inTurn = turns.get(path) ?? createSerialQueue();
    turns.set(path, inTurn);
    damagedFiles.watch(path, schema.loss);

    async function find(): Promise<Finding> {
      const read = await readForInspection(path);
      problems.clear(unreadableKey);
      const found = inspect(read, schema);
      if (found.kind !== 'newer') problems.clear(key);
      else {
        problems.raise(key, {
          code: 'state-file-newer',
          message: `${path} was written by a newer version of rolecall; it is left as it is, and nothing is kept there.`,
          hint: 'npm install -g rolecall@latest',
        });
      }
      return found;
    }

    async function put(content: object): Promise<void> {
      const text = JSON.stringify({ schemaVersion: schema.version, ...content });
      await writePrivateFile(path, text, { isDurable: schema.isDurable ?? true });
      problems.clear(unreadableKey);
      keep(path, text, schema);
    }

    /** Looks again, for it may have been replaced meanwhile. */
    async function mend(): Promise<Content | undefined> {
      const found = await find();
      if (found.kind !== 'damaged') return found.kind === 'sound' ? found.content : undefined;
      await damagedFiles.setAside(path, found.reason);
      const salvaged = salvage(found.text, schema);
      // Else it is lost with this daemon; but having it now counts for more.
      if (salvaged !== undefined) await put(salvaged).catch(() => undefined);
      return salvaged;
    }

    return {
      async read() {
        const found = await find().catch((error: unknown): never => {
          const { hint, ...body } = toRolecallError(error).toBody();
          const isOver = schema.isReadOnce === true;
          problems.raise(unreadableKey, { ...body, hint: isOver ? `${hint} && rolecall daemon restart` : hint });
          throw error;
        });
        if (found.kind === 'damaged') return inTurn(mend);
        if (found.kind !== 'sound') return undefined;
        keep(path, found.text, schema);
        return found.content;
      },
      write: (content) =>
        inTurn(async () => {
          // Looked at each time, for the newer daemon may have run since we started; a few milliseconds at most, seldom.
          const earlier = await find().catch((): Finding => ({ kind: 'none' }));
          if (earlier.kind === 'newer') return;
          if (earlier.kind === 'damaged') await damagedFiles.setAside(path, earlier.reason);
          await put(content);
        }),
      wasDamaged: () => damagedFiles.isKept(path),
    };
  };

  async function restoreMissing(): Promise<void> {
    for (const [path, { text, isDurable }] of kept) {
      if (!existsSync(path)) await writePrivateFile(path, text, { isDurable });
    }
  }
  return Object.assign(open, { restoreMissing });
}

/** @throws UnavailableError file-not-writable: it can't be read, or is no file */
async function readForInspection(path: string): Promise<string | UnreadableFileError | undefined> {
  try {
    return await readPrivateFile(path, MAX_BYTES);
  } catch (error) {
    const { cause } = error as Error;
    // A file of ours that is too large is damaged; a pipe, a folder or where a symlink leads is somebody's doing.
    const isOurs = cause instanceof UnreadableFileError && (await lstat(path)).isFile();
    if (isOurs) return cause;
    throw error;
  }
}

function inspect(read: string | UnreadableFileError | undefined, schema: StateFileSchema): Finding {
  if (read === undefined) return { kind: 'none' };
  if (typeof read !== 'string') return { kind: 'damaged', reason: read.reason, text: '' };
  const damaged = (reason: string): Finding => ({ kind: 'damaged', reason, text: read });
  if (read.trim() === '') return damaged('empty');
  const parsed = parse(read);
  if (parsed === undefined) return damaged('not valid JSON');
  const version = parsed['schemaVersion'];
  if (typeof version === 'number' && version > schema.version) return { kind: 'newer' };
  const content = migrate(parsed, schema);
  if (content === undefined) return damaged('of no version that rolecall ever wrote');
  return isSound(content, schema) ? { kind: 'sound', content, text: read } : damaged('not as rolecall writes it');
}

function isSound(content: Content, { entries, isSound: check }: StateFileSchema): boolean {
  const list = entries === undefined ? [] : content[entries.list];
  if (!Array.isArray(list) || (entries !== undefined && !list.every(entries.isSound))) return false;
  return check === undefined || check(content);
}

/** The good entries of the list; undefined when there are none. */
function salvage(text: string, { entries, version }: StateFileSchema): Content | undefined {
  if (entries === undefined) return undefined;
  const list = parse(text)?.[entries.list];
  const found = Array.isArray(list) ? (list as unknown[]) : salvageEntries(text, entries.firstKey);
  const good = found.filter(entries.isSound);
  return good.length === 0 ? undefined : { schemaVersion: version, [entries.list]: good };
}

function parse(text: string): Content | undefined {
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
