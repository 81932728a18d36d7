// Choosing a role: composes the search field, session filter, recent roles, grid, and keys.
import { parseWords } from '../../core/search/search-words.js';
import { element, fill } from '../frame/elements.js';
import { roleKey } from '../frame/wording.js';
import { createListSummary } from './list-summary.js';
import { createRecentRoles } from './recent-roles.js';
import { createRoleGrid } from '../grid/role-grid.js';
import { createRoleKeys } from './role-keys.js';
import { createRoleList } from './role-list.js';
import { rowId } from '../grid/role-row.js';
import { createSearchField } from '../search/search-field.js';
import { createSearchNote } from '../search/search-note.js';
import { createSessionFilter } from '../search/session-filter.js';

/** @typedef {import('../documents.d.ts').CurrentRole} CurrentRole */
/** @typedef {import('../documents.d.ts').Role} Role */
/** @typedef {import('../documents.d.ts').Roles} Roles */
/** @typedef {import('../grid/role-grid.js').Placement} Placement */

/**
 * @param {object} deps
 * @param {HTMLElement} deps.host
 * @param {import('../connection/actions.js').Actions} deps.actions
 * @param {import('../frame/toasts.js').Toasts} deps.toasts
 * @param {() => number} deps.nowMs
 * @param {(role: Role | undefined) => void} deps.onSelected
 */
export function createRoleBoard({ host, actions, toasts, nowMs, onSelected }) {
  /** @type {string | undefined} */
  let currentKey;
  const list = createRoleList();
  const search = createSearchField();
  const field = search.input;
  const filter = createSessionFilter(() => find(list.selectedKey()));
  const recent = createRecentRoles(actions);
  const grid = createRoleGrid({
    onSelect: (index) => select(index, { reveals: false }),
    onUse: (role) => void actions.use(role),
    onConsole: (role) => void actions.openConsole(role),
  });
  const note = createSearchNote({ announce: toasts.announce, onShowAll: clearSearch });
  const summary = createListSummary({ nowMs, refresh: actions.refresh });
  fill(
    host,
    element('div', { class: 'tools' }, search.node, filter.node),
    recent.node,
    element('div', { class: 'card list' }, grid.node, note.node),
    summary.node,
  );
  recent.prepare();
  grid.prepare();

  /** @param {Placement} placement */
  function draw(placement) {
    const roles = list.found();
    const selected = list.selected();
    const words = list.isNear() ? [] : parseWords(field.value);
    const all = list.document().roles;
    const { hueOf } = filter;
    grid.update({ roles, all, hasLabels: filter.hasSeveral(), words, selected, currentKey, hueOf }, placement);
    search.setActive(selected === -1 ? undefined : rowId(selected));
  }

  /** @param {number} index @param {Placement} placement */
  function select(index, placement) {
    list.select(index);
    draw(placement);
    onSelected(list.selectedRole());
  }

  /** @param {string | undefined} key of the role that stays selected if it still matches @param {{ stays: boolean }} [placement] */
  function find(key, { stays } = { stays: false }) {
    const kept = list.find(field.value, filter.chosen(), key);
    draw({ reveals: kept === 'moved' || (kept === 'same' && !stays), stays });
    onSelected(list.selectedRole());
    note.update(list, field.value);
    summarize();
  }

  const summarize = () => summary.update(list.document(), list.found().length);

  function clearSearch() {
    field.value = '';
    find(list.selectedKey());
    field.focus();
  }

  const onKey = createRoleKeys({
    field,
    list,
    actions,
    currentKey: () => currentKey,
    pageRows: grid.pageRows,
    onMove: (index) => select(index, { reveals: true }),
    onClear: clearSearch,
    onLeave: () => grid.node.focus(),
  });
  field.addEventListener('input', () => find(undefined));
  field.addEventListener('keydown', onKey);
  grid.node.addEventListener('keydown', onKey);

  return {
    focusSearch() {
      field.focus();
      field.select();
    },
    /** @param {Roles} next */
    setRoles(next) {
      const key = list.selectedKey();
      list.setRoles(next);
      filter.setRoles(next.roles);
      recent.update(next.roles, currentKey);
      find(key, { stays: true });
    },
    /** @param {CurrentRole | null} current */
    setCurrent(current) {
      const next = current === null ? undefined : roleKey(current);
      if (next === currentKey) return;
      currentKey = next;
      recent.update(list.document().roles, currentKey);
      draw({ reveals: false });
      onSelected(list.selectedRole());
    },
    hasLabels: filter.hasSeveral,
    isCurrent: (/** @type {Role} */ role) => roleKey(role) === currentKey,
    tick: summarize,
  };
}
