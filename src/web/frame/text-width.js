// Measures text without laying it out, so that thousands of names take milliseconds.

/**
 * Returns a function that measures text in pixels: the sum of its characters, so never less than a part of it.
 * @param {string} font as in CSS
 * @returns {(text: string) => number}
 */
export function createTextWidth(font) {
  const context = document.createElement('canvas').getContext('2d');
  if (context !== null) context.font = font;
  const measure = (/** @type {string} */ character) => context?.measureText(character).width ?? 0;
  const ascii = Float64Array.from({ length: 128 }, (_, code) => measure(String.fromCharCode(code)));
  /** @type {Map<string, number>} */
  const others = new Map();

  /** @param {string} character */
  function widthOfOther(character) {
    const width = others.get(character) ?? measure(character);
    others.set(character, width);
    return width;
  }

  return (text) => {
    let width = 0;
    for (let at = 0; at < text.length; at += 1) {
      const code = text.charCodeAt(at);
      width += ascii[code] ?? widthOfOther(text.charAt(at));
    }
    return width;
  };
}

/** The font of an element, for `createTextWidth`. @param {Element} target */
export function fontOf(target) {
  const { fontStyle, fontWeight, fontSize, fontFamily } = getComputedStyle(target);
  return `${fontStyle} ${fontWeight} ${fontSize} ${fontFamily}`;
}
