// Limits the list to one session; shown when there are several. Each session has a colour.
import { element, refill } from '../frame/elements.js';
import { harmless } from '../frame/wording.js';

/** @typedef {import('../documents.d.ts').Role} Role */

/** The number of session colours in page.css. */
const HUES = 6;

/** @param {() => void} onChange */
export function createSessionFilter(onChange) {
  /** @type {{ session: string, label: string }[]} */
  let sessions = [];
  /** @type {string | null} */
  let chosen = null;
  const node = element('fieldset', { class: 'filters' });

  const hasSeveral = () => sessions.length > 1;
  /** @param {string} name */
  const hueOf = (name) => {
    if (!hasSeveral()) return undefined;
    return sessions.findIndex((one) => one.session === name) % HUES;
  };

  /** @param {string | null} session @param {string} label @param {number} index */
  function option(session, label, index) {
    const input = element('input', {
      type: 'radio',
      name: 'session',
      id: `filter-${index}`,
      'data-key': session ?? '',
      checked: session === chosen,
      change: () => {
        chosen = session;
        onChange();
      },
    });
    const hue = session === null ? undefined : hueOf(session);
    return element('label', { class: 'filter', 'data-hue': hue }, input, harmless(label));
  }

  return {
    node,
    /** The session that the list is limited to; null for all. */
    chosen: () => chosen,
    hasSeveral,
    hueOf,
    /** @param {readonly Role[]} roles */
    setRoles(roles) {
      const labels = new Map(roles.map((role) => [role.session, role.label]));
      const names = [...labels].map(([session, label]) => ({ session, label }));
      sessions = names.toSorted((one, other) => one.label.localeCompare(other.label));
      if (chosen !== null && !labels.has(chosen)) chosen = null;
      node.hidden = !hasSeveral();
      refill(
        node,
        element('legend', { class: 'unseen' }, 'Sessions'),
        option(null, 'All', 0),
        ...sessions.map(({ session, label }, index) => option(session, label, index + 1)),
      );
    },
  };
}
