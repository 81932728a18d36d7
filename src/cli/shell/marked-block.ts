// The lines of rolecall in a shell's start file, between markers: added at the end, replaced in place, removed without a trace.

const BLOCK_START = '# >>> rolecall >>>';
const BLOCK_END = '# <<< rolecall <<<';
/** In the block of a file that did not exist before: the file goes with the block. */
const CREATED = '# rolecall created this file.';
/** In the block of a file whose last line had no newline: the block's newline before it goes with the block. */
const NO_NEWLINE = '# The line above had no newline at its end.';

/** Why the markers in a file cannot be trusted: `line 12 has a second "# >>> rolecall >>>"`. */
export interface BrokenMarkers {
  readonly broken: string;
}

interface Place {
  readonly start: number;
  /** After the newline of the end marker. */
  readonly end: number;
  readonly text: string;
}

/** The file's text with these lines between the markers; every other byte is kept. `text` is undefined for a missing file. */
export function addBlock(text: string | undefined, lines: readonly string[]): string | BrokenMarkers {
  if (text === undefined) return formatBlock([CREATED, ...lines]);
  const place = findBlock(text);
  if (place !== undefined && 'broken' in place) return place;
  if (place !== undefined) {
    const kept = [CREATED, NO_NEWLINE].filter((note) => place.text.includes(`\n${note}\n`));
    return text.slice(0, place.start) + formatBlock([...kept, ...lines]) + text.slice(place.end);
  }
  return text === '' || text.endsWith('\n')
    ? text + formatBlock(lines)
    : `${text}\n${formatBlock([NO_NEWLINE, ...lines])}`;
}

const formatBlock = (lines: readonly string[]) => [BLOCK_START, ...lines, BLOCK_END, ''].join('\n');

/** The text as it was without the block, or undefined if the file did not exist before; the same text if it has no block. */
export function removeBlock(text: string): string | undefined | BrokenMarkers {
  const place = findBlock(text);
  if (place === undefined || 'broken' in place) return place ?? text;
  const [before, after] = [text.slice(0, place.start), text.slice(place.end)];
  const isWithoutNewline = after === '' && place.text.includes(`\n${NO_NEWLINE}\n`);
  const rest = (isWithoutNewline ? before.replace(/\n$/, '') : before) + after;
  return rest === '' && place.text.includes(`\n${CREATED}\n`) ? undefined : rest;
}

/** The text with spaces in place of the block, so that lines keep their numbers. */
export function outsideBlock(text: string): string {
  const place = findBlock(text);
  if (place === undefined || 'broken' in place) return text;
  return text.slice(0, place.start) + place.text.replaceAll(/[^\n]/g, ' ') + text.slice(place.end);
}

function findBlock(text: string): Place | BrokenMarkers | undefined {
  let offset = 0;
  let start: number | undefined;
  let place: Place | undefined;
  for (const [index, line] of text.split(/(?<=\n)/).entries()) {
    const word = line.trim();
    const broken = { broken: `line ${index + 1} has "${word}", whose counterpart is missing` };
    if (word === BLOCK_START) {
      if (start !== undefined || place !== undefined) return broken;
      start = offset;
    } else if (word === BLOCK_END) {
      if (start === undefined) return broken;
      const end = offset + line.length;
      place = { start, end, text: text.slice(start, end) };
      start = undefined;
    }
    offset += line.length;
  }
  return start === undefined ? place : { broken: `the line "${BLOCK_END}" is missing` };
}
