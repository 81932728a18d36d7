// Finds the role of a profile that another one names as its `source_profile`, or why rolecall has no credentials for it.
import type { Role, SsoSession } from '../../core/model.ts';
import { nearest } from '../../core/text/nearest.ts';
import { editCommand } from '../../core/text/quote-for-shell.ts';
import type { CredentialsNames } from '../document/credentials-names.ts';
import { valueOf, type ConfigDocument, type ConfigSection } from '../document/document.ts';
import { isInsideBlock, type ManagedBlock } from '../document/managed-block.ts';
import { readWrittenRole, type WrittenRole } from '../profiles/own-profiles.ts';
import { createSelectorResolver } from '../profiles/planned-roles.ts';
import { isOurCommand } from '../profiles/role-profile.ts';
import type { ChainFaultKind } from './chain-keys.ts';

export interface SourceSurroundings {
  readonly sessions: readonly SsoSession[];
  readonly credentialsFile: { readonly path: string; readonly names: CredentialsNames };
  /** Whether a sync would write a profile of that name. */
  readonly isUnwritten: (profileName: string) => boolean;
}

export type FoundSource = { readonly role: Role } | SourceFault;

export interface SourceFault {
  readonly kind: ChainFaultKind;
  /** A clause that follows the name of the profile that has this source. */
  readonly reason: string;
  /** Absent: edit the line of `source_profile`. */
  readonly hint?: string;
}

const NAME_SHOWN = 80;
/** Each compares the name with all others. */
const MAX_SUGGESTIONS = 20;

export interface SourceReader {
  /** Whether the profile has keys of its own in either file: AWS clients take those, even if it has a `role_arn`. */
  hasKeys(name: string): boolean;
  /** Looks up a profile without `role_arn`, or with keys. */
  read(name: string): FoundSource;
}

/** Looks up the profiles that others name as their source. */
export function createSourceReader(
  document: ConfigDocument,
  block: ManagedBlock | undefined,
  { sessions, credentialsFile, isUnwritten }: SourceSurroundings,
): SourceReader {
  const profiles = new Map<string, ConfigSection>();
  for (const section of document.sections) {
    if (section.kind === 'profile' || section.kind === 'default') profiles.set(section.name, section);
  }
  const resolveSelector = createSelectorResolver(document);
  let suggestions = 0;
  const usable = new Set(sessions.map(({ sessionName }) => sessionName));

  const has = (section: ConfigSection, key: string) => (valueOf(document, section, key)?.value ?? '') !== '';
  const hasKeysHere = (section: ConfigSection) =>
    has(section, 'aws_access_key_id') || has(section, 'aws_secret_access_key');

  /** The role of a profile of rolecall, or of an sso-session. */
  function readRole(section: ConfigSection | undefined): WrittenRole | 'current' | undefined {
    const written = section === undefined ? undefined : readWrittenRole(section);
    if (section === undefined || written?.source !== 'command') return written?.role;
    return isInsideBlock(block, section.line) || isOurCommand(section) ? written.role : undefined;
  }

  function read(name: string): FoundSource {
    const shown = `its source_profile "${name.slice(0, NAME_SHOWN)}"`;
    const section = profiles.get(name);
    const keysLine = credentialsFile.names.get(name);
    if (keysLine !== undefined) {
      const place = `${credentialsFile.path}, line ${keysLine}`;
      return {
        kind: readRole(section) === undefined ? 'foreign' : 'ours',
        reason: `${shown} is also in ${place}, and AWS clients use the keys there`,
        hint: editCommand(credentialsFile.path, keysLine),
      };
    }
    if (section === undefined) {
      if (isUnwritten(name)) {
        return { kind: 'ours', reason: `${shown} is not written to the file yet`, hint: 'rolecall profiles sync' };
      }
      suggestions += 1;
      const meant = suggestions > MAX_SUGGESTIONS ? undefined : nearest(name, [...profiles.keys()]);
      return {
        kind: 'broken',
        reason: `${shown} does not exist${meant === undefined ? '' : `. Did you mean "${meant}"?`}`,
      };
    }
    const at = `${shown} (line ${section.line})`;
    if (hasKeysHere(section)) {
      return { kind: 'foreign', reason: `${at} has keys of an IAM user, not a role of an sso-session` };
    }
    if (has(section, 'web_identity_token_file')) {
      return { kind: 'foreign', reason: `${at} gets its credentials from a web identity` };
    }
    const role = readRole(section);
    if (role === undefined) return describeForeign(at, (key) => has(section, key));
    if (role === 'current') {
      return { kind: 'ours', reason: `${at} follows the current role. Name the profile of a role instead` };
    }
    return toRole(role, at, resolveSelector, usable);
  }

  return {
    hasKeys(name) {
      const section = profiles.get(name);
      return credentialsFile.names.has(name) || (section !== undefined && hasKeysHere(section));
    },
    read,
  };
}

function toRole(
  { sessionSelector, accountId, permissionSet }: WrittenRole,
  at: string,
  resolveSelector: (selector: string) => string | undefined,
  usable: ReadonlySet<string>,
): FoundSource {
  const sessionName = resolveSelector(sessionSelector);
  if (sessionName === undefined || !usable.has(sessionName)) {
    return { kind: 'broken', reason: `${at} uses the sso-session "${sessionSelector}", which the file does not have` };
  }
  if (!/^\d{12}$/.test(accountId)) {
    return { kind: 'broken', reason: `${at} has an sso_account_id that is not an account id` };
  }
  return { role: { sessionName, accountId, permissionSet } };
}

function describeForeign(at: string, has: (key: string) => boolean): SourceFault {
  if (has('login_session')) {
    return { kind: 'foreign', reason: `${at} gets its keys from "aws login", not from an sso-session` };
  }
  if (has('credential_process')) {
    return {
      kind: 'foreign',
      reason: `${at} gets its credentials from another program. If that is a role of an sso-session, adopt the profile`,
      hint: 'rolecall profiles adopt',
    };
  }
  if (has('sso_start_url')) {
    return { kind: 'foreign', reason: `${at} has no sso_session. Adopt the profile`, hint: 'rolecall profiles adopt' };
  }
  return { kind: 'broken', reason: `${at} has no credentials` };
}
