// Removes the credential keys of `[default]` from a copy of a config file, for programs that run with a granted role.
import { UsageError } from '../../core/errors.ts';
import {
  describeProblem,
  requireWellFormed,
  splitDocument,
  valueOf,
  type ConfigDocument,
  type ConfigSection,
} from './document.ts';

/** Keys by which an AWS SDK finds credentials in a profile, as of 2026-11, in addition to those that start with `sso_`. */
const CREDENTIAL_KEYS: ReadonlySet<string> = new Set([
  'aws_access_key_id',
  'aws_secret_access_key',
  'aws_session_token',
  'aws_security_token',
  'aws_account_id',
  'aws_credential_scope',
  'credential_process',
  'credential_source',
  'login_session',
  'role_arn',
  'source_profile',
  'web_identity_token_file',
]);

/** Which keys are removed: the default profile's, or those in boto 2's own file, which botocore still reads. */
export type DefaultsOf = 'aws' | 'boto';

/** Headers that at least one SDK reads as this section; the JS SDK removes comments that botocore reads as part of the name. */
const LENIENT_HEADERS: Readonly<Record<DefaultsOf, RegExp>> = {
  aws: /^\[\s*(?:profile\s+)?(["']?)default\1\s*\]/u,
  boto: /^\[\s*Credentials\s*\]/u,
};
const PYTHON_DEFAULTS = 'DEFAULT';
/** Whitespace in Python or JavaScript. */
const LEADING_SPACE = /^[\s\x1c-\x1f\x85]+/u;
const KEY_LINE = /^([^=:]+?)[\s\x1c-\x1f\x85]*[=:][\s\x1c-\x1f\x85]*(.*)$/su;
const TRAILING_SPACE = /[\s\x1c-\x1f\x85]+$/u;

/**
 * The file's text without the credential keys of its default sections; every other byte is kept.
 * @throws UsageError config-malformed: SDKs disagree on the section of a line, or botocore refuses a file whose `[default]`
 * has credentials
 */
export function withoutDefaultCredentials(document: ConfigDocument, whose: DefaultsOf = 'aws'): string {
  const sectionsByLine = new Map(document.sections.map((section) => [section.line, section]));
  const defaults = document.sections.filter((section) => isDefault(section, whose));
  let hasDefault = defaults.length > 0;
  let isInDefault = false;
  /** Indent of the key being removed; its continuation lines are removed too. */
  let removedIndent: number | undefined;
  let lastKey: { readonly indent: number; readonly opensBlock: boolean } | undefined;
  let unclearLine: number | undefined;
  let kept = '';

  for (const [index, line] of splitDocument(document).entries()) {
    const unindented = line.text.replace(LEADING_SPACE, '');
    const trimmed = unindented.replace(TRAILING_SPACE, '');
    const whole = line.text + line.newline;
    if (trimmed === '' || trimmed.startsWith('#') || trimmed.startsWith(';')) {
      kept += whole;
      continue;
    }
    const section = sectionsByLine.get(index + 1);
    if (section !== undefined || trimmed.startsWith('[')) {
      isInDefault = LENIENT_HEADERS[whose].test(trimmed) || (section !== undefined && isDefault(section, whose));
      hasDefault ||= isInDefault;
      if (section === undefined) unclearLine ??= index + 1;
      removedIndent = undefined;
      lastKey = undefined;
      kept += whole;
      continue;
    }
    const indent = line.text.length - unindented.length;
    const isContinuation = removedIndent !== undefined && indent > removedIndent;
    if (isInDefault && isContinuation) continue;
    removedIndent = undefined;
    // Lines below an empty value (`s3 =`) are nested settings, which no SDK reads as credentials.
    const isNested = lastKey !== undefined && indent > lastKey.indent && lastKey.opensBlock;
    const [, key, value] = KEY_LINE.exec(trimmed) ?? [];
    if (isInDefault && !isNested && key !== undefined && isCredentialKey(key.toLowerCase())) {
      removedIndent = indent;
      lastKey = undefined;
      continue;
    }
    if (key !== undefined && (lastKey === undefined || indent <= lastKey.indent)) {
      lastKey = { indent, opensBlock: value === '' };
    }
    kept += whole;
  }

  const isChanged = kept.length !== document.text.length;
  if (isChanged) requireWellFormed(document);
  if (hasDefault && unclearLine !== undefined) {
    const reason =
      'AWS clients disagree on whether this line starts a section, so it is unclear which profile the keys below it belong to';
    throw new UsageError('config-malformed', describeProblem(document.path, { line: unclearLine, reason }));
  }
  if (hasDefault) refuseInherited(document, defaults);
  return isChanged ? kept : document.text;
}

/** Refuses credentials inherited from Python's `[DEFAULT]`: removing them there would change other profiles. */
function refuseInherited(document: ConfigDocument, defaults: readonly ConfigSection[]): void {
  const shared = document.sections.filter(({ header }) => header === PYTHON_DEFAULTS);
  const keys = new Set(shared.flatMap(({ entries }) => entries.map(({ key }) => key)).filter(isCredentialKey));
  for (const section of defaults) {
    for (const key of keys) {
      if (section.entries.some((entry) => entry.key === key)) continue;
      const inherited = valueOf(document, section, key);
      if (inherited === undefined) continue;
      const reason = `[${PYTHON_DEFAULTS}] sets "${key}" for every profile, including [${section.header}]`;
      throw new UsageError('config-malformed', describeProblem(document.path, { line: inherited.line, reason }));
    }
  }
}

function isDefault(section: ConfigSection, whose: DefaultsOf): boolean {
  if (whose === 'boto') return section.header === 'Credentials';
  return section.name === 'default' && (section.kind === 'default' || section.kind === 'profile');
}

/** Whether an AWS SDK finds credentials by that lower-case key. */
export function isCredentialKey(key: string): boolean {
  return CREDENTIAL_KEYS.has(key) || key.startsWith('sso_');
}
