// Which file a command's first word runs, by the rules of a shell, before anything is asked of the daemon.
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

export type FoundProgram =
  | { readonly path: string }
  /** 127: there is none of that name; 126: there is one, and it can't be run. */
  | { readonly exitCode: 126 | 127; readonly reason: string };

const USUAL_PATH = '/usr/local/bin:/usr/bin:/bin';

export function findProgram(word: string, environment: Readonly<Record<string, string | undefined>>): FoundProgram {
  const isPath = word.includes('/');
  const folders = isPath ? [''] : (environment['PATH'] ?? USUAL_PATH).split(delimiter);
  let found: string | undefined;
  for (const folder of word === '' ? [] : folders) {
    const path = isPath ? word : join(folder === '' ? '.' : folder, word);
    const isFile = statSync(path, { throwIfNoEntry: false })?.isFile();
    if (isFile === true && isExecutable(path)) return { path };
    if (isFile === true || (isPath && isFile === false)) found ??= path;
  }
  if (found !== undefined) return { exitCode: 126, reason: `${found} is not a program that can be run.` };
  return {
    exitCode: 127,
    reason: isPath ? `There is no program ${word}.` : `There is no program "${word}" in your PATH.`,
  };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
