// Lists current problems, each with the command that fixes it.
import { element, fill } from '../frame/elements.js';
import { harmless } from '../frame/wording.js';

/** @typedef {import('../documents.d.ts').Problem} Problem */

/** @param {HTMLElement} host @param {import('../connection/actions.js').Actions} actions */
export function createProblemList(host, actions) {
  let shown = '';
  return {
    /** @param {readonly Problem[]} problems */
    update(problems) {
      const text = JSON.stringify(problems);
      if (text === shown) return;
      shown = text;
      fill(host, ...problems.map((problem) => problemRow(problem, actions)));
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
