// What moving in would change: profiles that people wrote, or other tools, led to rolecall under the names they have.
import type { NewSession } from '../sessions/new-session.ts';
import { appendSessions } from '../sessions/new-session.ts';
import { quoteCommandWord } from '../document/command-word.ts';
import { unifiedDiff } from '../document/diff.ts';
import type { ConfigDocument, ConfigEntry, ConfigSection } from '../document/document.ts';
import { parseConfigDocument, requireWellFormed } from '../document/document.ts';
import { readForeignCommand, type AdoptionSource } from './foreign-command.ts';
import { findManagedBlock, isInsideBlock } from '../document/managed-block.ts';
import { reduceName } from '../profiles/profile-names.ts';
import { readWrittenRole } from '../profiles/own-profiles.ts';
import { matchesSessionSelector, sessionSelector } from '../profiles/session-selector.ts';
import { parseRegion, parseStartUrl } from '../../core/aws/start-url.ts';

/** What another tool's own settings say of an Identity Center. */
export interface ForeignSession {
  readonly name: string;
  readonly startUrl: string;
  readonly region: string;
}

export interface AdoptionRequest {
  readonly document: ConfigDocument;
  readonly sources: ReadonlySet<AdoptionSource>;
  /** aws-sso-cli's; their names are what `-S` means. */
  readonly awsSsoSessions: readonly ForeignSession[];
  readonly credentialProcessPath: string;
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
  /** A clause. */
  readonly reason: string;
}

export interface AdoptionPlan {
  readonly adopted: readonly AdoptedProfile[];
  /** Profiles of the sources that stay as they are. */
  readonly left: readonly LeftProfile[];
  readonly newSessions: readonly NewSession[];
  readonly text: string;
  readonly diff: string;
}

const NATIVE_KEYS: ReadonlySet<string> = new Set([
  'sso_session',
  'sso_account_id',
  'sso_role_name',
  'sso_start_url',
  'sso_region',
  'sso_registration_scopes',
]);
const ACCOUNT_ID = /^\d{12}$/u;
const PERMISSION_SET = /^[\w+=,.@-]{1,32}$/u;
const INHERITED = { reason: '[DEFAULT] gives sso settings to every profile, which would come back' } as const;
/** Profiles that lead on to others, which one more reference could make a circle. */
const MAX_REFERENCES = 10;

/**
 * The plan for the document; pure, and empty for its own outcome.
 * Only lines of the adopted profiles change, and only those with the keys that say where credentials come from.
 * @throws UsageError config-malformed; ConflictError config-section-not-ours: a broken marker of ours
 */
export function planAdoption(request: AdoptionRequest): AdoptionPlan {
  const { document, sources } = request;
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
    const role = resolveRole(isInherited ? { source: found.source, ...INHERITED } : found, section, sessions);
    if ('reason' in role) {
      left.push({ ...shared, reason: role.reason });
      continue;
    }
    adopted.push({ ...shared, ...role });
    const words = `${command} --session ${sessionSelector(role.sessionName)} --account ${role.accountId} --role ${role.permissionSet}`;
    for (const [line, text] of editSection(section, document, words)) edits.set(line, text);
  }
  if (sources.has('aws-sso')) for (const { name } of request.awsSsoSessions) sessions.take(name);

  const edited = document.lines
    .map(({ text, newline }, index) => {
      if (!edits.has(index + 1)) return text + newline;
      const replaced = edits.get(index + 1);
      return replaced === undefined ? '' : replaced + newline;
    })
    .join('');
  const newSessions = sessions.added();
  const text = appendSessions(parseConfigDocument(edited, document.path), newSessions);
  requireWellFormed(parseConfigDocument(text, document.path));
  return { adopted, left, newSessions, text, diff: unifiedDiff(document.text, text, document.path) };
}

interface Found {
  readonly source: AdoptionSource;
  readonly accountId: string | undefined;
  readonly permissionSet: string | undefined;
  readonly session:
    | { readonly kind: 'named'; readonly name: string }
    /** As our own command has it. */
    | { readonly kind: 'selector'; readonly selector: string }
    | { readonly kind: 'url'; readonly startUrl: string | undefined; readonly region: string | undefined }
    | { readonly kind: 'aws-sso'; readonly name: string | undefined };
}

interface Unusable {
  readonly source: AdoptionSource;
  /** A clause. */
  readonly reason: string;
}

/** Where the section's credentials come from now; undefined when that is none of our business. */
function readSource(
  section: ConfigSection,
  profiles: readonly ConfigSection[],
  hops = 0,
): Found | Unusable | undefined {
  const command = valueIn(section, 'credential_process');
  const isNative = section.entries.some(({ key }) => NATIVE_KEYS.has(key));
  if (command === undefined) return isNative ? readNative(section, 'aws', profiles) : undefined;
  const foreign = readForeignCommand(command);
  if (foreign === undefined) {
    const isOurs = readWrittenRole(section)?.source === 'command';
    if (!isNative || isOurs) return undefined;
    return { source: 'aws', reason: 'it has a credential_process as well, and only you know which one counts' };
  }
  const { source } = foreign;
  if ('unreadable' in foreign) return { source, reason: foreign.unreadable };
  if ('accountId' in foreign) {
    const { accountId, permissionSet, ssoName } = foreign;
    return { source, accountId, permissionSet, session: { kind: 'aws-sso', name: ssoName } };
  }
  const target = findProfile(foreign.profileName, profiles);
  if (target === undefined) {
    return { source, reason: `it asks for the profile "${foreign.profileName}", which is not there` };
  }
  // A profile that was adopted before the one that leads to it.
  const written = readWrittenRole(target);
  if (written?.source === 'command' && written.role !== 'current') {
    const { sessionSelector: selector, accountId, permissionSet } = written.role;
    return { source, accountId, permissionSet, session: { kind: 'selector', selector } };
  }
  const targetCommand = valueIn(target, 'credential_process') ?? '';
  if (target === section || readForeignCommand(targetCommand) === undefined) {
    return readNative(target, source, profiles);
  }
  if (hops === MAX_REFERENCES) return { source, reason: 'the profiles that it asks for lead in a circle' };
  const further = readSource(target, profiles, hops + 1);
  return further === undefined ? undefined : { ...further, source };
}

/** AWS's own keys, or Granted's under its prefix, or those of the profile that aws-vault includes. */
function readNative(
  start: ConfigSection,
  source: AdoptionSource,
  profiles: readonly ConfigSection[],
): Found | Unusable {
  if (valueIn(start, 'role_arn') !== undefined) {
    return { source, reason: 'it goes on to another role (role_arn), which stays as it is' };
  }
  let current: ConfigSection | undefined = start;
  const values = new Map<string, string>();
  for (let hops = 0; current !== undefined && hops < MAX_REFERENCES; hops += 1) {
    for (const key of NATIVE_KEYS) {
      const value = valueIn(current, key) ?? (source === 'granted' ? valueIn(current, `granted_${key}`) : undefined);
      if (value !== undefined && !values.has(key)) values.set(key, value);
    }
    const next: string | undefined = source === 'aws-vault' ? valueIn(current, 'include_profile') : undefined;
    current = next === undefined ? undefined : findProfile(next, profiles);
  }
  const accountId = values.get('sso_account_id');
  const permissionSet = values.get('sso_role_name');
  if (accountId === undefined || permissionSet === undefined) {
    const reason =
      values.size === 0
        ? 'its keys are of an IAM user, which Identity Center does not have'
        : 'it names no account and permission set';
    return { source, reason };
  }
  const name = values.get('sso_session');
  const session =
    name === undefined
      ? ({ kind: 'url', startUrl: values.get('sso_start_url'), region: values.get('sso_region') } as const)
      : ({ kind: 'named', name } as const);
  return { source, accountId, permissionSet, session };
}

function findProfile(name: string, profiles: readonly ConfigSection[]): ConfigSection | undefined {
  return profiles.findLast((profile) => profile.name === name);
}

/** Granted writes some values between backquotes. */
function valueIn(section: ConfigSection, key: string): string | undefined {
  const value = section.entries.findLast((entry) => entry.key === key)?.value.replace(/^(["'`])(.*)\1$/u, '$2');
  return value === '' ? undefined : value;
}

function resolveRole(
  found: Found | Unusable,
  section: ConfigSection,
  sessions: SessionBook,
):
  | { readonly sessionName: string; readonly accountId: string; readonly permissionSet: string }
  | { readonly reason: string } {
  if ('reason' in found) return found;
  const { accountId = '', permissionSet = '', session } = found;
  if (!ACCOUNT_ID.test(accountId)) return { reason: `its account "${accountId}" is no account id of twelve digits` };
  if (!PERMISSION_SET.test(permissionSet)) return { reason: `its role "${permissionSet}" is no permission set` };
  const long = section.entries.find(
    ({ key, value }) => (NATIVE_KEYS.has(key) || key === 'credential_process') && value.includes('\n'),
  );
  if (long !== undefined) return { reason: `its ${long.key} goes over several lines` };
  const named = sessions.find(session);
  return typeof named === 'string' ? { sessionName: named, accountId, permissionSet } : named;
}

interface SessionBook {
  find(wanted: Found['session']): string | { readonly reason: string };
  /** Makes one of aws-sso's a session of the file, if it is none yet. */
  take(awsSsoName: string): void;
  added(): readonly NewSession[];
}

function createSessionBook(document: ConfigDocument, awsSsoSessions: readonly ForeignSession[]): SessionBook {
  const present = document.sections
    .filter(({ kind }) => kind === 'sso-session')
    .map((section) => ({
      sessionName: section.name,
      address: addressOf(valueIn(section, 'sso_start_url'), valueIn(section, 'sso_region')),
    }));
  const added: NewSession[] = [];

  function byAddress(
    startUrl: string | undefined,
    region: string | undefined,
    wish: string,
  ): string | { reason: string } {
    const address = addressOf(startUrl, region);
    if (address === undefined) return { reason: 'its start URL or region is missing, or none that AWS has' };
    const same = [
      ...present,
      ...added.map(({ sessionName, ...rest }) => ({ sessionName, address: addressOf(rest.startUrl, rest.region) })),
    ].filter((candidate) => candidate.address?.key === address.key);
    const [first, second] = same;
    if (second !== undefined) {
      return {
        reason: `the sso-sessions ${same.map(({ sessionName }) => sessionName).join(' and ')} have the same start URL, and only you know which one it is`,
      };
    }
    if (first !== undefined) return first.sessionName;
    const sessionName = freeName(wish, (name) =>
      [...present, ...added].some((session) => session.sessionName === name),
    );
    added.push({ sessionName, startUrl: address.startUrl, region: address.region });
    return sessionName;
  }

  function byAwsSsoName(name: string | undefined): string | { reason: string } {
    const [only, ...others] = awsSsoSessions;
    const found =
      name === undefined && others.length === 0
        ? only
        : awsSsoSessions.find((session) => session.name === (name ?? 'Default'));
    if (found !== undefined) return byAddress(found.startUrl, found.region, found.name);
    return { reason: `the settings of aws-sso do not say what "${name ?? 'Default'}" is` };
  }

  return {
    find(wanted) {
      switch (wanted.kind) {
        case 'named':
          return present.some(({ sessionName }) => sessionName === wanted.name)
            ? wanted.name
            : { reason: `there is no [sso-session ${wanted.name}]` };
        case 'selector':
          return (
            present.find(({ sessionName }) => matchesSessionSelector(wanted.selector, sessionName))?.sessionName ?? {
              reason: `there is no sso-session "${wanted.selector}"`,
            }
          );
        case 'url':
          return byAddress(wanted.startUrl, wanted.region, nameFromUrl(wanted.startUrl));
        case 'aws-sso':
          return byAwsSsoName(wanted.name);
      }
    },
    take: (awsSsoName) => void byAwsSsoName(awsSsoName),
    added: () => added,
  };
}

/** Two spellings of one portal are one. */
function addressOf(
  startUrl: string | undefined,
  region: string | undefined,
): { readonly key: string; readonly startUrl: string; readonly region: string } | undefined {
  try {
    const parsed = { startUrl: parseStartUrl(startUrl ?? '').startUrl, region: parseRegion(region ?? '') };
    return { key: `${parsed.startUrl} ${parsed.region}`, ...parsed };
  } catch {
    return undefined;
  }
}

function nameFromUrl(startUrl: string | undefined): string {
  const label = /^https?:\/\/([a-z0-9-]+)\./iu.exec(startUrl ?? '')?.[1] ?? '';
  return /^(?:d-[0-9a-f]+|ssoins-.*|start|identitycenter|)$/iu.test(label) ? 'my-sso-session' : label;
}

function freeName(wish: string, isTaken: (name: string) => boolean): string {
  const base = reduceName(wish).slice(0, 60) || 'my-sso-session';
  for (let attempt = 1; ; attempt += 1) {
    const name = attempt === 1 ? base : `${base}-${attempt}`;
    if (!isTaken(name)) return name;
  }
}

/** By line: its new text, or undefined for a line that goes. */
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
  const written = document.lines[place.line - 1]?.text ?? '';
  // As it is indented and spaced, whoever wrote it.
  const head = process === undefined ? undefined : /^[^=:]*[=:]\s*/u.exec(written)?.[0];
  const indent = /^\s*/u.exec(written)?.[0] ?? '';
  edits.set(place.line, `${head ?? `${indent}credential_process = `}${command}`);
  return edits;
}
