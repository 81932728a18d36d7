// Finds the program that a command would run, by the rules of a shell.
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { statIfPresentSync } from '../../platform/files/stat-sync.ts';

export type FoundCommand =
  | { readonly path: string }
  /** 127: not found; 126: found, but not executable. */
  | { readonly exitCode: 126 | 127; readonly reason: string };

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
  if (found !== undefined) return { exitCode: 126, reason: `${found} is not executable.` };
  return {
    exitCode: 127,
    reason: isPath ? `${word} does not exist.` : `"${word}" was not found in your PATH.`,
  };
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
