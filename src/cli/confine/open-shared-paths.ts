// Resolves and opens the paths that are shared with a confined command.
import { closeSync, constants, openSync, readlinkSync, realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { UsageError } from '../../core/errors.ts';
import { quoteForShell } from '../../core/text/quote-for-shell.ts';
import { expandPath } from '../../platform/files/aws-file-path.ts';
import { fstatSync } from '../../platform/files/stat-sync.ts';
import type { Environment } from '../environment/child-environment.ts';
import type { ConfineOptions, SharedPath } from './confine-options.ts';
import { isWithin } from './is-within.ts';
import { checkSharedPath, type PathRules } from './protected-paths.ts';

/** Opens a file or folder of any mode without reading it; as of 2026-11 Node has no name for it. */
const O_PATH = 0o10000000;

interface Wanted {
  readonly typed: string;
  /** Empty for the working directory. */
  readonly option: '' | '--readable' | '--writable';
  readonly isWritable: boolean;
}

export interface OpenedPaths {
  /** The working directory comes first; the others follow so that a path comes after those that contain it. */
  readonly shared: readonly SharedPath[];
  readonly workingDirectory: string;
  close(): void;
}

/**
 * The working directory and the paths of the options.
 * @throws UsageError usage: a path does not exist, or may not be shared; the message says why
 */
export function openSharedPaths(
  options: Pick<ConfineOptions, 'readable' | 'writable' | 'isReadOnly'>,
  deps: {
    readonly workingDirectory: string;
    readonly environment: Environment;
    readonly homeDirectory: string;
    readonly rules: PathRules;
    readonly platform: NodeJS.Platform;
  },
): OpenedPaths {
  const wanted: readonly Wanted[] = [
    { typed: deps.workingDirectory, option: '', isWritable: !options.isReadOnly },
    ...options.readable.map((typed) => ({ typed, option: '--readable', isWritable: false }) as const),
    ...options.writable.map((typed) => ({ typed, option: '--writable', isWritable: true }) as const),
  ];
  const opened: SharedPath[] = [];
  const close = () => {
    for (const { descriptor } of opened) closeSync(descriptor);
    opened.length = 0;
  };
  try {
    const byPath = new Map<string, SharedPath>();
    for (const each of wanted) {
      const path = resolveTyped(each, deps);
      checkSharedPath(path, each, deps.rules);
      refuseLinkOut(path, each, wanted, deps);
      const before = byPath.get(path);
      // A path given twice may be written if one of the two says so.
      if (before !== undefined && (before.isWritable || !each.isWritable)) continue;
      const descriptor = before?.descriptor ?? openExactly(path, deps.platform);
      const share = { path, isWritable: each.isWritable, descriptor };
      if (before === undefined) opened.push(share);
      byPath.set(path, share);
    }
    const shared = [...byPath.values()].toSorted((one, other) => (one.path < other.path ? -1 : 1));
    return { shared, workingDirectory: resolveTyped(wanted[0] as Wanted, deps), close };
  } catch (error) {
    close();
    throw error;
  }
}

function resolveTyped(
  { typed, option }: Wanted,
  deps: { readonly workingDirectory: string; readonly environment: Environment; readonly homeDirectory: string },
): string {
  const path = option === '' ? typed : resolve(deps.workingDirectory, expandPath(typed, {}, deps.homeDirectory));
  try {
    if (typed === '') throw Object.assign(new Error('empty'), { code: 'ENOENT' });
    return realpathSync(path);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' || code === 'ENOTDIR' ? 'does not exist' : `cannot be read (${code})`;
    const name = option === '' ? `The working directory ${typed}` : `${option} ${quoteForShell(typed)}`;
    throw new UsageError('usage', `${name} ${reason}.`, {
      hint: option === '--writable' ? `mkdir -p ${quoteForShell(path)}` : `ls -ld ${quoteForShell(path)}`,
      cause,
    });
  }
}

/** In a folder that confined commands write to, one of them may have put the link there, so that the next one gets more. */
function refuseLinkOut(
  path: string,
  { typed, option }: Wanted,
  wanted: readonly Wanted[],
  deps: Parameters<typeof resolveTyped>[1],
): void {
  if (option === '') return;
  const named = resolve(deps.workingDirectory, expandPath(typed, {}, deps.homeDirectory));
  const isMade = wanted.some((each) => {
    // A read-only working directory may have been writable the last time.
    if (each.option === '--readable') return false;
    const folders = [
      resolve(deps.workingDirectory, expandPath(each.typed, {}, deps.homeDirectory)),
      resolveTyped(each, deps),
    ];
    return (
      folders.some((folder) => named !== folder && isWithin(named, folder)) &&
      !folders.some((folder) => isWithin(path, folder))
    );
  });
  if (!isMade) return;
  throw new UsageError(
    'usage',
    `${option} ${quoteForShell(typed)} is a symlink to ${path}, which a confined command could have made. Share that path itself if you want to.`,
    { hint: `ls -ld ${quoteForShell(named)}` },
  );
}

/** Another program may have put a symlink in the place of a folder since the path was checked. */
function openExactly(path: string, platform: NodeJS.Platform): number {
  // macOS has neither O_PATH nor a way to hand a descriptor to the sandbox: there the profile names the path.
  const flags = platform === 'linux' ? O_PATH | constants.O_NOFOLLOW : constants.O_RDONLY | constants.O_NONBLOCK;
  const descriptor = openSync(path, flags);
  if (platform !== 'linux') return descriptor;
  const isSame = readlinkSync(`/proc/self/fd/${descriptor}`) === path && !fstatSync(descriptor).isSymbolicLink();
  if (isSame) return descriptor;
  closeSync(descriptor);
  throw new UsageError('usage', `${path} was replaced while rolecall checked it.`, {
    hint: `ls -ld ${quoteForShell(path)}`,
  });
}
