// Reads and checks config.toml; each error names the file, the line and the closest valid key.
import { parse as parseToml, TomlError } from 'smol-toml';
import { findExtraKeyFault, findExtraValueFault } from '../../aws-config/profiles/extra-keys.ts';
import { splitCommand } from '../../core/text/browser-command.ts';
import { UsageError } from '../../core/errors.ts';
import { findSchemaFault, type SchemaFault } from '../../core/json-schema.ts';
import type { Problem } from '../../core/problems.ts';
import { editCommand } from '../../core/text/quote-for-shell.ts';
import { isPlainHttp, parseEndpoint } from '../../identity-center/endpoint.ts';
import { nearest } from '../../core/text/nearest.ts';
import { loadVersion } from '../../local-api/version.ts';
import {
  describeNewerFile,
  findPartialRules,
  quoteKey,
  readFileVersions,
  removeUnknownKeys,
  UPGRADE_COMMAND,
} from './newer-keys.ts';
import { settingsSchema, type SettingsFile } from './settings-schema.ts';
import { findTomlLine, findTomlLines } from './toml-lines.ts';

type Scalar = string | number | boolean;
export type ExtraSettings = Record<string, Scalar | Record<string, Scalar>>;

/** @throws UsageError settings-invalid: naming file, line and what would be valid */
export function parseSettingsFile(path: string, text: string): SettingsFile {
  return readSettingsFile(path, text).file;
}

/** A file as written, without the keys of newer versions. */
export interface ReadFile<T> {
  readonly file: T;
  readonly problems: readonly Problem[];
  /** Rules that had such keys. */
  readonly partial: ReadonlySet<object>;
}

/** As parseSettingsFile, with what is wrong but no error. */
export function readSettingsFile(path: string, text: string): ReadFile<SettingsFile> {
  return readTomlFile(path, text, settingsSchema) as ReadFile<SettingsFile>;
}

/**
 * Parses a TOML file and checks it against `schema`. Before anything else it looks for the versions that the file is for.
 * @throws UsageError settings-invalid: as parseSettingsFile
 * @throws UsageError settings-too-new: with `refusesNewer`, the file needs a newer rolecall
 */
export function readTomlFile(
  path: string,
  text: string,
  schema: object,
  { refusesNewer = false }: { readonly refusesNewer?: boolean } = {},
): ReadFile<unknown> {
  const parsed = parseTomlText(path, text);
  const ownVersion = loadVersion();
  const versions = readFileVersions(parsed, ownVersion);
  const { needed, newest } = versions;
  if (refusesNewer && needed !== undefined) {
    const line = findTomlLine(text, ['min_version']);
    const message = `${path}, line ${line}: the file needs rolecall ${needed} or later, and this is ${ownVersion}.`;
    throw new UsageError('settings-too-new', message, { hint: UPGRADE_COMMAND });
  }
  const ignored = newest === undefined ? [] : removeUnknownKeys(parsed, schema);
  const file = check(path, text, parsed, schema);
  const lineOf = (segments: readonly string[]) => findTomlLine(text, segments);
  const problem = describeNewerFile(path, versions, ignored, ownVersion, lineOf);
  return { file, problems: problem === undefined ? [] : [problem], partial: findPartialRules(parsed, ignored) };
}

function parseTomlText(path: string, text: string): unknown {
  try {
    return parseToml(text);
  } catch (cause) {
    const line = cause instanceof TomlError ? cause.line : 1;
    const [reason = ''] = (cause as Error).message.split('\n');
    throw invalid(path, line, `${reason}.`, cause);
  }
}

function check(path: string, text: string, parsed: unknown, schema: object): unknown {
  const fault = findSchemaFault(schema, parsed);
  if (fault === undefined) return parsed;
  throw describeFault(path, text, fault, schema);
}

/** The error for a key of a TOML file; `reason` is a clause. */
export function settingsFault(path: string, text: string, segments: readonly string[], reason: string): UsageError {
  return invalid(path, findTomlLine(text, segments), `${formatKey(segments)}: ${reason}.`);
}

/** The command that opens the pages of an sso-session. */
export interface BrowserSetting {
  readonly template: string;
  /** Its line in the settings file. */
  readonly line: number;
}

/** The browser commands by sso-session. @throws UsageError settings-invalid: a command that can't be split into words */
export function readBrowsers(path: string, text: string, file: SettingsFile): ReadonlyMap<string, BrowserSetting> {
  const browsers = new Map<string, BrowserSetting>();
  for (const [name, { browser }] of Object.entries(file.session ?? {})) {
    if (browser === undefined) continue;
    const segments = ['session', name, 'browser'];
    const line = findTomlLine(text, segments);
    if (splitCommand(browser) === undefined) {
      throw invalid(path, line, `${formatKey(segments)} is not a command: it is empty or has an unclosed quote.`);
    }
    browsers.set(name, { template: browser, line });
  }
  return browsers;
}

/** @throws UsageError settings-invalid: an endpoint that is neither https nor on this machine, with its line */
export function requireUsableEndpoints(path: string, text: string, file: SettingsFile): void {
  const check = (endpoints: object = {}, ...table: readonly string[]) => {
    for (const [key, url] of Object.entries(endpoints) as [string, string][]) {
      const segments = [...table, key];
      // For all sessions STS may be a container of tests; see endpoints.ts.
      if (table.length === 1 && key === 'sts' && isPlainHttp(url)) continue;
      try {
        parseEndpoint(url, segments.join('.'));
      } catch (error) {
        if (!(error instanceof UsageError)) throw error;
        throw invalid(path, findTomlLine(text, segments), error.message);
      }
    }
  };
  check(file.endpoints, 'endpoints');
  for (const [name, { endpoints }] of Object.entries(file.session ?? {})) {
    check(endpoints, 'session', name, 'endpoints');
  }
}

/** The line of each `[session.NAME]`. */
export function readSessionLines(text: string, { session = {} }: SettingsFile): ReadonlyMap<string, number> {
  const names = Object.keys(session);
  const lines = findTomlLines(
    text,
    names.map((name) => ['session', name]),
  );
  return new Map(names.map((name, index) => [name, lines[index] ?? 1]));
}

/** The line of each rule, in file order. */
export interface RuleLines {
  readonly role: readonly number[];
  readonly protect: readonly number[];
  readonly chain: readonly number[];
}

export function readRuleLines(text: string, { role = [], protect = [], chain = [] }: SettingsFile): RuleLines {
  const find = (kind: string, rules: readonly unknown[]) =>
    findTomlLines(
      text,
      rules.map((_, index) => [kind, String(index)]),
    );
  return { role: find('role', role), protect: find('protect', protect), chain: find('chain', chain) };
}

/** @throws UsageError settings-invalid: an extra key that rolecall does not allow, or a value that a profile line can't hold */
export function requireUsableExtra(path: string, text: string, file: SettingsFile): void {
  for (const [index, { extra = {} }] of (file.role ?? []).entries()) {
    checkExtra(path, text, ['role', String(index), 'extra'], extra);
  }
}

function checkExtra(path: string, text: string, segments: readonly string[], extra: ExtraSettings): void {
  for (const [key, value] of Object.entries(extra)) {
    const here = [...segments, key];
    const keyFault = findExtraKeyFault(key);
    if (keyFault !== undefined) throw settingsFault(path, text, here, keyFault);
    // A TOML date is an object too.
    if (value instanceof Date) throw settingsFault(path, text, here, 'put a date in quotes');
    if (typeof value === 'object') checkExtra(path, text, here, value);
    const fault = typeof value === 'string' ? findExtraValueFault(value) : undefined;
    if (fault !== undefined) throw settingsFault(path, text, here, fault);
  }
}

function describeFault(path: string, text: string, fault: SchemaFault, schema: object): UsageError {
  const { path: segments, key, allowed, message } = fault;
  if (fault.keyword === 'additionalProperties' && key !== undefined) {
    const valid = validKeysAt(segments, schema);
    const suggestion = nearest(key, valid);
    const meant = suggestion === undefined ? `Valid here: ${valid.join(', ')}.` : `Did you mean "${suggestion}"?`;
    return invalid(path, findTomlLine(text, [...segments, key]), `unknown key ${quoteKey(key)}. ${meant}`);
  }
  const expected =
    allowed === undefined ? message : `must be one of ${allowed.map((value) => `"${String(value)}"`).join(', ')}`;
  return invalid(path, findTomlLine(text, segments), `${formatKey(segments)} ${expected}.`);
}

/** The quoted key, such as "profiles.exclude"; a list item goes by the name of its list. */
function formatKey(segments: readonly string[]): string {
  const names = segments.filter((segment, index) => index === 0 || !/^\d+$/.test(segment));
  return quoteKey(names.join('.'));
}

interface SchemaNode {
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly additionalProperties?: boolean | SchemaNode;
  readonly items?: SchemaNode;
}

function validKeysAt(segments: readonly string[], schema: object): string[] {
  let node: SchemaNode | undefined = schema;
  for (const segment of segments) {
    const open: SchemaNode | undefined =
      typeof node?.additionalProperties === 'object' ? node.additionalProperties : undefined;
    node = node?.items ?? node?.properties?.[segment] ?? open;
  }
  return Object.keys(node?.properties ?? {});
}

function invalid(path: string, line: number, reason: string, cause?: unknown): UsageError {
  return new UsageError('settings-invalid', `${path}, line ${line}: ${reason}`, {
    hint: editCommand(path, line),
    cause,
  });
}
