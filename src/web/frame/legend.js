// The list of keyboard shortcuts, opened with `?`.
import { element } from './elements.js';

/** @type {readonly (readonly [keys: readonly string[], what: string])[]} */
const KEYS = Object.freeze([
  [['/'], 'search'],
  [['↑', '↓'], 'move in the list, also from the search field'],
  [['Enter'], 'use the selected role as current'],
  [['Shift', 'Enter'], 'open its AWS console'],
  [['Esc'], 'clear the search, then go to the list'],
  [['p'], 'in the list: copy the profile name'],
  [['e'], 'in the list: copy the export line'],
  [['c'], 'in the list: copy the AWS CLI line'],
  [['o'], 'in the list: open the console'],
  [['a'], 'go to the approval that waits'],
  [['?'], 'show these shortcuts'],
]);

/** Returns a function that opens the list. @param {HTMLElement} host */
export function createLegend(host) {
  const close = element('button', { type: 'button', class: 'primary', autofocus: true }, 'Close');
  const dialog = element(
    'dialog',
    { class: 'legend', 'aria-labelledby': 'legend-title' },
    element('h2', { id: 'legend-title' }, 'Keys'),
    element(
      'dl',
      {},
      ...KEYS.flatMap(([keys, what]) => [
        element('dt', {}, ...keys.map((key) => element('kbd', {}, key))),
        element('dd', {}, what),
      ]),
    ),
    close,
  );
  close.addEventListener('click', () => dialog.close());
  host.append(dialog);
  return () => {
    if (!dialog.open) dialog.showModal();
  };
}
