// Searches roles with the same rules as the command line.
import { createRoleIndex } from '../../core/search/role-index.js';
import { findMarks } from '../../core/search/role-marks.js';
import { BY_ID, isFoundById } from '../../core/search/role-match.js';

/** @typedef {import('../documents.d.ts').Role} Role */
/** @typedef {import('../../core/search/search-words.js').Word} Word */

/** @typedef {{ roles: readonly Role[], isNear: boolean }} Found best first; near: only letters in this order */

/** Creates a search over `roles`. @param {readonly Role[]} roles */
export function createRoleSearch(roles) {
  const index = createRoleIndex(roles);
  return {
    /** Builds the index ahead of the first keystroke; the first list does not wait for it. */
    prepare() {
      while (index.prepare());
    },
    /** @param {string} query @param {string | null} session limits the search to one session @returns {Found} */
    find(query, session) {
      const isIn = (/** @type {Role} */ role) => session === null || role.session === session;
      // Without a query the list stays ordered by account.
      if (query.trim() === '') return { roles: session === null ? roles : roles.filter(isIn), isNear: false };
      const { positions, count } = index.search(query);
      const found = Array.from(positions, (position) => /** @type {Role} */ (roles[position]));
      const matching = found.slice(0, count(BY_ID)).filter(isIn);
      if (matching.length > 0) return { roles: matching, isNear: false };
      const near = found.filter(isIn);
      return { roles: near, isNear: near.length > 0 };
    },
  };
}

/**
 * Why the first role is not selected automatically, so that Enter does not use it; undefined when it is selected.
 * @param {Role} role @param {string} query @param {boolean} isNear
 * @returns {'near' | 'protected' | 'id' | undefined}
 */
export function doubtOf(role, query, isNear) {
  if (isNear) return 'near';
  if (role.protected) return 'protected';
  return isFoundById(role, query) ? 'id' : undefined;
}

/**
 * Splits `text` into pieces and marks those that match the query.
 * @param {string} text @param {readonly Word[]} words @param {boolean} [isId] whether it is an account id
 * @returns {{ text: string, isMatch: boolean }[]}
 */
export function markMatches(text, words, isId = false) {
  const [marks] = findMarks([{ text, isId }], words, { marksLetters: false });
  if (marks === undefined || marks.size === 0) return [{ text, isMatch: false }];
  /** @type {{ text: string, isMatch: boolean }[]} */
  const pieces = [];
  for (let start = 0; start < text.length;) {
    const isMatch = marks.has(start);
    let end = start + 1;
    while (end < text.length && marks.has(end) === isMatch) end += 1;
    pieces.push({ text: text.slice(start, end), isMatch });
    start = end;
  }
  return pieces;
}
