// Checks a log with a hash chain line by line, and names the first line that is not as it was written.
import type { ChainState } from './chain-head-file.ts';
import { CHAIN_START, isIntact, parseChainedLine, type ChainedLine, type ChainHead } from './line-chain.ts';

/** Where a line is: its file, and its number in there from 1. */
export interface LinePlace {
  readonly path: string;
  readonly number: number;
}

export type ChainFault =
  /** The content of the line `seq` does not match its hash, or a line without a hash is in the place of `seq`. */
  | { readonly kind: 'changed' | 'unchained' | 'replaced'; readonly seq: number; readonly place: LinePlace }
  /** The lines `from` to `to` are gone; `moved`: they are elsewhere in the log. */
  | { readonly kind: 'missing' | 'moved'; readonly from: number; readonly to: number; readonly place: LinePlace }
  | { readonly kind: 'start-missing' | 'end-missing'; readonly from: number; readonly to: number }
  /** Nothing says where the chain ends. */
  | { readonly kind: 'no-head' };

export interface ChainReport {
  /** Lines that are as they were written. */
  readonly intact: number;
  /** Lines from before the chain, which have no hash. */
  readonly unchained: number;
  /** Parts of lines that a power cut or a full disk left. Nothing of the chain is missing there. */
  readonly torn: number;
  readonly first: number | undefined;
  readonly head: ChainHead | undefined;
  readonly fault: ChainFault | undefined;
}

export interface ChainCheck {
  /** The lines of all files, oldest first. */
  add(text: string, place: LinePlace): void;
  end(): ChainReport;
}

/** `expected` is what was read before the lines; undefined if there was nothing to read. */
export function createChainCheck(expected: ChainState | undefined): ChainCheck {
  let intact = 0;
  let unchained = 0;
  let torn = 0;
  let first: number | undefined;
  let head: ChainHead | undefined;
  let fault: ChainFault | undefined;
  let tornPlace: LinePlace | undefined;
  let unchainedPlace: LinePlace | undefined;

  function addUnchained(text: string, place: LinePlace): void {
    if (!isJsonObject(text)) {
      torn += 1;
      tornPlace = place;
    } else if (head === undefined) {
      unchained += 1;
      unchainedPlace ??= place;
    } else fault = { kind: 'unchained', seq: head.seq + 1, place };
  }

  function findFault(line: ChainedLine, place: LinePlace): ChainFault | undefined {
    const { seq } = line;
    const before = head ?? findBefore(seq, expected);
    const from = before?.seq === undefined ? seq : before.seq + 1;
    if (head === undefined && expected !== undefined && seq > expected.oldest) {
      return { kind: 'start-missing', from: expected.oldest, to: seq - 1 };
    }
    // Lines of a version before the chain are only before its beginning.
    if (head === undefined && unchainedPlace !== undefined && seq > 1) {
      return { kind: 'unchained', seq, place: unchainedPlace };
    }
    if (seq > from) {
      return tornPlace === undefined
        ? { kind: 'missing', from, to: seq - 1, place }
        : { kind: 'changed', seq: from, place: tornPlace };
    }
    if (seq < from) return { kind: 'moved', from: seq, to: seq, place };
    if (before !== undefined && !isIntact(line, before.hash)) return { kind: 'changed', seq, place };
    if (seq === expected?.head.seq && line.hash !== expected.head.hash) return { kind: 'replaced', seq, place };
    return undefined;
  }

  return {
    add(text, place) {
      const line = parseChainedLine(text);
      if (fault !== undefined) {
        // Lines that are only in another place are not missing.
        if (fault.kind === 'missing' && line !== undefined && line.seq >= fault.from && line.seq <= fault.to) {
          fault = { ...fault, kind: 'moved' };
        }
        return;
      }
      if (line === undefined) {
        addUnchained(text, place);
        return;
      }
      fault = findFault(line, place);
      if (fault !== undefined) return;
      tornPlace = undefined;
      first ??= line.seq;
      head = { seq: line.seq, hash: line.hash };
      intact += 1;
    },
    end() {
      const last = head?.seq ?? (expected?.oldest ?? 1) - 1;
      if (fault === undefined && expected !== undefined && last < expected.head.seq) {
        fault =
          tornPlace === undefined
            ? { kind: 'end-missing', from: last + 1, to: expected.head.seq }
            : { kind: 'changed', seq: last + 1, place: tornPlace };
      }
      if (fault === undefined && expected === undefined && head !== undefined) fault = { kind: 'no-head' };
      return { intact, unchained, torn, first, head, fault };
    },
  };
}

/** What the first line of the log follows; undefined if that is not known. */
function findBefore(seq: number, expected: ChainState | undefined): ChainHead | undefined {
  if (seq === 1) return CHAIN_START;
  return seq === expected?.oldest && expected.before !== undefined
    ? { seq: seq - 1, hash: expected.before }
    : undefined;
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null;
  } catch {
    return false;
  }
}
