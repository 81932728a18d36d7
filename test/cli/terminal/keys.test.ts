// Parses terminal input into keys, however the bytes are split.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { endOfKeys, parseKeys } from '../../../src/cli/terminal/keys.ts';

const names = (input: string) => parseKeys(input).keys.map((key) => (key.name === 'text' ? key.text : `<${key.name}>`));

describe('keys', () => {
  test.each([
    ['prod', ['prod']],
    ['é検🚀', ['é検🚀']],
    ['\r', ['<enter>']],
    ['\u0003', ['<interrupt>']],
    ['\u001b[A\u001b[B\u001b[C\u001b[D', ['<up>', '<down>', '<right>', '<left>']],
    ['\u001bOA\u001bOB\u001bOH\u001bOF', ['<up>', '<down>', '<home>', '<end>']],
    ['\u001b[5~\u001b[6~\u001b[1~\u001b[4~\u001b[3~', ['<page-up>', '<page-down>', '<home>', '<end>', '<delete>']],
    ['\u001b[1;5A\u001b[3;2~', ['<up>', '<delete>']],
    [
      '\u0010\u000e\u0015\u0017\u007f\u0008',
      ['<up>', '<down>', '<erase-line>', '<erase-word>', '<backspace>', '<backspace>'],
    ],
    ['a\u001b[Ab\r', ['a', '<up>', 'b', '<enter>']],
    ['\u001b[200~two\nlines\u001b[31m\u001b[201~x', ['two lines [31m', 'x']],
    ['\u001bx\u001b[?1;2cy', ['<other>', '<other>', 'y']],
    ['\u0000\u001c\t', ['<other>', '<other>', '<other>']],
  ])('%j', (input, expected) => {
    expect(names(input)).toEqual(expected);
    expect(parseKeys(input).rest).toBe('');
  });

  test.each(['\u001b', '\u001b[', '\u001bO', '\u001b[1;', '\u001b[200~pasted so far'])(
    '%j has not come whole',
    (input) => {
      expect(parseKeys(input)).toEqual({ keys: [], rest: input });
    },
  );

  test('reads a lone Escape as the key, and waits for the rest of an escape sequence', () => {
    expect([endOfKeys('\u001b'), endOfKeys('\u001b['), endOfKeys('')]).toEqual([
      [{ name: 'escape' }],
      [{ name: 'other' }],
      [],
    ]);
  });

  test('reads every byte of any input in any pieces, and no text contains a control character', () => {
    const bytes = fc.array(
      fc.constantFrom('\u001b', '[', 'O', 'A', '200~', '201~', '\r', 'x', '🚀', '\u0003', '5~', ';'),
    );
    fc.assert(
      fc.property(bytes, (pieces) => {
        let unread = '';
        for (const piece of pieces) {
          const { keys, rest } = parseKeys(unread + piece);
          for (const key of keys) if (key.name === 'text') expect(key.text).not.toMatch(/[\u0000-\u001f\u007f]/u);
          unread = rest;
        }
        expect(unread === '' || unread.startsWith('\u001b')).toBe(true);
      }),
    );
  });
});
