// A pending sign-in: the code in large type, the page to enter it on, and the time left.
import { element, focusWithin, setText } from '../frame/elements.js';
import { formatDuration, harmless, safeLink } from '../frame/wording.js';

/** @typedef {import('../documents.d.ts').SignIn} SignIn */

/**
 * @param {object} deps
 * @param {HTMLElement} deps.host
 * @param {import('../connection/actions.js').Actions} deps.actions
 * @param {() => number} deps.nowMs
 * @param {(session: string) => string} deps.labelOf
 */
export function createSignInPanels({ host, actions, nowMs, labelOf }) {
  /** @type {Map<string, { panel: HTMLElement, key: string, left: HTMLElement, expiresAt: string | undefined }>} */
  const panels = new Map();

  /** @param {string} session @param {SignIn} signIn */
  function show(session, signIn) {
    const key = JSON.stringify([signIn.userCode, signIn.openUri, signIn.verificationUri]);
    const known = panels.get(session);
    if (known?.key === key) return;
    const left = element('span', { class: 'left' });
    const panel = signInPanel(session, signIn, labelOf(session), left, actions);
    if (known === undefined) host.append(panel);
    else known.panel.replaceWith(panel);
    panels.set(session, { panel, key, left, expiresAt: signIn.expiresAt });
    // Moves the focus here after "Sign in"; a page opened in the meantime keeps its focus.
    if (document.activeElement?.closest('.session') instanceof HTMLElement) focusWithin(panel, 'a, button');
  }

  function tick() {
    for (const { left, expiresAt } of panels.values()) {
      if (expiresAt !== undefined) setText(left, `valid for ${formatDuration(Date.parse(expiresAt) - nowMs())}`);
    }
  }

  return {
    /** @param {ReadonlyMap<string, SignIn>} signIns */
    update(signIns) {
      for (const [session, { panel }] of panels) {
        if (signIns.get(session)?.state === 'pending') continue;
        panel.remove();
        panels.delete(session);
      }
      for (const [session, signIn] of signIns) if (signIn.state === 'pending') show(session, signIn);
      tick();
    },
    tick,
  };
}

/**
 * @param {string} session @param {SignIn} signIn @param {string} label @param {HTMLElement} left
 * @param {import('../connection/actions.js').Actions} actions
 */
function signInPanel(session, signIn, label, left, actions) {
  const code = harmless(signIn.userCode ?? '');
  const link = safeLink(signIn.openUri);
  return element(
    'section',
    { class: 'signing-in', 'aria-label': `Signing in to ${harmless(label)}` },
    element(
      'div',
      { class: 'what' },
      element('h2', {}, `Signing in to ${harmless(label)}`),
      element(
        'p',
        {},
        'Open the sign-in page, enter the code, and allow it there. ',
        element('strong', {}, 'Approve only if you just started this and the page shows the same code.'),
      ),
      link === undefined &&
        element(
          'p',
          { class: 'warning' },
          'This page is neither an AWS page nor on your start URL’s host, so it is not a link: ',
          element('code', {}, harmless(signIn.verificationUri ?? '')),
        ),
    ),
    element('p', { class: 'code' }, element('span', { class: 'unseen' }, 'Code '), code, left),
    element(
      'p',
      { class: 'buttons' },
      link !== undefined &&
        element(
          'a',
          { class: 'button primary', href: link, target: '_blank', rel: 'noopener noreferrer' },
          'Open the sign-in page ↗',
        ),
      element('button', { type: 'button', click: () => void actions.copyText(code, 'the code') }, 'Copy code'),
      element('button', { type: 'button', class: 'quiet', click: () => void actions.cancelSignIn(session) }, 'Cancel'),
    ),
  );
}
