// Makes the source maps of the bundle small: lines of our own sources only, without their text.

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/**
 * The map as JSON. `pathOf` says where a source is in the repository; positions in sources without a path, those of other
 * packages, have no source. `columnOf` says where a column of the mapped code is in the written one.
 */
export function shrinkMap(map, pathOf, columnOf = (_line, column) => column) {
  const paths = map.sources.map(pathOf);
  const sources = [...new Set(paths.filter((path) => path !== undefined))];
  const state = { source: 0, line: 0, column: 0 };
  const written = { source: 0, line: 0, column: 0 };
  const lines = map.mappings.split(';').map((text, lineIndex) => {
    let generated = 0;
    let writtenColumn = 0;
    let last = '';
    const segments = [];
    for (const segment of text === '' ? [] : text.split(',')) {
      const [column, source = 0, line = 0, sourceColumn = 0] = decode(segment);
      generated += column;
      state.source += source;
      state.line += line;
      state.column += sourceColumn;
      const path = segment.length > 1 ? paths[state.source] : undefined;
      const place = path === undefined ? '' : `${path}:${state.line}`;
      if (place === last) continue;
      last = place;
      const shifted = columnOf(lineIndex, generated);
      const fields = [shifted - writtenColumn];
      writtenColumn = shifted;
      if (path !== undefined) {
        const next = { source: sources.indexOf(path), line: state.line, column: state.column };
        fields.push(...['source', 'line', 'column'].map((field) => next[field] - written[field]));
        Object.assign(written, next);
      }
      segments.push(fields.map(encode).join(''));
    }
    return segments.join(',');
  });
  return JSON.stringify({ version: 3, sources, names: [], mappings: lines.join(';') });
}

function decode(segment) {
  const values = [];
  let [value, shift] = [0, 0];
  for (const digit of segment) {
    const bits = DIGITS.indexOf(digit);
    value += (bits & 31) << shift;
    shift += 5;
    if (bits & 32) continue;
    values.push(value & 1 ? -(value >> 1) : value >> 1);
    [value, shift] = [0, 0];
  }
  return values;
}

function encode(number) {
  let rest = number < 0 ? (-number << 1) | 1 : number << 1;
  let text = '';
  do {
    const bits = rest & 31;
    rest >>>= 5;
    text += DIGITS[rest > 0 ? bits | 32 : bits];
  } while (rest > 0);
  return text;
}
