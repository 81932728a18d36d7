// Reads the profiles in our block of the shared config file, as an earlier sync wrote them.
import { ConflictError } from '../../core/errors.ts';
import { editCommand } from '../../core/text/quote-for-shell.ts';
import type { ConfigDocument, ConfigSection } from '../document/document.ts';
import type { ManagedBlock } from '../document/managed-block.ts';
import { BLOCK_END, isInsideBlock } from '../document/managed-block.ts';

/** The role of a profile in the file; the session is named by its selector. */
export interface WrittenRole {
  readonly sessionSelector: string;
  readonly accountId: string;
  readonly permissionSet: string;
}

export interface OwnProfile {
  readonly section: ConfigSection;
  readonly profileName: string;
  /** Absent for profiles that follow the current role, and for those that the user wrote between our markers. */
  readonly role?: WrittenRole;
  readonly followsCurrent: boolean;
  /** A native SSO profile: AWS clients use it without asking rolecall. */
  readonly isNative: boolean;
  /** For an alias: the role's own profile name. */
  readonly aliasOf?: string;
  /** Keys that a sync wrote because of `extra` in the settings. */
  readonly extraKeys: readonly string[];
}

const ROLE_ARGUMENTS = /\s--session (\S+) --account (\d{12}) --role (\S+)$/u;
const CURRENT_ARGUMENT = /\s--current$/u;
const ALIAS_LINE = /^# alias of (?<name>\S+)$/u;
const EXTRA_LINE = /^# extra (?<keys>[a-z0-9_]+(?: [a-z0-9_]+)*)$/u;
const TEMPLATE_LINE = /^# names (?<template>\S+)$/u;

/**
 * The profiles of the block, in file order.
 * @throws ConflictError config-section-not-ours: the block has a section that rolecall never writes, such as an sso-session
 */
export function readOwnProfiles(document: ConfigDocument, block: ManagedBlock | undefined): OwnProfile[] {
  return document.sections
    .filter(({ line }) => isInsideBlock(block, line))
    .map((section) => readOwnProfile(document, section));
}

/** One section of the block; @throws as {@link readOwnProfiles} */
export function readOwnProfile(document: ConfigDocument, section: ConfigSection): OwnProfile {
  if (section.kind !== 'profile' && section.kind !== 'default') {
    throw new ConflictError(
      'config-section-not-ours',
      `${document.path}, line ${section.line}: [${section.header}] is inside rolecall's block and would be lost. Move it below "${BLOCK_END}".`,
      { hint: editCommand(document.path, section.line) },
    );
  }
  const command = entryValue(section, 'credential_process') ?? '';
  const byCommand = readCommandRole(command);
  const role = byCommand ?? readNativeRole(section);
  const aliasOf = readAliasLine(document, section);
  const profile = {
    section,
    profileName: section.name,
    followsCurrent: CURRENT_ARGUMENT.test(command),
    isNative: role !== undefined && byCommand === undefined,
    extraKeys: readExtraLine(document, section),
  };
  // Copied only for the few that need it: there may be 20,000.
  if (role === undefined) return aliasOf === undefined ? profile : { ...profile, aliasOf };
  return aliasOf === undefined ? Object.assign(profile, { role }) : { ...profile, role, aliasOf };
}

/** The comment that records the template. It must not contain ":" or "=": `aws configure set` would write below it. */
export function formatTemplateLine(templateText: string): string {
  return `# names ${templateText}`;
}

/** The name template that the block was written with; undefined when it has no such line. */
export function readTemplateLine(document: ConfigDocument, block: ManagedBlock | undefined): string | undefined {
  if (block === undefined) return undefined;
  for (let line = block.startLine + 1; line < block.endLine; line += 1) {
    const template = TEMPLATE_LINE.exec(document.lineAt(line).trim())?.groups?.['template'];
    if (template !== undefined) return template;
  }
  return undefined;
}

/** The comment below the header of an alias profile; without ":" and "=", as above. */
export function formatAliasLine(profileName: string): string {
  return `# alias of ${profileName}`;
}

/** For an alias section, the role's own profile name. */
export function readAliasLine(document: ConfigDocument, section: ConfigSection): string | undefined {
  if (section.entries[0]?.line === section.line + 1) return undefined;
  return ALIAS_LINE.exec(document.lineAt(section.line + 1).trim())?.groups?.['name'];
}

/** The comment that separates our extra keys from those that the user adds; without ":" and "=", as above. */
export function formatExtraLine(keys: readonly string[]): string {
  return `# extra ${keys.join(' ')}`;
}

function readExtraLine(document: ConfigDocument, section: ConfigSection): readonly string[] {
  // Below the header or its alias line.
  const [first, second] = section.entries;
  for (const line of [section.line + 1, section.line + 2]) {
    // Neither is a comment.
    if (line === first?.line || line === second?.line) continue;
    const keys = EXTRA_LINE.exec(document.lineAt(line).trim())?.groups?.['keys'];
    if (keys !== undefined) return keys.split(' ');
  }
  return [];
}

/** The role of a section, from our command or AWS's native keys; undefined for any other section. */
export function readWrittenRole(
  section: ConfigSection,
): { readonly role: WrittenRole | 'current'; readonly source: 'command' | 'native' } | undefined {
  const command = entryValue(section, 'credential_process') ?? '';
  if (CURRENT_ARGUMENT.test(command)) return { role: 'current', source: 'command' };
  const byCommand = readCommandRole(command);
  if (byCommand !== undefined) return { role: byCommand, source: 'command' };
  const native = readNativeRole(section);
  return native === undefined ? undefined : { role: native, source: 'native' };
}

function readCommandRole(command: string): WrittenRole | undefined {
  const [, session = '', account = '', role = ''] = ROLE_ARGUMENTS.exec(command) ?? [];
  return role === '' ? undefined : { sessionSelector: session, accountId: account, permissionSet: role };
}

function readNativeRole(section: ConfigSection): WrittenRole | undefined {
  const session = entryValue(section, 'sso_session');
  const accountId = entryValue(section, 'sso_account_id');
  const permissionSet = entryValue(section, 'sso_role_name');
  if (session === undefined || accountId === undefined || permissionSet === undefined) return undefined;
  return { sessionSelector: session, accountId, permissionSet };
}

function entryValue(section: ConfigSection, key: string): string | undefined {
  return section.entries.find((entry) => entry.key === key)?.value;
}
