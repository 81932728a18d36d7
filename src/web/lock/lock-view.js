// The lock: a button that locks, and what a locked daemon shows instead of the roles.
import { element, fill, setText } from '../frame/elements.js';
import { formatMoment } from '../frame/wording.js';

/** @typedef {import('../documents.d.ts').Lock} Lock */

const REASONS = Object.freeze({
  command: '',
  screen: ' because the screen was locked',
  idle: ' because nobody was active',
  sleep: ' because the machine slept',
});

/**
 * @param {object} deps
 * @param {HTMLElement} deps.host above the roles
 * @param {HTMLElement} deps.button
 * @param {HTMLElement} deps.board hidden while everything is locked
 * @param {{ lock: () => unknown, unlock: () => unknown }} deps.actions
 * @param {() => number} deps.nowMs
 */
export function createLockView({ host, button, board, actions, nowMs }) {
  const heading = element('h2', {});
  const text = element('p', {});
  const unlock = element('button', { type: 'button', class: 'primary', click: () => void actions.unlock() }, 'Unlock');
  button.addEventListener('click', () => void actions.lock());
  fill(host, element('div', { class: 'what' }, heading, text), unlock);

  return {
    /** @param {Lock | null | undefined} lock */
    update(lock) {
      const isLocked = lock?.isLocked === true;
      const isWhole = isLocked && lock.scope === 'all';
      const hadFocus = document.activeElement === button || document.activeElement === unlock;
      host.hidden = !isLocked;
      button.hidden = isLocked;
      board.classList.toggle('is-locked', isWhole);
      if (isLocked) {
        setText(heading, isWhole ? 'Locked' : 'Protected roles are locked');
        setText(text, describeLock(lock, nowMs()));
      }
      if (hadFocus && isLocked) unlock.focus();
      else if (hadFocus && document.activeElement !== button) button.focus();
    },
  };
}

/** @param {Lock} lock @param {number} nowMs */
export function describeLock({ since, reason, scope }, nowMs) {
  const start = since === null ? '' : ` since ${formatMoment(Date.parse(since), nowMs)}`;
  const why = reason === null ? '' : (REASONS[reason] ?? '');
  const what =
    scope === 'all'
      ? 'Programs get no credentials until you unlock.'
      : 'Programs get credentials of other roles, and none of protected ones until you unlock.';
  return `Locked${start}${why}. ${what}`;
}
