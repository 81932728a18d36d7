// Plans the profiles of the chained roles that the settings put behind the roles of the listings.
import { isChainName, parseRoleArn, roleOfChain } from '../../core/aws/chain-role.ts';
import { partitionNameOf } from '../../core/aws/partitions.ts';
import type { Catalog, Role, SsoSession } from '../../core/model.ts';
import type { AliasClaim } from './profile-aliases.ts';
import type { ChainToPlan, IssuedChain, PlannedProfile, ProfilePlanRequest } from './plan-types.ts';
import { checkRegion, FALLBACK_REGION, type LeftOut, type NamesElsewhere } from './planned-profiles.ts';
import { createGoneCheck, type RoleToName } from './planned-roles.ts';
import { chainKey, parseNameTemplate, roleKey, type NameableChain, type NameableRole } from './profile-names.ts';

export type ChainToName = NameableRole & { readonly chain: NameableChain & ChainToPlan };

/** The chains behind all roles, by {@link nameKey}. */
export function listChains(
  { settings, previousNames, catalogs }: ProfilePlanRequest,
  sessions: readonly SsoSession[],
  roles: ReadonlyMap<string, RoleToName>,
): Map<string, ChainToName> {
  const found = new Map<string, ChainToName>();
  const { chainsFor } = settings;
  if (chainsFor === undefined) return found;
  const partitions = new Map(sessions.map((session) => [session.sessionName, partitionNameOf(session.region)]));
  const templates = new Map<string, ReturnType<typeof parseNameTemplate>>();
  for (const source of withUnlisted(roles, previousNames?.chains ?? [], sessions, catalogs).values()) {
    const { sessionName, accountId, permissionSet, accountName } = source;
    const role = { sessionName, accountId, permissionSet };
    for (const chain of chainsFor(role, partitions.get(sessionName) ?? 'aws')) {
      const { nameTemplate } = chain;
      const template = templates.get(nameTemplate) ?? parseNameTemplate(nameTemplate, 'chain.name', ['role_name']);
      templates.set(nameTemplate, template);
      const key = chainKey(role, chain);
      const roleName = parseRoleArn(chain.roleArn)?.roleName ?? '';
      const named = { ...role, ...(accountName === undefined ? {} : { accountName }) };
      found.set(key, { ...named, chain: { ...chain, key, template, roleName } });
    }
  }
  return found;
}

/** Adds the sources of earlier chains that are in no list only because their session has no complete one. */
function withUnlisted(
  roles: ReadonlyMap<string, RoleToName>,
  issued: readonly IssuedChain[],
  sessions: readonly SsoSession[],
  catalogs: ReadonlyMap<string, Catalog>,
): ReadonlyMap<string, RoleToName> {
  const isGone = createGoneCheck(sessions, catalogs);
  const all = new Map(roles);
  const known = new Set(sessions.map(({ sessionName }) => sessionName));
  for (const { sessionName, accountId, permissionSet } of issued) {
    const source = { sessionName, accountId, permissionSet };
    const key = roleKey(source);
    if (known.has(sessionName) && !all.has(key) && !isGone(source)) all.set(key, { key, ...source });
  }
  return all;
}

/** The profile of each chain that has a name and is not excluded, and the aliases that the settings ask for. */
export function describeChains(
  chains: ReadonlyMap<string, ChainToName>,
  {
    request: { settings },
    sessions,
    names,
    displaced,
    elsewhere,
    leftOut,
    isExcluded,
    accountNames,
  }: {
    readonly request: ProfilePlanRequest;
    readonly sessions: readonly SsoSession[];
    readonly names: ReadonlyMap<string, string>;
    readonly displaced: ReadonlyMap<string, string>;
    readonly elsewhere: NamesElsewhere;
    readonly leftOut: LeftOut;
    readonly isExcluded: (name: string) => boolean;
    /** By {@link accountKey}. */
    readonly accountNames: ReadonlyMap<string, string>;
  },
): {
  readonly profiles: readonly PlannedProfile[];
  readonly claims: readonly AliasClaim[];
  readonly excludedCount: number;
} {
  const regions = new Map(sessions.map((session) => [session.sessionName, session.region]));
  const profiles: PlannedProfile[] = [];
  const claims: AliasClaim[] = [];
  let excludedCount = 0;
  for (const [key, named] of chains) {
    const { chain, accountName: _, ...source } = named;
    const profileName = names.get(key) ?? '';
    const wanted = displaced.get(key);
    if (isExcluded(profileName) || (wanted !== undefined && isExcluded(wanted))) {
      excludedCount += 1;
      continue;
    }
    if (!isChainName(profileName)) {
      leftOut.skipped.push({ profileName, ...source, reason: 'unusable-name' });
      continue;
    }
    const role = roleOfChain({ name: profileName, source, roleArn: chain.roleArn });
    const line = elsewhere.handWritten.get(profileName);
    if (line !== undefined) {
      leftOut.skipped.push({ profileName, ...role, reason: 'hand-written', line });
      continue;
    }
    if (wanted !== undefined) {
      const credentialsLine = elsewhere.inCredentialsFile.get(wanted) ?? 0;
      leftOut.inCredentialsFile.push({ name: wanted, line: credentialsLine, profileName });
    }
    const region =
      chain.region ?? settings.regionFor?.(role) ?? settings.region ?? regions.get(role.sessionName) ?? FALLBACK_REGION;
    const accountName = accountNames.get(accountKey(role));
    const { roleArn, nameTemplate } = chain;
    profiles.push({
      profileName,
      ...role,
      ...(accountName === undefined ? {} : { accountName }),
      region: checkRegion(region),
      // AWS clients could assume the role themselves, but without its session policy.
      style: 'credential_process',
      chain: { source: { ...source }, roleArn, nameTemplate },
    });
    const template = settings.aliasFor?.(role);
    if (template === undefined) continue;
    claims.push({ role: { ...named, chain: { ...chain, key: roleKey(role) } }, profileName, template });
  }
  return { profiles, claims, excludedCount };
}

export function accountKey({ sessionName, accountId }: Pick<Role, 'sessionName' | 'accountId'>): string {
  return `${sessionName}\0${accountId}`;
}

/** The chains among planned profiles, as they are remembered. */
export function listIssuedChains(profiles: readonly PlannedProfile[]): IssuedChain[] {
  return profiles.flatMap(({ profileName, chain }) =>
    chain === undefined
      ? []
      : [{ profileName, ...chain.source, roleArn: chain.roleArn, nameTemplate: chain.nameTemplate }],
  );
}
