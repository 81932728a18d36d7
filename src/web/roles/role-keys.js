// The keys of the search field and the list: they move the selection and act on the selected role.
import { roleKey } from '../frame/wording.js';
import { rowAfterKey } from '../grid/row-window.js';

/** @typedef {import('../documents.d.ts').Role} Role */
/** @typedef {import('../connection/actions.js').Actions} Actions */

/** In the list only: in the search field they are letters. @type {Readonly<Record<string, (actions: Actions, role: Role) => unknown>>} */
const LETTERS = Object.freeze({
  p: (/** @type {Actions} */ actions, /** @type {Role} */ role) => actions.copyProfile(role),
  e: (/** @type {Actions} */ actions, /** @type {Role} */ role) => actions.copyExport(role),
  c: (/** @type {Actions} */ actions, /** @type {Role} */ role) => actions.copyCli(role),
  o: (/** @type {Actions} */ actions, /** @type {Role} */ role) => actions.openConsole(role),
});

/**
 * Returns a listener for keydown.
 * @param {object} deps
 * @param {HTMLInputElement} deps.field
 * @param {ReturnType<typeof import('./role-list.js').createRoleList>} deps.list
 * @param {Actions} deps.actions
 * @param {() => string | undefined} deps.currentKey
 * @param {() => number} deps.pageRows
 * @param {(index: number) => void} deps.onMove
 * @param {() => void} deps.onClear
 * @param {() => void} deps.onLeave leaves the search field for the list
 */
export function createRoleKeys({ field, list, actions, currentKey, pageRows, onMove, onClear, onLeave }) {
  /** The row that the key moves to; undefined for other keys. @param {KeyboardEvent} event */
  function nextRow(event) {
    const movesCaret = event.target === field && (event.key === 'Home' || event.key === 'End');
    if (movesCaret || hasModifier(event)) return undefined;
    return rowAfterKey(event.key, { index: list.selected(), rowCount: list.found().length, pageRows: pageRows() });
  }

  /** Handles a key for the selected role; false when the key has no meaning. @param {KeyboardEvent} event */
  function act(event) {
    const role = list.selectedRole();
    if (role === undefined || hasModifier(event)) return false;
    if (event.key === 'Enter') {
      if (event.shiftKey) void actions.openConsole(role);
      else if (roleKey(role) !== currentKey()) void actions.use(role);
      return true;
    }
    if (event.target === field || !Object.hasOwn(LETTERS, event.key)) return false;
    void LETTERS[event.key]?.(actions, role);
    return true;
  }

  return (/** @type {KeyboardEvent} */ event) => {
    if (event.isComposing) return;
    // A button in a row handles Enter itself.
    if (event.target instanceof HTMLButtonElement) return;
    const next = nextRow(event);
    if (next !== undefined) onMove(next);
    else if (event.key === 'Escape' && event.target === field) {
      if (field.value === '') onLeave();
      else onClear();
    } else if (!act(event)) return;
    event.preventDefault();
  };
}

/** @param {KeyboardEvent} event */
const hasModifier = ({ ctrlKey, metaKey, altKey }) => ctrlKey || metaKey || altKey;
