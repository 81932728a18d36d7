// Whether callers still find this daemon: its socket, alias and lock file, looked at when one of their folders changes and on each tick.
import { watch, type FSWatcher } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import { coalesced } from '../../core/async/coalesced.ts';
import { identify } from './own-socket.ts';

export interface Presence {
  /** Calls of `check` that overlap share one run. */
  check(): Promise<void>;
  close(): void;
}

/** `rm -rf` of a folder is over by then; a file made amid it would keep it from deleting the folder. */
const SETTLE_MS = 100;

/**
 * Runs `check` soon after one of `files` or its folder was deleted or replaced. Without a watch, as when the system has
 * no more of them, only the caller's own tick does.
 */
export function createPresence(deps: {
  readonly files: readonly string[];
  /** Makes again what is gone; reports its failures by itself. */
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

  /** A watch stays with the folder that it was made for, deleted or not. */
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
      // Not there, or no watch to be had: the next check tries again.
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
