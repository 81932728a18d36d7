// Measures how many terminal columns a text takes, and cuts or wraps text to a width.

// Strings: V8 looks up the properties of a literal when it loads the file, which takes almost a millisecond of each start.
const WIDE = String.raw`\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{20000}-\u{3fffd}]`;
const FLAG_LETTER = String.raw`\p{Regional_Indicator}`;
const ZERO_WIDTH = String.raw`\p{Mark}|\p{Default_Ignorable_Code_Point}`;

/** Fast path: most text is ASCII, and up to 20,000 rows are measured at once. */
const isAscii = (text: string) => /^[\u0020-\u007e]*$/.test(text);

/** Of the characters before it, only this one is not one column wide. */
const FIRST_MARK = '\u0300';
const SOFT_HYPHEN = '\u00ad';

/** Returns the columns of a character: two for emoji and wide East Asian characters, none for combining marks. */
function createCharacterWidth(): (character: string) => number {
  let isWide: RegExp | undefined;
  let isFlagLetter: RegExp | undefined;
  let isZeroWidth: RegExp | undefined;
  return (character) => {
    if (character < FIRST_MARK) return character === SOFT_HYPHEN ? 0 : 1;
    isZeroWidth ??= new RegExp(ZERO_WIDTH, 'u');
    if (isZeroWidth.test(character)) return 0;
    isWide ??= new RegExp(WIDE, 'u');
    isFlagLetter ??= new RegExp(FLAG_LETTER, 'u');
    // A flag consists of two letters, one column each.
    return isWide.test(character) && !isFlagLetter.test(character) ? 2 : 1;
  };
}

/** Columns that `text` takes in a terminal; colour codes take none. */
export function displayWidth(text: string): number {
  if (isAscii(text)) return text.length;
  const widthOf = createCharacterWidth();
  let width = 0;
  for (const character of text.replace(/\u001b\[\d+m/g, '')) width += widthOf(character);
  return width;
}

/** Cuts `text` to `columns`, ending in `…` if something was cut. */
export function cutToWidth(text: string, columns: number): string {
  if (text.length <= columns && isAscii(text)) return text;
  if (columns <= 0) return '';
  const widthOf = createCharacterWidth();
  let width = 0;
  let kept = '';
  // The text to keep if the rest does not fit.
  let cut = '';
  for (const character of text) {
    width += widthOf(character);
    if (width > columns) return `${cut}…`;
    kept += character;
    if (width <= columns - 1) cut = kept;
  }
  return kept;
}

/** Wraps `text` at spaces into lines of at most `columns`; a longer word gets its own line. */
export function wrapWords(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && displayWidth(line) + 1 + displayWidth(word) > columns) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
