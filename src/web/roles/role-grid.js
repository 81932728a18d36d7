// The grid of roles. Only visible rows exist in the DOM, however long the list is.
import { element, fill } from '../frame/elements.js';
import { markMatches } from './role-search.js';
import { rowsInSight, scrollToRow } from './row-window.js';
import { accountTitle, harmless, roleKey } from '../frame/wording.js';

/** @typedef {import('../documents.d.ts').Role} Role */

/**
 * @typedef {object} GridView
 * @property {readonly Role[]} roles
 * @property {readonly import('../../core/search/search-words.js').Word[]} words the query
 * @property {number} selected index, -1 for none
 * @property {string | undefined} currentKey
 * @property {(session: string) => number | undefined} hueOf undefined: labels say nothing, there is one session
 */

/**
 * @typedef {object} Placement
 * @property {boolean} reveals whether the selected row is brought into sight
 * @property {boolean} [stays] whether another list begins where one was in this one, and not at its top
 */

/**
 * @param {object} deps
 * @param {(index: number) => void} deps.onSelect
 * @param {(role: Role) => void} deps.onUse
 * @param {(role: Role) => void} deps.onConsole
 */
export function createRoleGrid({ onSelect, onUse, onConsole }) {
  /** @type {GridView} */
  let view = { roles: [], words: [], selected: -1, currentKey: undefined, hueOf: () => undefined };
  let isDrawing = false;
  let rowHeight = 0;
  /** @type {ReturnType<typeof createRow>[]} */
  const rows = [];

  const header = element(
    'div',
    { role: 'row', class: 'header', 'aria-rowindex': 1 },
    ...['Account', 'Account id', 'Permission set', 'Profile', 'Do'].map((title) =>
      element('span', { role: 'columnheader' }, title),
    ),
  );
  const body = element('div', { role: 'rowgroup', class: 'body' });
  const grid = element(
    'div',
    { id: 'role-grid', role: 'grid', class: 'grid', tabindex: 0, 'aria-label': 'Accounts and permission sets' },
    element('div', { role: 'rowgroup', class: 'head' }, header),
    body,
  );

  /** @param {Event} event */
  const indexOf = (event) => {
    const row = /** @type {HTMLElement} */ (event.target).closest('[data-index]');
    return row === null ? -1 : Number(/** @type {HTMLElement} */ (row).dataset['index']);
  };
  body.addEventListener('click', (event) => {
    const index = indexOf(event);
    const role = view.roles[index];
    if (role === undefined) return;
    onSelect(index);
    const action = /** @type {HTMLElement} */ (event.target).closest('button')?.dataset['action'];
    if (action === 'use') onUse(role);
    if (action === 'console') onConsole(role);
  });
  body.addEventListener('dblclick', (event) => {
    const role = view.roles[indexOf(event)];
    if (role !== undefined && /** @type {HTMLElement} */ (event.target).closest('button') === null) onUse(role);
  });

  function measure() {
    rowHeight = Number.parseFloat(getComputedStyle(grid).getPropertyValue('--row-height')) || 44;
    draw();
  }

  /** Height of the header that covers the first row when scrolled to the top. */
  const headHeight = () => header.offsetHeight;

  function draw() {
    const rowCount = view.roles.length;
    body.style.height = `${rowCount * rowHeight}px`;
    const { first, end } = rowsInSight({
      scrollTop: grid.scrollTop,
      height: grid.clientHeight,
      rowHeight,
      rowCount,
    });
    while (rows.length < end - first) {
      const row = createRow();
      rows.push(row);
      body.append(row.node);
    }
    for (const row of rows.splice(Math.max(0, end - first))) row.node.remove();
    for (const [offset, row] of rows.entries()) {
      const index = first + offset;
      const role = view.roles[index];
      if (role !== undefined) row.show(role, index, rowHeight, view);
    }
  }

  function drawSoon() {
    if (isDrawing) return;
    isDrawing = true;
    requestAnimationFrame(() => {
      isDrawing = false;
      draw();
    });
  }

  grid.addEventListener('scroll', drawSoon, { passive: true });
  new ResizeObserver(measure).observe(grid);

  return {
    node: grid,
    /** @param {GridView} next @param {Placement} placement */
    update(next, { reveals, stays = false }) {
      const isAnother = next.roles !== view.roles;
      view = next;
      grid.setAttribute('aria-rowcount', String(view.roles.length + 1));
      if (rowHeight === 0) measure();
      if (isAnother && !reveals && !stays) grid.scrollTop = 0;
      if (reveals && view.selected !== -1) {
        body.style.height = `${view.roles.length * rowHeight}px`;
        grid.scrollTop = scrollToRow(view.selected, {
          scrollTop: grid.scrollTop,
          height: grid.clientHeight - headHeight(),
          rowHeight,
        });
      }
      draw();
      const active = view.selected === -1 ? undefined : rowId(view.selected);
      if (active === undefined) grid.removeAttribute('aria-activedescendant');
      else grid.setAttribute('aria-activedescendant', active);
    },
    pageRows: () => Math.max(1, Math.floor((grid.clientHeight - headHeight()) / rowHeight) - 1),
  };
}

/** @param {number} index */
export const rowId = (index) => `role-${index}`;

function createRow() {
  const name = element('span', { role: 'gridcell', class: 'name' });
  const id = element('span', { role: 'gridcell', class: 'id' });
  const set = element('span', { role: 'gridcell', class: 'set' });
  const profile = element('span', { role: 'gridcell', class: 'profile' });
  const use = element('button', { type: 'button', tabindex: -1, class: 'small', 'data-action': 'use' }, 'Use');
  const console = element(
    'button',
    { type: 'button', tabindex: -1, class: 'small', 'data-action': 'console' },
    'Console',
  );
  const node = element(
    'div',
    { role: 'row', class: 'row' },
    name,
    id,
    set,
    profile,
    element('span', { role: 'gridcell', class: 'do' }, use, console),
  );
  let shown = '';

  return {
    node,
    /** @param {Role} role @param {number} index @param {number} rowHeight @param {GridView} view */
    show(role, index, rowHeight, { words, selected, currentKey, hueOf }) {
      node.style.transform = `translateY(${index * rowHeight}px)`;
      const key = roleKey(role);
      const isCurrent = key === currentKey;
      const hue = hueOf(role.session);
      if (node.id !== rowId(index)) {
        node.id = rowId(index);
        node.dataset['index'] = String(index);
        node.setAttribute('aria-rowindex', String(index + 2));
      }
      node.setAttribute('aria-selected', String(index === selected));
      const state = `${key}\n${isCurrent}\n${hue}\n${words.map(({ text }) => text).join(' ')}\n${role.accountName}\n${role.profile}\n${role.label}\n${role.protected}`;
      if (state === shown) return;
      shown = state;
      node.classList.toggle('is-current', isCurrent);
      const title = accountTitle(role);
      fill(name, ...marked(title, words));
      name.title = title;
      fill(id, ...marked(role.accountId, words, true));
      fill(
        set,
        element('span', { class: 'text' }, ...marked(harmless(role.permissionSet), words)),
        role.protected &&
          element(
            'span',
            { class: 'protected', title: 'protected' },
            '⚠',
            element('span', { class: 'unseen' }, ' protected'),
          ),
        hue !== undefined && element('span', { class: 'label', 'data-hue': hue }, harmless(role.label)),
        isCurrent && element('span', { class: 'badge' }, 'current'),
      );
      set.title = harmless(role.permissionSet);
      fill(profile, ...marked(harmless(role.profile ?? ''), words));
      profile.title = harmless(role.profile ?? '');
      use.hidden = isCurrent;
      use.setAttribute('aria-label', `Use ${title}, ${harmless(role.permissionSet)}`);
      console.setAttribute('aria-label', `Open the console of ${title}, ${harmless(role.permissionSet)}`);
    },
  };
}

/** @param {string} text @param {readonly import('../../core/search/search-words.js').Word[]} words @param {boolean} [isId] */
function marked(text, words, isId) {
  return markMatches(text, words, isId).map((piece) => (piece.isMatch ? element('mark', {}, piece.text) : piece.text));
}
