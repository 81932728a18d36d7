// The line that a running daemon maintains for prompts, which start no process to read it.
import { join } from 'node:path';
import { INERT_CHARACTERS } from '../../../core/text/harmless-text.ts';
import { readBoundedFileSync } from '../../../platform/files/bounded-read.ts';

const MAX_LINE_BYTES = 64 * 1024;
/** A name without special characters, and a word. */
const PROMPT_LINE = new RegExp(`^[${INERT_CHARACTERS}]+ [a-z-]+\n$`);

/** The line with its end; undefined when there is none (yet). */
export function readPromptFile(switchDirectory: string): string | undefined {
  try {
    const line = readBoundedFileSync(join(switchDirectory, 'prompt'), MAX_LINE_BYTES);
    return PROMPT_LINE.test(line) ? line : undefined;
  } catch {
    return undefined;
  }
}
