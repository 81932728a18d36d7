// What was typed after `rolecall exec`: the words for the role, and the command to run.
import type { ExecOptions } from './options.ts';

export interface ExecLine {
  /** A profile, or words to search for; empty to choose from a list. */
  readonly words: readonly string[];
  readonly command: readonly string[];
  readonly options: ExecOptions;
}

/** The line as `exec PROFILE COMMAND...`. */
export function readOneWord(first: string | undefined, rest: readonly string[], options: ExecOptions): ExecLine {
  return { words: first === undefined || first.trim() === '' ? [] : [first], command: rest, options };
}

/**
 * The line as `exec WORD WORD... -- COMMAND...`; undefined when it cannot mean that. `npm run build -- --watch` has such a
 * "--" too, so this reading only applies when the first word is not a profile.
 */
export function readSeveralWords(
  first: string | undefined,
  rest: readonly string[],
  options: ExecOptions,
): ExecLine | undefined {
  const end = rest.indexOf('--');
  if (first === undefined || first.trim() === '' || options.isSeparated === true || end < 1) return undefined;
  const words = [first];
  const own: { -readonly [Name in keyof ExecOptions]: ExecOptions[Name] } = { ...options };
  const left = rest.slice(0, end).values();
  for (const word of left) {
    if (word === '--env-keys') own.envKeys = true;
    else if (word === '--token-file') own.tokenFile = true;
    else if (word === '--region') own.region = left.next().value ?? '';
    else if (word.startsWith('--region=')) own.region = word.slice('--region='.length);
    else if (word.startsWith('-')) return undefined;
    else words.push(word);
  }
  return { words, command: rest.slice(end + 1), options: own };
}
