// Further keys of a role's profiles, as `extra` of the settings sets them: which ones may be set, and their lines in the file.
import type { ConfigEntry } from '../document/document.ts';

export type ExtraValue = string | Readonly<Record<string, string>>;

/** By key, in the order of the lines; a table is an indented block, such as `s3`. */
export type ExtraKeys = ReadonlyMap<string, ExtraValue>;

export const noExtraKeys = (): ExtraKeys => new Map();

const KEY = /^[a-z][a-z0-9_]{0,63}$/u;
/** What says, to one of AWS's clients or to another tool as of 2026-11, whose credentials a profile has. */
const IDENTITY_KEY =
  /^(?:(?:aws|credential|granted|mfa|role|sso|web_identity)_.*|duration_seconds|external_id|include_profile|login_session|source_profile)$/u;

/** Why the key cannot be set, as a clause; undefined when it can. */
export function findExtraKeyFault(key: string): string | undefined {
  if (key === 'region') return 'set "region" of the [[role]] itself';
  if (IDENTITY_KEY.test(key)) return 'where the credentials of a profile come from cannot be changed here';
  return KEY.test(key) ? undefined : 'a key has only lower-case letters, digits and _, and starts with a letter';
}

/** Why the value cannot be written, as a clause; undefined when it can. */
export function findExtraValueFault(value: string): string | undefined {
  if (/[\p{Cc}\u2028\u2029]/u.test(value)) return 'a value has one line and no control character';
  if (value !== value.trim()) return 'AWS clients drop spaces at the ends of a value';
  if (/(?:^|\s)[#;]/u.test(value)) return 'some AWS clients take "#" or ";" after a space for a comment';
  return undefined;
}

/** One key as its lines in the file. */
export function formatExtraKey(key: string, value: ExtraValue): string[] {
  if (typeof value === 'string') return [value === '' ? `${key} =` : `${key} = ${value}`];
  return [`${key} =`, ...Object.entries(value).flatMap(([inner, text]) => formatExtraKey(`  ${inner}`, text))];
}

/** An entry of the file as the lines that {@link formatExtraKey} would write. */
export function formatEntry({ key, value, nested }: ConfigEntry): string[] {
  if (nested.length === 0) return formatExtraKey(key, value);
  return formatExtraKey(key, Object.fromEntries(nested.map((inner) => [inner.key, inner.value])));
}

/** An entry of the file as `extra` of the settings would spell it. */
export function formatAsSetting({ key, value, nested }: ConfigEntry): string {
  const inner = nested.map((each) => `${each.key} = ${JSON.stringify(each.value)}`);
  return `extra = { ${key} = ${inner.length === 0 ? JSON.stringify(value) : `{ ${inner.join(', ')} }`} }`;
}
