// Extra keys of profiles, set with `extra` in the settings: which keys are allowed, and how they are written.
import type { ConfigEntry } from '../document/document.ts';

export type ExtraValue = string | Readonly<Record<string, string>>;

/** By key, in the order of the lines; a table is an indented block, such as `s3`. */
export type ExtraKeys = ReadonlyMap<string, ExtraValue>;

export const noExtraKeys = (): ExtraKeys => new Map();

const KEY = /^[a-z][a-z0-9_]{0,63}$/u;
/** Keys that select a profile's credentials, for an AWS client or another tool, as of 2026-11. */
const IDENTITY_KEY =
  /^(?:(?:aws|credential|granted|mfa|role|sso|web_identity)_.*|duration_seconds|external_id|include_profile|login_session|source_profile)$/u;

/** Why the key cannot be set, as a clause; undefined when it can. */
export function findExtraKeyFault(key: string): string | undefined {
  if (key === 'region') return 'use the "region" key of the [[role]] instead';
  if (IDENTITY_KEY.test(key)) return 'keys that select the credentials of a profile cannot be set here';
  return KEY.test(key)
    ? undefined
    : 'a key may contain only lower-case letters, digits and _, and must start with a letter';
}

/** Why the value cannot be written, as a clause; undefined when it can. */
export function findExtraValueFault(value: string): string | undefined {
  if (/[\p{Cc}\u2028\u2029]/u.test(value)) return 'a value must be one line without control characters';
  if (value !== value.trim()) return 'AWS clients ignore spaces at the start and end of a value';
  if (/(?:^|\s)[#;]/u.test(value)) return 'some AWS clients read "#" or ";" after a space as a comment';
  return undefined;
}

/** One key as its lines in the file. */
export function formatExtraKey(key: string, value: ExtraValue): string[] {
  if (typeof value === 'string') return [value === '' ? `${key} =` : `${key} = ${value}`];
  return [`${key} =`, ...Object.entries(value).flatMap(([inner, text]) => formatExtraKey(`  ${inner}`, text))];
}

/** An entry of the file, formatted as {@link formatExtraKey} does. */
export function formatEntry({ key, value, nested }: ConfigEntry): string[] {
  if (nested.length === 0) return formatExtraKey(key, value);
  return formatExtraKey(key, Object.fromEntries(nested.map((inner) => [inner.key, inner.value])));
}

/** An entry of the file as it would be written in `extra` in the settings. */
export function formatAsSetting({ key, value, nested }: ConfigEntry): string {
  const inner = nested.map((each) => `${each.key} = ${JSON.stringify(each.value)}`);
  return `extra = { ${key} = ${inner.length === 0 ? JSON.stringify(value) : `{ ${inner.join(', ')} }`} }`;
}
