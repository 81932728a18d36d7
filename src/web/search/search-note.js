// Says below the list why Enter does not use the first role, or that nothing matches; announces the number of matches.
import { element, fill } from '../frame/elements.js';
import { count } from '../frame/wording.js';
import { isWhole } from '../connection/roles-loader.js';

/** @typedef {import('../roles/role-list.js').Doubt} Doubt */

const ANNOUNCE_AFTER_MS = 400;

/** @param {{ announce: (text: string) => void, onShowAll: () => void }} deps */
export function createSearchNote({ announce, onShowAll }) {
  const node = element('div', { class: 'nothing', hidden: true });
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let announcing;
  return {
    node,
    /** @param {ReturnType<typeof import('../roles/role-list.js').createRoleList>} list @param {string} query */
    update(list, query) {
      const doubt = list.doubt();
      const hasNoMatch = list.hasNoMatch();
      node.hidden = !(hasNoMatch || doubt !== undefined);
      node.classList.toggle('is-note', doubt !== undefined);
      if (hasNoMatch) {
        const showAll = element('button', { type: 'button', class: 'small', click: onShowAll }, 'Show all');
        fill(node, element('p', {}, `Nothing matches “${query}”.`), showAll);
      } else if (doubt !== undefined) {
        fill(node, element('p', {}, describeDoubt(doubt, query)));
      }
      clearTimeout(announcing);
      if (query === '' || !isWhole(list.document())) return;
      const why = doubt === undefined ? '' : `. ${describeDoubt(doubt, query)}`;
      const said = `${count(list.found().length, 'role')}${why}`;
      announcing = setTimeout(() => announce(said), ANNOUNCE_AFTER_MS);
    },
  };
}

/** Explains why Enter does not use the first role. @param {NonNullable<Doubt>} doubt @param {string} query */
function describeDoubt(doubt, query) {
  if (doubt === 'near') return `No role contains “${query}”. These are similar.`;
  const why = doubt === 'protected' ? 'is protected' : 'was found by its account id';
  return `The first role ${why}. To use it, select it with ↓, then press Enter.`;
}
