// The search field; the grid of roles is its list of suggestions.
import { element } from '../frame/elements.js';

export function createSearchField() {
  const input = element('input', {
    id: 'search',
    type: 'search',
    role: 'combobox',
    placeholder: 'Search account, id, permission set, profile',
    autocomplete: 'off',
    spellcheck: 'false',
    'aria-label': 'Search roles',
    'aria-haspopup': 'grid',
    'aria-expanded': 'true',
    'aria-controls': 'role-grid',
    'aria-autocomplete': 'list',
  });
  return {
    input,
    node: element('label', { class: 'search' }, input, element('kbd', { 'aria-hidden': 'true' }, '/')),
    /** @param {string | undefined} rowId of the selected row */
    setActive(rowId) {
      if (rowId === undefined) input.removeAttribute('aria-activedescendant');
      else input.setAttribute('aria-activedescendant', rowId);
    },
  };
}
