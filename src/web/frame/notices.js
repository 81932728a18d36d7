// The area above the list: a lost connection, pending sign-ins, and problems.
import { element, fill } from './elements.js';

/** @param {HTMLElement} host */
export function createNotices(host) {
  const lost = element(
    'div',
    { class: 'notice warn', role: 'status', hidden: true },
    element('span', { class: 'mark', 'aria-hidden': 'true' }, '!'),
    element(
      'p',
      {},
      'The daemon does not answer, so this page may be out of date. If the daemon was restarted, open the page again:',
    ),
    element('code', {}, 'rolecall web'),
  );
  const signIns = element('div', { class: 'sign-ins' });
  const problems = element('div', { class: 'problems' });
  fill(host, lost, signIns, problems);
  return {
    signIns,
    problems,
    /** @param {boolean} isLost */
    setLost(isLost) {
      lost.hidden = !isLost;
    },
  };
}
