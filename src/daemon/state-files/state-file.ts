// State files with a version: migrates older ones, leaves those of a newer daemon alone, and sets damaged ones aside.
import { existsSync } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { toRolecallError } from '../../core/errors.ts';
import { createSerialQueue } from '../../core/async/serial-queue.ts';
import type { Problems } from '../../core/problems.ts';
import { UnreadableFileError } from '../../platform/files/bounded-read.ts';
import type { DamagedFiles } from './damaged-files.ts';
import { fingerprintFile } from '../../platform/files/file-fingerprint.ts';
import { readPrivateFile, writePrivateFile } from '../../platform/files/private-file.ts';
import { salvageEntries } from './salvage.ts';

type Content = Readonly<Record<string, unknown>>;

export interface StateFileSchema {
  /** The version that this daemon writes. */
  readonly version: number;
  /** False: writes don't wait for the disk, and a power cut may damage the file. */
  readonly isDurable?: boolean;
  /** Each migrates from version n, its key, to n + 1. A version without a migration counts as damaged. */
  readonly migrations?: Readonly<Record<number, (older: Content) => Content>>;
  /** Whether content of this version is valid. Absent: all of it is. */
  readonly isSound?: (content: Content) => boolean;
  /** May have megabytes. */
  readonly isLarge?: boolean;
  /** A list of independent entries. Of a damaged file the valid ones are kept. */
  readonly entries?: {
    readonly list: string;
    /** The first key of each entry as written. */
    readonly firstKey: string;
    readonly isSound: (entry: unknown) => boolean;
  };
  /** Read only at the start, so recovering from an unreadable file takes a restart. */
  readonly isReadOnce?: boolean;
  /** Tells a person what damage to the file costs. */
  readonly loss?: string;
}

export interface StateFile {
  /**
   * The content in this version; undefined if there is no file, or a newer daemon wrote it. Sets a damaged file aside, and
   * returns and writes its usable part.
   * @throws UnavailableError file-not-writable: the file exists and can't be read
   */
  read(): Promise<Content | undefined>;
  /**
   * Replaces the file unless a newer daemon wrote it. A large file that has this content already is left as it is.
   * @throws UnavailableError file-not-writable: the old file stays
   */
  write(content: object): Promise<'written' | 'unchanged'>;
  /** Another string after a change of the file. */
  stamp(): Promise<string>;
  /** Whether content may be missing: the file was damaged, and its damaged copy still exists. */
  wasDamaged(): Promise<boolean>;
}

export type OpenStateFile = (path: string, schema: StateFileSchema) => StateFile;

export interface StateFiles extends OpenStateFile {
  /** Restores deleted files as last read or written. Large ones come back with their next write. */
  restoreMissing(): Promise<void>;
}

/** Larger files are not kept in memory for `restoreMissing`. */
const MAX_KEPT_LENGTH = 1024 * 1024;

/** A catalog of 20,000 roles has a few megabytes. */
const MAX_BYTES = 32 * 1024 * 1024;

/** What was found at a path. `reason` completes "it is"; entries can be recovered from `text`. */
type Finding =
  | { readonly kind: 'none' | 'newer' }
  | { readonly kind: 'sound'; readonly content: Content; readonly text: string }
  | { readonly kind: 'damaged'; readonly reason: string; readonly text: string };

/**
 * Opens state files. A file of a newer daemon is a problem in the status: its user has gone back to an older version and
 * may upgrade again, so it is not overwritten, and new content is lost when this daemon ends.
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
          message: `${path} was written by a newer version of rolecall. This version leaves it unchanged and saves nothing there.`,
          hint: 'npm install -g rolecall@latest',
        });
      }
      return found;
    }

    const format = (content: object) => JSON.stringify({ schemaVersion: schema.version, ...content });

    async function put(text: string): Promise<void> {
      await writePrivateFile(path, text, { isDurable: schema.isDurable ?? true });
      problems.clear(unreadableKey);
      keep(path, text, schema);
    }

    /** Reads again first, because the file may have been replaced meanwhile. */
    async function mend(): Promise<Content | undefined> {
      const found = await find();
      if (found.kind !== 'damaged') return found.kind === 'sound' ? found.content : undefined;
      await damagedFiles.setAside(path, found.reason);
      const salvaged = salvage(found.text, schema);
      // If that fails the content is lost with this daemon, but it can be used until then.
      if (salvaged !== undefined) await put(format(salvaged)).catch(() => undefined);
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
          // Checked on every write, because a newer daemon may have run since the start. Takes a few milliseconds at most.
          const text = format(content);
          if (schema.isLarge === true && (await isThere(path, text))) return 'unchanged';
          const earlier = await find().catch((): Finding => ({ kind: 'none' }));
          if (earlier.kind === 'newer') return 'unchanged';
          if (earlier.kind === 'damaged') await damagedFiles.setAside(path, earlier.reason);
          await put(text);
          return 'written';
        }),
      stamp: () => fingerprintFile(path),
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

async function isThere(path: string, text: string): Promise<boolean> {
  return (await readForInspection(path).catch(() => undefined)) === text;
}

/** @throws UnavailableError file-not-writable: the path can't be read, or is not a file */
async function readForInspection(path: string): Promise<string | UnreadableFileError | undefined> {
  try {
    return await readPrivateFile(path, MAX_BYTES);
  } catch (error) {
    const { cause } = error as Error;
    // A file that is too large is damaged. A pipe, a folder or a symlink was put there by somebody else.
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
  if (content === undefined) return damaged('of an unknown version');
  return isSound(content, schema) ? { kind: 'sound', content, text: read } : damaged('not in the expected format');
}

function isSound(content: Content, { entries, isSound: check }: StateFileSchema): boolean {
  const list = entries === undefined ? [] : content[entries.list];
  if (!Array.isArray(list) || (entries !== undefined && !list.every(entries.isSound))) return false;
  return check === undefined || check(content);
}

/** The valid entries of the list; undefined if there are none. */
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
