// Settings files that are written for a newer rolecall: which versions they name, and what this version ignores in them.
import { compareVersions } from '../../core/compare-versions.ts';
import type { Problem } from '../../core/problems.ts';
import { nearest } from '../../core/text/nearest.ts';
import { editCommand } from '../../core/text/quote-for-shell.ts';

/** A version as settings files name it. */
export const VERSION_PATTERN = String.raw`^\d{1,4}\.\d{1,4}(?:\.\d{1,4})?$`;

/** The command that every message about a newer file names. */
export const UPGRADE_COMMAND = 'npm install -g rolecall@latest';

export interface FileVersions {
  /** `min_version`, if it is newer than this rolecall. */
  readonly needed?: string;
  /** The newest version that the file names, if it is newer than this rolecall. */
  readonly newest?: string;
}

/** Reads the versions of a file that is not checked yet; what is not a version is left to the schema. */
export function readFileVersions(parsed: unknown, ownVersion: string): FileVersions {
  const { min_version: min, written_for: target } = parsed as Readonly<Record<string, unknown>>;
  const newer = [min, target].map((value) =>
    typeof value === 'string' && new RegExp(VERSION_PATTERN, 'u').test(value) && compareReleases(value, ownVersion) > 0
      ? value
      : undefined,
  );
  const [needed] = newer;
  const newest = newer
    .flatMap((value) => value ?? [])
    .toSorted(compareReleases)
    .at(-1);
  return { ...(needed === undefined ? {} : { needed }), ...(newest === undefined ? {} : { newest }) };
}

/** As compareVersions, but a missing number is 0, and a prerelease is equal to its release, whose keys it has. */
export function compareReleases(a: string, b: string): number {
  const release = (version: string) =>
    [...(version.split(/[+-]/u, 1)[0] ?? '').split('.'), '0', '0'].slice(0, 3).join('.');
  return compareVersions(release(a), release(b));
}

interface SchemaNode {
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly additionalProperties?: boolean | SchemaNode;
  readonly items?: SchemaNode;
}

export interface IgnoredKey {
  readonly path: readonly string[];
  /** The keys of the schema there, of which the author may have meant one. */
  readonly valid: readonly string[];
}

/** Removes the keys that the schema does not have from the parsed file, and lists them. */
export function removeUnknownKeys(value: unknown, schema: object, path: readonly string[] = []): IgnoredKey[] {
  const { properties, additionalProperties, items }: SchemaNode = schema;
  if (Array.isArray(value)) {
    if (items === undefined) return [];
    return value.flatMap((item, index) => removeUnknownKeys(item, items, [...path, String(index)]));
  }
  if (typeof value !== 'object' || value === null || value instanceof Date) return [];
  const holder = value as Record<string, unknown>;
  return Object.keys(holder).flatMap((key): IgnoredKey[] => {
    const here = [...path, key];
    const known = properties !== undefined && Object.hasOwn(properties, key) ? properties[key] : undefined;
    const inner = known ?? (typeof additionalProperties === 'object' ? additionalProperties : undefined);
    if (inner !== undefined) return removeUnknownKeys(holder[key], inner, here);
    if (additionalProperties !== false) return [];
    delete holder[key];
    return [{ path: here, valid: Object.keys(properties ?? {}) }];
  });
}

/** The rules of which a key was removed. */
export function findPartialRules(parsed: unknown, ignored: readonly IgnoredKey[]): ReadonlySet<object> {
  return new Set(
    ignored.flatMap(({ path: [kind = '', index = '', ...rest] }) => {
      if (rest.length === 0) return [];
      const rule = (parsed as Readonly<Record<string, Readonly<Record<string, unknown>>>>)[kind]?.[index];
      return typeof rule === 'object' && rule !== null ? [rule] : [];
    }),
  );
}

/** What becomes of a rule with an unknown key: nobody gets more than the rule meant. */
const CONSEQUENCES: Readonly<Record<string, string>> = {
  protect: ', so this [[protect]] needs at least a click',
  chain: ', so this [[chain]] is left out',
};

const MAX_KEY_SHOWN = 80;

/** As messages show the key: a file of somebody else may have one of a megabyte. */
export function quoteKey(key: string): string {
  return JSON.stringify(key.length > MAX_KEY_SHOWN ? `${key.slice(0, MAX_KEY_SHOWN)}…` : key);
}

/** Keys named in one message. */
const MAX_SHOWN = 5;

/** The problem to report; `lineOf` finds the line of a key. */
export function describeNewerFile(
  path: string,
  { needed, newest }: FileVersions,
  ignored: readonly IgnoredKey[],
  ownVersion: string,
  lineOf: (path: readonly string[]) => number,
): Problem | undefined {
  if (needed === undefined && ignored.length === 0) return undefined;
  const versionKey = needed === undefined ? 'written_for' : 'min_version';
  const keys = ignored.slice(0, MAX_SHOWN).map(({ path: segments, valid }) => {
    const key = segments.at(-1) ?? '';
    const name = quoteKey(key);
    const meant = nearest(key, valid);
    const question = meant === undefined ? '' : `, did you mean "${meant}"?`;
    return `${name} (line ${lineOf(segments)}${question}${CONSEQUENCES[segments[0] ?? ''] ?? ''})`;
  });
  const more = ignored.length > keys.length ? ` and ${ignored.length - keys.length} more` : '';
  const effect =
    keys.length === 0 ? 'Settings of that version may have no effect.' : `Ignored: ${keys.join(', ')}${more}.`;
  return {
    code: 'settings-too-new',
    message: `${path}, line ${lineOf([versionKey])}: the file is for rolecall ${needed ?? newest}, and this is ${ownVersion}. ${effect} To update, run ${UPGRADE_COMMAND}.`,
    hint: editCommand(path, lineOf([versionKey])),
  };
}
