// How many columns of a terminal a text takes, and texts cut or filled to a number of them.

const WIDE =
  /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{20000}-\u{3fffd}]/u;
const FLAG_LETTER = /\p{Regional_Indicator}/u;
const NONE = /\p{Mark}|\p{Default_Ignorable_Code_Point}/u;

/** ASCII is nearly everything, and twenty thousand rows are measured at once. */
const isAscii = (text: string) => /^[\u0020-\u007e]*$/.test(text);

/** Columns of one character: emoji and East Asian wide characters take two, marks none. */
function characterWidth(character: string): number {
  if (character <= '~') return 1;
  if (NONE.test(character)) return 0;
  // Of a flag each of the two letters is one.
  return WIDE.test(character) && !FLAG_LETTER.test(character) ? 2 : 1;
}

/** Columns that a terminal takes for `text`; colours take none. */
export function displayWidth(text: string): number {
  if (isAscii(text)) return text.length;
  let width = 0;
  for (const character of text.replace(/\u001b\[\d+m/g, '')) width += characterWidth(character);
  return width;
}

/** The start of `text` that fits into `columns`, ended by `…` when something is missing. */
export function cutToWidth(text: string, columns: number): string {
  if (text.length <= columns && isAscii(text)) return text;
  if (columns <= 0) return '';
  let width = 0;
  let kept = '';
  // Where the cut falls when the rest turns out not to fit.
  let cut = '';
  for (const character of text) {
    width += characterWidth(character);
    if (width > columns) return `${cut}…`;
    kept += character;
    if (width <= columns - 1) cut = kept;
  }
  return kept;
}

/** The words of `text` on lines of at most `columns`; a longer word keeps a line of its own. */
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
