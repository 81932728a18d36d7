// Parses the shared config file without loss: all lines are kept, sections and keys are read as botocore does, with problems by line.
import { isUtf8 } from 'node:buffer';
import { UsageError } from '../../core/errors.ts';
import { editCommand } from '../../core/text/quote-for-shell.ts';
import { runSteps, type Steps } from '../../core/async/steps.ts';
import { splitWords } from './header-words.ts';

export type SectionKind = 'default' | 'profile' | 'sso-session' | 'services' | 'other';

export interface ConfigLine {
  readonly text: string;
  /** Empty for a last line without a newline. */
  readonly newline: '' | '\n' | '\r\n' | '\r';
}

export interface ConfigEntry {
  /** In lower case, because botocore compares keys without case. */
  readonly key: string;
  /** Continuation lines are joined with `\n`; a nested block therefore starts with one. */
  readonly value: string;
  readonly line: number;
  /** The indented `key = value` lines below an empty value (`s3 =`). */
  readonly nested: readonly { readonly key: string; readonly value: string }[];
}

export interface ConfigSection {
  readonly kind: SectionKind;
  /** The name without quotes and kind; the whole header for `other`. */
  readonly name: string;
  /** The text between the brackets; botocore refuses a file with two equal headers. */
  readonly header: string;
  readonly line: number;
  readonly entries: readonly ConfigEntry[];
}

/** A problem that prevents AWS clients or rolecall from using the file or one section. */
export interface ConfigProblem {
  /** Counted from 1. */
  readonly line: number;
  /** A clause to follow "FILE, line N: ". */
  readonly reason: string;
}

export interface ConfigDocument {
  readonly path: string;
  readonly text: string;
  /** The line of this number, counted from 1, without its newline; empty below the last one. */
  lineAt(line: number): string;
  /** Where the line begins in `text`. */
  offsetOf(line: number): number;
  /** The line that contains this offset into `text`. */
  lineOf(offset: number): number;
  /** In file order; a repeated header gives two sections. */
  readonly sections: readonly ConfigSection[];
  /** The `[DEFAULT]` sections, from which all other sections inherit missing keys. */
  readonly inherited: readonly ConfigSection[];
  /** Why botocore refuses the file; empty when it can read it. `sections` has everything readable in either case. */
  readonly problems: readonly ConfigProblem[];
  /** Set when the file has bytes that are not UTF-8: `text` then differs from the file, so it must not be written. */
  readonly encodingProblem?: ConfigProblem;
}

// Whitespace in Python, which differs from JavaScript: U+FEFF is not whitespace, but U+001C to U+001F and U+0085 are.
const SPACE = '\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';
const LEADING_SPACE = new RegExp(`^[${SPACE}]+`, 'u');
const TRAILING_SPACE = new RegExp(`[${SPACE}]+$`, 'u');
const NESTED_LINE_BREAK = /\r\n|[\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029]/u;
const HEADER = /^\[(.+)\]/su;
const BYTE_ORDER_MARK = '\ufeff';

interface OpenSection {
  readonly line: number;
  readonly header: string;
  readonly entries: OpenEntry[];
}

interface OpenEntry {
  readonly key: string;
  readonly line: number;
  /** The value, and below it the continuation lines, if there are any. */
  readonly value: string;
  parts: string[] | undefined;
}

/** 20,000 profiles are 60,000 lines, which take 200 ms without a break. */
const LINES_PER_STEP = 4000;

/** In a section with more keys, a repeated one is looked up instead of searched for. */
const MANY_KEYS = 16;
const MAX_SHARED_LENGTH = 32;
const MAX_SHARED_WORDS = 1000;

/** Parses `text`; never throws. */
export function parseConfigDocument(text: string, path: string): ConfigDocument {
  return runSteps(parseInSteps(text, path));
}

/** As parseConfigDocument, yielding after every few thousand lines. */
export function* parseInSteps(text: string, path: string): Steps<ConfigDocument> {
  const lineStarts = findLineStarts(text);
  const lineAt = (line: number) => readLine(text, lineStarts, line);
  const sections: OpenSection[] = [];
  const problems: ConfigProblem[] = [];
  /** The first section of each header. */
  const firstSections = new Map<string, OpenSection>();
  const findEarlierKey = createKeyLines();
  const share = createSharedWords();
  let entry: OpenEntry | undefined;
  /** Below a header without its closing bracket: lines belong to no section and are not reported themselves. */
  let isBelowBrokenHeader = false;
  let indent = 0;

  if (text.startsWith(BYTE_ORDER_MARK)) {
    problems.push({ line: 1, reason: 'the file starts with a byte order mark, which AWS clients cannot read' });
  }

  for (let line = 1; line <= lineStarts.length; line += 1) {
    if (line % LINES_PER_STEP === 0) yield;
    const raw = lineAt(line);
    const lineText = line === 1 && raw.startsWith(BYTE_ORDER_MARK) ? raw.slice(1) : raw;
    const stripped = strip(lineText);
    if (stripped === '') {
      if (entry !== undefined) (entry.parts ??= []).push('');
      continue;
    }
    if (stripped.startsWith('#') || stripped.startsWith(';')) continue;

    const lineIndent = lineText.length - stripLeading(lineText).length;
    if (entry !== undefined && lineIndent > indent) {
      (entry.parts ??= []).push(stripped);
      continue;
    }
    indent = lineIndent;

    const header = stripped.startsWith('[') ? HEADER.exec(stripped)?.[1] : undefined;
    if (header !== undefined) {
      const first = firstSections.get(header);
      // "[DEFAULT]" is Python's section for defaults and may be repeated.
      if (first !== undefined && header !== PYTHON_DEFAULTS) {
        problems.push({ line, reason: `a second [${header}], the first is on line ${first.line}` });
      }
      const opened: OpenSection = { line, header, entries: [] };
      if (first === undefined) firstSections.set(header, opened);
      sections.push(opened);
      entry = undefined;
      isBelowBrokenHeader = false;
      continue;
    }

    // Inside a section, botocore reads any line with "=" or ":" as a key, even this one.
    if (/^\[[^\]]*$/u.test(stripped) && (sections.length === 0 || !/[=:]/u.test(stripped))) {
      problems.push({ line, reason: `${quoteBriefly(stripped)} has no closing bracket "]"` });
      entry = undefined;
      isBelowBrokenHeader = true;
      continue;
    }
    if (isBelowBrokenHeader) continue;

    const section = sections.at(-1);
    if (section === undefined) {
      problems.push({ line, reason: `${quoteBriefly(stripped)} is above the first section` });
      continue;
    }
    const delimiter = stripped.search(/[=:]/u);
    if (delimiter < 1) {
      problems.push({
        line,
        reason: `${quoteBriefly(stripped)} has no ${delimiter === 0 ? 'key' : '"="'}`,
      });
      continue;
    }
    const key = share(strip(stripped.slice(0, delimiter)).toLowerCase());
    const firstLine = findEarlierKey(section, firstSections.get(section.header) ?? section, key, line);
    if (firstLine !== undefined) {
      problems.push({ line, reason: `a second "${key}" in [${section.header}], the first is on line ${firstLine}` });
    }
    entry = { key, line, value: share(strip(stripped.slice(delimiter + 1))), parts: undefined };
    section.entries.push(entry);
  }

  // A nested problem in "[DEFAULT]" matters only if a section inherits the key.
  const isRead = (header: string, key: string) =>
    header !== PYTHON_DEFAULTS ||
    sections.some((other) => other.header !== header && other.entries.every((each) => each.key !== key));
  const closed: ConfigSection[] = [];
  for (const { line, header, entries } of sections) {
    if (closed.length % LINES_PER_STEP === LINES_PER_STEP - 1) yield;
    const { kind, name } = classifyHeader(header);
    closed.push({
      kind,
      name,
      header,
      line,
      entries: entries.map((open) => closeEntry(open, isRead(header, open.key) ? problems : [])),
    });
  }
  problems.sort((a, b) => a.line - b.line);
  const inherited = closed.filter(({ header }) => header === PYTHON_DEFAULTS);
  return {
    path,
    text,
    lineAt,
    offsetOf: (line) => lineStarts[line - 1] ?? text.length,
    lineOf: (offset) => findLine(lineStarts, offset),
    sections: closed,
    inherited,
    problems,
  };
}

/** Adds a problem if the bytes that the document was decoded from are not valid UTF-8. */
export function withEncodingProblem(document: ConfigDocument, bytes: Uint8Array): ConfigDocument {
  if (isUtf8(bytes)) return document;
  const lines = splitLines(Buffer.from(bytes).toString('latin1'));
  const index = lines.findIndex(({ text }) => !isUtf8(Buffer.from(text, 'latin1')));
  const encodingProblem = { line: index + 1, reason: 'this line is not valid UTF-8' };
  const problems = [encodingProblem, ...document.problems].toSorted((a, b) => a.line - b.line);
  return { ...document, problems, encodingProblem };
}

/** A function that gives the line of the first key of that name below the header, in this section or an earlier one. */
function createKeyLines() {
  const lines = new Map<string, number>();
  const headers = new Set<string>();
  return (section: OpenSection, first: OpenSection, key: string, line: number): number | undefined => {
    if (section === first && section.entries.length < MANY_KEYS) {
      return section.entries.find((entry) => entry.key === key)?.line;
    }
    const { header } = section;
    const keep = (name: string, at: number) => {
      const place = `${header}\n${name}`;
      const earlier = lines.get(place);
      if (earlier === undefined) lines.set(place, at);
      return earlier;
    };
    if (!headers.has(header)) {
      headers.add(header);
      for (const entry of first.entries) keep(entry.key, entry.line);
    }
    return keep(key, line);
  };
}

/** A function that gives one copy of each short text: thousands of profiles have the same keys and regions. */
function createSharedWords(): (word: string) => string {
  const words = new Map<string, string>();
  return (word) => {
    if (word.length > MAX_SHARED_LENGTH) return word;
    const known = words.get(word);
    if (known === undefined && words.size < MAX_SHARED_WORDS) words.set(word, word);
    return known ?? word;
  };
}

/** All lines. They are not kept: with 20,000 profiles they would take as much memory as everything else. */
export function splitDocument({ text }: Pick<ConfigDocument, 'text'>): readonly ConfigLine[] {
  return splitLines(text);
}

/** Classifies a header as botocore does: `[profile "a b"]` is the profile `a b`, `[ default ]` is `other`. */
export function classifyHeader(header: string): { readonly kind: SectionKind; readonly name: string } {
  const plain = PLAIN_PROFILE.exec(header)?.[1];
  if (plain !== undefined) return { kind: 'profile', name: plain };
  if (header === 'default') return { kind: 'default', name: 'default' };
  for (const kind of ['profile', 'sso-session', 'services'] as const) {
    // botocore tests how the header starts, not its first word.
    if (!header.startsWith(kind)) continue;
    const words = splitWords(header);
    const name = words?.[1];
    if (words?.length === 2 && name !== undefined) return { kind, name };
    break;
  }
  return { kind: 'other', name: header };
}

/** The value that AWS clients see for `key`, including `[DEFAULT]`; undefined when it is not set. */
export function valueOf(
  document: ConfigDocument,
  section: ConfigSection,
  key: string,
): { readonly value: string; readonly line: number } | undefined {
  const own = section.entries.findLast((entry) => entry.key === key);
  if (own !== undefined) return own;
  for (const candidate of document.inherited) {
    const inherited = candidate.entries.findLast((entry) => entry.key === key);
    if (inherited !== undefined) return inherited;
  }
  return undefined;
}

/** "FILE, line N: reason." */
export function describeProblem(path: string, problem: ConfigProblem): string {
  return `${path}, line ${problem.line}: ${problem.reason}.`;
}

/** The error for a file that AWS clients refuse: names the first problem and how many more there are. */
export function malformedError(path: string, problems: readonly [ConfigProblem, ...ConfigProblem[]]): UsageError {
  const [first, ...others] = problems;
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
  return new UsageError('config-malformed', `${path}, line ${first.line}: ${first.reason}${more}.`, {
    hint: editCommand(path, first.line),
  });
}

/** @throws UsageError config-malformed: AWS clients refuse the whole file */
export function requireWellFormed({ path, problems: [first, ...others] }: ConfigDocument): void {
  if (first !== undefined) throw malformedError(path, [first, ...others]);
}

const PLAIN_PROFILE = /^profile ([A-Za-z0-9_.@/-]+)$/u;
const PYTHON_DEFAULTS = 'DEFAULT';

function closeEntry(open: OpenEntry, problems: ConfigProblem[]): ConfigEntry {
  const { key, line, parts } = open;
  if (parts === undefined) return { key, value: open.value, line, nested: NOTHING_NESTED };
  const value = stripTrailing([open.value, ...parts].join('\n'));
  if (!value.startsWith('\n')) return { key, value, line, nested: NOTHING_NESTED };
  const nested: { key: string; value: string }[] = [];
  for (const part of value.split(NESTED_LINE_BREAK)) {
    const inner = strip(part);
    if (inner === '') continue;
    const equals = inner.indexOf('=');
    if (equals === -1) {
      problems.push({ line, reason: `${quoteBriefly(inner)} below "${key}" has no "="` });
      continue;
    }
    nested.push({ key: strip(inner.slice(0, equals)), value: strip(inner.slice(equals + 1)) });
  }
  return { key, value, line, nested };
}

const NOTHING_NESTED: readonly never[] = [];

/** Where each line begins. */
function findLineStarts(text: string): Uint32Array {
  const starts: number[] = [];
  const newline = /\r\n|\n|\r/gu;
  for (let start = 0; start < text.length;) {
    starts.push(start);
    start = newline.exec(text) === null ? text.length : newline.lastIndex;
  }
  return Uint32Array.from(starts);
}

function readLine(text: string, starts: Uint32Array, line: number): string {
  const start = starts[line - 1];
  if (start === undefined) return '';
  const end = starts[line] ?? text.length;
  if (text[end - 1] === '\n') return text.slice(start, text[end - 2] === '\r' && end - 2 >= start ? end - 2 : end - 1);
  return text.slice(start, text[end - 1] === '\r' ? end - 1 : end);
}

/** The number of the last line that begins at this offset or before it. */
function findLine(starts: Uint32Array, offset: number): number {
  let low = 0;
  let high = starts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((starts[middle] ?? 0) <= offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

function splitLines(text: string): ConfigLine[] {
  const lines: ConfigLine[] = [];
  const newline = /\r\n|\n|\r/gu;
  let start = 0;
  for (let match = newline.exec(text); match !== null; match = newline.exec(text)) {
    lines.push({ text: text.slice(start, match.index), newline: match[0] as '\n' });
    start = newline.lastIndex;
  }
  if (start < text.length) lines.push({ text: text.slice(start), newline: '' });
  return lines;
}

function stripLeading(text: string): string {
  return isPlain(text.charCodeAt(0)) ? text : text.replace(LEADING_SPACE, '');
}

function stripTrailing(text: string): string {
  return isPlain(text.charCodeAt(text.length - 1)) ? text : text.replace(TRAILING_SPACE, '');
}

/** Fast path: most lines start and end with visible ASCII. Halves the time for 20,000 profiles. */
function isPlain(code: number): boolean {
  return code > 0x20 && code < 0x7f;
}

function strip(text: string): string {
  return stripTrailing(stripLeading(text));
}

/** At most 40 characters in quotes, without control characters, for use in a message. */
function quoteBriefly(text: string): string {
  const printable = text.replace(/\p{Cc}/gu, '?');
  return `"${printable.length > 40 ? `${printable.slice(0, 39)}…` : printable}"`;
}
