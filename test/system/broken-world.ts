// What is common to the worlds in which rolecall can't do its work.
import { describe, expect, test } from 'vitest';
import { followHints, observe, type Person, type Source } from './follow-hints.ts';
import { canMount, canNeedModes, createHintWorld, type HintWorld } from './hint-world.ts';

export interface BrokenWorld {
  readonly name: string;
  /** `linux`: no keychain without a session bus; `modes`: permissions of files; `mounts`: a file system of its own; `processes`: all commands as processes. */
  readonly needs?: 'linux' | 'modes' | 'mounts' | 'processes';
  /** Of the shell and the daemon. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Much like another world, or one that other tests have: followed only where `ROLECALL_TEST_ALL_WORLDS=1`. */
  readonly isVariant?: true;
  breakIt(world: HintWorld): Promise<void> | void;
  readonly person?: (world: HintWorld) => Person;
}

/** Follows the hints of each world: the first ones of the message, of `status` and of `doctor`, where they differ. */
export function testHints(worlds: readonly BrokenWorld[]): void {
  describe('every hint leads out', () => {
    const distinct = worlds.filter(({ isVariant }) => isVariant !== true || hasAll);
    // A world takes a second or two of two processors; CI has time for all.
    for (const broken of distinct.filter((_, index) => hasAll || isSystemRequired || index % 3 === 0)) {
      test.skipIf(!canBreak(broken))(broken.name, { timeout: 180_000 }, () => followAll(broken));
    }
  });
}

const hasAll = process.env['ROLECALL_TEST_ALL_WORLDS'] === '1';
const isSystemRequired = process.env['ROLECALL_REQUIRE_SYSTEM'] === '1';

export function canBreak({ needs }: BrokenWorld): boolean {
  if (needs === 'linux') return process.platform === 'linux';
  return needs === 'modes' ? canNeedModes : needs !== 'mounts' || canMount;
}

async function followAll(broken: BrokenWorld): Promise<void> {
  let others: readonly Source[] = [];
  await inBrokenWorld(broken, async (world) => {
    const seen = await observe(world);
    const { hints, isHealthy, told } = seen;
    expect(told).not.toContain('Something went wrong inside rolecall');
    const firstBySource = [...hints].map(([source, [first]]) => [first, source] as const);
    // Of sources with the same first hint one is followed.
    const [source, ...rest] = [...new Map(firstBySource.toReversed()).values()].toReversed();
    expect(isHealthy ? undefined : told).toBe(source === undefined ? undefined : told);
    others = rest;
    if (source !== undefined) await followHints(world, source, broken.person?.(world) ?? {}, seen);
  });
  for (const source of others) {
    await inBrokenWorld(broken, (world) => followHints(world, source, broken.person?.(world) ?? {}));
  }
}

export async function inBrokenWorld(
  { breakIt, environment = {}, needs }: BrokenWorld,
  use: (world: HintWorld) => Promise<unknown>,
): Promise<void> {
  const world = await createHintWorld({
    environment,
    needsModes: needs === 'modes',
    needsProcesses: needs === 'processes',
  });
  try {
    await breakIt(world);
    await use(world);
  } finally {
    await world.remove();
  }
}

/** What `work` does, the daemon sees when it is done. */
export function whileSuspended(processId: number, work: () => void): void {
  process.kill(processId, 'SIGSTOP');
  try {
    work();
  } finally {
    process.kill(processId, 'SIGCONT');
  }
}

/** A daemon that was well until now. */
export async function startDaemon(world: HintWorld): Promise<number> {
  const { stdout, stderr } = await world.rolecall('daemon', 'start');
  const pid = Number(/pid (\d+)/u.exec(stdout)?.[1]);
  if (!(pid > 0)) throw new Error(`no daemon: ${stderr}`);
  return pid;
}
