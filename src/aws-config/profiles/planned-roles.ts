// Collects the roles that get a profile, and the names that they had before: from listings, our block and earlier plans.
import type { Catalog, Role, SsoSession } from '../../core/model.ts';
import type { ConfigDocument } from '../document/document.ts';
import type { OwnProfile } from './own-profiles.ts';
import type { IssuedNames, SkippedProfile } from './plan-types.ts';
import { chainKey, reduceName, roleKey, type NameableRole } from './profile-names.ts';
import { sessionSelector } from './session-selector.ts';

const PERMISSION_SET_NAME = /^[\w+=,.@-]{1,64}$/u;
const ACCOUNT_ID = /^\d{12}$/u;
const REGION = /^[A-Za-z0-9-]{1,63}$/u;

export type RoleToName = NameableRole & {
  /** @see roleKey */
  readonly key: string;
  /** For a kept profile: the region, name and alias that an earlier sync wrote. */
  readonly writtenRegion?: string;
  readonly writtenName?: string;
  readonly writtenAlias?: string;
};

/** The roles of all listings by {@link roleKey}, and those whose names can't be written into a profile. */
export function listRoles(
  sessions: readonly SsoSession[],
  catalogs: ReadonlyMap<string, Catalog>,
): { readonly roles: Map<string, RoleToName>; readonly unusable: SkippedProfile[] } {
  const roles = new Map<string, RoleToName>();
  const unusable: SkippedProfile[] = [];
  for (const { sessionName } of sessions) {
    for (const { accountId, accountName, permissionSets } of catalogs.get(sessionName)?.accounts ?? []) {
      for (const permissionSet of permissionSets) {
        const role = { sessionName, accountId, permissionSet };
        if (ACCOUNT_ID.test(accountId) && PERMISSION_SET_NAME.test(permissionSet)) {
          const key = roleKey(role);
          roles.set(key, accountName === undefined ? { key, ...role } : { key, ...role, accountName });
        } else {
          unusable.push({ profileName: reduceName(`${accountId}.${permissionSet}`), ...role, reason: 'unusable-name' });
        }
      }
    }
  }
  return { roles, unusable };
}

/** Keys of the roles that suspicious listings lost. @see roleKey */
export function lostRoles(catalogs: ReadonlyMap<string, Catalog>): ReadonlySet<string> {
  return new Set([...catalogs.values()].flatMap(({ lost = [] }) => lost.map(roleKey)));
}

/** A function that tells whether a role that is not listed no longer exists. */
export function createGoneCheck(
  sessions: readonly SsoSession[],
  catalogs: ReadonlyMap<string, Catalog>,
): (role: Role) => boolean {
  const usable = new Set(sessions.map(({ sessionName }) => sessionName));
  const lost = lostRoles(catalogs);
  return (role) => {
    const catalog = catalogs.get(role.sessionName);
    const isListed = catalog?.complete === true || catalog?.startsAnew === true;
    return usable.has(role.sessionName) && isListed && !(lost.size > 0 && lost.has(roleKey(role)));
  };
}

/** Roles in our block to keep without a listing: their session has no complete one, or a suspicious one lost them. */
export function keptRoles(
  own: readonly OwnProfile[],
  resolve: SelectorResolver,
  sessions: readonly SsoSession[],
  catalogs: ReadonlyMap<string, Catalog>,
  listed: ReadonlyMap<string, RoleToName>,
): Map<string, RoleToName> {
  const isGone = createGoneCheck(sessions, catalogs);
  const kept = new Map<string, RoleToName>();
  const unlisted: (OwnProfile & { readonly keptRole: Role })[] = [];
  for (const profile of own) {
    const { role } = profile;
    const sessionName = role === undefined ? undefined : resolve(role.sessionSelector);
    if (role === undefined || sessionName === undefined) continue;
    const { accountId, permissionSet } = role;
    const keptRole = { sessionName, accountId, permissionSet };
    if (!isGone(keptRole)) unlisted.push({ ...profile, keptRole });
  }
  // Aliases last, so that each finds its role.
  const inOrder = unlisted.toSorted((a, b) => Number(a.aliasOf !== undefined) - Number(b.aliasOf !== undefined));
  for (const { section, profileName, keptRole, aliasOf } of inOrder) {
    if (!ACCOUNT_ID.test(keptRole.accountId) || !PERMISSION_SET_NAME.test(keptRole.permissionSet)) continue;
    const key = roleKey(keptRole);
    if (listed.has(key)) continue;
    const earlier = kept.get(key);
    if (earlier !== undefined) {
      if (aliasOf !== undefined) kept.set(key, { ...earlier, writtenAlias: profileName });
      continue;
    }
    const writtenRegion = section.entries.find((entry) => entry.key === 'region')?.value;
    kept.set(key, {
      key,
      ...keptRole,
      writtenName: aliasOf ?? profileName,
      ...(aliasOf === undefined ? {} : { writtenAlias: profileName }),
      ...(writtenRegion === undefined || !isRegionName(writtenRegion) ? {} : { writtenRegion }),
    });
  }
  return kept;
}

/**
 * Names to reuse for these roles, by {@link roleKey}: those in the block, of which the first counts, then those of an
 * earlier plan, if the template is the same.
 */
export function namesToReuse(
  resolve: SelectorResolver,
  previousNames: IssuedNames | undefined,
  templates: { readonly text: string; readonly written: string | undefined },
  own: readonly OwnProfile[],
  { roles, kept }: { readonly roles: ReadonlyMap<string, RoleToName>; readonly kept: ReadonlyMap<string, RoleToName> },
): Map<string, string> {
  const issued = new Map<string, string>();
  if (templates.written === undefined || templates.written === templates.text) {
    for (const { profileName, role, aliasOf } of own) {
      if (role === undefined || aliasOf !== undefined) continue;
      const { sessionSelector, accountId, permissionSet } = role;
      const sessionName = resolve(sessionSelector);
      if (sessionName === undefined) continue;
      const key = roleKey({ sessionName, accountId, permissionSet });
      if (!issued.has(key)) issued.set(key, profileName);
    }
  }
  const isComplete = roles.size <= issued.size && [...roles.keys()].every((key) => issued.has(key));
  if (previousNames?.template === templates.text && !isComplete) {
    for (const previous of previousNames.profiles.toReversed()) {
      const key = roleKey(previous);
      if (!issued.has(key)) issued.set(key, previous.profileName);
    }
  }
  for (const { profileName, ...chain } of previousNames?.chains ?? []) issued.set(chainKey(chain, chain), profileName);
  // A kept role has no account name from which to make a new profile name.
  for (const [key, { writtenName }] of kept) if (writtenName !== undefined) issued.set(key, writtenName);
  return issued;
}

/** Finds the session name for the `--session` selector of a profile. */
export type SelectorResolver = (selector: string) => string | undefined;

export function createSelectorResolver(document: ConfigDocument): SelectorResolver {
  const known = new Map<string, string>();
  for (const { kind, name } of document.sections) {
    if (kind !== 'sso-session') continue;
    known.set(sessionSelector(name), name);
    // Native profiles contain the name itself.
    if (!known.has(name)) known.set(name, name);
  }
  return (selector) => known.get(selector);
}

/** Whether the text has the form of a region name. */
export function isRegionName(text: string): boolean {
  return REGION.test(text);
}
