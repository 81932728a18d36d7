// One card per session: who is signed in, the times, and a button to sign in or out.
import { element, fill, setText } from '../frame/elements.js';
import { count, describeSession, formatCount, fractionLeft, harmless } from '../frame/wording.js';
import { describeTimes } from './session-times.js';
import { describeOutcome, offersCode, offersRenewal, signInButton } from './sign-in-wording.js';

/** @typedef {import('../documents.d.ts').Session} Session */
/** @typedef {import('../documents.d.ts').SignIn} SignIn */
/** @typedef {import('./session-times.js').Present} Present */

/**
 * @param {object} deps
 * @param {HTMLElement} deps.host
 * @param {import('../connection/actions.js').Actions} deps.actions
 * @param {(session: string) => string} deps.labelOf
 */
export function createSessionCards({ host, actions, labelOf }) {
  /** @type {Map<string, ReturnType<typeof createCard>>} */
  const cards = new Map();
  return {
    /** @param {readonly Session[]} sessions @param {ReadonlyMap<string, SignIn>} signIns @param {Present} present */
    update(sessions, signIns, present) {
      const names = sessions.map(({ session }) => session);
      for (const [name, card] of cards) {
        if (names.includes(name)) continue;
        card.node.remove();
        cards.delete(name);
      }
      for (const session of sessions) {
        const card = cards.get(session.session) ?? createCard(session.session, actions);
        cards.set(session.session, card);
        if (!card.node.isConnected) host.append(card.node);
        card.update(session, signIns.get(session.session), labelOf(session.session), present);
      }
    },
  };
}

/** @param {string} name @param {import('../connection/actions.js').Actions} actions */
function createCard(name, actions) {
  const title = element('h2');
  const word = element('span', { class: 'word' });
  const more = element('span', { class: 'more' });
  const bar = element('progress', { max: 1, value: 0, 'aria-hidden': 'true' });
  const times = createTimes();
  const note = element('p', { class: 'note' });
  const codeOffer = element(
    'button',
    { type: 'button', class: 'offer small', hidden: true, click: () => void actions.signInByCode(name) },
    'Use a code instead',
  );
  const renewal = element(
    'button',
    { type: 'button', class: 'offer small', hidden: true, click: () => void actions.renew(name) },
    'Renew',
  );
  const button = element('button', { type: 'button' });
  let act = () => {};
  button.addEventListener('click', () => act());
  const node = element(
    'article',
    { class: 'card session' },
    title,
    element('p', { class: 'state' }, element('span', { class: 'dot', 'aria-hidden': 'true' }), word, more),
    button,
    times.toggle,
    bar,
    times.node,
    note,
    codeOffer,
    renewal,
  );

  return {
    node,
    /** @param {Session} session @param {SignIn | undefined} signIn @param {string} label @param {Present} present */
    update(session, signIn, label, present) {
      const awsNowMs = present.nowMs - present.clockAheadMs;
      const state = describeSession(session, awsNowMs);
      node.dataset['tone'] = state.tone;
      setText(title, harmless(label));
      title.title = harmless(`${session.session}, ${session.startUrl}`);
      setText(word, state.word);
      setText(more, state.detail === '' ? '' : ` · ${state.detail}`);
      const fraction = fractionLeft(session, awsNowMs);
      bar.hidden = fraction === undefined;
      bar.value = fraction ?? 0;
      times.update(describeTimes(session, present), harmless(label));
      const text = describeNote(session, signIn);
      setText(note, text);
      note.hidden = text === '';
      const isIn = session.state === 'live';
      const isPending = session.state === 'pending' || signIn?.state === 'pending';
      const [does, to] = signInButton(session, signIn);
      codeOffer.hidden = !offersCode(session, signIn);
      codeOffer.setAttribute('aria-label', `Use a code instead for ${harmless(label)}`);
      renewal.hidden = !offersRenewal(session, signIn);
      renewal.setAttribute('aria-label', `Renew the sign-in to ${harmless(label)} before it ends`);
      setText(button, does);
      button.setAttribute('aria-label', `${does} ${to} ${harmless(label)}`);
      button.className = isIn || isPending ? 'act small' : 'act small primary';
      act = () => void (isIn ? actions.signOut(name) : actions.signIn(name));
    },
  };
}

/** The times, and a button that shows them where there is little room. */
function createTimes() {
  const node = element('dl', { class: 'times' });
  const toggle = element(
    'button',
    { type: 'button', class: 'toggle quiet round small', 'aria-expanded': 'false' },
    '▾',
  );
  let shown = '';
  toggle.addEventListener('click', () => {
    const isOpen = node.classList.toggle('is-open');
    toggle.setAttribute('aria-expanded', String(isOpen));
  });
  return {
    node,
    toggle,
    /** @param {readonly import('./session-times.js').Time[]} times @param {string} label */
    update(times, label) {
      toggle.setAttribute('aria-label', `Times of ${label}`);
      const text = JSON.stringify(times);
      if (text === shown) return;
      shown = text;
      toggle.hidden = times.length === 0;
      node.hidden = times.length === 0;
      fill(
        node,
        ...times.flatMap((time) => [element('dt', {}, time.name), element('dd', { title: time.title }, time.text)]),
      );
    },
  };
}

/** What happens now, or what went wrong. @param {Session} session @param {SignIn | undefined} signIn */
function describeNote(session, signIn) {
  const { listing } = session;
  if (listing === null) return describeOutcome(session, signIn);
  return listing.accountsTotal === 0
    ? 'Listing accounts …'
    : `Listing, ${formatCount(listing.accountsListed)} of ${count(listing.accountsTotal, 'account')} …`;
}
