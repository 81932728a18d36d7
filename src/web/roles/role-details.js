// Details of the selected role: its data, actions, and lines to copy.
import { element, fill, focusWithin } from '../frame/elements.js';
import {
  accountTitle,
  cliLine,
  consoleLine,
  describeChain,
  describeNeed,
  exportLine,
  harmless,
  missingProfile,
  roleKey,
  roleTitle,
} from '../frame/wording.js';

/** @typedef {import('../documents.d.ts').Role} Role */
/** @typedef {import('../connection/actions.js').Actions} Actions */

/**
 * @typedef {object} DetailView
 * @property {boolean} isCurrent
 * @property {boolean} isFallback nothing is selected, and this is the current role; a narrow screen has no room for it
 * @property {boolean} hasLabels
 */

/** @param {HTMLElement} host @param {Actions} actions */
export function createRoleDetails(host, actions) {
  let shown = '';
  return {
    /** @param {Role | undefined} role @param {DetailView} view */
    update(role, view) {
      const text = JSON.stringify([role, view]);
      if (text === shown) return;
      shown = text;
      const focused = document.activeElement;
      const action = focused !== null && host.contains(focused) ? focused.getAttribute('data-action') : null;
      host.hidden = role === undefined;
      host.classList.toggle('is-fallback', view.isFallback);
      if (role === undefined) {
        fill(host);
        return;
      }
      fill(host, detailCard(role, view, actions));
      if (action !== null) focusWithin(host, `[data-action="${action}"]`);
    },
  };
}

/** @param {Role} role @param {DetailView} view @param {Actions} actions */
function detailCard(role, { isCurrent, hasLabels }, actions) {
  const title = accountTitle(role);
  return element(
    'div',
    { class: 'card detail', 'data-role': roleKey(role) },
    element(
      'div',
      { class: 'about' },
      element('h2', {}, title),
      element(
        'p',
        { class: 'line' },
        title !== role.accountId && element('span', { class: 'id' }, role.accountId),
        element('span', { class: 'set' }, roleTitle(role)),
        hasLabels && element('span', { class: 'label' }, harmless(role.label)),
      ),
      role.protected &&
        element(
          'p',
          { class: 'protected' },
          role.approve === undefined
            ? '⚠ Protected: double-check before you use it.'
            : `⚠ Protected: each program that asks for it ${describeNeed(role.approve)}.`,
        ),
      role.chain !== undefined && element('p', { class: 'note chain' }, describeChain(role.chain)),
    ),
    element(
      'p',
      { class: 'buttons' },
      element(
        'button',
        {
          type: 'button',
          class: 'primary',
          'data-action': 'use',
          disabled: isCurrent,
          click: () => void actions.use(role),
        },
        isCurrent ? '✓ Current role' : 'Use as current',
      ),
      role.chain === undefined &&
        element(
          'button',
          {
            type: 'button',
            'data-action': 'console',
            click: () => void actions.openConsole(role),
          },
          'Open console ↗',
        ),
    ),
    role.profile === null || role.shadowed === true
      ? element('p', { class: 'note' }, `${missingProfile(role)} Run: `, element('code', {}, 'rolecall profiles sync'))
      : element(
          'dl',
          { class: 'lines' },
          ...copyRow('Profile', harmless(role.profile), 'profile', () => void actions.copyProfile(role)),
          ...copyRow('This shell', exportLine(harmless(role.profile)), 'export', () => void actions.copyExport(role)),
          ...copyRow('AWS CLI', cliLine(harmless(role.profile)), 'cli', () => void actions.copyCli(role)),
          ...(role.chain === undefined
            ? []
            : copyRow('Console', consoleLine(harmless(role.profile)), 'console', () => void actions.copyConsole(role))),
        ),
    element(
      'p',
      { class: 'note' },
      'Programs on ',
      element('code', {}, 'AWS_PROFILE=current'),
      ' follow the current role at their next refresh, even in the middle of a run.',
    ),
  );
}

/** @param {string} name @param {string} text @param {string} action @param {() => void} copy */
function copyRow(name, text, action, copy) {
  return [
    element('dt', {}, name),
    element(
      'dd',
      {},
      element('code', { title: text }, text),
      element(
        'button',
        { type: 'button', class: 'small', 'data-action': action, 'aria-label': `Copy ${name}`, click: copy },
        'Copy',
      ),
    ),
  ];
}
