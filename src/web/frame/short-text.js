// Shows a text that was shortened in the middle. What is hidden stays in the document: for screen readers, search and copies.
import { element } from './elements.js';

/** @typedef {import('../../core/text/short-names.js').ShortName} ShortName */
/** @typedef {{ readonly text: string, readonly isMatch: boolean }} Piece */

/**
 * The nodes of a text; each hidden part is one ellipsis.
 * @param {readonly Piece[]} pieces of the full text, those that match the search marked
 * @param {Pick<ShortName, 'parts'>} short
 */
export function shortText(pieces, { parts }) {
  const length = pieces.reduce((sum, { text }) => sum + text.length, 0);
  /** @type {(Node | string)[]} */
  const nodes = [];
  let shownTo = 0;
  for (const { from, to } of [...parts, { from: length, to: length }]) {
    if (from > shownTo) nodes.push(hidden(slice(pieces, shownTo, from)));
    nodes.push(...slice(pieces, from, to).map(shown));
    shownTo = to;
  }
  return nodes;
}

/** The pieces between two positions of the full text. @param {readonly Piece[]} pieces @param {number} from @param {number} to */
function slice(pieces, from, to) {
  /** @type {Piece[]} */
  const found = [];
  let start = 0;
  for (const { text, isMatch } of pieces) {
    const part = text.slice(Math.max(0, from - start), Math.max(0, to - start));
    if (part !== '') found.push({ text: part, isMatch });
    start += text.length;
  }
  return found;
}

/** @param {Piece} piece */
const shown = ({ text, isMatch }) => (isMatch ? element('mark', {}, text) : text);

/** The ellipsis is marked when something below it matches. @param {readonly Piece[]} pieces */
function hidden(pieces) {
  const text = pieces.map((piece) => piece.text).join('');
  const isMatch = pieces.some((piece) => piece.isMatch);
  return element(isMatch ? 'mark' : 'span', { class: 'cut' }, element('span', { class: 'unseen' }, text));
}
