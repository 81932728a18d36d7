// Counts how often and how recently each profile was used, to offer the most used ones first.
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureFolder } from '../../platform/files/atomic-file.ts';
import { isEpochMs, type Clock } from '../../core/clock.ts';
import { createSerialQueue } from '../../core/async/serial-queue.ts';
import { isShellSafeName } from '../shared-config/config-profiles.ts';
import type { Log } from '../process/log.ts';
import type { OpenStateFile, StateFileSchema } from '../state-files/state-file.ts';

export interface Use {
  /** At the time of the last use; halves every seven days. */
  readonly score: number;
  readonly lastUsedAtMs: number;
}

/** By profile name; a new object after each change. */
export type UsageByProfile = ReadonlyMap<string, Use>;

export interface UsageStats {
  /** All usage, including what shells have written to the inbox. Never rejects: without statistics only the order is lost. */
  read(): Promise<UsageByProfile>;
  /** The usage in memory, without disk access. */
  cached(): UsageByProfile;
  /** Counts one use, now. Never rejects. */
  record(profileName: string): Promise<void>;
}

const SCHEMA = {
  version: 1,
  isDurable: false,
  entries: { list: 'uses', firstKey: 'profileName', isSound: (entry) => parse({ uses: [entry] }).size === 1 },
  loss: 'Profiles may be offered in a different order.',
} as const satisfies StateFileSchema;
const HALF_LIFE_MS = 7 * 24 * 60 * 60_000;
const MAX_NAMES = 2000;
/** Of a larger inbox only the end is read. */
const MAX_INBOX_BYTES = 256 * 1024;

/**
 * Uses two files in `directory`: `uses.json`, and the inbox `used`, to which shells append one name per line.
 */
export function createUsageStats(deps: {
  readonly directory: string;
  readonly openStateFile: OpenStateFile;
  readonly clock: Clock;
  readonly log: Log;
}): UsageStats {
  const { clock } = deps;
  const store = deps.openStateFile(join(deps.directory, 'uses.json'), SCHEMA);
  const inboxPath = join(deps.directory, 'used');
  let cached: UsageByProfile | undefined;
  const nothing: UsageByProfile = new Map();
  const takeTurn = createSerialQueue();

  async function load(): Promise<UsageByProfile> {
    cached ??= parse(await store.read());
    return cached;
  }

  async function add(names: readonly string[]): Promise<void> {
    if (names.length === 0) return;
    const nowMs = clock.nowMs();
    const uses = new Map(await load());
    for (const name of names) {
      uses.set(name, { score: scoreAt(uses.get(name), nowMs) + 1, lastUsedAtMs: nowMs });
    }
    cached = withoutLeastUsed(uses, nowMs);
    await store.write({ uses: [...cached].map(([profileName, use]) => ({ profileName, ...use })) });
  }

  /** Runs one at a time; errors are only logged. */
  function inTurn(work: () => Promise<void>): Promise<void> {
    return takeTurn(work).catch((error: unknown) => {
      deps.log('warn', `cannot update the usage statistics: ${(error as Error).message}`);
    });
  }

  return {
    async read() {
      await inTurn(async () => {
        await load();
        await add(await emptyInbox(inboxPath));
      });
      return cached ?? nothing;
    },
    cached: () => cached ?? nothing,
    record: (profileName) => inTurn(() => add(isShellSafeName(profileName) ? [profileName] : [])),
  };
}

/** The score at `nowMs`; not lower if the clock was set back. */
export function scoreAt(use: Use | undefined, nowMs: number): number {
  if (use === undefined) return 0;
  return use.score * 2 ** (-Math.max(0, nowMs - use.lastUsedAtMs) / HALF_LIFE_MS);
}

/** Reads and empties the inbox; creates it if needed. */
async function emptyInbox(path: string): Promise<string[]> {
  await ensureFolder(join(path, '..'));
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await open(path, flags, 0o600);
  try {
    const { size, mode } = await file.stat();
    // If a shell created the file, it did so with its own umask.
    if ((mode & 0o077) !== 0) await file.chmod(0o600);
    if (size === 0) return [];
    const length = Math.min(size, MAX_INBOX_BYTES);
    const { buffer } = await file.read(Buffer.alloc(length), 0, length, size - length);
    await file.truncate(0);
    const lines = buffer.toString('latin1').split('\n');
    // The first line may be cut off.
    return (length < size ? lines.slice(1) : lines).filter(isShellSafeName);
  } finally {
    await file.close();
  }
}

function withoutLeastUsed(uses: UsageByProfile, nowMs: number): UsageByProfile {
  if (uses.size <= MAX_NAMES) return uses;
  const byScore = [...uses].toSorted(([, a], [, b]) => scoreAt(b, nowMs) - scoreAt(a, nowMs));
  return new Map(byScore.slice(0, MAX_NAMES));
}

/** Invalid entries are skipped: only the order of profiles depends on them. */
function parse(content: Readonly<Record<string, unknown>> | undefined): UsageByProfile {
  const uses = new Map<string, Use>();
  const stored = content?.['uses'];
  for (const entry of Array.isArray(stored) ? (stored as unknown[]) : []) {
    const { profileName, score, lastUsedAtMs } = (entry ?? {}) as Partial<Use & { profileName: string }>;
    if (typeof profileName !== 'string' || !isShellSafeName(profileName)) continue;
    if (!Number.isFinite(score) || !isEpochMs(lastUsedAtMs)) continue;
    uses.set(profileName, { score: Number(score), lastUsedAtMs });
  }
  return uses;
}
