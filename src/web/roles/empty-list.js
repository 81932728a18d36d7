// Explains why there are no roles, instead of showing an empty list.
import { element, fill } from '../frame/elements.js';

/** @typedef {import('../documents.d.ts').Roles} Roles */
/** @typedef {import('../documents.d.ts').Status} Status */

/** @param {{ board: HTMLElement, host: HTMLElement, refresh: () => unknown }} deps */
export function createEmptyList({ board, host, refresh }) {
  return {
    /** @param {Status} status @param {Roles} roles */
    update(status, roles) {
      board.hidden = false;
      const isEmpty = roles.roles.length === 0;
      board.classList.toggle('has-no-roles', isEmpty);
      host.hidden = !isEmpty;
      if (isEmpty) fill(host, ...explain(status, refresh));
    },
  };
}

/** @param {Status} status @param {() => unknown} refresh @returns {HTMLElement[]} */
function explain({ sessions }, refresh) {
  if (sessions.length === 0) {
    return [
      element('h2', {}, 'No sso-session yet'),
      element('p', {}, 'Get the start URL from your administrator, then run in a terminal:'),
      element('pre', { tabindex: 0 }, 'rolecall setup'),
    ];
  }
  if (sessions.some(({ listing }) => listing !== null)) {
    return [element('h2', {}, 'Listing your accounts …'), element('p', {}, 'They will appear here.')];
  }
  if (sessions.some(({ state }) => state === 'live')) {
    return [
      element('h2', {}, 'No accounts'),
      element('p', {}, 'No permission set is assigned to you, or your accounts have not been listed yet.'),
      element('p', {}, element('button', { type: 'button', click: refresh }, 'List accounts now')),
    ];
  }
  return [
    element('h2', {}, 'Sign in to see your accounts'),
    element('p', {}, 'Sign in once, and every AWS client on this machine has credentials for the rest of the day.'),
  ];
}
