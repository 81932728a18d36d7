// Shows the current role of the whole machine, always visible.
import { element, fill } from '../frame/elements.js';
import { accountTitle, harmless, roleTitle } from '../frame/wording.js';

/** @typedef {import('../documents.d.ts').CurrentRole} CurrentRole */

/**
 * @param {HTMLElement} host @param {import('../connection/actions.js').Actions} actions
 * @param {Pick<import('../frame/page-title.js').PageTitle, 'setRole'>} title
 */
export function createCurrentBanner(host, actions, title) {
  let shown = '';
  return {
    /** @param {CurrentRole | null} current @param {string | undefined} label said when there are several sessions */
    update(current, label) {
      const text = JSON.stringify([current, label]);
      if (text === shown) return;
      shown = text;
      host.dataset['isProtected'] = String(current?.protected ?? false);
      if (current === null) {
        fill(host, element('p', { class: 'none' }, 'No current role'));
        title.setRole('');
        return;
      }
      const { accountId } = current;
      const name = accountTitle(current);
      title.setRole(`${name} · ${roleTitle(current)}`);
      fill(
        host,
        element('span', { class: 'badge' }, 'current'),
        current.protected && element('span', { class: 'protected' }, '⚠ protected'),
        element(
          'p',
          { class: 'words' },
          element('strong', {}, name),
          name !== accountId && element('span', { class: 'id' }, ` ${accountId}`),
          element('span', { class: 'set' }, ` ${roleTitle(current)}`),
          label !== undefined && element('span', { class: 'label' }, harmless(label)),
        ),
        element(
          'button',
          {
            type: 'button',
            class: 'quiet small',
            click: () => void actions.useNone(),
            title: 'Set no current role',
          },
          'Stop using',
        ),
      );
    },
  };
}
