// Keeps damaged state files beside the new ones, and shows each as a problem in the status until a person deletes it.
import { readdir, rename, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { formatUtcSeconds, type Clock } from '../../core/clock.ts';
import type { Problems } from '../../core/problems.ts';
import { quoteForShell } from '../../core/text/quote-for-shell.ts';
import { errorCode, toFileError } from '../../platform/files/file-error.ts';
import type { Log } from '../process/log.ts';

export interface DamagedFiles {
  /** Makes `check` look for copies of this file. `loss` tells a person in a sentence or two what the damage costs. */
  watch(path: string, loss: string | undefined): void;
  /** Renames the file to NAME.damaged-DATE and logs `reason`, which completes "it is". Never rejects. */
  setAside(path: string, reason: string): Promise<void>;
  /** Whether a damaged copy of this file is kept. */
  isKept(path: string): Promise<boolean>;
  /** Raises a problem for each file with a damaged copy, and clears it once the copy is deleted. */
  check(): Promise<void>;
}

/** Per file. The oldest copies are deleted first. */
const MAX_COPIES = 3;
const COPY_SUFFIX = /^\.damaged-\d{4}-\d\d-\d\dT\d{6}Z$/u;

export function createDamagedFiles(deps: {
  readonly problems: Problems;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly log: Log;
}): DamagedFiles {
  const { clock, log, problems } = deps;
  const watched = new Map<string, string | undefined>();

  async function check(): Promise<void> {
    const folders = new Map<string, readonly string[]>();
    for (const path of watched.keys()) {
      const folder = dirname(path);
      if (!folders.has(folder)) folders.set(folder, await readdir(folder).catch((): string[] => []));
    }
    for (const [path, loss] of watched) {
      const copies = copiesOf(path, folders.get(dirname(path)) ?? []);
      if (copies.length === 0) problems.clear(keyOf(path));
      else {
        const [latest = ''] = copies.slice(-1);
        problems.raise(keyOf(path), {
          code: 'state-file-damaged',
          message: [`${path} was damaged and is kept as ${latest}.`, loss ?? ''].join(' ').trim(),
          hint: `rm ${copies.map(quoteForShell).join(' ')}`,
        });
      }
    }
  }

  return {
    watch: (path, loss) => void watched.set(path, loss),
    async setAside(path, reason) {
      const copy = `${path}.damaged-${formatUtcSeconds(clock.nowMs()).replaceAll(':', '')}`;
      try {
        await rename(path, copy);
        problems.clear(`${keyOf(path)} stays`);
        log('warn', `${path} is damaged: it is ${reason}. It is kept as ${copy}.`);
      } catch (error) {
        if (errorCode(error) === 'ENOENT') return;
        // Its usable parts are used anyway.
        log('warn', `${path} is damaged: it is ${reason}.`);
        problems.raise(`${keyOf(path)} stays`, toFileError(error, path, 'written').toBody());
      }
      const names = await readdir(dirname(path)).catch((): string[] => []);
      const tooMany = copiesOf(path, names).slice(0, -MAX_COPIES);
      await Promise.all(tooMany.map((name) => unlink(name).catch(() => undefined)));
      await check();
    },
    async isKept(path) {
      return copiesOf(path, await readdir(dirname(path)).catch((): string[] => [])).length > 0;
    },
    check,
  };
}

/** Sorted, oldest first. */
function copiesOf(path: string, namesInFolder: readonly string[]): readonly string[] {
  const name = basename(path);
  return namesInFolder
    .filter((candidate) => candidate.startsWith(name) && COPY_SUFFIX.test(candidate.slice(name.length)))
    .toSorted()
    .map((copy) => join(dirname(path), copy));
}

const keyOf = (path: string) => `damaged file ${path}`;
