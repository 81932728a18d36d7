// Generates profile names: the name template, the characters that every client reads, and the rules for equal names.
import { createHash } from 'node:crypto';
import { UsageError } from '../../core/errors.ts';
import { runSteps, type Steps } from '../../core/async/steps.ts';
import type { Role } from '../../core/model.ts';
import type { CredentialsNames } from '../document/credentials-names.ts';
import { sessionSelector } from './session-selector.ts';

const PLACEHOLDERS = ['account_name', 'account_id', 'permission_set', 'session'] as const;
type Placeholder = (typeof PLACEHOLDERS)[number];

/** Alternating literal text and placeholders; `text` is compared between syncs. */
export interface NameTemplate {
  readonly text: string;
  readonly parts: readonly ({ readonly literal: string } | { readonly placeholder: Placeholder })[];
}

export interface NameableRole extends Role {
  readonly accountName?: string;
}

// `current` and `default` follow the current role. The JS SDK refuses a file with `[profile __proto__]`.
const RESERVED_NAMES: ReadonlySet<string> = new Set(['current', 'default', '__proto__']);
const ISSUABLE_NAME = /^[A-Za-z0-9_.@/-]+$/u;

/**
 * Parses the template of `profiles.name`, or of another `setting`.
 * @throws UsageError settings-invalid: an unknown or unfinished placeholder
 */
export function parseNameTemplate(template: string, setting = 'profiles.name'): NameTemplate {
  const parts = template.split(/(\{[^{}]*\})/u).flatMap((piece): NameTemplate['parts'] => {
    if (piece === '') return [];
    if (!/[{}]/u.test(piece)) return [{ literal: replaceOtherCharacters(piece) }];
    const placeholder = PLACEHOLDERS.find((known) => piece === `{${known}}`);
    if (placeholder !== undefined) return [{ placeholder }];
    const known = PLACEHOLDERS.map((name) => `{${name}}`).join(', ');
    throw new UsageError(
      'settings-invalid',
      `"${piece}" in the setting ${setting} is not a placeholder. Valid: ${known}.`,
    );
  });
  const text = parts.map((part) => ('literal' in part ? part.literal : `{${part.placeholder}}`)).join('');
  return { text, parts };
}

/** `text` reduced to `A-Za-z0-9_.@/-`: runs of other characters become one `-`, and `-` at both ends is cut. May be empty. */
export function reduceName(text: string): string {
  return trimDashes(replaceOtherCharacters(text));
}

/** A map key: equal exactly when session, account and permission set are equal. */
export function roleKey(role: Role): string {
  return `${role.sessionName}\0${role.accountId}\0${role.permissionSet}`;
}

/**
 * A unique profile name for each role, by {@link roleKey}, independent of the order of the roles. `issued` names are kept.
 * Equal new names all get the account id; if they are still equal, the session too, then a hash.
 */
export function nameProfiles(options: NamesWanted): Map<string, string> {
  return runSteps(nameInSteps(options)).names;
}

interface NamesWanted {
  readonly template: NameTemplate;
  readonly roles: readonly NameableRole[];
  readonly issued: ReadonlyMap<string, string>;
  /** Names that no profile may have, because the credentials file has them; an issued name among them is replaced. */
  readonly inCredentialsFile?: CredentialsNames;
  /** Names of hand-written profiles; not used as a replacement for a name that the credentials file has. */
  readonly handWritten?: ReadonlyMap<string, unknown>;
}

interface NamesGiven {
  /** By {@link roleKey}. */
  readonly names: Map<string, string>;
  /** The name that a role would have if the credentials file did not have it; by {@link roleKey}. */
  readonly displaced: ReadonlyMap<string, string>;
}

/** As nameProfiles, yielding between passes over the roles. */
export function* nameInSteps(options: NamesWanted): Steps<NamesGiven> {
  const names = new Map<string, string>();
  const displaced = new Map<string, string>();
  const { inCredentialsFile = new Map<string, number>() } = options;
  const taken = new Set([...RESERVED_NAMES, ...inCredentialsFile.keys()]);
  for (const role of options.roles) {
    const key = roleKey(role);
    const name = options.issued.get(key);
    if (name !== undefined && inCredentialsFile.has(name)) displaced.set(key, name);
    if (name === undefined || !ISSUABLE_NAME.test(name) || taken.has(name)) continue;
    names.set(key, name);
    taken.add(name);
  }

  yield;
  // Roles with an issued name take part too, so that a role that comes back gets its old name whatever others did meanwhile.
  const claims = options.roles.map((role) => ({
    role,
    isIssued: names.has(roleKey(role)),
    level: 0,
    name: nameAtLevel(options.template, role, 0),
  }));
  for (let isSettled = false; !isSettled;) {
    yield;
    const claimants = new Map<string, number>();
    for (const { name } of claims) claimants.set(name, (claimants.get(name) ?? 0) + 1);
    isSettled = true;
    for (const claim of claims) {
      const isOnlyClaim = claimants.get(claim.name) === 1;
      const key = roleKey(claim.role);
      const isInCredentialsFile = inCredentialsFile.has(claim.name);
      if (isOnlyClaim && isInCredentialsFile && !displaced.has(key)) displaced.set(key, claim.name);
      const isElsewhere = isInCredentialsFile || (displaced.has(key) && options.handWritten?.has(claim.name) === true);
      const isFree = isOnlyClaim && !isElsewhere && (claim.isIssued || !taken.has(claim.name));
      if (isFree || (claim.level >= LAST_LEVEL && !isElsewhere)) continue;
      claim.level += 1;
      claim.name = nameAtLevel(options.template, claim.role, claim.level);
      isSettled = false;
    }
  }
  yield;
  for (const { role, isIssued, name } of claims) if (!isIssued) names.set(roleKey(role), name);
  return { names, displaced };
}

/** The name of one role from the template, without regard to other names. May be empty. */
export function formatNameOnce(template: NameTemplate, role: NameableRole): string {
  return nameAtLevel(template, role, 0);
}

/** At this level all names differ; only names in the credentials file can require a higher one. */
const LAST_LEVEL = 3;

/** The name at one level: 0 plain, 1 with the account id, 2 with the session, 3 with a hash of all three, then a number. */
function nameAtLevel(template: NameTemplate, role: NameableRole, level: number): string {
  const has = (placeholder: Placeholder) =>
    template.parts.some((part) => 'placeholder' in part && part.placeholder === placeholder);
  const accountName = reduceName(role.accountName ?? '') || role.accountId;
  const session = reduceName(role.sessionName) || sessionSelector(role.sessionName);
  const values: Record<Placeholder, string> = {
    account_name: level >= 1 ? `${accountName}-${role.accountId}` : accountName,
    account_id: role.accountId,
    permission_set: reduceName(role.permissionSet) || 'permission-set',
    session,
  };
  let name = template.parts.map((part) => ('literal' in part ? part.literal : values[part.placeholder])).join('');
  name = trimDashes(name) || role.accountId;
  if (level >= 1 && !has('account_name') && !has('account_id')) name += `-${role.accountId}`;
  if (level >= 2 && !has('session')) name += `-${session}`;
  if (level >= 3) name += `-${createHash('sha256').update(roleKey(role)).digest('hex').slice(0, 12)}`;
  if (level > LAST_LEVEL) name += `-${level - LAST_LEVEL + 1}`;
  return name;
}

function replaceOtherCharacters(text: string): string {
  return text.replace(/[^A-Za-z0-9_.@/-]+/gu, '-');
}

function trimDashes(text: string): string {
  return text.replace(/^-+|-+$/gu, '');
}
