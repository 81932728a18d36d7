// Measures text without laying it out, so that thousands of names take milliseconds.
import { element } from './elements.js';

const FIRST = 0x20;
/** The printable characters of ASCII. */
const ASCII = Object.freeze(Array.from({ length: 95 }, (_, index) => String.fromCharCode(FIRST + index)));
/** In every shortened name. */
const ELLIPSIS = '…';
const MEASURED = Object.freeze([...ASCII, ELLIPSIS]);

/** @typedef {(text: string) => number} TextWidth in pixels: the sum of its characters, so that no text is narrower than a part of it */

/**
 * For each of `targets`, a function that measures text in its font. One layout measures all fonts.
 * @template {string} Name
 * @param {Record<Name, Element>} targets
 * @returns {Record<Name, TextWidth>}
 */
export function createTextWidths(targets) {
  const fonts = Object.entries(targets).map(([name, target]) => ({
    name,
    font: fontOf(/** @type {Element} */ (target)),
  }));
  const samples = [...new Set(fonts.map(({ font }) => font))].map((font) => ({ font, node: createSample(font) }));
  document.body.append(...samples.map(({ node }) => node));
  const widths = new Map(samples.map(({ font, node }) => [font, createTextWidth(font, measureSample(node))]));
  for (const { node } of samples) node.remove();
  return /** @type {Record<Name, TextWidth>} */ (
    Object.fromEntries(fonts.map(({ name, font }) => [name, widths.get(font)]))
  );
}

/** @param {string} font @param {Float64Array} measured the widths of `MEASURED` @returns {TextWidth} */
function createTextWidth(font, measured) {
  /** @type {Map<string, number>} */
  const others = new Map([[ELLIPSIS, measured[ASCII.length] ?? 0]]);
  /** @type {CanvasRenderingContext2D | null | undefined} */
  let context;

  /** @param {string} character */
  function widthOfOther(character) {
    const known = others.get(character);
    if (known !== undefined) return known;
    // Only for these: a page's first canvas takes some 30 ms.
    context ??= createContext(font);
    const width = context?.measureText(character).width ?? 0;
    others.set(character, width);
    return width;
  }

  return (text) => {
    let width = 0;
    for (let at = 0; at < text.length; at += 1) {
      const index = text.charCodeAt(at) - FIRST;
      if (index >= 0 && index < ASCII.length) {
        width += measured[index] ?? 0;
        continue;
      }
      const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
      width += widthOfOther(character);
      at += character.length - 1;
    }
    return width;
  };
}

/** @param {string} font */
function createSample(font) {
  const characters = MEASURED.map((character) => element('span', {}, character));
  const node = element('div', { class: 'measured', 'aria-hidden': 'true' }, ...characters);
  node.style.font = font;
  return node;
}

/** @param {HTMLElement} node */
function measureSample(node) {
  return Float64Array.from(node.children, (character) => character.getBoundingClientRect().width);
}

/** @param {string} font */
function createContext(font) {
  const context = document.createElement('canvas').getContext('2d');
  if (context !== null) context.font = font;
  return context;
}

/** As in CSS. @param {Element} target */
function fontOf(target) {
  const { fontStyle, fontWeight, fontSize, fontFamily } = getComputedStyle(target);
  return `${fontStyle} ${fontWeight} ${fontSize} ${fontFamily}`;
}
