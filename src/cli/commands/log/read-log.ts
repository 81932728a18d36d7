// Reads the lines of the audit log from its files, and with --follow those that come.
import { watch } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { Clock } from '../../../core/clock.ts';
import type { AuditHop, AuditLine } from '../../../local-api/schemas/audit.ts';
import { closeLogFiles, openLogFiles, readLogLines } from '../../../platform/files/log-files.ts';
import { MAX_LINE_BYTES, openLog, readLines } from '../../../platform/files/read-lines.ts';

export interface ReadLine {
  /** As it is in the file. */
  readonly text: string;
  readonly line: AuditLine;
}

/** Empty for what is no line of the log, such as half a line that a power cut left. */
function parseAuditLine(text: string): readonly ReadLine[] {
  try {
    const { program, via, ...fields } = withSoundFields(JSON.parse(text));
    const line = {
      ...fields,
      ...(isObject(program) ? { program: withSoundFields(program) } : {}),
      ...(isObject(via) ? readHop(via) : {}),
    };
    return isAuditLine(line) ? [{ text, line }] : [];
  } catch {
    return [];
  }
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

const isAuditLine = (line: object): line is AuditLine => 'at' in line && 'event' in line && 'surface' in line;

const NUMBERS: readonly string[] = ['count', 'processId', 'seq'];
const FLAGS: readonly string[] = ['confined', 'current', 'federated', 'isVerified'];
const PARTS: readonly string[] = ['program', 'via'];

/** Empty unless it has all that the daemon writes of a hop. */
function readHop(via: object): { readonly via?: AuditHop } {
  const { roleArn, sourceAccountId, sourcePermissionSet, policySha256 } = withSoundFields(via) as Partial<AuditHop>;
  if (roleArn === undefined || sourceAccountId === undefined || sourcePermissionSet === undefined) return {};
  const { policyArns } = via as { readonly policyArns?: unknown };
  const arns = Array.isArray(policyArns) ? policyArns.filter((arn) => typeof arn === 'string') : [];
  return { via: { roleArn, sourceAccountId, sourcePermissionSet, policySha256, policyArns: arns } };
}

/** Without fields of another type than the daemon writes. */
function withSoundFields(json: unknown): Readonly<Record<string, unknown>> {
  const typeOf = (name: string) => {
    if (NUMBERS.includes(name)) return 'number';
    return FLAGS.includes(name) ? 'boolean' : 'string';
  };
  return Object.fromEntries(
    Object.entries(isObject(json) ? json : {}).filter(
      ([name, value]) => typeof value === typeOf(name) || (PARTS.includes(name) && isObject(value)),
    ),
  );
}

const POLL_MS = 1000;

/**
 * All lines, oldest first; then, if `follows`, new ones until the signal aborts, across rotations and restarts.
 * `onCaughtUp` is called when all lines that were there have been passed on.
 * Rejects with an UnreadableFileError if the log is not a file.
 */
export async function* readAuditLog(
  path: string,
  options: {
    readonly follows: boolean;
    readonly onCaughtUp: () => void;
    readonly clock: Clock;
    readonly signal: AbortSignal;
  },
): AsyncGenerator<ReadLine> {
  // Before the first line is read, so that no change is missed.
  const changes = options.follows ? watchFile(path) : undefined;
  const files = await openLogFiles(path);
  const earlier = files.filter((file) => file.path !== path);
  const tail = createTail(path, files.find((file) => file.path === path)?.file);
  try {
    for await (const { text } of readLogLines(earlier)) yield* parseAuditLine(text);
    yield* tail.read();
    options.onCaughtUp();
    if (changes === undefined) return;
    for (;;) {
      await changes.wait(options.clock, options.signal);
      yield* tail.read();
    }
  } finally {
    changes?.close();
    await closeLogFiles(earlier);
    await tail.close();
  }
}

/** Reads what was added since the last time. */
function createTail(path: string, opened: FileHandle | undefined) {
  let file = opened;
  let offset = 0;

  async function* readAdded(): AsyncGenerator<ReadLine> {
    if (file === undefined) return;
    // The writer takes back what it could not write in full.
    offset = Math.min(offset, (await file.stat()).size);
    for await (const { text, isComplete, endOffset } of readLines(file, offset)) {
      // The rest of the line is still to come.
      if (!isComplete && text.length < MAX_LINE_BYTES) return;
      offset = endOffset;
      yield* parseAuditLine(text);
    }
  }

  return {
    async *read(): AsyncGenerator<ReadLine> {
      for (;;) {
        yield* readAdded();
        const next = await openLog(path).catch(() => undefined);
        if (next === undefined) return;
        if (file !== undefined && (await isSame(next, file))) {
          await next.close();
          return;
        }
        // What was added before the file was renamed.
        yield* readAdded();
        await file?.close();
        file = next;
        offset = 0;
      }
    },
    close: async () => file?.close(),
  };
}

async function isSame(one: FileHandle, other: FileHandle): Promise<boolean> {
  const [a, b] = await Promise.all([one.stat(), other.stat()]);
  return a.ino === b.ino && a.dev === b.dev;
}

/** Waits for a change of the file, or for the poll interval where the system reports none. */
function watchFile(path: string) {
  let hasChanged = false;
  let wake: AbortController | undefined;
  const name = basename(path);
  const watcher = startWatching(dirname(path), (changed) => {
    if (changed !== null && changed !== name) return;
    hasChanged = true;
    wake?.abort();
  });
  return {
    async wait(clock: Clock, signal: AbortSignal): Promise<void> {
      signal.throwIfAborted();
      if (!hasChanged) {
        wake = new AbortController();
        await clock.sleep(POLL_MS, AbortSignal.any([wake.signal, signal])).catch(() => undefined);
        signal.throwIfAborted();
      }
      hasChanged = false;
    },
    close: () => watcher?.close(),
  };
}

function startWatching(folder: string, onChange: (name: string | null) => void) {
  try {
    const watcher = watch(folder, { persistent: false }, (_event, name) => onChange(name));
    watcher.on('error', () => watcher.close());
    return watcher;
  } catch {
    // The folder does not exist yet, or the system has no watches left.
    return undefined;
  }
}
