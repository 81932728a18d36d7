// The block between our markers: found, refused when broken, replaced without changing a byte outside it.
import { describe, expect, it } from 'vitest';
import { parseConfigDocument } from '../../../src/aws-config/document/document.ts';
import {
  BLOCK_END,
  BLOCK_START,
  findManagedBlock,
  findManagedBlockLeniently,
  isInsideBlock,
  replaceManagedBlock,
} from '../../../src/aws-config/document/managed-block.ts';

const PATH = '/home/taylor/.aws/config';
const find = (text: string) => findManagedBlock(parseConfigDocument(text, PATH));

function replace(text: string, content: readonly string[]): string {
  const document = parseConfigDocument(text, PATH);
  return replaceManagedBlock(document, findManagedBlock(document), content);
}

describe('finding', () => {
  it('finds no block in a file without markers, even if comments mention them', () => {
    expect(find('# rolecall writes between >>> rolecall >>> and <<< rolecall <<<\n[default]\n')).toBeUndefined();
  });

  it('gives lines and offsets of the markers, also with CRLF and extra spaces', () => {
    const text = `[default]\r\n${BLOCK_START} \r\n[profile a]\r\n  ${BLOCK_END}\r\n[profile b]\r\n`;
    const block = find(text);
    expect(block).toEqual({ startLine: 2, endLine: 4, startOffset: 11, endOffset: 65 });
    expect(text.slice(block?.startOffset, block?.endOffset)).toBe(`${BLOCK_START} \r\n[profile a]\r\n  ${BLOCK_END}`);
    expect([1, 2, 3, 4, 5].map((line) => isInsideBlock(block, line))).toEqual([false, false, true, false, false]);
  });

  it.each([
    [
      'a start without an end',
      `[default]\n${BLOCK_START}\n`,
      `line 2: "${BLOCK_START}" without "${BLOCK_END}" below it`,
    ],
    ['an end without a start', `[default]\n${BLOCK_END}\n`, `line 2: "${BLOCK_END}" without "${BLOCK_START}" above it`],
    [
      'an end before its start',
      `${BLOCK_END}\n${BLOCK_START}\n`,
      `line 1: "${BLOCK_END}" without "${BLOCK_START}" above it`,
    ],
    [
      'two starts',
      `${BLOCK_START}\n${BLOCK_START}\n${BLOCK_END}\n`,
      `line 2: a second "${BLOCK_START}", the first is on line 1`,
    ],
    [
      'two ends',
      `${BLOCK_START}\n${BLOCK_END}\n${BLOCK_END}\n`,
      `line 3: a second "${BLOCK_END}", the first is on line 2`,
    ],
    [
      'two blocks',
      `${BLOCK_START}\n${BLOCK_END}\n${BLOCK_START}\n${BLOCK_END}\n`,
      `line 3: a second "${BLOCK_START}", the first is on line 1`,
    ],
    ['an edited start marker', `#>>> Rolecall >>>\n`, "line 1: one of rolecall's markers was edited"],
    ['an edited end marker', `${BLOCK_START}\n## <<< rolecall <<<\n`, "line 2: one of rolecall's markers was edited"],
  ])('refuses %s with file and line', (_, text, sentence) => {
    expect(() => find(text)).toThrow(
      expect.objectContaining({ code: 'config-section-not-ours', message: `${PATH}, ${sentence}.`, exitCode: 1 }),
    );
    expect(findManagedBlockLeniently(parseConfigDocument(text, PATH))).toBeUndefined();
  });
});

describe('replacing', () => {
  it('appends a new block, after a newline if the file does not end with one', () => {
    expect(['', '[a]\n', '[a]', '[a]\r\n', '[a]\r\nb = c', '[a]\r'].map((text) => replace(text, ['x']))).toEqual([
      `${BLOCK_START}\nx\n${BLOCK_END}\n`,
      `[a]\n${BLOCK_START}\nx\n${BLOCK_END}\n`,
      `[a]\n${BLOCK_START}\nx\n${BLOCK_END}\n`,
      `[a]\r\n${BLOCK_START}\r\nx\r\n${BLOCK_END}\r\n`,
      `[a]\r\nb = c\r\n${BLOCK_START}\r\nx\r\n${BLOCK_END}\r\n`,
      `[a]\r\n${BLOCK_START}\nx\n${BLOCK_END}\n`,
    ]);
  });

  it('keeps the block where the user moved it, and the text after it', () => {
    const text = `[a]\r\n${BLOCK_START}\nold\n${BLOCK_END}\n\n[b]`;
    expect(replace(text, ['new', 'er'])).toBe(`[a]\r\n${BLOCK_START}\nnew\ner\n${BLOCK_END}\n\n[b]`);
  });

  it('uses CRLF when the file was converted to CRLF', () => {
    const text = `[a]\r\n${BLOCK_START}\nold\n${BLOCK_END}\r\n`;
    expect(replace(text, ['new'])).toBe(`[a]\r\n${BLOCK_START}\r\nnew\r\n${BLOCK_END}\r\n`);
  });
});
