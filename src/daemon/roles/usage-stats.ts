// How often and how lately each profile was switched to: the order in which a person is offered them.
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
  /** As of the last use; halves every seven days from there. */
  readonly score: number;
  readonly lastUsedAtMs: number;
}

/** By profile name; another object after each change. */
export type UsageByProfile = ReadonlyMap<string, Use>;

export interface UsageStats {
  /** What is known, with what shells have put into the inbox meanwhile. Never rejects: a list without an order is a list. */
  read(): Promise<UsageByProfile>;
  /** What is known, without a look at the disk. */
  cached(): UsageByProfile;
  /** One more use, now. Never rejects. */
  record(profileName: string): Promise<void>;
}

const SCHEMA = {
  version: 1,
  isDurable: false,
  entries: { list: 'uses', firstKey: 'profileName', isSound: (entry) => parse({ uses: [entry] }).size === 1 },
  loss: 'The order in which profiles are offered may differ from before.',
} as const satisfies StateFileSchema;
const HALF_LIFE_MS = 7 * 24 * 60 * 60_000;
const MAX_NAMES = 2000;
/** Of an inbox that was left for long, or filled by mistake, the end is what counts. */
const MAX_INBOX_BYTES = 256 * 1024;

/**
 * The store in `directory`: `uses.json`, and the inbox `used`, to which a shell appends a name a line without a process.
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

  /** In turn, and with what goes wrong told to the log alone. */
  function inTurn(work: () => Promise<void>): Promise<void> {
    return takeTurn(work).catch((error: unknown) => {
      deps.log('warn', `the uses of profiles: ${(error as Error).message}`);
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

/** What a use counts at `nowMs`; a clock that was set back takes nothing away. */
export function scoreAt(use: Use | undefined, nowMs: number): number {
  if (use === undefined) return 0;
  return use.score * 2 ** (-Math.max(0, nowMs - use.lastUsedAtMs) / HALF_LIFE_MS);
}

/** The names in the inbox, which is empty and there afterwards. */
async function emptyInbox(path: string): Promise<string[]> {
  await ensureFolder(join(path, '..'));
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await open(path, flags, 0o600);
  try {
    const { size, mode } = await file.stat();
    // A shell that was first made it with its own umask.
    if ((mode & 0o077) !== 0) await file.chmod(0o600);
    if (size === 0) return [];
    const length = Math.min(size, MAX_INBOX_BYTES);
    const { buffer } = await file.read(Buffer.alloc(length), 0, length, size - length);
    await file.truncate(0);
    const lines = buffer.toString('latin1').split('\n');
    // The first line of a part may be the end of one.
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

/** A file that is not one of ours counts as nothing used yet: it is no more than an order. */
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
