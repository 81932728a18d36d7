// Which characters of a role's row to highlight. JavaScript, because browsers load it too.
import { findDigits, findLetters, findWord, fold } from './search-words.js';

/** @typedef {import('./search-words.js').Word} Word */

/**
 * The matched positions in each cell of a row: every occurrence of a word and, with `marksLetters`, the single letters of
 * a word that no cell contains as a whole.
 * @param {readonly { text: string, isId?: boolean }[]} cells @param {readonly Word[]} words @param {{ marksLetters: boolean }} options
 * @returns {readonly ReadonlySet<number>[]}
 */
export function findMarks(cells, words, { marksLetters }) {
  /** @type {Set<number>[]} */
  const marks = cells.map(() => new Set());
  // If folding changes the length, positions in the folded text do not fit the original.
  const folded = cells.map(({ text }) => (fold(text).length === text.length ? fold(text) : ''));
  for (const word of words) {
    const pieces = cells.map(({ isId }, index) => placesOf(folded[index] ?? '', word, isId === true));
    const isWhole = pieces.some((places) => places.length > 0);
    for (const [index, places] of pieces.entries()) {
      for (const place of places) {
        for (let offset = 0; offset < place.length; offset += 1) marks[index]?.add(place.at + offset);
      }
      if (isWhole || !marksLetters || cells[index]?.isId === true || word.digits !== undefined) continue;
      for (const position of lettersIn(folded[index] ?? '', word.text)) marks[index]?.add(position);
    }
  }
  return marks;
}

/** @param {string} text @param {Word} word @param {boolean} isId @returns {{ at: number, length: number }[]} */
function placesOf(text, word, isId) {
  if (isId) {
    const at = findDigits(text, word);
    return at < 0 ? [] : [{ at, length: word.digits?.length ?? 0 }];
  }
  const places = [];
  for (let at = findWord(text, word.text); at >= 0; at = findWord(text, word.text, at + 1)) {
    places.push({ at, length: word.text.length });
  }
  return places;
}

/** @param {string} text @param {string} word */
function lettersIn(text, word) {
  const span = findLetters(text, word);
  if (span === undefined) return [];
  const positions = [];
  let next = span.start;
  for (let index = 0; index < word.length; index += 1) {
    next = text.indexOf(word.charAt(index), next);
    positions.push(next);
    next += 1;
  }
  return positions;
}
