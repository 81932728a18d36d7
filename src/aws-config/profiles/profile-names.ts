// Generates profile names: the name template, the characters that every client reads, and the rules for equal names.
import { createHash } from 'node:crypto';
import { UsageError } from '../../core/errors.ts';
import { oncePerKey } from '../../core/async/once.ts';
import { runSteps, type Steps } from '../../core/async/steps.ts';
import type { Role } from '../../core/model.ts';
import type { CredentialsNames } from '../document/credentials-names.ts';
import { sessionSelector } from './session-selector.ts';

const PLACEHOLDERS = ['account_name', 'account_id', 'permission_set', 'session'] as const;
/** Of chained roles only. */
const CHAIN_PLACEHOLDERS = ['role_name'] as const;
type ChainPlaceholder = (typeof CHAIN_PLACEHOLDERS)[number];
type Placeholder = (typeof PLACEHOLDERS)[number] | ChainPlaceholder;

/** Alternating literal text and placeholders; `text` is compared between syncs. */
export interface NameTemplate {
  readonly text: string;
  readonly parts: readonly ({ readonly literal: string } | { readonly placeholder: Placeholder })[];
}

export interface NameableRole extends Role {
  readonly accountName?: string;
  /** Set for a chain that starts from this role. */
  readonly chain?: NameableChain;
}

export interface NameableChain {
  /** Identifies the chain, as a {@link roleKey} does a role. */
  readonly key: string;
  readonly template: NameTemplate;
  /** The name of the role to assume. */
  readonly roleName: string;
}

// `current` and `default` follow the current role. The JS SDK refuses a file with `[profile __proto__]`.
const RESERVED_NAMES: ReadonlySet<string> = new Set(['current', 'default', '__proto__']);
const ISSUABLE_NAME = /^[A-Za-z0-9_.@/-]+$/u;

/**
 * Parses the template of `profiles.name`, or of another `setting`.
 * @throws UsageError settings-invalid: an unknown or unfinished placeholder
 */
export function parseNameTemplate(
  template: string,
  setting = 'profiles.name',
  more: readonly ChainPlaceholder[] = [],
): NameTemplate {
  const valid = [...PLACEHOLDERS, ...more];
  const parts = template.split(/(\{[^{}]*\})/u).flatMap((piece): NameTemplate['parts'] => {
    if (piece === '') return [];
    if (!/[{}]/u.test(piece)) return [{ literal: replaceOtherCharacters(piece) }];
    const placeholder = valid.find((known) => piece === `{${known}}`);
    if (placeholder !== undefined) return [{ placeholder }];
    const known = valid.map((name) => `{${name}}`).join(', ');
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

/** Identifies a chain: it keeps its name while these stay the same. */
export function chainKey(
  source: Role,
  { roleArn, nameTemplate }: { readonly roleArn: string; readonly nameTemplate: string },
): string {
  return `${roleKey(source)}\0${roleArn}\0${nameTemplate}`;
}

/** The key of a role, or of the chain that starts from it. */
export function nameKey(role: NameableRole & { readonly key?: string }): string {
  return role.chain?.key ?? role.key ?? roleKey(role);
}

/**
 * A unique profile name for each role, by {@link nameKey}, independent of the order of the roles. `issued` names are kept.
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
  /** By {@link nameKey}. */
  readonly names: Map<string, string>;
  /** The name that a role would have if the credentials file did not have it; by {@link nameKey}. */
  readonly displaced: ReadonlyMap<string, string>;
}

/** As nameProfiles, yielding between passes over the roles. */
export function* nameInSteps(options: NamesWanted): Steps<NamesGiven> {
  const names = new Map<string, string>();
  const displaced = new Map<string, string>();
  const { inCredentialsFile = new Map<string, number>() } = options;
  const taken = new Set([...RESERVED_NAMES, ...inCredentialsFile.keys()]);
  // Thousands of roles have the same permission sets.
  const reduce = oncePerKey(reduceName);
  for (const role of options.roles) {
    const key = nameKey(role);
    const name = options.issued.get(key);
    if (name !== undefined && inCredentialsFile.has(name)) displaced.set(key, name);
    if (name === undefined || !ISSUABLE_NAME.test(name) || taken.has(name)) continue;
    names.set(key, name);
    taken.add(name);
  }

  yield;
  // Everybody has a name, and nothing has to be told of names elsewhere.
  if (names.size === options.roles.length && inCredentialsFile.size === 0) return { names, displaced };
  // Roles with an issued name take part too, so that a role that comes back gets its old name whatever others did meanwhile.
  const claims = options.roles.map((role) => ({
    role,
    isIssued: names.has(nameKey(role)),
    level: 0,
    name: nameAtLevel(options.template, role, 0, reduce),
  }));
  for (let isSettled = false; !isSettled;) {
    yield;
    const claimants = new Map<string, number>();
    for (const { name } of claims) claimants.set(name, (claimants.get(name) ?? 0) + 1);
    isSettled = true;
    for (const claim of claims) {
      const isOnlyClaim = claimants.get(claim.name) === 1;
      const key = nameKey(claim.role);
      const isInCredentialsFile = inCredentialsFile.has(claim.name);
      if (isOnlyClaim && isInCredentialsFile && !displaced.has(key)) displaced.set(key, claim.name);
      const isElsewhere = isInCredentialsFile || (displaced.has(key) && options.handWritten?.has(claim.name) === true);
      const isFree = isOnlyClaim && !isElsewhere && (claim.isIssued || !taken.has(claim.name));
      if (isFree || (claim.level >= lastLevel(claim.role) && !isElsewhere)) continue;
      claim.level += 1;
      claim.name = nameAtLevel(options.template, claim.role, claim.level, reduce);
      isSettled = false;
    }
  }
  yield;
  for (const { role, isIssued, name } of claims) if (!isIssued) names.set(nameKey(role), name);
  return { names, displaced };
}

/** The name of one role from the template, without regard to other names. May be empty. */
export function formatNameOnce(template: NameTemplate, role: NameableRole): string {
  const { chain: _, ...plain } = role;
  return nameAtLevel(template, plain, 0, reduceName);
}

/** At this level all names differ; only names in the credentials file can require a higher one. */
function lastLevel(role: NameableRole): number {
  return role.chain === undefined ? 3 : 4;
}

/**
 * The name at one level: 0 plain, 1 with the account id, 2 with the session, 3 with a hash of all three, then a number.
 * Chains have a level before these, with the permission set: several of an account may lead to the same role.
 */
function nameAtLevel(
  roleTemplate: NameTemplate,
  role: NameableRole,
  level: number,
  reduce: (text: string) => string,
): string {
  const { template = roleTemplate, roleName = '' } = role.chain ?? {};
  const has = (placeholder: Placeholder) =>
    template.parts.some((part) => 'placeholder' in part && part.placeholder === placeholder);
  const accountLevel = role.chain === undefined ? level : level - 1;
  const accountName = reduce(role.accountName ?? '') || role.accountId;
  const session = reduce(role.sessionName) || sessionSelector(role.sessionName);
  const permissionSet = reduce(role.permissionSet) || 'permission-set';
  const values: Record<Placeholder, string> = {
    account_name: accountLevel >= 1 ? `${accountName}-${role.accountId}` : accountName,
    account_id: role.accountId,
    permission_set: permissionSet,
    session,
    role_name: reduceName(roleName) || 'role',
  };
  let name = template.parts.map((part) => ('literal' in part ? part.literal : values[part.placeholder])).join('');
  name = trimDashes(name) || role.accountId;
  if (level > accountLevel && level >= 1 && !has('permission_set')) name += `-${permissionSet}`;
  if (accountLevel >= 1 && !has('account_name') && !has('account_id')) name += `-${role.accountId}`;
  if (accountLevel >= 2 && !has('session')) name += `-${session}`;
  if (accountLevel >= 3) name += `-${createHash('sha256').update(nameKey(role)).digest('hex').slice(0, 12)}`;
  if (level > lastLevel(role)) name += `-${level - lastLevel(role) + 1}`;
  return name;
}

function replaceOtherCharacters(text: string): string {
  return text.replace(/[^A-Za-z0-9_.@/-]+/gu, '-');
}

function trimDashes(text: string): string {
  return text.replace(/^-+|-+$/gu, '');
}
