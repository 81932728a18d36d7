// Lists current problems, each with the command that fixes it. All but the first are folded away, so that the list keeps its room.
import { element, fill } from '../frame/elements.js';
import { harmless } from '../frame/wording.js';

/** @typedef {import('../documents.d.ts').Problem} Problem */

/** @param {HTMLElement} host @param {import('../connection/actions.js').Actions} actions */
export function createProblemList(host, actions) {
  let shown = '';
  let isOpen = false;
  /** @type {readonly Problem[]} */
  let problems = [];
  const toggle = element('button', { type: 'button', class: 'toggle small' });
  toggle.addEventListener('click', () => {
    isOpen = !isOpen;
    drawToggle();
    toggle.focus();
  });

  function drawToggle() {
    const others = problems.length - 1;
    host.classList.toggle('is-open', isOpen);
    toggle.classList.toggle('is-single', others === 0);
    toggle.setAttribute('aria-expanded', String(isOpen));
    const closed = others === 0 ? 'Details' : `${others} more`;
    toggle.textContent = isOpen ? 'Less' : closed;
    toggle.setAttribute('aria-label', isOpen ? 'Show fewer problems' : `Show all problems: ${closed}`);
  }

  return {
    /** @param {readonly Problem[]} next */
    update(next) {
      const text = JSON.stringify(next);
      if (text === shown) return;
      shown = text;
      problems = next;
      const hadFocus = document.activeElement === toggle;
      const rows = problems.map((problem) => problemRow(problem, actions));
      fill(host, ...rows);
      rows[0]?.append(toggle);
      drawToggle();
      if (hadFocus) toggle.focus();
    },
  };
}

/** @param {Problem} problem @param {import('../connection/actions.js').Actions} actions */
function problemRow({ message, hint, session }, actions) {
  const command = harmless(hint);
  return element(
    'div',
    { class: 'notice warn', role: 'status' },
    element('span', { class: 'mark', 'aria-hidden': 'true' }, '!'),
    element(
      'p',
      {},
      session !== undefined && !message.includes(session) && element('strong', {}, `${harmless(session)}: `),
      harmless(message),
    ),
    element('code', {}, command),
    element(
      'button',
      { type: 'button', class: 'small', click: () => void actions.copyText(command, 'the command') },
      'Copy',
    ),
  );
}
