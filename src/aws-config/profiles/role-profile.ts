// Finds the role of a profile in the shared config file: a rolecall profile, or a hand-written native SSO profile.
import type { ConfigDocument, ConfigSection } from '../document/document.ts';
import { valueOf } from '../document/document.ts';
import { splitWords } from '../document/header-words.ts';
import { findManagedBlockLeniently, isInsideBlock } from '../document/managed-block.ts';
import { readWrittenRole, type WrittenRole } from './own-profiles.ts';

export interface RoleProfile {
  readonly profileName: string;
  /** `current`: the profile follows the current role. */
  readonly role: WrittenRole | 'current';
  readonly region: string | undefined;
}

/** The profile with exactly this name; undefined when there is none, or it is not for a role of an sso-session. */
export function findRoleProfile(document: ConfigDocument, profileName: string): RoleProfile | undefined {
  const block = findManagedBlockLeniently(document);
  const section = document.sections.findLast(
    ({ kind, name }) => (kind === 'profile' || kind === 'default') && name === profileName,
  );
  if (section === undefined) return undefined;
  const region = valueOf(document, section, 'region')?.value;
  const written = readWrittenRole(section);
  if (written === undefined) return undefined;
  // Outside our block, as in adopted profiles, the command must be rolecall-credential-process.
  if (written.source === 'command' && !isInsideBlock(block, section.line) && !isOurCommand(section)) return undefined;
  return { profileName, role: written.role, region: region === '' ? undefined : region };
}

/** Whether the section's credential_process is rolecall-credential-process, wherever it is installed. */
export function isOurCommand(section: ConfigSection): boolean {
  const command = section.entries.findLast(({ key }) => key === 'credential_process')?.value ?? '';
  return splitWords(command)?.[0]?.split('/').at(-1) === 'rolecall-credential-process';
}

/** The names of all profiles, for "did you mean". */
export function profileNames(document: ConfigDocument): string[] {
  return document.sections.flatMap(({ kind, name }) => (kind === 'profile' || kind === 'default' ? [name] : []));
}
