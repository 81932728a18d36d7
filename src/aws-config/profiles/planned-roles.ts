// Collects the roles that get a profile, and the names that they had before: from listings, our block and earlier plans.
import type { Catalog, Role, SsoSession } from '../../core/model.ts';
import type { ConfigDocument } from '../document/document.ts';
import type { OwnProfile } from './own-profiles.ts';
import type { IssuedNames, SkippedProfile } from './plan-types.ts';
import { chainKey, reduceName, roleKey, type NameableRole } from './profile-names.ts';
import { matchesSessionSelector, sessionSelector } from './session-selector.ts';

const PERMISSION_SET_NAME = /^[\w+=,.@-]{1,64}$/u;
const ACCOUNT_ID = /^\d{12}$/u;
const REGION = /^[A-Za-z0-9-]{1,63}$/u;

export type RoleToName = NameableRole & {
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
          roles.set(roleKey(role), { ...role, ...(accountName === undefined ? {} : { accountName }) });
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
    return usable.has(role.sessionName) && isListed && !lost.has(roleKey(role));
  };
}

/** Roles in our block to keep without a listing: their session has no complete one, or a suspicious one lost them. */
export function keptRoles(
  own: readonly OwnProfile[],
  document: ConfigDocument,
  sessions: readonly SsoSession[],
  catalogs: ReadonlyMap<string, Catalog>,
  listed: ReadonlyMap<string, RoleToName>,
): Map<string, RoleToName> {
  const resolve = createSelectorResolver(document);
  const isGone = createGoneCheck(sessions, catalogs);
  const kept = new Map<string, RoleToName>();
  // Aliases last, so that each finds its role.
  const inOrder = own.toSorted((a, b) => Number(a.aliasOf !== undefined) - Number(b.aliasOf !== undefined));
  for (const { section, profileName, role, aliasOf } of inOrder) {
    const sessionName = role === undefined ? undefined : resolve(role.sessionSelector);
    if (role === undefined || sessionName === undefined) continue;
    if (!ACCOUNT_ID.test(role.accountId) || !PERMISSION_SET_NAME.test(role.permissionSet)) continue;
    const keptRole = { sessionName, accountId: role.accountId, permissionSet: role.permissionSet };
    if (isGone(keptRole)) continue;
    const key = roleKey(keptRole);
    if (listed.has(key)) continue;
    const earlier = kept.get(key);
    if (earlier !== undefined) {
      if (aliasOf !== undefined) kept.set(key, { ...earlier, writtenAlias: profileName });
      continue;
    }
    const writtenRegion = section.entries.find((entry) => entry.key === 'region')?.value;
    kept.set(key, {
      ...keptRole,
      writtenName: aliasOf ?? profileName,
      ...(aliasOf === undefined ? {} : { writtenAlias: profileName }),
      ...(writtenRegion === undefined || !isRegionName(writtenRegion) ? {} : { writtenRegion }),
    });
  }
  return kept;
}

/** Names to reuse, by {@link roleKey}: those in the block, then those of an earlier plan, if the template is the same. */
export function namesToReuse(
  document: ConfigDocument,
  previousNames: IssuedNames | undefined,
  templateText: string,
  writtenTemplate: string | undefined,
  own: readonly OwnProfile[],
  kept: ReadonlyMap<string, RoleToName>,
): Map<string, string> {
  const issued = new Map<string, string>();
  if (previousNames?.template === templateText) {
    for (const previous of previousNames.profiles) issued.set(roleKey(previous), previous.profileName);
  }
  if (writtenTemplate === undefined || writtenTemplate === templateText) {
    const resolve = createSelectorResolver(document);
    for (const { profileName, role, aliasOf } of own.toReversed()) {
      if (aliasOf !== undefined) continue;
      const sessionName = role === undefined ? undefined : resolve(role.sessionSelector);
      if (role !== undefined && sessionName !== undefined) {
        issued.set(roleKey({ ...role, sessionName }), profileName);
      }
    }
  }
  for (const { profileName, ...chain } of previousNames?.chains ?? []) issued.set(chainKey(chain, chain), profileName);
  // A kept role has no account name from which to make a new profile name.
  for (const [key, { writtenName }] of kept) if (writtenName !== undefined) issued.set(key, writtenName);
  return issued;
}

/** A function that finds the session name for the `--session` selector of a profile. */
export function createSelectorResolver(document: ConfigDocument): (selector: string) => string | undefined {
  const known = new Map<string, string>();
  for (const { kind, name } of document.sections) {
    if (kind !== 'sso-session') continue;
    known.set(sessionSelector(name), name);
    // Native profiles contain the name itself.
    if (!known.has(name)) known.set(name, name);
  }
  return (selector) => {
    const name = known.get(selector);
    return name !== undefined && matchesSessionSelector(selector, name) ? name : undefined;
  };
}

/** Whether the text has the form of a region name. */
export function isRegionName(text: string): boolean {
  return REGION.test(text);
}
