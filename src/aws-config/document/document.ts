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
  readonly lines: readonly ConfigLine[];
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

interface OpenEntry {
  readonly key: string;
  readonly line: number;
  readonly parts: string[];
}

/** 20,000 profiles are 60,000 lines, which take 200 ms without a break. */
const LINES_PER_STEP = 4000;

/** Parses `text`; never throws. */
export function parseConfigDocument(text: string, path: string): ConfigDocument {
  return runSteps(parseInSteps(text, path));
}

/** As parseConfigDocument, yielding after every few thousand lines. */
export function* parseInSteps(text: string, path: string): Steps<ConfigDocument> {
  const lines = splitLines(text);
  const sections: { readonly line: number; readonly header: string; readonly entries: OpenEntry[] }[] = [];
  const problems: ConfigProblem[] = [];
  const headerLines = new Map<string, number>();
  const keyLines = new Map<string, number>();
  let entry: OpenEntry | undefined;
  /** Below a header without its closing bracket: lines belong to no section and are not reported themselves. */
  let isBelowBrokenHeader = false;
  let indent = 0;

  if (text.startsWith(BYTE_ORDER_MARK)) {
    problems.push({ line: 1, reason: 'the file starts with a byte order mark, which AWS clients cannot read' });
  }

  for (const [index, raw] of lines.entries()) {
    const line = index + 1;
    if (line % LINES_PER_STEP === 0) yield;
    const lineText = index === 0 && raw.text.startsWith(BYTE_ORDER_MARK) ? raw.text.slice(1) : raw.text;
    const stripped = strip(lineText);
    if (stripped === '') {
      entry?.parts.push('');
      continue;
    }
    if (stripped.startsWith('#') || stripped.startsWith(';')) continue;

    const lineIndent = lineText.length - stripLeading(lineText).length;
    if (entry !== undefined && lineIndent > indent) {
      entry.parts.push(stripped);
      continue;
    }
    indent = lineIndent;

    const header = HEADER.exec(stripped)?.[1];
    if (header !== undefined) {
      const firstLine = headerLines.get(header);
      // "[DEFAULT]" is Python's section for defaults and may be repeated.
      if (firstLine !== undefined && header !== PYTHON_DEFAULTS) {
        problems.push({ line, reason: `a second [${header}], the first is on line ${firstLine}` });
      }
      headerLines.set(header, firstLine ?? line);
      sections.push({ line, header, entries: [] });
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
    const key = strip(stripped.slice(0, delimiter)).toLowerCase();
    const place = `${section.header}\n${key}`;
    const firstLine = keyLines.get(place);
    if (firstLine !== undefined) {
      problems.push({ line, reason: `a second "${key}" in [${section.header}], the first is on line ${firstLine}` });
    }
    keyLines.set(place, firstLine ?? line);
    entry = { key, line, parts: [strip(stripped.slice(delimiter + 1))] };
    section.entries.push(entry);
  }

  // A nested problem in "[DEFAULT]" matters only if a section inherits the key.
  const isRead = (header: string, key: string) =>
    header !== PYTHON_DEFAULTS ||
    sections.some((other) => other.header !== header && other.entries.every((entry) => entry.key !== key));
  const closed: ConfigSection[] = [];
  for (const { line, header, entries } of sections) {
    if (closed.length % LINES_PER_STEP === LINES_PER_STEP - 1) yield;
    closed.push({
      ...classifyHeader(header),
      header,
      line,
      entries: entries.map((open) => closeEntry(open, isRead(header, open.key) ? problems : [])),
    });
  }
  problems.sort((a, b) => a.line - b.line);
  const inherited = closed.filter(({ header }) => header === PYTHON_DEFAULTS);
  return { path, text, lines, sections: closed, inherited, problems };
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

/** The text that the document was parsed from. */
export function formatConfigDocument(document: ConfigDocument): string {
  return document.lines.map((line) => line.text + line.newline).join('');
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
  if (parts.length === 1) return { key, value: parts[0] ?? '', line, nested: NOTHING_NESTED };
  const value = stripTrailing(parts.join('\n'));
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
