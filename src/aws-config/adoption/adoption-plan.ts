// Plans an adoption: hand-written profiles and those of other tools get their credentials from rolecall and keep their names.
import type { NewSession } from '../sessions/new-session.ts';
import { appendSessions } from '../sessions/new-session.ts';
import { quoteCommandWord } from '../document/command-word.ts';
import { unifiedDiff } from '../../core/text/unified-diff.ts';
import type { ConfigDocument, ConfigEntry, ConfigSection } from '../document/document.ts';
import { parseConfigDocument, requireWellFormed, splitDocument } from '../document/document.ts';
import type { AdoptionSource } from './foreign-command.ts';
import { findManagedBlock, isInsideBlock } from '../document/managed-block.ts';
import { sessionSelector } from '../profiles/session-selector.ts';
import {
  hasLoginSession,
  NATIVE_KEYS,
  readSource,
  type CredentialSource,
  type UnusableSource,
} from './credential-source.ts';
import { createSessionBook, type ForeignSession, type SessionBook } from './session-book.ts';

export interface AdoptionRequest {
  readonly document: ConfigDocument;
  readonly sources: ReadonlySet<AdoptionSource>;
  /** From aws-sso-cli's settings; `-S` in its commands refers to their names. */
  readonly awsSsoSessions: readonly ForeignSession[];
  readonly credentialProcessPath: string;
  /** Only profiles of this sso-session, which the file has; the others are not even mentioned. */
  readonly onlySession?: string;
}

export interface AdoptedProfile {
  readonly profileName: string;
  readonly line: number;
  readonly source: AdoptionSource;
  readonly sessionName: string;
  readonly accountId: string;
  readonly permissionSet: string;
}

export interface LeftProfile {
  readonly profileName: string;
  readonly line: number;
  readonly source: AdoptionSource;
  /** A clause that follows the profile name. */
  readonly reason: string;
}

export interface AdoptionPlan {
  readonly adopted: readonly AdoptedProfile[];
  /** Profiles of the sources that are not changed. */
  readonly left: readonly LeftProfile[];
  readonly newSessions: readonly NewSession[];
  readonly text: string;
  readonly diff: string;
}

const ACCOUNT_ID = /^\d{12}$/u;
const PERMISSION_SET = /^[\w+=,.@-]{1,32}$/u;
const INHERITED = { reason: 'it would inherit sso settings from [DEFAULT]' } as const;
/** As of 2026-11 the AWS CLI and boto3 prefer this key to a credential_process. */
const WITH_LOGIN = { reason: 'it has a login_session too, which the AWS CLI would use instead of rolecall' } as const;

/**
 * Plans the adoption; pure. Planning again for the resulting text changes nothing. Only the lines of adopted profiles that
 * say where credentials come from change.
 * @throws UsageError config-malformed; ConflictError config-section-not-ours: broken markers of our block
 */
export function planAdoption(request: AdoptionRequest): AdoptionPlan {
  const { document, sources, onlySession } = request;
  requireWellFormed(document);
  const block = findManagedBlock(document);
  const sessions = createSessionBook(document, request.awsSsoSessions);
  const profiles = document.sections.filter(({ kind }) => kind === 'profile' || kind === 'default');
  const adopted: AdoptedProfile[] = [];
  const left: LeftProfile[] = [];
  const edits = new Map<number, string | undefined>();
  const command = quoteCommandWord(request.credentialProcessPath);
  const isInherited = document.inherited.some(({ entries }) => entries.some(({ key }) => NATIVE_KEYS.has(key)));

  for (const section of profiles) {
    if (isInsideBlock(block, section.line)) continue;
    const found = readSource(section, profiles);
    if (found === undefined || !sources.has(found.source)) continue;
    const shared = { profileName: section.name, line: section.line, source: found.source };
    const source = isInherited ? { source: found.source, ...INHERITED } : found;
    const role = hasLoginSession(section) ? WITH_LOGIN : resolveRole(source, section, sessions);
    if (onlySession !== undefined && ('reason' in role || role.sessionName !== onlySession)) continue;
    if ('reason' in role) {
      left.push({ ...shared, reason: role.reason });
      continue;
    }
    adopted.push({ ...shared, ...role });
    const words = `${command} --session ${sessionSelector(role.sessionName)} --account ${role.accountId} --role ${role.permissionSet}`;
    for (const [line, text] of editSection(section, document, words)) edits.set(line, text);
  }
  if (sources.has('aws-sso') && onlySession === undefined) {
    for (const { name } of request.awsSsoSessions) sessions.take(name);
  }

  const edited = splitDocument(document)
    .map(({ text, newline }, index) => {
      if (!edits.has(index + 1)) return text + newline;
      const replaced = edits.get(index + 1);
      return replaced === undefined ? '' : replaced + newline;
    })
    .join('');
  const newSessions = onlySession === undefined ? sessions.added() : [];
  const text = appendSessions(parseConfigDocument(edited, document.path), newSessions);
  requireWellFormed(parseConfigDocument(text, document.path));
  return { adopted, left, newSessions, text, diff: unifiedDiff(document.text, text, document.path) };
}

function resolveRole(
  found: CredentialSource | UnusableSource,
  section: ConfigSection,
  sessions: SessionBook,
):
  | { readonly sessionName: string; readonly accountId: string; readonly permissionSet: string }
  | { readonly reason: string } {
  if ('reason' in found) return found;
  const { accountId = '', permissionSet = '', session } = found;
  if (!ACCOUNT_ID.test(accountId)) return { reason: `its account "${accountId}" is not a 12-digit account id` };
  if (!PERMISSION_SET.test(permissionSet)) {
    return { reason: `its role "${permissionSet}" is not a permission set name` };
  }
  const long = section.entries.find(
    ({ key, value }) => (NATIVE_KEYS.has(key) || key === 'credential_process') && value.includes('\n'),
  );
  if (long !== undefined) return { reason: `its ${long.key} has several lines` };
  const named = sessions.find(session);
  return typeof named === 'string' ? { sessionName: named, accountId, permissionSet } : named;
}

/** The new text of each changed line; undefined for a line to delete. */
function editSection(
  section: ConfigSection,
  document: ConfigDocument,
  command: string,
): Map<number, string | undefined> {
  const edits = new Map<number, string | undefined>();
  const process = section.entries.find(({ key }) => key === 'credential_process');
  const natives = section.entries.filter(({ key }) => NATIVE_KEYS.has(key));
  for (const { line } of natives) edits.set(line, undefined);
  const place: ConfigEntry | undefined = process ?? natives[0];
  if (place === undefined) return edits;
  const written = document.lineAt(place.line);
  // Keep the indentation and spacing of the line.
  const head = process === undefined ? undefined : /^[^=:]*[=:]\s*/u.exec(written)?.[0];
  const indent = /^\s*/u.exec(written)?.[0] ?? '';
  edits.set(place.line, `${head ?? `${indent}credential_process = `}${command}`);
  return edits;
}
