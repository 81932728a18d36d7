// Writes code without characters beyond ASCII: with a single one of them V8 keeps the whole file in two bytes a character.

const BEYOND = /[^\0-\x7f]/g;

/**
 * The code with escapes, and where a column of it is afterwards, for its source map. Each escape is five columns longer.
 * @throws Error: a backslash before such a character would change what the escape means
 */
export function toAscii(code) {
  if (/\\[^\0-\x7f]/.test(code)) throw new Error('a backslash before a character beyond ASCII');
  const escaped = code.replaceAll(BEYOND, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  const places = code.split('\n').map((line) => [...line.matchAll(BEYOND)].map(({ index }) => index));
  const columnOf = (line, column) => column + 5 * (places[line] ?? []).filter((place) => place < column).length;
  return { code: escaped, columnOf };
}
