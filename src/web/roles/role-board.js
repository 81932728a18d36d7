// Choosing a role: search field, session filter, recent roles, the grid, and keyboard control.
import { element, fill, refill, setText } from '../frame/elements.js';
import { createRoleGrid, rowId } from './role-grid.js';
import { parseWords } from '../../core/search/search-words.js';
import { createRoleSearch, doubtOf } from './role-search.js';
import { isWhole } from './roles-loader.js';
import { rowAfterKey } from './row-window.js';
import { accountTitle, count, formatDuration, harmless, roleKey } from '../frame/wording.js';

/** @typedef {import('../documents.d.ts').CurrentRole} CurrentRole */
/** @typedef {import('../documents.d.ts').Role} Role */
/** @typedef {import('../documents.d.ts').Roles} Roles */
/** @typedef {import('./role-grid.js').Placement} Placement */

const MAX_RECENT = 6;
/** After the first rows are on screen. */
const PREPARE_AFTER_MS = 200;
/** The number of session colours in page.css. */
const HUES = 6;

/**
 * @param {object} deps
 * @param {HTMLElement} deps.host
 * @param {import('../connection/actions.js').Actions} deps.actions
 * @param {import('../frame/toasts.js').Toasts} deps.toasts
 * @param {() => number} deps.nowMs
 * @param {(role: Role | undefined) => void} deps.onSelected
 */
export function createRoleBoard({ host, actions, toasts, nowMs, onSelected }) {
  /** @type {Roles} */
  let document = { asOf: null, complete: true, roles: [] };
  /** The roles in the list; only its beginning while the rest is loading. @type {readonly Role[]} */
  let listed = [];
  let search = createRoleSearch(listed);
  /** @type {{ session: string, label: string }[]} */
  let sessions = [];
  /** @type {string | null} */
  let session = null;
  /** @type {readonly Role[]} */
  let found = [];
  let isNear = false;
  /** Why the first of `found` is not selected automatically. @type {ReturnType<typeof doubtOf>} */
  let doubt;
  let selected = -1;
  /** @type {string | undefined} */
  let currentKey;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let announcing;

  const grid = createRoleGrid({
    onSelect: (index) => select(index, { reveals: false }),
    onUse: (role) => void actions.use(role),
    onConsole: (role) => void actions.openConsole(role),
  });
  const field = element('input', {
    id: 'search',
    type: 'search',
    role: 'combobox',
    placeholder: 'Search account, id, permission set, profile',
    autocomplete: 'off',
    spellcheck: 'false',
    'aria-label': 'Search roles',
    'aria-haspopup': 'grid',
    'aria-expanded': 'true',
    'aria-controls': 'role-grid',
    'aria-autocomplete': 'list',
  });
  const filters = element('fieldset', { class: 'filters' });
  const recent = element('p', { class: 'recent' });
  const nothing = element('div', { class: 'nothing', hidden: true });
  const summary = element('span');
  const refresh = element('button', { type: 'button', class: 'quiet small' }, 'Refresh');
  refresh.addEventListener('click', () => {
    refresh.disabled = true;
    void actions.refresh().then(() => {
      refresh.disabled = false;
    });
  });
  fill(
    host,
    element(
      'div',
      { class: 'tools' },
      element('label', { class: 'search' }, field, element('kbd', { 'aria-hidden': 'true' }, '/')),
      filters,
    ),
    recent,
    element('div', { class: 'card list' }, grid.node, nothing),
    element('p', { class: 'summary' }, summary, refresh),
  );

  /** @param {string} name */
  const hueOf = (name) => {
    if (sessions.length < 2) return undefined;
    return sessions.findIndex((one) => one.session === name) % HUES;
  };

  /** @param {Placement} placement */
  function draw(placement) {
    grid.update({ roles: found, words: isNear ? [] : parseWords(field.value), selected, currentKey, hueOf }, placement);
    if (selected === -1) field.removeAttribute('aria-activedescendant');
    else field.setAttribute('aria-activedescendant', rowId(selected));
  }

  /** @param {number} index @param {Placement} placement */
  function select(index, placement) {
    selected = index;
    draw(placement);
    onSelected(found[index]);
  }

  /** @param {string | undefined} key of the role that stays selected if it still matches @param {{ stays: boolean }} [placement] */
  function filter(key, { stays } = { stays: false }) {
    const isAsked = field.value.trim() !== '' || session !== null;
    // Enter uses the best of all matches, so it waits until the whole list is loaded.
    if (isAsked && !isWhole(document)) [found, isNear] = [[], false];
    else ({ roles: found, isNear } = search.find(field.value, session));
    const kept = key === undefined ? -1 : found.findIndex((role) => roleKey(role) === key);
    // Nothing is selected until something is typed: Enter must not switch to an arbitrary first role.
    const isTyped = field.value.trim() !== '';
    const first = isTyped ? found[0] : undefined;
    doubt = first === undefined ? undefined : doubtOf(first, field.value, isNear);
    const reveals = kept !== -1 && !(stays && kept === selected);
    select(kept === -1 && first !== undefined && doubt === undefined ? 0 : kept, { reveals, stays });
    describe();
  }

  function describe() {
    const hasNone = found.length === 0 && listed.length > 0 && isWhole(document);
    const note = selected === -1 ? doubt : undefined;
    nothing.hidden = !(hasNone || note !== undefined);
    nothing.classList.toggle('is-note', note !== undefined);
    if (hasNone) {
      const clear = element('button', { type: 'button', class: 'small', click: () => clearSearch() }, 'Show all');
      fill(nothing, element('p', {}, `Nothing matches “${field.value}”.`), clear);
    } else if (note !== undefined) {
      fill(nothing, element('p', {}, describeDoubt(note, field.value)));
    }
    describeAge();
    clearTimeout(announcing);
    if (field.value === '' || !isWhole(document)) return;
    const said = note === undefined ? '' : `. ${describeDoubt(note, field.value)}`;
    announcing = setTimeout(() => toasts.announce(`${count(found.length, 'role')}${said}`), 400);
  }

  function describeAge() {
    const total = document.total ?? document.roles.length;
    const shown =
      found.length === total || !isWhole(document)
        ? count(total, 'role')
        : `${found.length.toLocaleString('en-US')} of ${count(total, 'role')}`;
    const age = document.asOf === null ? '' : ` · listed ${formatDuration(nowMs() - Date.parse(document.asOf))} ago`;
    setText(summary, `${shown}${age}${document.complete ? '' : ' · incomplete'}`);
  }

  function clearSearch() {
    field.value = '';
    filter(keyOfSelected());
    field.focus();
  }

  const keyOfSelected = () => {
    const role = found[selected];
    return role === undefined ? undefined : roleKey(role);
  };

  function drawFilters() {
    const options = [{ session: /** @type {string | null} */ (null), label: 'All' }, ...sessions];
    filters.hidden = sessions.length < 2;
    refill(
      filters,
      element('legend', { class: 'unseen' }, 'Sessions'),
      ...options.map((option, index) => {
        const input = element('input', {
          type: 'radio',
          name: 'session',
          id: `filter-${index}`,
          'data-key': option.session ?? '',
          checked: option.session === session,
          change: () => {
            session = option.session;
            filter(keyOfSelected());
          },
        });
        const hue = option.session === null ? undefined : hueOf(option.session);
        return element('label', { class: 'filter', 'data-hue': hue }, input, harmless(option.label));
      }),
    );
  }

  function drawRecent() {
    const used = document.roles
      .filter((role) => role.pinned || role.score > 0)
      .toSorted((one, other) => Number(other.pinned) - Number(one.pinned) || other.score - one.score)
      .slice(0, MAX_RECENT);
    recent.hidden = used.length === 0;
    refill(
      recent,
      element('span', { class: 'unseen' }, 'Pinned and recent: '),
      ...used.map((role) =>
        element(
          'button',
          {
            type: 'button',
            class: 'chip',
            'data-key': roleKey(role),
            'aria-pressed': String(roleKey(role) === currentKey),
            title: `Use ${accountTitle(role)} ${role.accountId} ${harmless(role.permissionSet)} as current`,
            click: () => void actions.use(role),
          },
          role.pinned && element('span', { class: 'pin', 'aria-label': 'pinned' }, '★'),
          element('strong', {}, accountTitle(role)),
          element('span', {}, harmless(role.permissionSet)),
          role.protected && element('span', { class: 'protected', 'aria-label': 'protected' }, '⚠'),
        ),
      ),
    );
  }

  /** Handles a key for the selected role; false when the key has no meaning. @param {KeyboardEvent} event */
  function act(event) {
    const role = found[selected];
    if (role === undefined) return false;
    const isInList = event.target !== field;
    const hasModifier = event.ctrlKey || event.metaKey || event.altKey;
    if (event.key === 'Enter' && !hasModifier) {
      if (event.shiftKey) void actions.openConsole(role);
      else if (roleKey(role) !== currentKey) void actions.use(role);
      return true;
    }
    if (!isInList || hasModifier) return false;
    switch (event.key) {
      case 'p':
        void actions.copyProfile(role);
        return true;
      case 'e':
        void actions.copyExport(role);
        return true;
      case 'c':
        void actions.copyCli(role);
        return true;
      case 'o':
        void actions.openConsole(role);
        return true;
      default:
        return false;
    }
  }

  /** @param {KeyboardEvent} event */
  function onKey(event) {
    if (event.isComposing) return;
    // A button in a row handles Enter itself.
    if (event.target instanceof HTMLButtonElement) return;
    const movesCaret = event.target === field && (event.key === 'Home' || event.key === 'End');
    const next =
      movesCaret || event.ctrlKey || event.metaKey || event.altKey
        ? undefined
        : rowAfterKey(event.key, { index: selected, rowCount: found.length, pageRows: grid.pageRows() });
    if (next !== undefined) select(next, { reveals: true });
    else if (event.key === 'Escape' && event.target === field) {
      if (field.value === '') grid.node.focus();
      else clearSearch();
    } else if (!act(event)) return;
    event.preventDefault();
  }

  field.addEventListener('input', () => filter(undefined));
  field.addEventListener('keydown', onKey);
  grid.node.addEventListener('keydown', onKey);

  return {
    focusSearch() {
      field.focus();
      field.select();
    },
    /** @param {Roles} next */
    setRoles(next) {
      document = next;
      listed = next.roles.slice(0, next.leading);
      search = createRoleSearch(listed);
      setTimeout(search.prepare, PREPARE_AFTER_MS);
      const labels = new Map(next.roles.map((role) => [role.session, role.label]));
      const names = [...labels].map(([name, label]) => ({ session: name, label }));
      sessions = names.toSorted((one, other) => one.label.localeCompare(other.label));
      if (session !== null && !labels.has(session)) session = null;
      drawFilters();
      drawRecent();
      filter(keyOfSelected(), { stays: true });
    },
    /** @param {CurrentRole | null} current */
    setCurrent(current) {
      const next = current === null ? undefined : roleKey(current);
      if (next === currentKey) return;
      currentKey = next;
      drawRecent();
      draw({ reveals: false });
      onSelected(found[selected]);
    },
    hasLabels: () => sessions.length > 1,
    isCurrent: (/** @type {Role} */ role) => roleKey(role) === currentKey,
    tick: describeAge,
  };
}

/** Explains why Enter does not use the first role. @param {NonNullable<ReturnType<typeof doubtOf>>} doubt @param {string} query */
function describeDoubt(doubt, query) {
  if (doubt === 'near') return `No role contains “${query}”. These are similar.`;
  const why = doubt === 'protected' ? 'is protected' : 'was found by its account id';
  return `The first role ${why}. To use it, select it with ↓, then press Enter.`;
}
