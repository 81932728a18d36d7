// Measures how many terminal columns a text takes, and cuts or wraps text to a width.

const WIDE =
  /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{20000}-\u{3fffd}]/u;
const FLAG_LETTER = /\p{Regional_Indicator}/u;
const ZERO_WIDTH = /\p{Mark}|\p{Default_Ignorable_Code_Point}/u;

/** Fast path: most text is ASCII, and up to 20,000 rows are measured at once. */
const isAscii = (text: string) => /^[\u0020-\u007e]*$/.test(text);

/** Columns of one character: two for emoji and wide East Asian characters, none for combining marks. */
function characterWidth(character: string): number {
  if (character <= '~') return 1;
  if (ZERO_WIDTH.test(character)) return 0;
  // A flag consists of two letters, one column each.
  return WIDE.test(character) && !FLAG_LETTER.test(character) ? 2 : 1;
}

/** Columns that `text` takes in a terminal; colour codes take none. */
export function displayWidth(text: string): number {
  if (isAscii(text)) return text.length;
  let width = 0;
  for (const character of text.replace(/\u001b\[\d+m/g, '')) width += characterWidth(character);
  return width;
}

/** Cuts `text` to `columns`, ending in `…` if something was cut. */
export function cutToWidth(text: string, columns: number): string {
  if (text.length <= columns && isAscii(text)) return text;
  if (columns <= 0) return '';
  let width = 0;
  let kept = '';
  // The text to keep if the rest does not fit.
  let cut = '';
  for (const character of text) {
    width += characterWidth(character);
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
