// Checks that callers can still find this daemon (socket, alias, lock file) when one of their folders changes and on each tick.
import { watch, type FSWatcher } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import { coalesced } from '../../core/async/coalesced.ts';
import { identify } from './own-socket.ts';

export interface Presence {
  /** Concurrent calls share one run. */
  check(): Promise<void>;
  close(): void;
}

/** Time for `rm -rf` of a folder to finish: a file created meanwhile would make it fail to delete the folder. */
const SETTLE_MS = 100;

/**
 * Runs `check` soon after one of `files` or its folder was deleted or replaced. If the system has no watches left, only
 * the caller's own tick does.
 */
export function createPresence(deps: {
  readonly files: readonly string[];
  /** Restores what is missing. Reports its failures itself. */
  readonly check: () => Promise<void>;
  readonly clock: Clock;
}): Presence {
  const folders = [...new Set(deps.files.map(dirname))];
  const names = new Set([...deps.files, ...folders].map((path) => basename(path)));
  const watches = new Map<string, { readonly watcher: FSWatcher; readonly folder: string | undefined }>();
  let settling: AbortController | undefined;
  let isClosed = false;

  const check = coalesced(async () => {
    if (isClosed) return;
    await deps.check();
    for (const folder of folders) watchFolder(folder);
  });

  async function onEvent(_event: string, name: string | null): Promise<void> {
    if (isClosed || (name !== null && !names.has(name))) return;
    settling?.abort();
    const waiting = new AbortController();
    settling = waiting;
    try {
      await deps.clock.sleep(SETTLE_MS, waiting.signal);
    } catch {
      return;
    }
    await check();
  }

  /** A watch belongs to one folder, and stays with it even if the folder is deleted. */
  function watchFolder(path: string): void {
    const folder = identify(path);
    const known = watches.get(path);
    if (isClosed || (known !== undefined && known.folder === folder)) return;
    known?.watcher.close();
    watches.delete(path);
    try {
      const watcher = watch(path, { persistent: false }, (event, name) => void onEvent(event, name));
      watcher.on('error', () => watcher.close());
      watches.set(path, { watcher, folder });
    } catch {
      // The folder is missing or the system has no watches left. The next check tries again.
    }
  }

  for (const folder of folders) watchFolder(folder);
  return {
    check,
    close() {
      isClosed = true;
      settling?.abort();
      for (const { watcher } of watches.values()) watcher.close();
      watches.clear();
    },
  };
}
