// Printed JSON: contains no active control characters, and loses nothing.
import { expect, test } from 'vitest';
import { formatJson, formatJsonLine } from '../../../src/core/text/format-json.ts';

const VALUE = { name: 'a\u001b\u007f\u009b31m\u2028\u2029\u202eß😀', '\u0085': [1, null] };

test('is on one line or indented, and parses to the same value', () => {
  expect(formatJson({ a: [1] })).toBe('{\n  "a": [\n    1\n  ]\n}\n');
  expect(formatJsonLine({ a: [1] })).toBe('{"a":[1]}\n');
  expect([formatJson(VALUE), formatJsonLine(VALUE)].map((text) => JSON.parse(text) as unknown)).toEqual([VALUE, VALUE]);
});

test('escapes controls, line separators and direction marks, and no other characters', () => {
  expect(formatJsonLine(VALUE)).toBe(
    '{"name":"a\\u001b\\u007f\\u009b31m\\u2028\\u2029\\u202eß😀","\\u0085":[1,null]}\n',
  );
});
