// Reads the profile names of the shared credentials file; every AWS client prefers its keys to the config file.
import { runSteps, type Steps } from '../../core/async/steps.ts';
import { BLOCK_END, BLOCK_START } from './managed-block.ts';

/** Line of each name, counted from 1. If AWS clients read a header differently, each reading is a name. */
export type CredentialsNames = ReadonlyMap<string, number>;

/** A few milliseconds of work, even if every line is a header. */
const LINES_PER_STEP = 2000;

/**
 * Reads only the headers. Skips our block, which is in this file when it is both the config and the credentials file.
 */
export function readCredentialsNames(text: string): CredentialsNames {
  return runSteps(readNamesInSteps(text));
}

/** As readCredentialsNames, yielding after every few thousand lines. */
export function* readNamesInSteps(text: string): Steps<CredentialsNames> {
  const lines = new Map<string, number>();
  /** Names inside our block, until its end is found. */
  let block: Map<string, number> | undefined;
  // Sticky and global, so that each character is scanned once.
  const header = /[^\S\r\n]*\[([^\r\n]*)/uy;
  const newline = /\r\n|\r|\n/gu;
  for (let line = 1, start = 0; start < text.length; line += 1) {
    if (line % LINES_PER_STEP === 0) yield;
    header.lastIndex = start;
    const found = header.exec(text)?.[1];
    const names = block ?? lines;
    if (found !== undefined) for (const name of readHeader(found)) if (!names.has(name)) names.set(name, line);
    newline.lastIndex = start;
    const end = newline.exec(text)?.index ?? text.length;
    if (found === undefined) {
      const trimmed = text.slice(start, end).trim();
      if (trimmed === BLOCK_START) block ??= new Map();
      else if (trimmed === BLOCK_END) block = undefined;
    }
    start = end === text.length ? end : newline.lastIndex;
  }
  return block === undefined ? lines : new Map([...block, ...lines]);
}

/** botocore reads up to the last bracket; the JS SDK removes comments first. */
function readHeader(header: string): string[] {
  const upToLastBracket = /^(.+)\]/su.exec(header)?.[1];
  const withoutComment = /^(.+)\]$/su.exec(header.replace(/\s[;#].*$/su, '').trimEnd())?.[1];
  return [upToLastBracket, withoutComment].flatMap((name) => (name === undefined ? [] : [name, name.trim()]));
}
