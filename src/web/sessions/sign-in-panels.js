// A pending sign-in: the code in large type or the offer of one, the page to approve it on, and the time left.
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
  /** @type {Map<string, { panel: HTMLElement, key: string, left: HTMLElement, signIn: SignIn }>} */
  const panels = new Map();

  /** @param {string} session @param {SignIn} signIn */
  function show(session, signIn) {
    const key = JSON.stringify([signIn.userCode, signIn.openUri, signIn.verificationUri]);
    const known = panels.get(session);
    if (known?.key === key) return;
    const active = document.activeElement;
    const left = element('span', { class: 'left' });
    const panel = signInPanel(session, signIn, labelOf(session), left, actions);
    if (known === undefined) host.append(panel);
    else known.panel.replaceWith(panel);
    panels.set(session, { panel, key, left, signIn });
    // Moves the focus here after "Sign in" or a button of the panel before; a page opened in the meantime keeps its focus.
    const isAsked = active?.closest('.session') instanceof HTMLElement || known?.panel.contains(active) === true;
    if (isAsked) focusWithin(panel, 'a, button');
  }

  function tick() {
    for (const { left, signIn } of panels.values()) {
      if (signIn.expiresAt === undefined) continue;
      const duration = formatDuration(Date.parse(signIn.expiresAt) - nowMs());
      setText(left, signIn.flow === 'pkce' ? `${duration} left` : `valid for ${duration}`);
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
  const link = safeLink(signIn.openUri);
  const cancel = () => void actions.cancelSignIn(session);
  const parts =
    signIn.flow === 'pkce'
      ? partsWithoutCode(session, signIn, link, actions)
      : partsWithCode(signIn, link, left, actions);
  return element(
    'section',
    { class: 'signing-in', 'aria-label': `Signing in to ${harmless(label)}` },
    element('div', { class: 'what' }, element('h2', {}, `Signing in to ${harmless(label)}`), ...parts.explanation),
    parts.code,
    element(
      'p',
      { class: parts.code === undefined ? 'buttons is-alone' : 'buttons' },
      link !== undefined &&
        element(
          'a',
          { class: 'button primary', href: link, target: '_blank', rel: 'noopener noreferrer' },
          'Open the sign-in page ↗',
        ),
      parts.button,
      element('button', { type: 'button', class: 'quiet', click: cancel }, 'Cancel'),
      parts.code === undefined && left,
    ),
  );
}

/**
 * @param {SignIn} signIn @param {string | undefined} link @param {HTMLElement} left
 * @param {import('../connection/actions.js').Actions} actions
 */
function partsWithCode({ userCode, verificationUri }, link, left, actions) {
  const code = harmless(userCode ?? '');
  const explanation = element(
    'p',
    {},
    'Open the sign-in page, enter the code, and allow it there. ',
    element('strong', {}, 'Approve only if you just started this and the page shows the same code.'),
  );
  const warning = element(
    'p',
    { class: 'warning' },
    'This page is not a link, because its host is neither AWS’s for your region nor your start URL’s: ',
    element('code', {}, harmless(verificationUri ?? '')),
  );
  return {
    explanation: link === undefined ? [explanation, warning] : [explanation],
    code: element('p', { class: 'code' }, element('span', { class: 'unseen' }, 'Code '), code, left),
    button: element('button', { type: 'button', click: () => void actions.copyText(code, 'the code') }, 'Copy code'),
  };
}

/**
 * The redirect of this page goes to the daemon's machine, and nobody knows whether this browser runs there.
 * @param {string} session @param {SignIn} signIn @param {string | undefined} link
 * @param {import('../connection/actions.js').Actions} actions
 */
function partsWithoutCode(session, { verificationUri }, link, actions) {
  const explanation = element(
    'p',
    {},
    'Allow it in the other tab, which then comes back by itself. ',
    element('strong', {}, 'Approve only if you just started this.'),
  );
  const limit = element(
    'p',
    {},
    'If this browser is on another computer, as with ',
    element('code', {}, 'ssh -L'),
    ', the tab cannot come back: use a code.',
  );
  const warning = element(
    'p',
    { class: 'warning' },
    'The sign-in page is not on a host of AWS, so it is not opened: ',
    element('code', {}, originOf(verificationUri)),
  );
  return {
    explanation: link === undefined ? [warning] : [explanation, limit],
    code: undefined,
    button: element(
      'button',
      { type: 'button', click: () => void actions.signInByCode(session) },
      'Use a code instead',
    ),
  };
}

/** Enough of a long address, of which nobody can use a part. @param {string | undefined} uri */
function originOf(uri = '') {
  return harmless(URL.canParse(uri) ? new URL(uri).origin : '');
}
