// Finds the program that a command would run, by the rules of a shell.
import { accessSync, constants } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { quoteForShell } from '../../core/text/quote-for-shell.ts';
import { statIfPresentSync } from '../../platform/files/stat-sync.ts';

export type FoundCommand =
  | { readonly path: string }
  /** 127: not found; 126: found, but not executable. */
  | {
      readonly exitCode: 126 | 127;
      readonly reason: string;
      /** The file that is not executable; absent if there is none. */
      readonly path?: string;
    };

const DEFAULT_PATH = '/usr/local/bin:/usr/bin:/bin';

/** What a shell with this environment would run for `word`, which may be a path. */
export function findCommand(word: string, environment: Readonly<Record<string, string | undefined>>): FoundCommand {
  const isPath = word.includes('/');
  const folders = isPath ? [''] : (environment['PATH'] ?? DEFAULT_PATH).split(delimiter);
  let found: string | undefined;
  for (const folder of word === '' ? [] : folders) {
    const path = isPath ? word : join(folder === '' ? '.' : folder, word);
    const kind = inspect(path);
    if (kind === 'file' && isExecutable(path)) return { path };
    if (kind === 'file' || (isPath && kind !== 'absent')) found ??= path;
  }
  if (found !== undefined) return { exitCode: 126, reason: `${found} is not executable.`, path: found };
  return {
    exitCode: 127,
    reason: isPath ? `${word} does not exist.` : `"${word}" was not found in your PATH.`,
  };
}

/** A command that shows why `word` is no program: what the shell means by it, what is there, or the modes of the file. */
export function commandAbout(word: string, found: string | undefined): string {
  if (found !== undefined) return `ls -l ${quoteForShell(found)}`;
  // An alias or a function of the shell is no program; for anything else the folders of the PATH are of use.
  if (!word.includes('/')) return `type ${quoteForShell(word)} || echo "$PATH"`;
  let folder = dirname(word);
  while (inspect(folder) !== 'other' && dirname(folder) !== folder) folder = dirname(folder);
  return `ls -l ${quoteForShell(folder)}`;
}

/** `unknown`: a parent folder cannot be entered, a symlink is circular, or a name is too long. */
function inspect(path: string): 'file' | 'other' | 'absent' | 'unknown' {
  try {
    const found = statIfPresentSync(path);
    if (found === undefined) return 'absent';
    return found.isFile() ? 'file' : 'other';
  } catch {
    return 'unknown';
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
