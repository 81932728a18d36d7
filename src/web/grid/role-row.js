// One row of the grid. A row is reused for another role when the list scrolls.
import { element, fill } from '../frame/elements.js';
import { shortText } from '../frame/short-text.js';
import { accountTitle, describeChain, describeNeed, harmless, roleKey, roleTitle } from '../frame/wording.js';
import { WHOLE } from './grid-columns.js';
import { markMatches } from '../search/role-search.js';

/** @typedef {import('../documents.d.ts').Role} Role */
/** @typedef {import('../../core/search/search-words.js').Word} Word */

/**
 * What a row needs to know of the list.
 * @typedef {object} RowView
 * @property {readonly Word[]} words the query
 * @property {number} selected index, -1 for none
 * @property {string | undefined} currentKey
 * @property {(session: string) => number | undefined} hueOf undefined: labels say nothing, there is one session
 * @property {import('./grid-columns.js').Columns} columns
 */

/** @param {number} index */
export const rowId = (index) => `role-${index}`;

export function createRow() {
  const cells = createCells();
  const node = element('div', { role: 'row', class: 'row' }, ...cells.nodes);
  let shown = '';
  /** @type {import('./grid-columns.js').Columns | undefined} */
  let shownColumns;

  return {
    node,
    /** @param {Role} role @param {number} index @param {number} rowHeight @param {RowView} view */
    show(role, index, rowHeight, { words, selected, currentKey, hueOf, columns }) {
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
      const state = `${key}\n${JSON.stringify(role.chain)}\n${isCurrent}\n${hue}\n${words.map(({ text }) => text).join(' ')}\n${role.accountName}\n${role.profile}\n${role.label}\n${role.protected}\n${role.approve}`;
      if (state === shown && columns === shownColumns) return;
      [shown, shownColumns] = [state, columns];
      node.classList.toggle('is-current', isCurrent);
      cells.show(role, { words, isCurrent, hue, columns });
    },
  };
}

function createCells() {
  const name = element('span', { role: 'gridcell', class: 'name' });
  const id = element('span', { role: 'gridcell', class: 'id' });
  const set = element('span', { role: 'gridcell', class: 'set' });
  const profile = element('span', { role: 'gridcell', class: 'profile' });
  const use = actionButton('use', 'Use');
  const console = actionButton('console', 'Console');

  return {
    nodes: [name, id, set, profile, element('span', { role: 'gridcell', class: 'do' }, use, console)],
    /** @param {Role} role @param {Pick<RowView, 'words' | 'columns'> & { isCurrent: boolean, hue: number | undefined }} view */
    show(role, { words, isCurrent, hue, columns }) {
      const title = accountTitle(role);
      const permissionSet = roleTitle(role);
      const profileName = harmless(role.profile ?? '');
      fill(name, ...shortText(markMatches(title, words), columns.name(title)));
      name.title = title;
      fill(id, ...shortText(markMatches(role.accountId, words, true), WHOLE.name(role.accountId)));
      fill(
        set,
        element(
          'span',
          { class: 'text' },
          ...shortText(
            markMatches(permissionSet, words),
            isCurrent ? columns.currentSet(permissionSet, role) : columns.set(permissionSet),
          ),
        ),
        role.protected && protectedMark(role),
        hue !== undefined &&
          element('span', { class: 'label', 'data-hue': hue, title: harmless(role.label) }, harmless(role.label)),
        isCurrent && element('span', { class: 'badge' }, 'current'),
      );
      set.title = role.chain === undefined ? permissionSet : `${permissionSet}. ${describeChain(role.chain)}`;
      fill(profile, ...shortText(markMatches(profileName, words), columns.profile(profileName)));
      profile.title = profileName;
      use.hidden = isCurrent;
      // The access portal has no link to a chained role.
      console.hidden = role.chain !== undefined;
      use.setAttribute('aria-label', `Use ${title}, ${permissionSet}`);
      console.setAttribute('aria-label', `Open the console of ${title}, ${permissionSet}`);
    },
  };
}

/** The grid handles the click, by `data-action`. @param {string} action @param {string} label */
function actionButton(action, label) {
  return element('button', { type: 'button', tabindex: -1, class: 'small', 'data-action': action }, label);
}

/** @param {Pick<Role, 'approve'>} role */
function protectedMark({ approve }) {
  return element(
    'span',
    { class: 'protected', title: approve === undefined ? 'protected' : `protected: ${describeNeed(approve)}` },
    '⚠',
    element('span', { class: 'unseen' }, ' protected'),
    approve !== undefined && element('span', { class: 'asks' }, ` ${approve}`),
  );
}
