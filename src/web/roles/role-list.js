// The state of the list: which roles match the search, and which of them is selected.
import { roleKey } from '../frame/wording.js';
import { createRoleSearch, doubtOf } from '../search/role-search.js';
import { isWhole } from '../connection/roles-loader.js';

/** @typedef {import('../documents.d.ts').Role} Role */
/** @typedef {import('../documents.d.ts').Roles} Roles */
/** @typedef {ReturnType<typeof doubtOf>} Doubt */

/** After the first rows are on screen. */
const PREPARE_AFTER_MS = 200;

export function createRoleList() {
  /** @type {Roles} */
  let document = { asOf: null, complete: true, roles: [] };
  /** The roles in the list; only its beginning while the rest is loading. @type {readonly Role[]} */
  let listed = [];
  let search = createRoleSearch(listed);
  /** @type {readonly Role[]} */
  let found = [];
  let isNear = false;
  /** Why the first of `found` is not selected automatically. @type {Doubt} */
  let doubt;
  let selected = -1;

  const selectedRole = () => found[selected];

  return {
    document: () => document,
    found: () => found,
    /** Whether the found roles only have the letters of the query in this order. */
    isNear: () => isNear,
    /** Why nothing was selected automatically; undefined when something is selected. */
    doubt: () => (selected === -1 ? doubt : undefined),
    hasNoMatch: () => found.length === 0 && listed.length > 0 && isWhole(document),
    selected: () => selected,
    selectedRole,
    selectedKey() {
      const role = selectedRole();
      return role === undefined ? undefined : roleKey(role);
    },
    /** @param {number} index */
    select(index) {
      selected = index;
    },
    /** @param {Roles} next */
    setRoles(next) {
      document = next;
      listed = next.roles.slice(0, next.leading);
      search = createRoleSearch(listed);
      setTimeout(search.prepare, PREPARE_AFTER_MS);
    },
    /**
     * Finds the roles and selects one; returns whether the role of `key` was found at the same place, at another, or not.
     * @param {string} query @param {string | null} session
     * @param {string | undefined} key of the role that stays selected if it still matches
     * @returns {'same' | 'moved' | 'gone'}
     */
    find(query, session, key) {
      const isTyped = query.trim() !== '';
      // Enter uses the best of all matches, so it waits until the whole list is loaded.
      if ((isTyped || session !== null) && !isWhole(document)) [found, isNear] = [[], false];
      else ({ roles: found, isNear } = search.find(query, session));
      const before = selected;
      const kept = key === undefined ? -1 : found.findIndex((role) => roleKey(role) === key);
      // Nothing is selected until something is typed: Enter must not switch to an arbitrary first role.
      const first = isTyped ? found[0] : undefined;
      doubt = first === undefined ? undefined : doubtOf(first, query, isNear);
      selected = kept === -1 && first !== undefined && doubt === undefined ? 0 : kept;
      if (kept === -1) return 'gone';
      return kept === before ? 'same' : 'moved';
    },
  };
}
