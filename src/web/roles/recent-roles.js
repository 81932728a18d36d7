// Chips of the pinned and recently used roles; a click uses one.
import { rankByUse } from '../../core/search/use-rank.js';
import { createNameShortener } from '../../core/text/short-names.js';
import { element, refill } from '../frame/elements.js';
import { shortText } from '../frame/short-text.js';
import { createTextWidths } from '../frame/text-width.js';
import { accountTitle, roleKey, roleTitle } from '../frame/wording.js';

/** @typedef {import('../documents.d.ts').Role} Role */

const MAX_RECENT = 6;
/** Of a chip's texts, in pixels: two chips fit above a narrow list, and one on a phone. */
const MAX_NAME_WIDTH = 170;
const MAX_SET_WIDTH = 110;

/** @param {import('../connection/actions.js').Actions} actions */
export function createRecentRoles(actions) {
  const node = element('p', { class: 'recent' });

  /** @type {Record<'name' | 'set', import('../frame/text-width.js').TextWidth> | undefined} */
  let fonts;

  function measureFonts() {
    const [name, set] = [element('strong'), element('span')];
    const sample = element('button', { class: 'chip', hidden: true }, name, set);
    node.append(sample);
    const measured = createTextWidths({ name, set });
    sample.remove();
    return measured;
  }

  /** The chips' texts, shortened so that no two are the same. @param {readonly Role[]} roles */
  function shortenTexts(roles) {
    fonts ??= measureFonts();
    const name = createNameShortener(roles.map(accountTitle), MAX_NAME_WIDTH, fonts.name);
    const set = createNameShortener(roles.map(roleTitle), MAX_SET_WIDTH, fonts.set);
    const plain = (/** @type {string} */ text) => [{ text, isMatch: false }];
    return {
      name: (/** @type {string} */ text) => shortText(plain(text), name(text)),
      set: (/** @type {string} */ text) => shortText(plain(text), set(text)),
    };
  }

  return {
    node,
    /** Measures what needs no roles yet, while they are on their way. */
    prepare() {
      fonts = measureFonts();
    },
    /** @param {readonly Role[]} roles @param {string | undefined} currentKey */
    update(roles, currentKey) {
      const used = roles
        .filter((role) => rankByUse(role) > 0)
        .toSorted((one, other) => rankByUse(other) - rankByUse(one))
        .slice(0, MAX_RECENT);
      node.hidden = used.length === 0;
      if (node.hidden) return;
      const texts = shortenTexts(used);
      refill(
        node,
        element('span', { class: 'unseen' }, 'Pinned and recent: '),
        ...used.map((role) => chip(role, texts, roleKey(role) === currentKey, () => void actions.use(role))),
      );
    },
  };
}

/** @typedef {(text: string) => (Node | string)[]} Shorten */

/** @param {Role} role @param {{ name: Shorten, set: Shorten }} texts @param {boolean} isCurrent @param {() => void} use */
function chip(role, texts, isCurrent, use) {
  return element(
    'button',
    {
      type: 'button',
      class: 'chip',
      'data-key': roleKey(role),
      'aria-pressed': String(isCurrent),
      title: `Use ${accountTitle(role)} ${role.accountId} ${roleTitle(role)} as current`,
      click: use,
    },
    role.pinned && element('span', { class: 'pin', 'aria-label': 'pinned' }, '★'),
    element('strong', {}, ...texts.name(accountTitle(role))),
    element('span', {}, ...texts.set(roleTitle(role))),
    role.protected && element('span', { class: 'protected', 'aria-label': 'protected' }, '⚠'),
  );
}
