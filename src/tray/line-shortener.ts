// Shortens names and titles in a menu to one line.
import { toHarmlessLine } from '../core/text/harmless-text.ts';
import { createNameShortener } from '../core/text/short-names.js';

/** A limit for what is shortened at all. */
const MAX_RAW_LENGTH = 500;

/** Keeps both ends of a text, and what distinguishes it from the other `texts`. Lengths are in characters. */
export function createLineShortener(texts: readonly string[], maxLength: number): (text: string) => string {
  const toLine = (text: string) => toHarmlessLine(text, MAX_RAW_LENGTH);
  const shorten = createNameShortener(texts.map(toLine), maxLength, (line) => Array.from(line).length);
  return (text) => shorten(toLine(text)).text;
}
