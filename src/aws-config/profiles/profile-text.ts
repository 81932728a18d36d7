// Formats the profiles of our block, and checks the resulting file.
import type { ConfigDocument, ConfigProblem } from '../document/document.ts';
import { malformedError, parseConfigDocument } from '../document/document.ts';
import { findManagedBlock, replaceManagedBlock, type ManagedBlock } from '../document/managed-block.ts';
import { formatExtraKey, type ExtraKeys } from './extra-keys.ts';
import { formatAliasLine, formatExtraLine, formatTemplateLine } from './own-profiles.ts';
import type { PlannedProfile } from './plan-types.ts';
import { sessionSelector } from './session-selector.ts';

/** Lines of each profile by its name. */
export type RenderedProfiles = ReadonlyMap<string, readonly string[]>;

/** The lines of a role's profile; `command` is the quoted path of rolecall-credential-process. */
export function renderProfile(profile: PlannedProfile, command: string, extra: ExtraKeys): string[] {
  const { profileName, sessionName, accountId, permissionSet, region, style, aliasOf } = profile;
  const head = [
    `[profile ${profileName}]`,
    ...(aliasOf === undefined ? [] : [formatAliasLine(aliasOf)]),
    ...renderExtraLine([...extra.keys()]),
    `region = ${region}`,
  ];
  const source =
    style === 'sso'
      ? [`sso_session = ${sessionName}`, `sso_account_id = ${accountId}`, `sso_role_name = ${permissionSet}`]
      : [
          `credential_process = ${command} --session ${sessionSelector(sessionName)} --account ${accountId} --role ${permissionSet}`,
        ];
  return [...head, ...source, ...renderExtra(extra)];
}

/** The lines of `[profile current]` or `[default]`, which follow the current role. */
export function renderFollower(
  profileName: string,
  region: string | undefined,
  command: string,
  extra: ExtraKeys,
): string[] {
  return [
    // AWS clients disagree on which of [default] and [profile default] wins.
    profileName === 'default' ? '[default]' : `[profile ${profileName}]`,
    ...renderExtraLine([...extra.keys()]),
    ...(region === undefined ? [] : [`region = ${region}`]),
    `credential_process = ${command} --current`,
    ...renderExtra(extra),
  ];
}

/** The comment that marks which keys come from `extra` in the settings; none without keys. */
export function renderExtraLine(keys: readonly string[]): string[] {
  return keys.length === 0 ? [] : [formatExtraLine(keys)];
}

function renderExtra(extra: ExtraKeys): string[] {
  return [...extra].flatMap(([key, value]) => formatExtraKey(key, value));
}

/** The whole file with the profiles in our block. */
export function renderText(
  document: ConfigDocument,
  block: ManagedBlock | undefined,
  templateText: string,
  rendered: RenderedProfiles,
): string {
  if (block === undefined && rendered.size === 0) return document.text;
  const names = [...rendered.keys()].toSorted(compareText);
  return replaceManagedBlock(document, block, [
    '# Written by rolecall, which overwrites changes between these two marks; extra in its settings adds keys to profiles.',
    ...(templateText === '' ? [] : [formatTemplateLine(templateText)]),
    ...names.flatMap((name) => rendered.get(name) ?? []),
  ]);
}

/**
 * Checks that botocore can read the resulting file. Errors name lines of the current file. Our own sections are valid and
 * their names are unique, so it is enough to check the last one, which lines below the block could continue.
 * @throws UsageError config-malformed
 */
export function requireReadableResult(
  document: ConfigDocument,
  block: ManagedBlock | undefined,
  rendered: RenderedProfiles,
): void {
  const problems: ConfigProblem[] = [];
  const lastName = [...rendered.keys()].reduce((last, name) => (compareText(last, name) < 0 ? name : last), '');
  const lastSection = rendered.get(lastName) ?? [];
  const outcome = parseConfigDocument(replaceManagedBlock(document, block, lastSection), document.path);
  const newBlock = findManagedBlock(outcome);
  for (const { line, reason } of outcome.problems) {
    const isBelow = block !== undefined && newBlock !== undefined && line > newBlock.endLine;
    problems.push({ line: isBelow ? line - newBlock.endLine + block.endLine : line, reason });
  }
  if (block !== undefined && lastSection.length > 0) {
    const line = findLineBelow(document, block);
    if (/^\s/u.test(document.lineAt(line))) {
      problems.push({
        line,
        reason: "an indented line below rolecall's block would become part of a profile in it",
      });
    }
  }
  const [first, ...others] = problems;
  if (first !== undefined) throw malformedError(document.path, [first, ...others]);
}

/** The first line below the block that is neither empty nor a comment; one below the last if there is none. */
function findLineBelow({ text, lineAt, lineOf }: ConfigDocument, block: ManagedBlock): number {
  const last = lineOf(text.length);
  let line = block.endLine + 1;
  while (line <= last && !/^\s*[^#;\s]/u.test(lineAt(line))) line += 1;
  return line;
}

/** Code unit order, which does not depend on the locale. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

export function byProfileName(a: { readonly profileName: string }, b: { readonly profileName: string }): number {
  return compareText(a.profileName, b.profileName);
}
