// Wraps text at words to the width of a terminal. Commands stay in one piece, so that they can be copied.
import type { OutputStream } from '../context.ts';
import { displayWidth } from './display-width.ts';

/** Narrower terminals get the text as it is. */
const MIN_COLUMNS = 20;
const COLOUR_CODES = /\u001b\[\d+m/g;
/** Moves the cursor, or is a line of a diff: nothing to wrap. */
const NO_PROSE = /\r|\u001b(?!\[\d+m)|^[-+@](?! )/;
/** What the cells of the line describe together: `Current role: `. */
const LABEL = /^[A-Z][A-Za-z -]*: (?=\S)/;
/** What a command to copy starts with, other than rolecall itself; "if" only with a test. */
const COMMAND_WORDS =
  /^(?:\.|\$|aws|brew|chmod|curl|dnf|eval|export|if \[|journalctl|kill|launchctl|npm|rm|source|sudo|systemctl|unset) /;
/** Words of a command in the middle of a sentence, including "rolecall". */
const MAX_INLINE_WORDS = 4;

/** Wraps each line of prose that is wider than `stream`, if that is a terminal. */
export function wrapFor({ isTTY, columns = 0 }: OutputStream, text: string): string {
  return isTTY === true && columns >= MIN_COLUMNS ? wrapText(text, columns) : text;
}

/** The stream with prose wrapped, and with or without colours if that was asked for. */
export function decorateStream(
  stream: OutputStream,
  { wraps, isColoured = stream.isColoured }: { readonly wraps: boolean; readonly isColoured?: boolean | undefined },
): OutputStream {
  return {
    write: (text) => stream.write(wraps ? wrapFor(stream, text) : text),
    isColoured,
    note: stream.note,
    get isTTY() {
      return stream.isTTY;
    },
    get columns() {
      return stream.columns;
    },
    get rows() {
      return stream.rows;
    },
  };
}

/** Wraps each line that is wider than `columns`. Columns of text continue below themselves; diffs stay as they are. */
export function wrapText(text: string, columns: number): string {
  return text
    .split('\n')
    .map((line) => (displayWidth(line) <= columns || NO_PROSE.test(line.trimStart()) ? line : wrapLine(line, columns)))
    .join('\n');
}

function wrapLine(line: string, columns: number): string {
  const indent = /^ */.exec(line)?.[0] ?? '';
  // "! A problem" continues below its first word.
  let hanging = /^(?:\u001b\[\d+m)*! ?/.test(line.slice(indent.length)) ? indent.length + 2 : indent.length;
  const lines: string[] = [];
  let current = indent;
  const startLine = (text: string) => {
    lines.push(current.trimEnd());
    current = text;
  };
  const cells = line.slice(indent.length).split(/( {2,})/);
  for (const [place, cell] of cells.entries()) {
    // Every second one is the gap between two cells.
    if (place % 2 === 1) continue;
    const gap = cells[place - 1] ?? '';
    const start = displayWidth(current) + gap.length;
    if (start + displayWidth(cell) <= columns) {
      current += gap + cell;
    } else if (place > 0 && columns - start < columns / 2) {
      startLine(' '.repeat(hanging) + cell);
      if (displayWidth(current) <= columns) continue;
      current = ' '.repeat(hanging);
      addPieces(cell);
    } else {
      current += gap;
      if (place > 0) hanging = start;
      addPieces(cell);
    }
    if (place === 0 && cells.length > 1) {
      // After "Current role: Log Archive", the other cells continue below the account.
      const label = LABEL.exec(cell)?.[0];
      const column = label === undefined ? displayWidth(current) + (cells[1] ?? '').length : hanging + label.length;
      hanging = Math.min(column, Math.floor(columns / 2));
    }
  }
  return [...lines, current].join('\n');

  function addPieces(cell: string): void {
    let isFirst = true;
    for (const { text, isCommand } of toPieces(cell)) {
      const separator = isFirst ? '' : ' ';
      const isEmpty = current.trim() === '';
      isFirst = false;
      if (isEmpty || displayWidth(current) + separator.length + displayWidth(text) <= columns) {
        current += (isEmpty ? '' : separator) + text;
      } else {
        startLine(' '.repeat(isCommand ? hanging + 2 : hanging) + text);
      }
    }
  }
}

interface Piece {
  readonly text: string;
  /** A command that ends the line, which gets its own line if it does not fit. */
  readonly isCommand: boolean;
}

/** Words, and commands in one piece: after a colon to the end of the line, elsewhere "rolecall" with the words after it. */
function toPieces(text: string): readonly Piece[] {
  const words = text.split(' ');
  const plain = words.map((word) => word.replaceAll(COLOUR_CODES, ''));
  const pieces: Piece[] = [];
  for (let index = 0; index < words.length;) {
    // The name before an error is no label of a command.
    const isLabelled = plain[index - 1]?.endsWith(':') === true && (index > 1 || plain[0] !== 'rolecall:');
    const isLabel = index === 1 && /^(?:Run|Try):$|^\$$/.test(plain[0] ?? '');
    const isOther = isLabelled && COMMAND_WORDS.test(plain.slice(index, index + 3).join(' '));
    const isCommand = plain[index] === 'rolecall' || isLabel || isOther;
    const endsLine = isCommand && (isLabel || isLabelled);
    // An error's code in brackets is not part of the command.
    const end = /^\[[a-z-]+\]$/.test(plain.at(-1) ?? '') ? words.length - 1 : words.length;
    const inline = isCommand ? inlineLength(plain.slice(index)) : 1;
    const length = endsLine ? end - index : inline;
    pieces.push({ text: words.slice(index, index + length).join(' '), isCommand: endsLine });
    index += length;
  }
  return pieces;
}

/** Up to the end of a clause. */
function inlineLength(words: readonly string[]): number {
  const end = words.findIndex((word) => /[.,;:)"]$/.test(word));
  return Math.min(MAX_INLINE_WORDS, end < 0 ? words.length : end + 1);
}
