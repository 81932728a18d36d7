// Answers the two command lines that need neither the daemon nor a terminal: the line for a prompt, and the help.
import { resolvePaths, type PathSources } from '../local-api/paths.ts';
import { fstatSync } from '../platform/files/stat-sync.ts';
import { readPromptFile } from './commands/status/prompt-file.ts';
import { formatOverview, MAX_COLUMNS } from './print-overview.ts';
import { openStandardOutput, writeToDescriptor } from './terminal/standard-output.ts';

const STDOUT = 1;
const HELP: readonly string[] = ['--help', '-h', 'help'];

/** Whether that was all: the answer is printed. */
export function answerAtOnce(argv: readonly string[], sources: Omit<PathSources, 'homeDirectory'>): boolean {
  const text = findAnswer(argv, sources);
  if (text === undefined) return false;
  const rest = writeToDescriptor(STDOUT, text);
  if (rest !== undefined) openStandardOutput().write(rest);
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
