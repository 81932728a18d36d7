// Measures text without laying it out, so that thousands of names take milliseconds.
import { element } from './elements.js';

const ASCII = Object.freeze(Array.from({ length: 95 }, (_, index) => String.fromCharCode(0x20 + index)));

/**
 * Returns a function that measures text in pixels: the sum of its characters, so that no text is narrower than a part of it.
 * @param {string} font as in CSS
 * @returns {(text: string) => number}
 */
export function createTextWidth(font) {
  const ascii = measureAscii(font);
  /** @type {Map<string, number>} */
  const others = new Map();
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
      const known = ascii[text.charCodeAt(at) - 0x20];
      if (known !== undefined) {
        width += known;
        continue;
      }
      const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
      width += widthOfOther(character);
      at += character.length - 1;
    }
    return width;
  };
}

/** The widths of the printable characters of ASCII, from one layout. @param {string} font */
function measureAscii(font) {
  const characters = ASCII.map((character) => element('span', {}, character));
  const sample = element('div', { class: 'measured', 'aria-hidden': 'true' }, ...characters);
  sample.style.font = font;
  document.body.append(sample);
  const widths = Float64Array.from(characters, (character) => character.getBoundingClientRect().width);
  sample.remove();
  return widths;
}

/** @param {string} font */
function createContext(font) {
  const context = document.createElement('canvas').getContext('2d');
  if (context !== null) context.font = font;
  return context;
}

/** The font of an element, for `createTextWidth`. @param {Element} target */
export function fontOf(target) {
  const { fontStyle, fontWeight, fontSize, fontFamily } = getComputedStyle(target);
  return `${fontStyle} ${fontWeight} ${fontSize} ${fontFamily}`;
}
