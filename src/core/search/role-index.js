// Finds and ranks the roles that match a query, fast enough for 20,000 roles per keystroke. JavaScript, because browsers load it too.
import { fitOf, levelOf, neededLetters, NO_FIT, readRole } from './role-match.js';
import { parseWords } from './search-words.js';
import { rankByUse } from './use-rank.js';

/** @typedef {import('./role-match.js').RoleText} RoleText */
/** @typedef {import('./role-match.js').SearchedRole & { pinned?: boolean, score?: number }} RankedRole */

/**
 * @typedef {object} Found
 * @property {ArrayLike<number>} positions of roles in their list, best first
 * @property {(level: number) => number} count how many of the first positions match at this level or better
 */

/**
 * @typedef {object} RoleIndex
 * @property {(query: string) => Found} search roles that match every word; without a word all of them, most used first
 * @property {() => boolean} prepare does part of the work of the first search, so that no keystroke waits for all of it; false when done
 */

/** Builds the index with the first search or by `prepare`, because the first screen does not need it. @param {readonly RankedRole[]} roles @returns {RoleIndex} */
export function createRoleIndex(roles) {
  const byUse = orderByUse(roles);
  /** In the order of use, so that of equal matches the one used more comes first. @type {RoleText[]} */
  const texts = [];
  const read = (/** @type {number} */ most) => {
    const end = Math.min(byUse.length, texts.length + most);
    for (let place = texts.length; place < end; place += 1) {
      texts.push(readRole(/** @type {RankedRole} */ (roles[byUse[place] ?? 0])));
    }
    return texts.length < byUse.length;
  };
  return {
    search(query) {
      const words = parseWords(query);
      if (words.length === 0) return { positions: byUse, count: () => byUse.length };
      read(roles.length);
      return rank(texts, byUse, words);
    },
    prepare: () => read(SLICE),
  };
}

/** A few milliseconds of work. */
const SLICE = 2000;

/** Best first by use, then in the order of the list. @param {readonly RankedRole[]} roles */
function orderByUse(roles) {
  const rankOf = (/** @type {number} */ position) => rankByUse(roles[position]);
  /** @type {number[]} */
  const used = [];
  for (let position = 0; position < roles.length; position += 1) if (rankOf(position) > 0) used.push(position);
  used.sort((a, b) => rankOf(b) - rankOf(a) || a - b);
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

/** More than the number of roles: fit and place are combined into one number for sorting. */
const PLACES = 2 ** 24;

/** @param {readonly RoleText[]} texts @param {Int32Array} byUse @param {readonly import('./search-words.js').Word[]} words @returns {Found} */
function rank(texts, byUse, words) {
  const needed = neededLetters(words);
  const keys = new Float64Array(texts.length);
  let found = 0;
  for (let place = 0; place < texts.length; place += 1) {
    const text = /** @type {RoleText} */ (texts[place]);
    if ((text.letters & needed) !== needed) continue;
    const fit = fitOf(text, words);
    if (fit === NO_FIT) continue;
    keys[found] = fit * PLACES + place;
    found += 1;
  }
  const sorted = keys.subarray(0, found).toSorted();
  const positions = Int32Array.from(sorted, (key) => byUse[key % PLACES] ?? 0);
  return { positions, count: (level) => countUpTo(sorted, level) };
}

/** @param {Float64Array} sorted @param {number} level */
function countUpTo(sorted, level) {
  const next = sorted.findIndex((key) => levelOf(key / PLACES) > level);
  return next < 0 ? sorted.length : next;
}
