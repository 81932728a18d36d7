// Which file a command's first word runs, by the rules of a shell, before anything is asked of the daemon.
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { statIfPresentSync } from '../../platform/files/stat-sync.ts';

export type FoundCommand =
  | { readonly path: string }
  /** 127: there is none of that name; 126: there is one, and it can't be run. */
  | { readonly exitCode: 126 | 127; readonly reason: string };

const USUAL_PATH = '/usr/local/bin:/usr/bin:/bin';

/** What a shell with this environment would run for `word`, which may be a path; asks only the disk. */
export function findCommand(word: string, environment: Readonly<Record<string, string | undefined>>): FoundCommand {
  const isPath = word.includes('/');
  const folders = isPath ? [''] : (environment['PATH'] ?? USUAL_PATH).split(delimiter);
  let found: string | undefined;
  for (const folder of word === '' ? [] : folders) {
    const path = isPath ? word : join(folder === '' ? '.' : folder, word);
    const kind = inspect(path);
    if (kind === 'file' && isExecutable(path)) return { path };
    if (kind === 'file' || (isPath && kind !== 'absent')) found ??= path;
  }
  if (found !== undefined) return { exitCode: 126, reason: `${found} is not a program that can be run.` };
  return {
    exitCode: 127,
    reason: isPath ? `There is no program ${word}.` : `There is no program "${word}" in your PATH.`,
  };
}

/** `unknown`: a folder on the way may not be entered, a symbolic link leads in a circle, or a name is too long. */
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
