// Chips of the pinned and recently used roles; a click uses one.
import { rankByUse } from '../../core/search/use-rank.js';
import { element, refill } from '../frame/elements.js';
import { accountTitle, harmless, roleKey } from '../frame/wording.js';

/** @typedef {import('../documents.d.ts').Role} Role */

const MAX_RECENT = 6;

/** @param {import('../connection/actions.js').Actions} actions */
export function createRecentRoles(actions) {
  const node = element('p', { class: 'recent' });
  return {
    node,
    /** @param {readonly Role[]} roles @param {string | undefined} currentKey */
    update(roles, currentKey) {
      const used = roles
        .filter((role) => rankByUse(role) > 0)
        .toSorted((one, other) => rankByUse(other) - rankByUse(one))
        .slice(0, MAX_RECENT);
      node.hidden = used.length === 0;
      refill(
        node,
        element('span', { class: 'unseen' }, 'Pinned and recent: '),
        ...used.map((role) => chip(role, roleKey(role) === currentKey, () => void actions.use(role))),
      );
    },
  };
}

/** @param {Role} role @param {boolean} isCurrent @param {() => void} use */
function chip(role, isCurrent, use) {
  return element(
    'button',
    {
      type: 'button',
      class: 'chip',
      'data-key': roleKey(role),
      'aria-pressed': String(isCurrent),
      title: `Use ${accountTitle(role)} ${role.accountId} ${harmless(role.permissionSet)} as current`,
      click: use,
    },
    role.pinned && element('span', { class: 'pin', 'aria-label': 'pinned' }, '★'),
    element('strong', {}, accountTitle(role)),
    element('span', {}, harmless(role.permissionSet)),
    role.protected && element('span', { class: 'protected', 'aria-label': 'protected' }, '⚠'),
  );
}
