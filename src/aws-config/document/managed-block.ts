// Finds and replaces our block in the shared config file.
import { ConflictError } from '../../core/errors.ts';
import { editCommand } from '../../core/text/quote-for-shell.ts';
import type { ConfigDocument } from './document.ts';

export const BLOCK_START = '# >>> rolecall >>>';
export const BLOCK_END = '# <<< rolecall <<<';

/** Offsets into the document's text; the newline after the end marker is not part of the block. */
export interface ManagedBlock {
  readonly startLine: number;
  readonly endLine: number;
  readonly startOffset: number;
  readonly endOffset: number;
}

// An edited marker ("##>>> rolecall >>>") counts as broken, not as a comment.
const LIKE_START = /^[#;\s]*>>>\s*rolecall\s*>>>\s*$/iu;
const LIKE_END = /^[#;\s]*<<<\s*rolecall\s*<<<\s*$/iu;

/**
 * The block between our markers; undefined when there is none.
 * @throws ConflictError config-section-not-ours: a marker is missing, repeated or edited
 */
export function findManagedBlock(document: ConfigDocument): ManagedBlock | undefined {
  let start: { line: number; offset: number } | undefined;
  let block: ManagedBlock | undefined;
  for (const { line, offset, text } of findMarks(document)) {
    const trimmed = text.trim();
    if (trimmed === BLOCK_START) {
      if (start !== undefined) {
        throw broken(document, line, `a second "${BLOCK_START}", the first is on line ${start.line}`);
      }
      start = { line, offset };
    } else if (trimmed === BLOCK_END) {
      if (start === undefined) throw broken(document, line, `"${BLOCK_END}" without "${BLOCK_START}" above it`);
      if (block !== undefined) {
        throw broken(document, line, `a second "${BLOCK_END}", the first is on line ${block.endLine}`);
      }
      block = { startLine: start.line, endLine: line, startOffset: start.offset, endOffset: offset + text.length };
    } else if (LIKE_START.test(trimmed) || LIKE_END.test(trimmed)) {
      throw broken(document, line, "one of rolecall's markers was edited");
    }
  }
  if (start !== undefined && block === undefined) {
    throw broken(document, start.line, `"${BLOCK_START}" without "${BLOCK_END}" below it`);
  }
  return block;
}

/** The lines that may be a marker, found without looking at each line of a file that may have 60,000. */
function* findMarks({ text, lineAt, lineOf, offsetOf }: ConfigDocument) {
  const mark = />>>|<<</gu;
  for (let found = mark.exec(text); found !== null; found = mark.exec(text)) {
    const line = lineOf(found.index);
    yield { line, offset: offsetOf(line), text: lineAt(line) };
    mark.lastIndex = offsetOf(line + 1);
  }
}

/** Like findManagedBlock, but gives undefined for broken markers. */
export function findManagedBlockLeniently(document: ConfigDocument): ManagedBlock | undefined {
  try {
    return findManagedBlock(document);
  } catch {
    return undefined;
  }
}

export function isInsideBlock(block: ManagedBlock | undefined, line: number): boolean {
  return block !== undefined && line > block.startLine && line < block.endLine;
}

/** CRLF when most lines outside the block end with it. */
export function newlineOfDocument({ text, offsetOf }: ConfigDocument, block: ManagedBlock | undefined): '\n' | '\r\n' {
  const outside =
    block === undefined ? [text] : [text.slice(0, block.startOffset), text.slice(offsetOf(block.endLine))];
  let windows = 0;
  let unix = 0;
  for (const part of outside) {
    for (let at = part.indexOf('\n'); at !== -1; at = part.indexOf('\n', at + 1)) {
      if (part[at - 1] === '\r') windows += 1;
      else unix += 1;
    }
  }
  return windows > unix ? '\r\n' : '\n';
}

/**
 * The document's text with `content` (lines without newlines) between the markers; every other byte is kept.
 * A new block is appended, after a newline if the file does not end with one.
 */
export function replaceManagedBlock(
  document: ConfigDocument,
  block: ManagedBlock | undefined,
  content: readonly string[],
): string {
  const newline = newlineOfDocument(document, block);
  const rendered = [BLOCK_START, ...content, BLOCK_END].join(newline);
  const { text } = document;
  if (block !== undefined) return text.slice(0, block.startOffset) + rendered + text.slice(block.endOffset);
  return text + missingNewline(text, newline) + rendered + newline;
}

/** The newline to append to a text that does not end with one; else empty. */
export function missingNewline(text: string, newline: string): string {
  if (text === '' || text.endsWith('\n')) return '';
  return text.endsWith('\r') ? '\n' : newline;
}

function broken(document: ConfigDocument, line: number, reason: string): ConflictError {
  return new ConflictError('config-section-not-ours', `${document.path}, line ${line}: ${reason}.`, {
    hint: editCommand(document.path, line),
  });
}
