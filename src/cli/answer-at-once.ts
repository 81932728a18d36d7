// Answers the two command lines that need neither the daemon nor a terminal: the line for a prompt, and the help.
import { writeSync } from 'node:fs';
import { resolvePaths, type PathSources } from '../local-api/paths.ts';
import { fstatSync } from '../platform/files/stat-sync.ts';
import { readPromptFile } from './commands/status/prompt-file.ts';
import { formatOverview, MAX_COLUMNS } from './print-overview.ts';

const STDOUT = 1;
const HELP: readonly string[] = ['--help', '-h', 'help'];

/**
 * Whether that was all: the answer is printed. Writing to a descriptor spares loading Node's streams, a fifth of the time of
 * a prompt. `write` prints what a full pipe does not take.
 */
export function answerAtOnce(
  argv: readonly string[],
  sources: Omit<PathSources, 'homeDirectory'> & { readonly write: (text: string) => void },
): boolean {
  const text = findAnswer(argv, sources);
  if (text === undefined) return false;
  print(text, sources.write);
  return true;
}

function findAnswer(argv: readonly string[], sources: Omit<PathSources, 'homeDirectory'>): string | undefined {
  const [first = '--help', ...words] = argv;
  if (words.length === 0 && HELP.includes(first)) return mayBeTerminal() ? undefined : formatOverview(MAX_COLUMNS);
  const homeDirectory = sources.environment['HOME'];
  if (homeDirectory === undefined || argv.join(' ') !== 'status --format prompt') return undefined;
  return readPromptFile(resolvePaths({ ...sources, homeDirectory }).switchDirectory);
}

/** Whether the width of standard output counts, or it is closed. */
function mayBeTerminal(): boolean {
  try {
    return fstatSync(STDOUT).isCharacterDevice();
  } catch {
    return true;
  }
}

function print(text: string, write: (text: string) => void): void {
  const bytes = Buffer.from(text);
  let written = 0;
  try {
    while (written < bytes.length) written += writeSync(STDOUT, bytes, written);
  } catch (error) {
    // The reader has closed the pipe, which is not an error.
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') write(bytes.toString('utf8', written));
  }
}
