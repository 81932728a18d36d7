// The grid of roles. Only visible rows exist in the DOM, however long the list is.
import { element } from '../frame/elements.js';
import { createTextWidths } from '../frame/text-width.js';
import { layOutColumns, WHOLE } from './grid-columns.js';
import { createRow, rowId } from './role-row.js';
import { rowsInSight, scrollToRow } from './row-window.js';

/** @typedef {import('../documents.d.ts').Role} Role */

/**
 * @typedef {object} GridList
 * @property {readonly Role[]} roles
 * @property {readonly Role[]} all the roles from which `roles` were found; their texts decide the widths of the columns
 * @property {boolean} hasLabels
 */

/** @typedef {Omit<import('./role-row.js').RowView, 'columns'> & GridList} GridView */

/**
 * @typedef {object} Placement
 * @property {boolean} reveals whether the selected row is brought into sight
 * @property {boolean} [stays] whether another list begins where one was in this one, and not at its top
 */

const COLUMNS = Object.freeze(['Account', 'Account id', 'Permission set', 'Profile', 'Do']);

/**
 * @param {object} deps
 * @param {(index: number) => void} deps.onSelect
 * @param {(role: Role) => void} deps.onUse
 * @param {(role: Role) => void} deps.onConsole
 */
export function createRoleGrid({ onSelect, onUse, onConsole }) {
  /** @type {GridView} */
  let view = {
    roles: [],
    all: [],
    hasLabels: false,
    words: [],
    selected: -1,
    currentKey: undefined,
    hueOf: () => undefined,
  };
  let rowHeight = 0;
  let measuredSize = '';
  const { grid, header, body } = createGridNodes();
  const rows = createRowPool(body);
  const columns = createColumns(grid, body);

  /** Height of the visible rows: the header covers the first row when scrolled to the top. */
  const listHeight = () => grid.clientHeight - header.offsetHeight;

  const isShown = () => grid.clientWidth > 0;

  function measure() {
    measuredSize = sizeOf(grid);
    rowHeight = Number.parseFloat(getComputedStyle(grid).getPropertyValue('--row-height')) || 44;
    columns.measure();
    columns.layOut(view);
    draw();
  }

  function draw() {
    const rowCount = view.roles.length;
    body.style.height = `${rowCount * rowHeight}px`;
    const sight = rowsInSight({ scrollTop: grid.scrollTop, height: grid.clientHeight, rowHeight, rowCount });
    rows.show(sight, rowHeight, { ...view, columns: columns.current() });
  }

  function reveal() {
    body.style.height = `${view.roles.length * rowHeight}px`;
    grid.scrollTop = scrollToRow(view.selected, { scrollTop: grid.scrollTop, height: listHeight(), rowHeight });
  }

  grid.addEventListener('scroll', oncePerFrame(draw), { passive: true });
  // Called before the frame is painted in which the grid is shown or has another size.
  new ResizeObserver(() => {
    if (isShown() && sizeOf(grid) !== measuredSize) measure();
  }).observe(grid);
  listenToRows(body, { roleAt: (index) => view.roles[index], onSelect, onUse, onConsole });

  return {
    node: grid,
    /** Measures what needs no list yet, while it is on its way. */
    prepare: columns.measure,
    /** @param {GridView} next @param {Placement} placement */
    update(next, { reveals, stays = false }) {
      const isAnother = next.roles !== view.roles;
      const hasOtherTexts = next.all !== view.all;
      const isAnotherSelected = next.selected !== view.selected;
      view = next;
      grid.setAttribute('aria-rowcount', String(view.roles.length + 1));
      if (view.selected === -1) grid.removeAttribute('aria-activedescendant');
      else grid.setAttribute('aria-activedescendant', rowId(view.selected));
      if (!isShown()) {
        // Drawn by the observer.
        measuredSize = '';
        return;
      }
      if (rowHeight === 0) measure();
      else if (hasOtherTexts) columns.layOut(view);
      if (isAnother && !reveals && !stays) grid.scrollTop = 0;
      if (reveals && view.selected !== -1) reveal();
      draw();
      if (isAnotherSelected) document.getElementById(rowId(view.selected))?.scrollIntoView({ block: 'nearest' });
    },
    pageRows: () => Math.max(1, Math.floor(listHeight() / rowHeight) - 1),
  };
}

/** @param {HTMLElement} target */
const sizeOf = ({ clientWidth, clientHeight }) => `${clientWidth}x${clientHeight}`;

function createGridNodes() {
  const header = element(
    'div',
    { role: 'row', class: 'header', 'aria-rowindex': 1 },
    ...COLUMNS.map((title) => element('span', { role: 'columnheader' }, title)),
  );
  const body = element('div', { role: 'rowgroup', class: 'body' });
  const grid = element(
    'div',
    { id: 'role-grid', role: 'grid', class: 'grid', tabindex: 0, 'aria-label': 'Accounts and permission sets' },
    element('div', { role: 'rowgroup', class: 'head' }, header),
    body,
  );
  return { grid, header, body };
}

/** Measures the columns and sets their widths. @param {HTMLElement} grid @param {HTMLElement} body */
function createColumns(grid, body) {
  let current = WHOLE;
  /** @type {import('./grid-columns.js').Fonts | undefined} */
  let fonts;
  let measuredIn = '';
  return {
    current: () => current,
    measure() {
      const view = `${window.innerWidth}x${window.innerHeight} ${window.devicePixelRatio}`;
      if (view === measuredIn) return;
      measuredIn = view;
      const { node, cells } = createSampleRow();
      body.append(node);
      fonts = createTextWidths(cells);
      node.remove();
    },
    /** @param {GridList} list */
    layOut({ all, hasLabels }) {
      if (fonts === undefined) return;
      const isStacked = getComputedStyle(grid).getPropertyValue('--is-stacked') === '1';
      const laidOut = layOutColumns({ roles: all, hasLabels, fonts, width: grid.clientWidth, isStacked });
      current = laidOut.columns;
      // The buttons of a row would cover its permission set.
      grid.classList.toggle('has-no-profile', laidOut.profile === 0);
      for (const column of /** @type {const} */ (['name', 'id', 'set', 'profile'])) {
        grid.style.setProperty(`--${column}-width`, `${laidOut[column]}px`);
      }
    },
  };
}

/** A row without text, to read the fonts of its cells. */
function createSampleRow() {
  const cell = (/** @type {string} */ name) => element('span', { class: name });
  const cells = {
    name: cell('name'),
    id: cell('id'),
    set: cell('set'),
    profile: cell('profile'),
    label: cell('label'),
  };
  return { node: element('div', { class: 'row', hidden: true }, ...Object.values(cells)), cells };
}

/** Keeps as many rows as are visible, and reuses them. @param {HTMLElement} body */
function createRowPool(body) {
  /** @type {ReturnType<typeof createRow>[]} */
  const rows = [];
  return {
    /** @param {{ first: number, end: number }} sight @param {number} rowHeight @param {GridView & import('./role-row.js').RowView} view */
    show({ first, end }, rowHeight, view) {
      while (rows.length < end - first) {
        const row = createRow();
        rows.push(row);
        body.append(row.node);
      }
      for (const row of rows.splice(Math.max(0, end - first))) row.node.remove();
      for (const [offset, row] of rows.entries()) {
        const role = view.roles[first + offset];
        if (role !== undefined) row.show(role, first + offset, rowHeight, view);
      }
    },
  };
}

/**
 * A click selects, a button acts, a double click uses the role.
 * @param {HTMLElement} body
 * @param {object} deps
 * @param {(index: number) => Role | undefined} deps.roleAt
 * @param {(index: number) => void} deps.onSelect
 * @param {(role: Role) => void} deps.onUse
 * @param {(role: Role) => void} deps.onConsole
 */
function listenToRows(body, { roleAt, onSelect, onUse, onConsole }) {
  /** @param {Event} event */
  const indexOf = (event) => {
    const row = /** @type {HTMLElement} */ (event.target).closest('[data-index]');
    return row === null ? -1 : Number(/** @type {HTMLElement} */ (row).dataset['index']);
  };
  body.addEventListener('click', (event) => {
    const index = indexOf(event);
    const role = roleAt(index);
    if (role === undefined) return;
    onSelect(index);
    const action = /** @type {HTMLElement} */ (event.target).closest('button')?.dataset['action'];
    if (action === 'use') onUse(role);
    if (action === 'console') onConsole(role);
  });
  body.addEventListener('dblclick', (event) => {
    const role = roleAt(indexOf(event));
    if (role !== undefined && /** @type {HTMLElement} */ (event.target).closest('button') === null) onUse(role);
  });
}

/** Runs `work` at most once per frame. @param {() => void} work */
function oncePerFrame(work) {
  let isWaiting = false;
  return () => {
    if (isWaiting) return;
    isWaiting = true;
    requestAnimationFrame(() => {
      isWaiting = false;
      work();
    });
  };
}
