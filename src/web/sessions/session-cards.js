// One card per session: who is signed in, the time left, and a button to sign in or out.
import { element, setText } from '../frame/elements.js';
import { count, describeSession, formatDuration, fractionLeft, harmless } from '../frame/wording.js';

/** @typedef {import('../documents.d.ts').Session} Session */
/** @typedef {import('../documents.d.ts').SignIn} SignIn */

/** Why a sign-in failed. */
const OUTCOMES = Object.freeze({
  denied: 'The sign-in was denied on the page.',
  expired: 'The code was not approved in time.',
  cancelled: 'The sign-in was cancelled.',
});

/**
 * @param {object} deps
 * @param {HTMLElement} deps.host
 * @param {import('../connection/actions.js').Actions} deps.actions
 * @param {() => number} deps.nowMs
 * @param {(session: string) => string} deps.labelOf
 */
export function createSessionCards({ host, actions, nowMs, labelOf }) {
  /** @type {Map<string, ReturnType<typeof createCard>>} */
  const cards = new Map();
  return {
    /** @param {readonly Session[]} sessions @param {ReadonlyMap<string, SignIn>} signIns */
    update(sessions, signIns) {
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
        card.update(session, signIns.get(session.session), { label: labelOf(session.session), nowMs: nowMs() });
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
  const note = element('p', { class: 'note' });
  const button = element('button', { type: 'button' });
  let act = () => {};
  button.addEventListener('click', () => act());
  const node = element(
    'article',
    { class: 'card session' },
    element('div', { class: 'heading' }, title, button),
    element('p', { class: 'state' }, element('span', { class: 'dot', 'aria-hidden': 'true' }), word, more),
    bar,
    note,
  );

  return {
    node,
    /**
     * @param {Session} session @param {SignIn | undefined} signIn
     * @param {{ label: string, nowMs: number }} view
     */
    update(session, signIn, { label, nowMs }) {
      const state = describeSession(session, nowMs);
      node.dataset['tone'] = state.tone;
      setText(title, harmless(label));
      title.title = harmless(`${session.session}, ${session.startUrl}`);
      setText(word, state.word);
      setText(more, state.detail === '' ? '' : ` · ${state.detail}`);
      const fraction = fractionLeft(session, nowMs);
      bar.hidden = fraction === undefined;
      bar.value = fraction ?? 0;
      const text = describeNote(session, signIn, nowMs);
      setText(note, text);
      note.hidden = text === '';
      const isIn = session.state === 'live';
      const isPending = session.state === 'pending' || signIn?.state === 'pending';
      const [does, to] = buttonWords(isIn, isPending);
      setText(button, does);
      button.setAttribute('aria-label', `${does} ${to} ${harmless(label)}`);
      button.className = isIn || isPending ? 'small' : 'small primary';
      act = () => void (isIn ? actions.signOut(name) : actions.signIn(name));
    },
  };
}

/** The button's label and the preposition before the session's name. @param {boolean} isIn @param {boolean} isPending @returns {[string, string]} */
function buttonWords(isIn, isPending) {
  if (isIn) return ['Sign out', 'of'];
  return isPending ? ['Show code', 'for'] : ['Sign in', 'to'];
}

/** @param {Session} session @param {SignIn | undefined} signIn @param {number} nowMs */
function describeNote({ listing, catalog, state }, signIn, nowMs) {
  if (listing !== null) {
    return listing.accountsTotal === 0
      ? 'Listing accounts …'
      : `Listing, ${listing.accountsListed.toLocaleString('en-US')} of ${count(listing.accountsTotal, 'account')} …`;
  }
  if (signIn?.error !== undefined) return harmless(signIn.error.message);
  if (state !== 'live' && signIn !== undefined && Object.hasOwn(OUTCOMES, signIn.state)) {
    return OUTCOMES[/** @type {keyof typeof OUTCOMES} */ (signIn.state)];
  }
  if (catalog === null) return '';
  const age = `listed ${formatDuration(nowMs - Date.parse(catalog.asOf))} ago`;
  return `${count(catalog.accounts, 'account')}, ${age}${catalog.complete ? '' : ', incomplete'}`;
}
