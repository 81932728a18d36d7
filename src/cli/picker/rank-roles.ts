// Which roles a query means and which of them first: twenty thousand at a keystroke.
import type { RoleDocument } from '../../local-api/schemas.ts';

export interface RoleIndex {
  /** The roles that match every word, best first, as positions in the list; without a word all of them, most used first. */
  search(query: string): ArrayLike<number>;
  /** Those that contain every word as it is, most used first. */
  contain(query: string): readonly number[];
  /** Does a part of what the first search needs, so that no key has to wait for all of it; false: nothing is left. */
  prepare(): boolean;
}

/** What a role is found by: its columns, in the order in which they are shown. */
function searchedTexts(role: RoleDocument): readonly string[] {
  return [
    role.accountName ?? '',
    role.accountId,
    role.permissionSet,
    role.label,
    role.profile ?? '',
    ...(role.aliases ?? []),
  ];
}

/** An index that is built when it is searched or prepared, for the first screen needs none. */
export function createRoleIndex(roles: readonly RoleDocument[]): RoleIndex {
  const byUse = orderByUse(roles);
  const texts = createTexts(roles, byUse);
  return {
    search(query) {
      const words = wordsOf(query);
      if (words.length === 0) return byUse;
      texts.read(roles.length);
      return rank(texts, byUse, words);
    },
    contain(query) {
      const words = wordsOf(query);
      texts.read(roles.length);
      const found: number[] = [];
      for (const [place, text] of texts.lower.entries()) {
        if (words.every((word) => text.includes(word))) found.push(byUse[place] ?? 0);
      }
      return found;
    },
    prepare: () => texts.read(SLICE),
  };
}

/** Some milliseconds' worth. */
const SLICE = 2000;

/** Lower case, for all matching is without regard to it. */
function wordsOf(query: string): readonly string[] {
  return query
    .toLowerCase()
    .split(/\s+/u)
    .filter((word) => word !== '');
}

/** Pinned roles, then those that were used, the most and latest first, then the list's own order. */
function orderByUse(roles: readonly RoleDocument[]): Int32Array {
  const rankOf = ({ pinned, score }: RoleDocument) => (pinned ? 1e6 : 0) + score;
  const used: number[] = [];
  for (let position = 0; position < roles.length; position += 1) {
    if (rankOf(roles[position] as RoleDocument) > 0) used.push(position);
  }
  used.sort((a, b) => rankOf(roles[b] as RoleDocument) - rankOf(roles[a] as RoleDocument) || a - b);
  const order = new Int32Array(roles.length);
  order.set(used);
  const isUsed = new Set(used);
  let place = used.length;
  for (let position = 0; position < roles.length; position += 1) {
    if (isUsed.has(position)) continue;
    order[place] = position;
    place += 1;
  }
  return order;
}

/** Everything by place in the order of use, so that of equals the one used more comes first. */
interface Texts {
  readonly lower: readonly string[];
  /** One bit a letter: a role without one of a word's letters can't match it. */
  readonly letters: Int32Array;
  /** Reads that many more; false when all are read. */
  read(most: number): boolean;
}

function createTexts(roles: readonly RoleDocument[], byUse: Int32Array): Texts {
  const lower: string[] = [];
  const letters = new Int32Array(byUse.length);
  return {
    lower,
    letters,
    read(most) {
      const end = Math.min(byUse.length, lower.length + most);
      for (let place = lower.length; place < end; place += 1) {
        const role = roles[byUse[place] ?? 0] as RoleDocument;
        // What is typed never holds the separator, so nothing is found across two columns in one piece.
        const text = searchedTexts(role).join('\n').toLowerCase();
        letters[place] = lettersOf(text);
        lower.push(text);
      }
      return lower.length < byUse.length;
    },
  };
}

function lettersOf(text: string): number {
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

/** Good enough for any number of words, and whole: it is sorted as one number together with the place. */
const HIGHEST = 1 << 20;
const PLACES = 1 << 24;

function rank({ lower, letters }: Texts, byUse: Int32Array, words: readonly string[]): ArrayLike<number> {
  const needed = words.reduce((bits, word) => bits | lettersOf(word), 0);
  const keys = new Float64Array(lower.length);
  let found = 0;
  for (let place = 0; place < lower.length; place += 1) {
    if (((letters[place] ?? 0) & needed) !== needed) continue;
    const text = lower[place] ?? '';
    let total = 0;
    for (const word of words) {
      const points = pointsOf(text, word);
      if (points === 0) {
        total = -1;
        break;
      }
      total += points;
    }
    if (total < 0) continue;
    keys[found] = (HIGHEST - total) * PLACES + place;
    found += 1;
  }
  const positions = new Int32Array(found);
  for (const [index, key] of keys.subarray(0, found).toSorted().entries()) positions[index] = byUse[key % PLACES] ?? 0;
  return positions;
}

const AS_IT_IS = 400;
const FROM_THE_START_OF_A_WORD = 100;
const TO_THE_END_OF_IT = 50;
const SCATTERED = 200;

/** 0: no match. A word in one piece comes before letters with gaps, a whole word before a part of one. */
function pointsOf(text: string, word: string): number {
  let best = 0;
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    const points = AS_IT_IS + pointsOfPlace(text, at, at + word.length);
    if (points > best) best = points;
    if (points === MOST) break;
  }
  if (best > 0) return best;
  const span = spanOf(text, word);
  if (span === undefined) return 0;
  const gaps = span.end - span.start - word.length;
  return Math.max(1, SCATTERED - 4 * gaps + pointsOfPlace(text, span.start, span.end) / 2);
}

const MOST = AS_IT_IS + FROM_THE_START_OF_A_WORD + TO_THE_END_OF_IT;

function pointsOfPlace(text: string, start: number, end: number): number {
  if (isLetter(text, start - 1)) return 0;
  return isLetter(text, end) ? FROM_THE_START_OF_A_WORD : FROM_THE_START_OF_A_WORD + TO_THE_END_OF_IT;
}

/** Where the letters of `word` stand in their order: the first end there is, and the last start before it. */
function spanOf(text: string, word: string): { readonly start: number; readonly end: number } | undefined {
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

/** Whatever is not ASCII counts as one. */
function isLetter(text: string, at: number): boolean {
  if (at < 0 || at >= text.length) return false;
  const code = text.charCodeAt(at);
  return (code >= 97 && code <= 122) || (code >= 48 && code <= 57) || code > 127;
}

/**
 * For each of `texts`, a role's columns, the positions that `query` was found at: every place of a word in one piece,
 * and only of a word that is nowhere in one piece its letters.
 */
export function findMarks(texts: readonly string[], query: string): readonly ReadonlySet<number>[] {
  const marks = texts.map(() => new Set<number>());
  // In some languages a lower case letter is two: then nothing is marked.
  const lower = texts.map((text) => (text.toLowerCase().length === text.length ? text.toLowerCase() : ''));
  for (const word of wordsOf(query)) {
    const isWhole = lower.some((text) => text.includes(word));
    for (const [column, text] of lower.entries()) {
      for (const position of isWhole ? piecesOf(text, word) : lettersIn(text, word)) marks[column]?.add(position);
    }
  }
  return marks;
}

function piecesOf(text: string, word: string): readonly number[] {
  const at = text.indexOf(word);
  return at < 0 ? [] : Array.from({ length: word.length }, (_, offset) => at + offset);
}

function lettersIn(text: string, word: string): readonly number[] {
  const span = spanOf(text, word);
  if (span === undefined) return [];
  const positions: number[] = [];
  let next = span.start;
  for (let index = 0; index < word.length; index += 1) {
    next = text.indexOf(word.charAt(index), next);
    positions.push(next);
    next += 1;
  }
  return positions;
}
