// What was typed after `rolecall exec`: the words for the role, and the command to run.
import { UsageError } from '../../../core/errors.ts';
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
    if (!word.startsWith('-')) {
      words.push(word);
      continue;
    }
    const [, flag = word, value] = /^(--[^=]+)=(.*)$/su.exec(word) ?? [];
    const read = () => value ?? left.next().value ?? '';
    if (word === '--env-keys') own.envKeys = true;
    else if (word === '--token-file') own.tokenFile = true;
    else if (word === '--confine') own.confine = true;
    else if (word === '--read-only') own.readOnly = true;
    else if (flag === '--region') own.region = read();
    else if (flag === '--via') own.via = read();
    else if (flag === '--policy') own.policy = [...(own.policy ?? []), read()];
    else if (flag === '--readable') own.readable = [...(own.readable ?? []), read()];
    else if (flag === '--writable') own.writable = [...(own.writable ?? []), read()];
    else if (flag === '--env') own.env = [...(own.env ?? []), read()];
    else if (flag === '--network') own.network = checkNetwork(read());
    else return undefined;
  }
  return { words, command: rest.slice(end + 1), options: own };
}

/** @throws UsageError usage: neither of the two */
function checkNetwork(word: string): 'host' | 'own' {
  if (word === 'host' || word === 'own') return word;
  throw new UsageError('usage', `rolecall exec --network takes host or own, not "${word}".`, {
    hint: 'rolecall exec --help',
  });
}
