// The block in a start file: any text comes back byte for byte after it was added and removed.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addBlock, outsideBlock, removeBlock } from '../../../src/cli/shell/marked-block.ts';

const LINES = ['# a note', '. "$HOME/init"'];
const BLOCK = '# >>> rolecall >>>\n# a note\n. "$HOME/init"\n# <<< rolecall <<<\n';

describe('a block', () => {
  it('comes last and leaves the rest as it is', () => {
    expect(addBlock('a\nb\n', LINES)).toBe(`a\nb\n${BLOCK}`);
    expect(addBlock('', LINES)).toBe(BLOCK);
    expect(addBlock('é\r\n', LINES)).toBe(`é\r\n${BLOCK}`);
  });

  it('is replaced in place', () => {
    const before = `a\n${BLOCK}b\n`;
    expect(addBlock(before, ['new'])).toBe('a\n# >>> rolecall >>>\nnew\n# <<< rolecall <<<\nb\n');
    expect(addBlock(before, LINES)).toBe(before);
  });

  it.each<[string, string | undefined]>([
    ['a missing file', undefined],
    ['an empty file', ''],
    ['a file with a last line', 'a\nb\n'],
    ['a file without a newline at its end', 'a\nb'],
    ['a file of one newline', '\n'],
  ])('is removed from %s without a trace, also after an update', (_name, text) => {
    const added = addBlock(text, LINES) as string;
    expect(added.endsWith('# <<< rolecall <<<\n')).toBe(true);
    expect(removeBlock(added)).toBe(text);
    expect(removeBlock(addBlock(added, ['new', 'lines']) as string)).toBe(text);
  });

  it('keeps what was written below it later', () => {
    for (const text of [undefined, '', 'a', 'a\n']) {
      const after = `${addBlock(text, LINES) as string}later\n`;
      expect(removeBlock(after)).toBe(`${text ?? ''}${text === 'a' ? '\n' : ''}later\n`);
    }
  });

  it('is removed from any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', '\n', '\r', '#', ' ', 'é') }), (text) => {
        expect(removeBlock(addBlock(text, LINES) as string)).toBe(text);
      }),
    );
  });

  it.each([
    ['# >>> rolecall >>>\n', 'the line "# <<< rolecall <<<" is missing'],
    ['a\n# <<< rolecall <<<\n', 'line 2 has "# <<< rolecall <<<", whose counterpart is missing'],
    [`${BLOCK}${BLOCK}`, 'line 5 has "# >>> rolecall >>>", whose counterpart is missing'],
  ])('is not looked for between broken markers: %j', (text, broken) => {
    expect([addBlock(text, LINES), removeBlock(text)]).toEqual([{ broken }, { broken }]);
  });

  it('leaves a text without one as it is', () => {
    expect(removeBlock('a\n# rolecall\n')).toBe('a\n# rolecall\n');
  });

  it('is hidden from a search for other lines, which keep their numbers', () => {
    expect(
      outsideBlock(`a\n${BLOCK}b`)
        .split('\n')
        .map((line) => line.trim()),
    ).toEqual(['a', '', '', '', '', 'b']);
  });
});
