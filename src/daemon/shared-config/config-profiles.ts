// Indexes the profiles of the shared config file: by role, and by the names that are safe to use in a shell.
import { createHash } from 'node:crypto';
import type { ConfigDocument } from '../../aws-config/document/document.ts';
import { findManagedBlockLeniently, isInsideBlock } from '../../aws-config/document/managed-block.ts';
import { readAliasLine, readWrittenRole } from '../../aws-config/profiles/own-profiles.ts';
import { sessionSelector } from '../../aws-config/profiles/session-selector.ts';
import { INERT_WORD } from '../../core/text/harmless-text.ts';
import type { Role, SsoSession } from '../../core/model.ts';
import { forEachInSlices } from '../../core/async/steps.ts';

export interface ConfigProfiles {
  /** The role's profile in our block. */
  profileOf(role: Role): string | undefined;
  /** The role's alias profiles in our block (`alias` in the settings). */
  aliasesOf(role: Role): readonly string[];
  /** Whether the file has a profile of that name, inside or outside our block. */
  hasName(profileName: string): boolean;
  /** Whether our block has a profile of that name. */
  isOurs(profileName: string): boolean;
  /** The names that need no quoting in any shell, sorted bytewise. */
  readonly names: readonly string[];
  /** Those names whose role is known, in file order. */
  readonly accounts: readonly NamedRole[];
  /** Equal exactly when all other members are equal. */
  readonly digest: string;
}

export interface NamedRole {
  readonly profileName: string;
  readonly accountId: string;
  readonly permissionSet: string;
  /** Undefined if the file has no such sso-session. */
  readonly sessionName: string | undefined;
  readonly region: string | undefined;
}

const MAX_NAME_LENGTH = 512;

/** True for every name that profile sync generates, and for most names that users choose. */
export function isShellSafeName(name: string): boolean {
  return name.length <= MAX_NAME_LENGTH && INERT_WORD.test(name);
}

/** Reads the profiles of `document`, yielding to other work between slices. */
export async function readConfigProfiles(
  document: ConfigDocument,
  sessions: readonly SsoSession[],
): Promise<ConfigProfiles> {
  const block = findManagedBlockLeniently(document);
  // A credential_process names its session by selector, a native SSO profile by name.
  const selectors = new Map(sessions.map(({ sessionName }) => [sessionName, sessionSelector(sessionName)]));
  const ours = new Map<string, string>();
  const aliases = new Map<string, string[]>();
  /** Whether each is in our block, by name. */
  const isOursByName = new Map<string, boolean>();
  const names = new Set<string>();
  const sessionNames = new Map([...selectors].flatMap(([name, selector]) => [[selector, name] as const, [name, name]]));
  const roles = new Map<string, NamedRole>();
  const hash = createHash('sha256');
  await forEachInSlices(document.sections, (section) => {
    if (section.kind !== 'profile' && section.kind !== 'default') return;
    const { name } = section;
    const written = readWrittenRole(section);
    const isOurs = isInsideBlock(block, section.line);
    // A credential_process counts as ours only inside our block.
    const role = written === undefined || (written.source === 'command' && !isOurs) ? undefined : written.role;
    const region = section.entries.findLast(({ key }) => key === 'region')?.value;
    const isAlias = isOurs && readAliasLine(document, section) !== undefined;
    if (isOurs && role !== undefined && role !== 'current') {
      const key = keyOf(role.sessionSelector, role);
      if (isAlias) aliases.set(key, [...(aliases.get(key) ?? []), name]);
      else ours.set(key, name);
    }
    isOursByName.set(name, isOurs || isOursByName.get(name) === true);
    if (isShellSafeName(name)) {
      names.add(name);
      if (role !== undefined && role !== 'current') {
        const { accountId, permissionSet } = role;
        const sessionName = sessionNames.get(role.sessionSelector);
        roles.set(name, { profileName: name, accountId, permissionSet, sessionName, region });
      }
    }
    hash.update(`${JSON.stringify([name, isOurs, role, isAlias, region])}\n`);
  });
  for (const [sessionName, selector] of selectors) hash.update(`${JSON.stringify([sessionName, selector])}\n`);
  function lookUp<T>(found: ReadonlyMap<string, T>, role: Role): T | undefined {
    // Most people have no alias, and a list asks for those of 20,000 roles.
    if (found.size === 0) return undefined;
    const { sessionName } = role;
    const selector = selectors.get(sessionName) ?? sessionName;
    const own = found.get(keyOf(selector, role));
    return own !== undefined || selector === sessionName ? own : found.get(keyOf(sessionName, role));
  }
  return {
    // If a hand-written profile took the role's own name, the role may have only an alias.
    profileOf: (role) => lookUp(ours, role) ?? lookUp(aliases, role)?.[0],
    aliasesOf: (role) => lookUp(aliases, role) ?? [],
    hasName: (profileName) => isOursByName.has(profileName),
    isOurs: (profileName) => isOursByName.get(profileName) === true,
    // These names are ASCII, where code unit order equals byte order.
    names: [...names].toSorted(),
    accounts: [...roles.values()],
    digest: hash.digest('hex'),
  };
}

function keyOf(selector: string, role: { readonly accountId: string; readonly permissionSet: string }): string {
  return `${selector}\0${role.accountId}\0${role.permissionSet}`;
}
