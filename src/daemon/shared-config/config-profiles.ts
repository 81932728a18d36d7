// Which profile of the shared config file belongs to which role, and which names a shell may be given.
import { createHash } from 'node:crypto';
import type { ConfigDocument } from '../../aws-config/document/document.ts';
import { findManagedBlockLeniently, isInsideBlock } from '../../aws-config/document/managed-block.ts';
import { readAliasLine, readWrittenRole } from '../../aws-config/profiles/own-profiles.ts';
import { sessionSelector } from '../../aws-config/profiles/session-selector.ts';
import { INERT_WORD } from '../../core/text/harmless-text.ts';
import type { Role, SsoSession } from '../../core/model.ts';
import { forEachInSlices } from '../../core/async/steps.ts';

export interface ConfigProfiles {
  /** The profile that stands in our block for a role. */
  profileOf(role: Role): string | undefined;
  /** Its further names in our block, as `alias` of the settings wants them. */
  aliasesOf(role: Role): readonly string[];
  /** Whether the file has a profile of that name, whoever wrote it. */
  hasName(profileName: string): boolean;
  /** Whether a profile of that name stands in our block. */
  isOurs(profileName: string): boolean;
  /** Every profile that needs no quoting in any shell, sorted bytewise. */
  readonly names: readonly string[];
  /** Those of them whose account is known, in the order of the file. */
  readonly accounts: readonly Readonly<{ accountId: string; profileName: string }>[];
  /** Equal exactly when everything else is. */
  readonly digest: string;
}

const MAX_NAME_LENGTH = 512;

/** All that profile sync issues are, and most names of people's own. */
export function isShellSafeName(name: string): boolean {
  return name.length <= MAX_NAME_LENGTH && INERT_WORD.test(name);
}

/** Reads the profiles of `document` a slice at a time. */
export async function readConfigProfiles(
  document: ConfigDocument,
  sessions: readonly SsoSession[],
): Promise<ConfigProfiles> {
  const block = findManagedBlockLeniently(document);
  // A command names its session by the selector, the native form by its name.
  const selectors = new Map(sessions.map(({ sessionName }) => [sessionName, sessionSelector(sessionName)]));
  const ours = new Map<string, string>();
  const aliases = new Map<string, string[]>();
  const allNames = new Set<string>();
  const ourNames = new Set<string>();
  const names = new Set<string>();
  const accountIds = new Map<string, string>();
  const hash = createHash('sha256');
  await forEachInSlices(document.sections, (section) => {
    if (section.kind !== 'profile' && section.kind !== 'default') return;
    const { name } = section;
    const written = readWrittenRole(section);
    const isOurs = isInsideBlock(block, section.line);
    // Only in our own block does a credential_process speak of a role of ours.
    const role = written === undefined || (written.source === 'command' && !isOurs) ? undefined : written.role;
    const isAlias = isOurs && readAliasLine(document, section) !== undefined;
    if (isOurs && role !== undefined && role !== 'current') {
      const key = keyOf(role.sessionSelector, role);
      if (isAlias) aliases.set(key, [...(aliases.get(key) ?? []), name]);
      else ours.set(key, name);
    }
    allNames.add(name);
    if (isOurs) ourNames.add(name);
    if (isShellSafeName(name)) {
      names.add(name);
      if (role !== undefined && role !== 'current') accountIds.set(name, role.accountId);
    }
    hash.update(`${JSON.stringify([name, isOurs, role, isAlias])}\n`);
  });
  for (const [sessionName, selector] of selectors) hash.update(`${JSON.stringify([sessionName, selector])}\n`);
  const lookUp = <T>(found: ReadonlyMap<string, T>, role: Role): T | undefined =>
    found.get(keyOf(selectors.get(role.sessionName) ?? role.sessionName, role)) ??
    found.get(keyOf(role.sessionName, role));
  return {
    // Beside a hand-written profile of the role's own name there may be an alias alone.
    profileOf: (role) => lookUp(ours, role) ?? lookUp(aliases, role)?.[0],
    aliasesOf: (role) => lookUp(aliases, role) ?? [],
    hasName: (profileName) => allNames.has(profileName),
    isOurs: (profileName) => ourNames.has(profileName),
    // Such names are ASCII, for which the order of code units is that of bytes.
    names: [...names].toSorted(),
    accounts: [...accountIds].map(([profileName, accountId]) => ({ accountId, profileName })),
    digest: hash.digest('hex'),
  };
}

function keyOf(selector: string, role: { readonly accountId: string; readonly permissionSet: string }): string {
  return `${selector}\0${role.accountId}\0${role.permissionSet}`;
}
