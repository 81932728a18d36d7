// What `[default]` says about credentials, taken out of a copy of a config file, for programs that run on a granted role.
import { UsageError } from '../../core/errors.ts';
import { describeProblem, requireWellFormed, valueOf, type ConfigDocument, type ConfigSection } from './document.ts';

/** The keys by which one of AWS's SDKs, as of 2026-11, finds credentials in a profile; those that start with `sso_` too. */
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

/** Whose keys are taken out: the default profile's, or those of boto 2's own file, which botocore still reads. */
export type DefaultsOf = 'aws' | 'boto';

/** Headers that at least one SDK takes for the section; JavaScript's cuts comments that botocore reads as part of the name. */
const LENIENT_HEADERS: Readonly<Record<DefaultsOf, RegExp>> = {
  aws: /^\[\s*(?:profile\s+)?(["']?)default\1\s*\]/u,
  boto: /^\[\s*Credentials\s*\]/u,
};
const PYTHON_DEFAULTS = 'DEFAULT';
/** What Python or JavaScript takes for space. */
const LEADING_SPACE = /^[\s\x1c-\x1f\x85]+/u;
const KEY_LINE = /^([^=:]+?)[\s\x1c-\x1f\x85]*[=:][\s\x1c-\x1f\x85]*(.*)$/su;
const TRAILING_SPACE = /[\s\x1c-\x1f\x85]+$/u;

/**
 * The file's text without the credential keys of its default sections, every other byte kept; the very same text when
 * there are none. Where the SDKs disagree on which section a line is in, nobody knows what to take out.
 * @throws UsageError config-malformed: such a line, or a file that botocore refuses although `[default]` has credentials
 */
export function withoutDefaultCredentials(document: ConfigDocument, whose: DefaultsOf = 'aws'): string {
  const sectionsByLine = new Map(document.sections.map((section) => [section.line, section]));
  const defaults = document.sections.filter((section) => isDefault(section, whose));
  let hasDefault = defaults.length > 0;
  let isInDefault = false;
  /** The indent of the key that is being taken out, whose continuation lines go with it. */
  let removedIndent: number | undefined;
  let lastKey: { readonly indent: number; readonly opensBlock: boolean } | undefined;
  let unclearLine: number | undefined;
  let kept = '';

  for (const [index, line] of document.lines.entries()) {
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
    // Below an empty value (`s3 =`) stand settings of that name, which are no credentials in any SDK.
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
    const reason = 'not every AWS client takes this line for the start of a section, so that its keys may be anybody’s';
    throw new UsageError('config-malformed', describeProblem(document.path, { line: unclearLine, reason }));
  }
  if (hasDefault) refuseInherited(document, defaults);
  return isChanged ? kept : document.text;
}

/** Python's `[DEFAULT]` gives its keys to every section, and without them the other profiles would be others. */
function refuseInherited(document: ConfigDocument, defaults: readonly ConfigSection[]): void {
  const shared = document.sections.filter(({ header }) => header === PYTHON_DEFAULTS);
  const keys = new Set(shared.flatMap(({ entries }) => entries.map(({ key }) => key)).filter(isCredentialKey));
  for (const section of defaults) {
    for (const key of keys) {
      if (section.entries.some((entry) => entry.key === key)) continue;
      const inherited = valueOf(document, section, key);
      if (inherited === undefined) continue;
      const reason = `[${PYTHON_DEFAULTS}] gives "${key}" to every profile, and so to [${section.header}]`;
      throw new UsageError('config-malformed', describeProblem(document.path, { line: inherited.line, reason }));
    }
  }
}

function isDefault(section: ConfigSection, whose: DefaultsOf): boolean {
  if (whose === 'boto') return section.header === 'Credentials';
  return section.name === 'default' && (section.kind === 'default' || section.kind === 'profile');
}

/** Whether one of AWS's SDKs finds credentials by that key, which is lower case. */
export function isCredentialKey(key: string): boolean {
  return CREDENTIAL_KEYS.has(key) || key.startsWith('sso_');
}
