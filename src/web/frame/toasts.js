// Toasts: short messages about what was done or failed. They disappear by themselves unless they have an action.
import { element } from './elements.js';

const GONE_AFTER_MS = 6000;
const ERROR_GONE_AFTER_MS = 20_000;

/** @typedef {ReturnType<typeof createToasts>} Toasts */

/** @param {HTMLElement} host @param {HTMLElement} announcer */
export function createToasts(host, announcer) {
  /** @param {HTMLElement} toast @param {number} durationMs */
  function show(toast, durationMs) {
    const timer = setTimeout(() => toast.remove(), durationMs);
    const close = element(
      'button',
      {
        type: 'button',
        class: 'quiet round small',
        'aria-label': 'Dismiss',
        click: () => {
          clearTimeout(timer);
          toast.remove();
        },
      },
      '×',
    );
    toast.append(close);
    host.append(toast);
    while (host.childElementCount > 3) host.firstElementChild?.remove();
  }

  return {
    /**
     * @param {string} text
     * @param {{ label: string, run?: () => void, href?: string }} [action]
     */
    say(text, action) {
      const toast = element('div', { class: 'toast' }, element('p', {}, text));
      if (action?.run !== undefined) {
        const { run } = action;
        const act = () => {
          toast.remove();
          run();
        };
        toast.append(element('button', { type: 'button', class: 'link', click: act }, action.label));
      } else if (action?.href !== undefined) {
        toast.append(element('a', { href: action.href, target: '_blank', rel: 'noopener noreferrer' }, action.label));
      }
      show(toast, GONE_AFTER_MS);
      announcer.textContent = text;
    },
    /** @param {unknown} error */
    fail(error) {
      const { message, hint } = /** @type {{ message: string, hint?: string }} */ (error);
      show(
        element(
          'div',
          { class: 'toast bad', role: 'alert' },
          element(
            'div',
            {},
            element('p', {}, message),
            hint !== undefined && element('p', { class: 'hint' }, 'Run: ', element('code', {}, hint)),
          ),
        ),
        ERROR_GONE_AFTER_MS,
      );
    },
    /** Announces to screen readers. @param {string} text */
    announce(text) {
      announcer.textContent = text;
    },
  };
}
