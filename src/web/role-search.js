// Finding roles by words: every word must be somewhere in name, id, permission set, profile or label of a role.

/** @typedef {import('./documents.d.ts').Role} Role */

/**
 * @typedef {object} SearchEntry
 * @property {Role} role
 * @property {string} haystack
 */

/** @typedef {{ roles: readonly Role[], isNear: boolean }} Found what was found; near: only letters in this order */

/** In small letters, without accents. @param {string} text */
function fold(text) {
  // ASCII is nearly everything, and twenty thousand rows are folded at once.
  if (/^[\u0020-\u007e]*$/.test(text)) return text.toLowerCase();
  return text
    .normalize('NFKD')
    .replace(/\p{Mark}/gu, '')
    .toLowerCase();
}

/** The words of a query; an account id may be typed with its dashes. @param {string} query */
export function parseQuery(query) {
  const words = fold(query)
    .split(/\s+/)
    .filter((word) => word !== '');
  return words.map((word) => (/^\d[\d-]*$/.test(word) ? word.replaceAll('-', '') : word));
}

/** A search over these roles; what it finds keeps their order. @param {readonly Role[]} roles */
export function createRoleSearch(roles) {
  /** @type {readonly SearchEntry[] | undefined} */
  let prepared;
  const entries = () => (prepared ??= roles.map(toEntry));
  /** What the last query found: one that only goes on from it looks there alone. @type {{ query: string, session: string | null, entries: readonly SearchEntry[] } | undefined} */
  let last;

  return {
    /** Does ahead of the first letter what that would wait for; the first list is not to wait for it. */
    prepare: () => void entries(),
    /** @param {string} query @param {string | null} session its roles alone, or all @returns {Found} */
    find(query, session) {
      const words = parseQuery(query);
      if (words.length === 0) {
        last = undefined;
        const isWanted = (/** @type {Role} */ role) => role.session === session;
        return { roles: session === null ? roles : roles.filter(isWanted), isNear: false };
      }
      const isIn = (/** @type {SearchEntry} */ { role }) => session === null || role.session === session;
      const goesOn = last?.session === session && query.startsWith(last.query);
      const candidates = goesOn && last !== undefined ? last.entries : entries().filter(isIn);
      const found = candidates.filter(({ haystack }) => words.every((word) => haystack.includes(word)));
      if (found.length > 0) {
        last = { query, session, entries: found };
        return { roles: found.map(({ role }) => role), isNear: false };
      }
      last = undefined;
      const near = entries().filter(
        (entry) => isIn(entry) && words.every((word) => isSubsequence(word, entry.haystack)),
      );
      return { roles: near.map(({ role }) => role), isNear: near.length > 0 };
    },
  };
}

/** @param {Role} role @returns {SearchEntry} */
function toEntry(role) {
  const { accountName, accountId, permissionSet, profile, label, session } = role;
  return {
    role,
    haystack: fold(`${accountName ?? ''} ${accountId} ${permissionSet} ${profile ?? ''} ${label} ${session}`),
  };
}

/** @param {string} word @param {string} text */
function isSubsequence(word, text) {
  let from = 0;
  for (const letter of word) {
    const at = text.indexOf(letter, from);
    if (at === -1) return false;
    from = at + 1;
  }
  return true;
}

/**
 * `text` in pieces, those that a word of the query matches marked.
 * @param {string} text @param {readonly string[]} words @returns {{ text: string, isMatch: boolean }[]}
 */
export function markMatches(text, words) {
  const folded = fold(text);
  // Where folding changes the length, places in one are not places in the other.
  if (words.length === 0 || folded.length !== text.length) return [{ text, isMatch: false }];
  const isMatched = Array.from({ length: text.length }, () => false);
  for (const word of words) {
    for (let at = folded.indexOf(word); at !== -1; at = folded.indexOf(word, at + 1)) {
      isMatched.fill(true, at, at + word.length);
    }
  }
  /** @type {{ text: string, isMatch: boolean }[]} */
  const pieces = [];
  for (let start = 0; start < text.length;) {
    const isMatch = isMatched[start] === true;
    let end = start + 1;
    while (end < text.length && isMatched[end] === isMatch) end += 1;
    pieces.push({ text: text.slice(start, end), isMatch });
    start = end;
  }
  return pieces;
}
