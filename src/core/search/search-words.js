// Splits a query into words, and finds them in names. JavaScript, because browsers load it too.

/**
 * A word of a query, folded. `digits`: set if it may be part of an account id; `isDashed`: typed as 1234-5678-9012.
 * @typedef {{ text: string, digits: string | undefined, isDashed: boolean }} Word
 */

/** Without case and accents. @param {string} text */
export const fold = (text) => withoutAccents(text).toLowerCase();

/** Most names are ASCII, which is skipped because 20,000 roles are read at once. @param {string} text */
export function withoutAccents(text) {
  return /^[\u0000-\u007e]*$/.test(text) ? text : text.normalize('NFKD').replace(/\p{Mark}/gu, '');
}

/** @param {string} query @returns {readonly Word[]} */
export function parseWords(query) {
  const texts = fold(query).split(/\s+/u);
  return texts.filter((text) => text !== '').map(toWord);
}

/** @param {string} text @returns {Word} */
function toWord(text) {
  const isDashed = /^\d{4}-\d{0,4}(?:-\d{0,4})?$/.test(text);
  const digits = isDashed || /^\d+$/.test(text) ? text.replaceAll('-', '') : undefined;
  return { text, digits, isDashed };
}

/** The first position of a word at or after `from`, -1 for none; text and word are folded. @param {string} text @param {string} word */
export function findWord(text, word, from = 0) {
  let at = text.indexOf(word, from);
  // Does not match inside a number: 07 is not part of 107.
  while (at >= 0 && kindOf(text, at) === DIGIT && kindOf(text, at - 1) === DIGIT) at = text.indexOf(word, at + 1);
  return at;
}

/** Fewer digits match only the beginning of an account id. */
export const MIN_ID_DIGITS = 4;

/** The position of a word in an account id, -1 for none. @param {string} accountId @param {Word} word */
export function findDigits(accountId, { digits, isDashed }) {
  if (digits === undefined) return -1;
  if (accountId.startsWith(digits)) return 0;
  return digits.length >= MIN_ID_DIGITS && !isDashed ? accountId.indexOf(digits) : -1;
}

/**
 * The span in which the letters of a word occur in order: the first possible end, and the last start before it.
 * @param {string} text @param {string} word @returns {{ start: number, end: number } | undefined}
 */
export function findLetters(text, word) {
  let end = 0;
  for (let index = 0; index < word.length; index += 1) {
    const at = text.indexOf(word.charAt(index), end);
    if (at < 0) return undefined;
    end = at + 1;
  }
  let start = end;
  for (let index = word.length - 1; index >= 0; index -= 1) start = text.lastIndexOf(word.charAt(index), start - 1);
  return { start, end };
}

/** After anything except a letter or a digit. @param {string} text @param {number} at */
export const startsWord = (text, at) => !isLetter(text, at - 1) || !isLetter(text, at);

/**
 * Also true at the start of a part of a word: between letters and digits, and at the capitals of ReadOnly and
 * AWSAdministrator.
 * @param {string} cased with its capitals @param {number} at
 */
export function startsPart(cased, at) {
  if (startsWord(cased, at)) return true;
  const before = kindOf(cased, at - 1);
  const here = kindOf(cased, at);
  if ((before === DIGIT) !== (here === DIGIT)) return true;
  return here === CAPITAL && (before === SMALL || kindOf(cased, at + 1) === SMALL);
}

/** @param {string} text @param {number} at */
export const isLetter = (text, at) => kindOf(text, at) !== OTHER;

const OTHER = 0;
const SMALL = 1;
const CAPITAL = 2;
const DIGIT = 3;

/** @param {string} text @param {number} at */
function kindOf(text, at) {
  const code = at < 0 || at >= text.length ? 0 : text.charCodeAt(at);
  if (code >= 97 && code <= 122) return SMALL;
  if (code >= 65 && code <= 90) return CAPITAL;
  if (code >= 48 && code <= 57) return DIGIT;
  if (code < 128) return OTHER;
  const character = text.charAt(at);
  if (!/[\p{L}\p{N}]/u.test(character)) return OTHER;
  return character === character.toLowerCase() ? SMALL : CAPITAL;
}

/** One bit per letter, for a quick check: a text that lacks a letter of a word cannot contain the word. @param {string} text */
export function lettersOf(text) {
  let bits = 0;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    // a to z have a bit each; digits share three, everything else two.
    if (code >= 97 && code <= 122) bits |= 1 << (code - 97);
    else if (code >= 48 && code <= 57) bits |= 1 << (26 + (code % 3));
    else bits |= 1 << (29 + (code & 1));
  }
  return bits;
}
