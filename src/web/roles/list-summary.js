// The line below the list: how many roles there are, how old the list is, and a button that lists the accounts again.
import { element, setText } from '../frame/elements.js';
import { count, formatCount, formatDuration } from '../frame/wording.js';
import { isWhole } from '../connection/roles-loader.js';

/** @param {{ nowMs: () => number, refresh: () => Promise<unknown> }} deps */
export function createListSummary({ nowMs, refresh }) {
  const text = element('span');
  const button = element('button', { type: 'button', class: 'quiet small' }, 'Refresh');
  button.addEventListener('click', () => {
    button.disabled = true;
    void refresh().then(() => {
      button.disabled = false;
    });
  });
  return {
    node: element('p', { class: 'summary' }, text, button),
    /** @param {import('../documents.d.ts').Roles} document @param {number} foundCount */
    update(document, foundCount) {
      const total = document.total ?? document.roles.length;
      const shown =
        foundCount === total || !isWhole(document)
          ? count(total, 'role')
          : `${formatCount(foundCount)} of ${count(total, 'role')}`;
      const age = document.asOf === null ? '' : ` · listed ${formatDuration(nowMs() - Date.parse(document.asOf))} ago`;
      setText(text, `${shown}${age}${document.complete ? '' : ' · incomplete'}`);
    },
  };
}
